"""Running sums of many tensors over samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics import fast, plain
from haoline_analysis.quantization.divergence.metrics.bins import drawn
from haoline_analysis.quantization.divergence.metrics.figures import Figures, figures_of
from haoline_analysis.quantization.divergence.metrics.jobs import check_shapes, laid
from haoline_analysis.quantization.divergence.metrics.layout import COUNTED, HIGH, LOW
from haoline_analysis.quantization.divergence.metrics.spread import Spread
from haoline_analysis.quantization.divergence.metrics.together import added, joined, key_of, nothing, table_of
from haoline_analysis.runtime.cores import spread_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.bins import Bins
    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job
    from haoline_analysis.quantization.divergence.metrics.together import Sums, Table


@dataclass
class Tally:
    """Sums by tensor and channel, the spread of SQNR over samples, and histograms of the first tensors where asked for.

    Made of plain arrays, so that it can travel to another process.
    """

    names: Sequence[str]
    axes: list[int | None]
    grids: Sequence[Grid]
    bins: Bins | None = None
    held: NDArray[np.float64] = field(
        default_factory=lambda: nothing(0).T
    )  # [channels of all tensors seen so far, rows]
    spread: Spread = field(default_factory=Spread)

    def __post_init__(self) -> None:
        """Start with nothing."""
        count = len(self.names)
        self.firsts, self.widths = np.full(count, -1, np.int64), np.zeros(count, np.int64)
        self.counts, self.elements = np.zeros((count, 4), np.int64), np.zeros(count, np.int64)
        self.spread.make_room(count)
        self._table: Table | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Without addresses, which are of this process."""
        return {**self.__dict__, "_table": None}

    def add(self, jobs: Sequence[Job], sample: int) -> None:
        """Take in one sample; the arrays may be overwritten afterwards.

        Raises:
            ModelError: if the two arrays of a tensor differ in shape.
        """
        jobs = [job for job in jobs if job.value.size]
        if not jobs:
            return
        kernel = fast.kernel.found
        if kernel is None:
            slots, totals, counts = self._plainly(jobs)
        else:
            slots, totals, counts = self._compiled(jobs, kernel)
        self.spread.add(slots, figures_of(totals), sample)
        self.counts[slots] += counts
        self.elements[slots] += [job.value.size for job in jobs]

    def _plainly(self, jobs: Sequence[Job]) -> tuple[NDArray[np.int64], Sums, NDArray[np.int64]]:
        """Sum up with numpy; slots, the sample's own sums and counts."""
        totals, counts = nothing(len(jobs)), np.zeros((len(jobs), 4), np.int64)
        for at, (slot, value, other) in enumerate(jobs):
            grid = self.grids[slot]
            there = grid.decoded(other)
            check_shapes(value.shape, there.shape, self.names[slot])
            self._reserve([slot], [laid(value.shape, self.axes[slot]).channels])
            sums, counts[at, :COUNTED] = plain.summed(value, there.reshape(value.shape), self.axes[slot], *grid.row[2:])
            self._put(slot, sums)
            totals[:, at] = joined(sums)[:, 0]
            if self._binned(slot) and self.bins is not None and self.bins.cover(slot, *totals[LOW : HIGH + 1, at]):
                self.bins.add(jobs[at])
                self.bins.note(slot, drawn(value.size), value.size)
        return np.array([job.slot for job in jobs]), totals, counts

    def _compiled(self, jobs: Sequence[Job], kernel: Any) -> tuple[NDArray[np.int64], Sums, NDArray[np.int64]]:
        """Sum up and count with compiled loops."""
        table = self._table
        if table is None or table.key != key_of(jobs):
            table = self._tabled(jobs)
        counts = np.zeros((len(jobs), 4), np.int64)
        own = np.ascontiguousarray(nothing(len(jobs)).T)
        totals = own.T
        bins, places = self._bins_of(table)
        first = self.firsts[table.slots]
        arrays = table.addresses, table.others, table.kinds, table.grids, table.sizes, first

        def measure(part: slice) -> None:
            own_arrays = (array[part] for array in arrays)
            kernel.measure(*own_arrays, self.held, own[part], counts[part], bins[part], places[part])

        spread_out(measure, table.shares)
        if self.bins is not None:
            self._count(table, totals, counts, kernel.count)
        return table.slots, totals, counts

    def _tabled(self, jobs: Sequence[Job]) -> Table:
        """The table of a sample's arrays, with room for its channels; kept if the next sample is in the same ones."""
        for slot, value, other in jobs:
            check_shapes(value.shape, self.grids[slot].shaped(other.shape), self.names[slot])
        self._reserve([job.slot for job in jobs], [laid(job.value.shape, self.axes[job.slot]).channels for job in jobs])
        table = table_of(jobs, self.axes, self.grids)
        self._table = table if table.lasting else None
        return table

    def _bins_of(self, table: Table) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        if self.bins is None:
            return np.zeros(len(table.slots), np.int64), np.zeros((len(table.slots), 4))
        return self.bins.places(table)

    def _count(self, table: Table, totals: Sums, counts: NDArray[np.int64], count: Any) -> None:
        """Count tensors that reached beyond their bins, and note how many elements were counted."""
        assert self.bins is not None
        binned = np.flatnonzero(table.slots < len(self.bins.held))
        late = [
            at
            for at in binned[counts[binned, COUNTED] == 0].tolist()
            if self.bins.cover(int(table.slots[at]), *totals[LOW : HIGH + 1, at].tolist())
        ]
        if late:
            bins, places = self.bins.places(table)
            parts = table.addresses, table.others, table.kinds, table.grids, table.sizes, bins, places
            count(*(np.ascontiguousarray(part[late]) for part in parts))
            counts[late, COUNTED] = 1
        for at in binned[counts[binned, COUNTED] == 1].tolist():
            self.bins.note(int(table.slots[at]), int(table.drawn[at]), int(table.elements[at]))

    def _binned(self, slot: int) -> bool:
        return self.bins is not None and slot < len(self.bins.held)

    def _reserve(self, slots: Sequence[int], channels: Sequence[int]) -> None:
        """Make room for channels; a tensor whose number of channels changes has none."""
        fresh = []
        for slot, count in zip(slots, channels, strict=True):
            if self.firsts[slot] < 0:
                fresh.append((slot, count))
            elif self.widths[slot] != count:
                self._collapse(slot)
        if fresh:
            starts = len(self.held) + np.cumsum([0, *(count for _, count in fresh)])
            self.held = np.concatenate([self.held, nothing(int(starts[-1] - starts[0])).T])
            for (slot, count), start in zip(fresh, starts[:-1].tolist(), strict=True):
                self.firsts[slot], self.widths[slot] = start, count

    def _collapse(self, slot: int) -> None:
        """Take all channels of a tensor as one from now on; the room of the others stays empty."""
        self.axes[slot] = None
        start, stop = self.firsts[slot], self.firsts[slot] + self.widths[slot]
        whole = joined(self.held[start:stop].T)
        self.held[start:stop] = nothing(int(stop - start)).T
        self.held[start : start + 1] = whole.T
        self.widths[slot], self._table = 1, None

    def part(self, slot: int) -> Sums:
        """Sums of one tensor [rows, channels]; of no elements where it was never seen."""
        start = self.firsts[slot]
        return nothing(1) if start < 0 else self.held[start : start + self.widths[slot]].T

    def _put(self, slot: int, sums: Sums) -> None:
        start = self.firsts[slot]
        held = self.part(slot)
        sums = joined(sums) if sums.shape != held.shape else sums
        self.held[start : start + self.widths[slot]] = added(held, sums).T

    def merge(self, other: Tally) -> None:
        """Take in the sums of other samples."""
        self.counts += other.counts
        self.elements += other.elements
        self.spread.merge(other.spread)
        seen = np.flatnonzero(other.firsts >= 0).tolist()
        self._reserve(seen, other.widths[seen].tolist())
        for slot in seen:
            self._put(slot, other.part(slot))
        if self.bins is not None and other.bins is not None:
            self.bins.merge(other.bins)

    def channels(self) -> Figures:
        """Figures of all tensors' channels, each tensor's beginning at its ``firsts``."""
        return figures_of(self.held.T)

    def totals(self) -> Figures:
        """Figures of every tensor as a whole."""
        held = nothing(len(self.names))
        for slot in np.flatnonzero(self.firsts >= 0).tolist():
            held[:, slot] = joined(self.part(slot))[:, 0]
        return figures_of(held)
