"""What is kept of the samples: sums of errors, histograms, outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.quantization.divergence.metrics import Bins, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics import Figures
    from haoline_analysis.quantization.divergence.metrics.spread import Spread
    from haoline_analysis.quantization.divergence.outputs import Outputs
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.steps import Found, Step


@dataclass(frozen=True)
class Half:
    """One kind of error of every pair: the first half of a tally is what is seen, the second what is made."""

    tally: Tally
    start: int
    count: int

    def figures(self, slot: int, channels: Figures) -> Figures:
        """Figures of the channels of a pair, out of those of all; none where it was not seen."""
        first = int(self.tally.firsts[self.start + slot])
        return channels.part(first, first + int(self.tally.widths[self.start + slot]))

    def totals(self) -> Figures:
        """Figures of every pair."""
        return self.tally.totals().part(self.start, self.start + self.count)

    def channelled(self, slot: int) -> bool:
        """Whether a pair was seen, and has channels."""
        at = self.start + slot
        return bool(self.tally.firsts[at] >= 0) and self.tally.axes[at] is not None

    @property
    def spread(self) -> Spread:
        """How the SQNR spreads over samples."""
        return self.tally.spread.part(self.start, self.start + self.count)

    @property
    def counts(self) -> NDArray[np.int64]:
        """[pairs, 4], see :mod:`.metrics.layout`."""
        return self.tally.counts[self.start : self.start + self.count]

    @property
    def elements(self) -> NDArray[np.int64]:
        """Elements of every pair."""
        return self.tally.elements[self.start : self.start + self.count]


@dataclass
class Taken:
    """Everything measured so far; can be sent to another process and joined."""

    tally: Tally
    outputs: Outputs
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)  # of float tensors in the first sample, by slot

    @property
    def seen(self) -> Half:
        """The variant's tensors beside the float model's."""
        return Half(self.tally, 0, len(self.tally.names) // 2)

    @property
    def made(self) -> Half:
        """What the variant's ops make of the float model's tensors beside these."""
        count = len(self.tally.names) // 2
        return Half(self.tally, count, count)

    @property
    def bins(self) -> Bins | None:
        """Histograms by pair."""
        return self.tally.bins

    def add(self, step: Step, found: Found, sample: int) -> None:
        """Take in one sample of one step; arrays may be overwritten afterwards."""
        self.tally.add(found.jobs(step, len(self.tally.names) // 2), sample)
        if 0 in step.slots:
            self.outputs.add(found.floats, found.variant, sample)
        if len(self.shapes) < len(self.tally.names) // 2:
            for slot, pair in zip(step.slots, step.pairs, strict=True):
                if pair.output in found.floats:
                    self.shapes.setdefault(slot, tuple(found.floats[pair.output].shape))

    def merge(self, other: Taken) -> None:
        """Take in what was measured elsewhere."""
        self.tally.merge(other.tally)
        self.outputs.merge(other.outputs)
        self.shapes = other.shapes | self.shapes


def nothing(pairs: Sequence[Pair], axes: Mapping[str, int | None], outputs: Outputs, *, histograms: bool) -> Taken:
    """The beginning."""
    names, grids = [pair.name for pair in pairs], [pair.grid for pair in pairs]
    held = [axes.get(name) for name in names]
    bins = Bins(grids) if histograms else None
    return Taken(Tally(names * 2, held * 2, grids * 2, bins), outputs)
