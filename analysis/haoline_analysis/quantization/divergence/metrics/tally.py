"""Running sums of many tensors over samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics import fast, plain
from haoline_analysis.quantization.divergence.metrics.figures import Figures, figures_of
from haoline_analysis.quantization.divergence.metrics.jobs import KINDS, check_shapes, float32, laid
from haoline_analysis.quantization.divergence.metrics.rows import PEAK, ROWS
from haoline_analysis.quantization.divergence.metrics.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job


@dataclass
class _Taken:
    """One sample's sums, tensor after tensor."""

    sums: NDArray[np.float64]  # [rows, channels of all]
    counts: NDArray[np.int64]  # [tensors, 3]
    firsts: NDArray[np.int64]  # [tensors + 1] where each tensor's channels begin


@dataclass
class Tally:
    """Sums by tensor and channel, and the spread of SQNR over samples; made of plain arrays, so that it can travel."""

    names: Sequence[str]
    axes: list[int | None]
    grids: Sequence[Grid]
    sums: list[NDArray[np.float64] | None] = field(default_factory=list)  # [rows, channels] each
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 3), np.int64))
    elements: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    spread: Spread = field(default_factory=Spread)

    def __post_init__(self) -> None:
        """Start with nothing."""
        count = len(self.names)
        self.sums = self.sums or [None] * count
        if not len(self.counts):
            self.counts, self.elements = np.zeros((count, 3), np.int64), np.zeros(count, np.int64)
        self.spread.make_room(count)

    def add(self, jobs: Iterable[Job], sample: int) -> None:
        """Take in one sample; the arrays may be overwritten afterwards.

        Raises:
            ModelError: if the two arrays of a tensor differ in shape.
        """
        jobs = [job for job in jobs if job.value.size]
        if not jobs:
            return
        taken = self._measured(jobs)
        slots = np.array([job.slot for job in jobs])
        totals = np.add.reduceat(taken.sums, taken.firsts[:-1], axis=1)
        totals[PEAK] = np.maximum.reduceat(taken.sums[PEAK], taken.firsts[:-1])
        self.spread.add(slots, figures_of(totals), sample)
        self.counts[slots] += taken.counts
        self.elements[slots] += [job.value.size for job in jobs]
        for at, slot in enumerate(slots.tolist()):
            self._keep(slot, taken.sums[:, taken.firsts[at] : taken.firsts[at + 1]])

    def merge(self, other: Tally) -> None:
        """Take in the sums of other samples."""
        self.counts += other.counts
        self.elements += other.elements
        self.spread.merge(other.spread)
        for slot, sums in enumerate(other.sums):
            if sums is not None:
                self._keep(slot, sums)

    def figures(self, slot: int) -> Figures:
        """Figures of one tensor's channels; one where it has none."""
        sums = self.sums[slot]
        return figures_of(np.zeros((ROWS, 1)) if sums is None else sums)

    def totals(self) -> Figures:
        """Figures of every tensor as a whole."""
        held = np.zeros((ROWS, len(self.names)))
        for slot, sums in enumerate(self.sums):
            if sums is not None:
                held[:, slot] = _joined(sums)[:, 0]
        return figures_of(held)

    def _keep(self, slot: int, sums: NDArray[np.float64]) -> None:
        """Add sums of one tensor; where the number of channels changes it has none."""
        before = self.sums[slot]
        if before is None:
            self.sums[slot] = sums.copy()
            return
        if before.shape != sums.shape:
            self.axes[slot] = None
            before, sums = _joined(before), _joined(sums)
        peak = np.maximum(before[PEAK], sums[PEAK])
        before += sums
        before[PEAK] = peak
        self.sums[slot] = before

    def _measured(self, jobs: Sequence[Job]) -> _Taken:
        found = fast.kernel.found
        return self._plainly(jobs) if found is None else self._compiled(jobs, found.measure)

    def _plainly(self, jobs: Sequence[Job]) -> _Taken:
        parts, counts = [], []
        for slot, value, other in jobs:
            grid, reals = self.grids[slot], np.asarray(value)
            there = grid.decoded(other)
            check_shapes(reals, there, self.names[slot])
            sums, counted = plain.summed(reals, there, self.axes[slot], *grid.row[2:])
            parts.append(sums)
            counts.append(counted)
        firsts = np.cumsum([0, *(part.shape[1] for part in parts)])
        return _Taken(np.concatenate(parts, axis=1), np.array(counts), firsts)

    def _compiled(self, jobs: Sequence[Job], measure: object) -> _Taken:
        values = [float32(job.value) for job in jobs]
        others = [self.grids[job.slot].prepared(job.other) for job in jobs]
        for job, value, other in zip(jobs, values, others, strict=True):
            check_shapes(value, other, self.names[job.slot])
        sizes = np.array([laid(job.value.shape, self.axes[job.slot]) for job in jobs], np.int64)
        firsts = np.concatenate([[0], np.cumsum(sizes[:, 1])])
        taken = _Taken(np.zeros((ROWS, firsts[-1])), np.zeros((len(jobs), 3), np.int64), firsts)
        measure(  # type: ignore[operator]
            np.array([value.ctypes.data for value in values], np.int64),
            np.array([other.ctypes.data for other in others], np.int64),
            np.array([KINDS[other.dtype.name] for other in others], np.int64),
            np.array([self.grids[job.slot].row for job in jobs], np.float64),
            sizes,
            firsts[:-1],
            taken.sums,
            taken.counts,
        )
        return taken


def _joined(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of all channels together [rows, 1]."""
    total = sums.sum(axis=1, keepdims=True)
    total[PEAK] = sums[PEAK].max(initial=0.0)
    return np.asarray(total)
