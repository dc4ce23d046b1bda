"""Linear histograms of a float tensor and of the variant's, over one range that grows with the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics import fast
from haoline_analysis.quantization.divergence.metrics.jobs import KINDS, float32
from haoline_analysis.quantization.divergence.metrics.runs import DRAWN, RUN
from haoline_analysis.quantization.divergence.metrics.together import address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job

MOST = 1024
"""Bins of a histogram, most of them; at least half as many lie within the range of the float tensor. Then no two of 256
levels share one."""


@dataclass
class Counted:
    """Counts of one tensor; bin ``i`` holds ``(first + i) * width <= x < (first + i + 1) * width``.

    The width is a power of two and the edges are multiples of it, so that any two histograms can be joined exactly.
    """

    exponent: int
    first: int
    counts: NDArray[np.float64]  # [2, bins]: the float model's elements, the variant's
    drawn: int = 0
    elements: int = 0

    @property
    def width(self) -> float:
        """Width of a bin."""
        return float(np.ldexp(1.0, self.exponent))

    @property
    def low(self) -> float:
        """Where the first bin begins."""
        return float(self.first * self.width)

    @property
    def high(self) -> float:
        """Where the last bin ends."""
        return float((self.first + self.counts.shape[1]) * self.width)

    @property
    def edges(self) -> NDArray[np.float64]:
        """Edges of the bins [bins + 1]."""
        return np.asarray((self.first + np.arange(self.counts.shape[1] + 1)) * self.width)

    def scaled(self) -> NDArray[np.float64]:
        """Counts [2, bins] as if all elements had been counted."""
        return np.asarray(self.counts * (self.elements / self.drawn if self.drawn else 0.0))

    def cover(self, low: float, high: float) -> None:
        """Widen the range, and the bins where there would be too many."""
        first, last = _places(low, high, self.exponent)
        first, last = min(first, self.first), max(last, self.first + self.counts.shape[1] - 1)
        while last - first >= MOST:
            self.coarsen()
            first, last = first // 2, last // 2
        self.stretch(first, last)

    def coarsen(self) -> None:
        """Join each two neighbours."""
        odd = self.first % 2
        padded = np.pad(self.counts, ((0, 0), (odd, (self.counts.shape[1] + odd) % 2)))
        self.counts = padded[:, ::2] + padded[:, 1::2]
        self.first, self.exponent = self.first // 2, self.exponent + 1

    def stretch(self, first: int, last: int) -> None:
        """Add empty bins, so that all from ``first`` to ``last`` are there."""
        before, after = self.first - first, last - (self.first + self.counts.shape[1] - 1)
        if before > 0 or after > 0:
            self.counts = np.pad(self.counts, ((0, 0), (max(before, 0), max(after, 0))))
            self.first = min(first, self.first)

    def merge(self, other: Counted) -> None:
        """Add another histogram of the same tensor."""
        while self.exponent < other.exponent:
            self.coarsen()
        while other.exponent < self.exponent:
            other.coarsen()
        first = min(self.first, other.first)
        last = max(side.first + side.counts.shape[1] - 1 for side in (self, other))
        self.stretch(first, last)
        other.stretch(first, last)
        self.counts = self.counts + other.counts
        self.drawn, self.elements = self.drawn + other.drawn, self.elements + other.elements
        while self.counts.shape[1] > MOST:
            self.coarsen()


def _places(low: float, high: float, exponent: int) -> tuple[int, int]:
    """The bins of two numbers."""
    width = float(np.ldexp(1.0, exponent))
    return int(np.floor(low / width)), int(np.floor(high / width))


def begun(low: float, high: float) -> Counted:
    """An empty histogram over a range."""
    span = max(high - low, abs(low) * 1e-3, abs(high) * 1e-3, 1e-30)
    exponent = int(np.ceil(np.log2(span / MOST)))
    first, last = _places(low, high, exponent)
    while last - first >= MOST:
        exponent += 1
        first, last = _places(low, high, exponent)
    return Counted(exponent, first, np.zeros((2, last - first + 1)))


@dataclass
class Bins:
    """Histograms by tensor."""

    grids: Sequence[Grid]
    held: list[Counted | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with nothing."""
        self.held = self.held or [None] * len(self.grids)

    def add(self, jobs: Sequence[Job], lows: Sequence[float], highs: Sequence[float]) -> None:
        """Take in one sample, of which the least and greatest finite element of every float tensor are known."""
        ready = []
        for job, low, high in zip(jobs, lows, highs, strict=True):
            if low <= high:
                self._cover(job.slot, low, high)
                ready.append(job)
        found = fast.kernel.found
        if ready and found is not None:
            self._compiled(ready, found.count)
        for job in ready if found is None else ():
            self._plainly(job)

    def merge(self, other: Bins) -> None:
        """Take in the counts of other samples."""
        for slot, counted in enumerate(other.held):
            mine = self.held[slot]
            if counted is None:
                continue
            if mine is None:
                self.held[slot] = counted
            else:
                mine.merge(counted)

    def _cover(self, slot: int, low: float, high: float) -> None:
        """Make the range wide enough."""
        counted = self.held[slot]
        if counted is None:
            self.held[slot] = begun(low, high)
        elif low < counted.low or high >= counted.high:
            counted.cover(low, high)

    def _plainly(self, job: Job) -> None:
        counted, grid = self._held(job.slot), self.grids[job.slot]
        drawn = _drawn(job.value.size)
        for side, values in enumerate((job.value, grid.decoded(job.other))):
            some = np.ascontiguousarray(values).reshape(-1)[drawn].astype(np.float64)
            some = some[np.isfinite(some)]
            places = np.floor(some / counted.width) - counted.first
            bins = counted.counts.shape[1]
            counted.counts[side] += np.bincount(np.clip(places, 0, bins - 1).astype(np.int64), minlength=bins)
        self._note(job)

    def _compiled(self, jobs: Sequence[Job], count: Any) -> None:
        held = [self._held(job.slot) for job in jobs]
        values = [float32(job.value) for job in jobs]
        others = [self.grids[job.slot].prepared(job.other) for job in jobs]
        sizes = [(job.value.size, pitch(job.value.size)) for job in jobs]
        counts = np.zeros((len(jobs), 2, MOST), np.int64)
        count(
            np.array([address(value) for value in values], np.int64),
            np.array([address(other) for other in others], np.int64),
            np.array([KINDS[other.dtype] for other in others], np.int64),
            np.array([self.grids[job.slot].row for job in jobs], np.float64),
            np.array(sizes, np.int64),
            np.array([(1 / one.width, one.first, one.counts.shape[1]) for one in held], np.float64),
            counts,
        )
        for at, (job, one) in enumerate(zip(jobs, held, strict=True)):
            one.counts += counts[at, :, : one.counts.shape[1]]
            self._note(job)

    def _held(self, slot: int) -> Counted:
        counted = self.held[slot]
        assert counted is not None
        return counted

    def _note(self, job: Job) -> None:
        counted, size = self._held(job.slot), job.value.size
        begun = range(0, size, pitch(size))
        counted.drawn += (len(begun) - 1) * RUN + min(RUN, size - begun[-1])
        counted.elements += size


@cache
def pitch(size: int) -> int:
    """From which to which element the runs that are counted begin: such that all channels have their turn."""
    step = -(-size * RUN // DRAWN)
    if step <= RUN:
        return RUN
    while gcd(step, size) > 1:
        step += 1
    return step


def _drawn(size: int) -> NDArray[np.int64]:
    """The elements that are counted."""
    places = (np.arange(0, size, pitch(size))[:, None] + np.arange(RUN)).reshape(-1)
    return np.asarray(places[places < size])
