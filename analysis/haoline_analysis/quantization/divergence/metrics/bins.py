"""Linear histograms of a float tensor and of the variant's, over one range that grows with the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics.layout import BINS_STEP, DRAWN, MOST, RUN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job
    from haoline_analysis.quantization.divergence.metrics.together import Table


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
        self.counts = np.ascontiguousarray(padded[:, ::2] + padded[:, 1::2])
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
        self._places: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without addresses, which are of this process."""
        return {**self.__dict__, "_places": None}

    def places(self, table: Table) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Addresses and places of the bins of a table's tensors as compiled loops want them; address 0 without bins."""
        if self._places is None:
            self._places = self._located()
        at = np.minimum(table.slots, len(self.held))
        addresses, places = self._places[0][at], self._places[1][at]
        places[:, BINS_STEP] = table.steps
        return addresses, places

    def _located(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        addresses, places = np.zeros(len(self.held) + 1, np.int64), np.zeros((len(self.held) + 1, 4))
        for slot, counted in enumerate(self.held):
            if counted is not None:
                addresses[slot] = counted.counts.ctypes.data
                places[slot, :BINS_STEP] = 1 / counted.width, counted.first, counted.counts.shape[1]
        return addresses, places

    def cover(self, slot: int, low: float, high: float) -> bool:
        """Make the range of a tensor wide enough; False where nothing of it is finite."""
        if not low <= high:
            return False
        counted = self.held[slot]
        if counted is None:
            self.held[slot] = begun(low, high)
        else:
            counted.cover(low, high)
        self._places = None
        return True

    def add(self, job: Job) -> None:
        """Count one sample of a tensor whose range is wide enough, with numpy."""
        counted, grid = self.held[job.slot], self.grids[job.slot]
        assert counted is not None
        places = _drawn(job.value.size)
        for side, values in enumerate((job.value, grid.decoded(job.other))):
            some = np.ascontiguousarray(values).reshape(-1)[places].astype(np.float64)
            at = np.floor(some[np.isfinite(some)] / counted.width) - counted.first
            bins = counted.counts.shape[1]
            counted.counts[side] += np.bincount(np.clip(at, 0, bins - 1).astype(np.int64), minlength=bins)

    def note(self, slot: int, counted: int, elements: int) -> None:
        """Note how many elements were counted, and out of how many."""
        held = self.held[slot]
        assert held is not None
        held.drawn += counted
        held.elements += elements

    def merge(self, other: Bins) -> None:
        """Take in the counts of other samples."""
        self._places = None
        for slot, counted in enumerate(other.held):
            mine = self.held[slot]
            if counted is None:
                continue
            if mine is None:
                self.held[slot] = counted
            else:
                mine.merge(counted)


@cache
def pitch(size: int) -> int:
    """From which to which element the runs that are counted begin: such that all channels have their turn."""
    step = -(-size * RUN // DRAWN)
    if step <= RUN:
        return RUN
    while gcd(step, size) > 1:
        step += 1
    return step


@cache
def drawn(size: int) -> int:
    """How many elements are counted."""
    return len(_drawn(size))


def _drawn(size: int) -> NDArray[np.int64]:
    """The elements that are counted."""
    places = (np.arange(0, size, pitch(size))[:, None] + np.arange(RUN)).reshape(-1)
    return np.asarray(places[places < size])
