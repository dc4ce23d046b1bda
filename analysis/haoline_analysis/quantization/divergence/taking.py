"""What is kept of the samples: sums of errors, histograms, outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics import Bins, Tally
from haoline_analysis.quantization.divergence.metrics.rows import HIGH, LOW
from haoline_analysis.quantization.divergence.metrics.together import measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.quantization.divergence.metrics import Job
    from haoline_analysis.quantization.divergence.outputs import Outputs
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.steps import Found, Step


@dataclass
class Taken:
    """Everything measured so far; can be sent to another process and joined."""

    seen: Tally
    made: Tally
    bins: Bins | None
    outputs: Outputs
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)  # of float tensors in the first sample, by slot

    def add(self, step: Step, found: Found, sample: int) -> None:
        """Take in one sample of one step; arrays may be overwritten afterwards."""
        jobs = [job for job in found.jobs(step) if job.value.size]
        local = [job for job in found.local_jobs(step) if job.value.size]
        self._measure(jobs, local, sample)
        if 0 in step.slots:
            self.outputs.add(found.floats, found.variant, sample)
        for job in jobs:
            self.shapes.setdefault(job.slot, tuple(job.value.shape))

    def _measure(self, jobs: Sequence[Job], local: Sequence[Job], sample: int) -> None:
        """Sum up both errors of each tensor one after the other, while it is in the cache."""
        both = [(job.slot, 0, job) for job in jobs] + [(job.slot, 1, job) for job in local]
        order = sorted(range(len(both)), key=lambda at: both[at][:2])
        if not both:
            return
        tallies = (self.seen, self.made)
        found = measured([tallies[both[at][1]].entry(both[at][2]) for at in order])
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        split = places[: len(jobs)].tolist(), places[len(jobs) :].tolist()
        self.seen.take(jobs, found, split[0], sample)
        self.made.take(local, found, split[1], sample)
        if self.bins is not None:
            self.bins.add(jobs, *found.totals[LOW : HIGH + 1, split[0]].tolist())

    def merge(self, other: Taken) -> None:
        """Take in what was measured elsewhere."""
        self.seen.merge(other.seen)
        self.made.merge(other.made)
        if self.bins is not None and other.bins is not None:
            self.bins.merge(other.bins)
        self.outputs.merge(other.outputs)
        self.shapes = other.shapes | self.shapes


def nothing(pairs: Sequence[Pair], axes: Mapping[str, int | None], outputs: Outputs, *, histograms: bool) -> Taken:
    """The beginning."""
    names, grids = [pair.name for pair in pairs], [pair.grid for pair in pairs]
    held = [axes.get(name) for name in names]
    return Taken(
        seen=Tally(names, list(held), grids),
        made=Tally(names, list(held), grids),
        bins=Bins(grids) if histograms else None,
        outputs=outputs,
    )
