"""The float32 tensors of a sample, worked through by compiled loops in one call."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.cores import cores
from haoline_analysis.runtime.statistics.reservoir import CAPACITY
from haoline_analysis.runtime.statistics.sums import Exact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.runtime.statistics.tensor_statistics import TensorStatistics

    Job = tuple[TensorStatistics, np.ndarray]

_FLOAT = np.dtype(np.float32)
_WORTH = 1 << 20
"""Elements that are worth a thread of their own."""


class Batch:
    """Counts for its members until somebody asks one of them; shapes may differ between samples, channels not."""

    def __init__(self, measure: Any, jobs: Sequence[Job]) -> None:
        """Take the compiled loops, and as members whose array is one that they can read."""
        self._measure = measure
        self._given = [statistics for statistics, _ in jobs]
        self._slots = [index for index, (statistics, array) in enumerate(jobs) if _sizes(statistics, array)]
        self._members = [self._given[index] for index in self._slots]
        self._rest = sorted(set(range(len(jobs))) - set(self._slots))
        self._shapes: list[tuple[int, ...] | None] = [None] * len(self._slots)
        self._sizes = np.array([_sizes(*jobs[index]) for index in self._slots], np.int64).reshape(-1, 3)
        self._channels = self._sizes[:, 1].copy()
        self._firsts = np.cumsum(self._channels) - self._channels
        self._numbers = np.array([member.reservoir.number() for member in self._members], np.uint64)
        self._running: tuple[np.ndarray, ...] | None = None  # until a sample comes
        for member in self._members:
            if member.pending is not None:
                member.pending()
            member.pending = self.hand_over

    def holds(self, jobs: Sequence[Job]) -> bool:
        """Whether these are the tensors it was made for."""
        return len(jobs) == len(self._given) and all(
            job[0] is given for job, given in zip(jobs, self._given, strict=True)
        )

    def add(self, jobs: Sequence[Job]) -> list[Job]:
        """Take in one sample of the members; what is left, as it belongs to none, for others to take in."""
        addresses, odd = np.zeros(len(self._slots), np.int64), np.zeros(len(self._slots), np.bool_)
        alone = []
        for slot, index in enumerate(self._slots):
            array = jobs[index][1]
            if self._fits(slot, array):
                addresses[slot] = array.ctypes.data
            else:
                alone.append(index)
        if self._running is None:
            self._running = self._nothing()
        sums, *each = self._running

        def measure(part: slice) -> None:
            counted, buffer = [one[part] for one in each[:-1]], each[-1][part]
            sizes, firsts, numbers = self._sizes[part], self._firsts[part], self._numbers[part]
            self._measure(addresses[part], sizes, firsts, sums, *counted, numbers, buffer, odd[part])

        _side_by_side(measure, self._parts())
        alone += [self._slots[slot] for slot in np.flatnonzero(odd)]
        for index in alone:
            jobs[index][0].add(jobs[index][1])
        return [jobs[index] for index in self._rest]

    def _parts(self) -> list[slice]:
        """The slots in as many stretches of about equal work as there are cores for."""
        done = np.cumsum(self._sizes.prod(axis=1))
        total = int(done[-1]) if len(done) else 0
        count = max(1, min(cores(), total // _WORTH))
        ends = np.searchsorted(done, [total * part // count for part in range(1, count)], side="left") + 1
        bounds = [0, *ends.tolist(), len(done)]
        return [slice(*pair) for pair in pairwise(bounds)]

    def _fits(self, slot: int, array: np.ndarray) -> bool:
        """Whether the loops can read an array as sample of a member, whose sizes are noted."""
        if array.dtype != _FLOAT or not (array.flags.c_contiguous and array.flags.aligned):
            return False
        if array.shape != self._shapes[slot]:
            sizes = _sizes(self._members[slot], array)
            if sizes is None or sizes[1] != self._channels[slot]:
                return False
            self._sizes[slot], self._shapes[slot] = sizes, array.shape
        return True

    def _nothing(self) -> tuple[np.ndarray, ...]:
        """Running sums, samples, counts, strides and sizes of subsamples, and these, of no samples."""
        slots = len(self._slots)
        sums = np.zeros((6, int(self._channels.sum())))
        sums[1], sums[2] = np.inf, -np.inf
        samples, counts, kept = (np.zeros(slots, np.int64) for _ in range(3))
        return sums, samples, counts, np.ones(slots, np.int64), kept, np.empty((slots, CAPACITY + 1), np.float32)

    def hand_over(self) -> None:
        """Give the members what was counted for them."""
        if self._running is None:
            return
        (sums, samples, counts, strides, kept, buffer), self._running = self._running, None
        known = _exact(sums, np.repeat(counts, self._channels))
        ends = self._firsts + self._channels
        for slot, member in enumerate(self._members):
            if samples[slot]:
                elements = int(counts[slot] * self._channels[slot])
                part = known.part(slice(int(self._firsts[slot]), int(ends[slot])))
                member.absorb(int(samples[slot]), elements, part, _FLOAT)
                member.reservoir.take_in(buffer[slot, : kept[slot]], int(strides[slot]))

    def dissolve(self) -> None:
        """Give the members what was counted for them, and let go of them."""
        self.hand_over()
        for member in self._members:
            if member.pending == self.hand_over:
                member.pending = None


def _side_by_side(work: Callable[[slice], None], parts: Sequence[slice]) -> None:
    """Do the parts at a time. Threads that end with the work are there in a forked process too, unlike a pool's."""
    others = [Thread(target=work, args=(part,)) for part in parts[1:]]
    for other in others:
        other.start()
    work(parts[0])
    for other in others:
        other.join()


def _sizes(statistics: TensorStatistics, array: np.ndarray) -> tuple[int, int, int] | None:
    """Elements before, along and after the channel axis; None where the loops cannot read the array."""
    axis, shape = statistics.channel_axis, array.shape
    if array.dtype != _FLOAT or not array.size or not array.flags.c_contiguous or not array.flags.aligned:
        return None
    if axis is None:
        return 1, 1, array.size
    if not -array.ndim <= axis < array.ndim:
        return None
    axis %= array.ndim
    if shape[axis] == 1:
        return 1, 1, array.size
    return prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])


def _exact(sums: np.ndarray, count: np.ndarray) -> Exact:
    """What the running sums about the shifts tell of each channel."""
    shift, low, high, total, square, zeros = sums
    away = total / np.maximum(count, 1)
    constant = low == high
    mean = np.where(constant, low, shift + away)
    spread = np.where(constant, 0, np.maximum(square - total * away, 0))
    return Exact(count, low, high, mean, spread, zeros.astype(np.int64))
