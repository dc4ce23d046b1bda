"""Linear histograms of a float tensor and of the variant's, over one range that grows with the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics import fast
from haoline_analysis.quantization.divergence.metrics.jobs import KINDS, float32

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job

MOST = 256
"""Bins of a histogram; between half as many and all of them lie within the range of the float tensor."""
DRAWN = 8192
"""Elements of one sample of a tensor that are counted, evenly spread over it."""


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

    def add(self, jobs: Iterable[Job]) -> None:
        """Take in one sample."""
        ready = [job for job in jobs if job.value.size and self._cover(job)]
        if not ready:
            return
        found = fast.kernel.found
        if found is None:
            for job in ready:
                self._plainly(job)
        else:
            self._compiled(ready, found.count)

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

    def _cover(self, job: Job) -> bool:
        """Make the range wide enough; False where nothing in the tensor is finite."""
        low, high = float(job.value.min()), float(job.value.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = job.value[np.isfinite(job.value)]
            if not finite.size:
                return False
            low, high = float(finite.min()), float(finite.max())
        counted = self.held[job.slot]
        if counted is None:
            self.held[job.slot] = begun(low, high)
        else:
            counted.cover(low, high)
        return True

    def _plainly(self, job: Job) -> None:
        counted, grid = self._held(job.slot), self.grids[job.slot]
        step = stride(job.value.size)
        for side, values in enumerate((job.value, grid.decoded(job.other))):
            drawn = np.ascontiguousarray(values).reshape(-1)[::step].astype(np.float64)
            drawn = drawn[np.isfinite(drawn)]
            places = np.floor(drawn / counted.width) - counted.first
            bins = counted.counts.shape[1]
            counted.counts[side] += np.bincount(np.clip(places, 0, bins - 1).astype(np.int64), minlength=bins)
        self._note(job, step)

    def _compiled(self, jobs: Sequence[Job], count: Any) -> None:
        held = [self._held(job.slot) for job in jobs]
        values = [float32(job.value) for job in jobs]
        others = [self.grids[job.slot].prepared(job.other) for job in jobs]
        steps = [stride(job.value.size) for job in jobs]
        counts = np.zeros((len(jobs), 2, MOST), np.int64)
        count(
            np.array([value.ctypes.data for value in values], np.int64),
            np.array([other.ctypes.data for other in others], np.int64),
            np.array([KINDS[other.dtype.name] for other in others], np.int64),
            np.array([self.grids[job.slot].row for job in jobs], np.float64),
            np.array([(job.value.size, step) for job, step in zip(jobs, steps, strict=True)], np.int64),
            np.array([(1 / one.width, one.first, one.counts.shape[1]) for one in held], np.float64),
            counts,
        )
        for at, (job, one) in enumerate(zip(jobs, held, strict=True)):
            one.counts += counts[at, :, : one.counts.shape[1]]
            self._note(job, steps[at])

    def _held(self, slot: int) -> Counted:
        counted = self.held[slot]
        assert counted is not None
        return counted

    def _note(self, job: Job, step: int) -> None:
        counted = self._held(job.slot)
        counted.drawn += -(-job.value.size // step)
        counted.elements += job.value.size


def stride(size: int) -> int:
    """Every which element is counted: such that all channels have their turn."""
    step = -(-size // DRAWN)
    while gcd(step, size) > 1:
        step += 1
    return step
