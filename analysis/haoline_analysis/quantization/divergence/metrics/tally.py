"""Running sums of many tensors over samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics.figures import Figures, figures_of
from haoline_analysis.quantization.divergence.metrics.jobs import Entry
from haoline_analysis.quantization.divergence.metrics.rows import ROWS
from haoline_analysis.quantization.divergence.metrics.spread import Spread
from haoline_analysis.quantization.divergence.metrics.together import added, joined, measured, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job
    from haoline_analysis.quantization.divergence.metrics.together import Measured


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

    def entry(self, job: Job) -> Entry:
        """A job with how to read it."""
        return Entry(job.value, job.other, self.grids[job.slot], self.axes[job.slot], self.names[job.slot])

    def add(self, jobs: Sequence[Job], sample: int) -> None:
        """Take in one sample; the arrays may be overwritten afterwards.

        Raises:
            ModelError: if the two arrays of a tensor differ in shape.
        """
        jobs = [job for job in jobs if job.value.size]
        if jobs:
            self.take(jobs, measured([self.entry(job) for job in jobs]), range(len(jobs)), sample)

    def take(self, jobs: Sequence[Job], found: Measured, places: Sequence[int], sample: int) -> None:
        """Take in sums of jobs, which are at ``places`` of what was measured."""
        if not jobs:
            return
        slots, at = np.array([job.slot for job in jobs]), np.array(places)
        self.spread.add(slots, figures_of(found.totals[:, at]), sample)
        self.counts[slots] += found.counts[at]
        self.elements[slots] += [job.value.size for job in jobs]
        for slot, place in zip(slots.tolist(), places, strict=True):
            self._keep(slot, found.of(place))

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
        return figures_of(nothing(1) if sums is None else sums)

    def totals(self) -> Figures:
        """Figures of every tensor as a whole."""
        held = np.zeros((ROWS, len(self.names)))
        for slot, sums in enumerate(self.sums):
            if sums is not None:
                held[:, slot] = joined(sums)[:, 0]
        return figures_of(held)

    def _keep(self, slot: int, sums: NDArray[np.float64]) -> None:
        """Add sums of one tensor; where the number of channels changes it has none."""
        before = self.sums[slot]
        if before is None:
            self.sums[slot] = sums.copy()
            return
        if before.shape != sums.shape:
            self.axes[slot] = None
            before, sums = joined(before), joined(sums)
        self.sums[slot] = added(before, sums)
