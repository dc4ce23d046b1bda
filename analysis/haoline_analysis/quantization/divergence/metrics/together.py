"""Sums of one sample of many tensors, taken in one go: by compiled loops where they are there, else by numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics import fast, plain
from haoline_analysis.quantization.divergence.metrics.jobs import KINDS, check_shapes, float32, laid
from haoline_analysis.quantization.divergence.metrics.rows import HIGH, LOW, PEAK, ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Entry


@dataclass
class Measured:
    """Sums of entries, one after the other."""

    sums: NDArray[np.float64]  # [rows, channels of all]
    counts: NDArray[np.int64]  # [entries, 3], see :mod:`.compiled`
    firsts: NDArray[np.int64]  # [entries + 1] where the channels of each begin

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """Sums over the channels of each entry [rows, entries]."""
        starts = self.firsts[:-1]
        found = np.add.reduceat(self.sums, starts, axis=1)
        for row, reduce in ((PEAK, np.maximum), (LOW, np.minimum), (HIGH, np.maximum)):
            found[row] = reduce.reduceat(self.sums[row], starts)
        return np.asarray(found)

    def of(self, entry: int) -> NDArray[np.float64]:
        """Sums of one entry [rows, channels]."""
        return self.sums[:, self.firsts[entry] : self.firsts[entry + 1]]


def nothing(channels: int) -> NDArray[np.float64]:
    """Sums of no elements."""
    sums = np.zeros((ROWS, channels))
    sums[LOW], sums[HIGH] = np.inf, -np.inf
    return sums


def joined(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of all channels together [rows, 1]."""
    return Measured(sums, np.zeros((1, 3), np.int64), np.array([0, sums.shape[1]])).totals


def added(sums: NDArray[np.float64], more: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the elements of both."""
    found = sums + more
    found[PEAK] = np.maximum(sums[PEAK], more[PEAK])
    found[LOW], found[HIGH] = np.minimum(sums[LOW], more[LOW]), np.maximum(sums[HIGH], more[HIGH])
    return found


def measured(entries: Sequence[Entry]) -> Measured:
    """Sums of every entry, none of which is empty.

    Raises:
        ModelError: if the two arrays of an entry differ in shape.
    """
    kernel = fast.kernel.found
    return _plainly(entries) if kernel is None else _compiled(entries, kernel.measure)


def _plainly(entries: Sequence[Entry]) -> Measured:
    parts, counts = [], []
    for value, other, grid, axis, name in entries:
        there = grid.decoded(other)
        check_shapes(value, there, name)
        there = there.reshape(value.shape)
        sums, counted = plain.summed(value, there, axis, *grid.row[2:])
        parts.append(sums)
        counts.append(counted)
    firsts = np.cumsum([0, *(part.shape[1] for part in parts)])
    return Measured(np.concatenate(parts, axis=1), np.array(counts), firsts)


def _compiled(entries: Sequence[Entry], measure: Any) -> Measured:
    values = [float32(entry.value) for entry in entries]
    others = [entry.grid.prepared(entry.other) for entry in entries]
    for value, other, entry in zip(values, others, entries, strict=True):
        check_shapes(value, other, entry.name)
    sizes = np.array([laid(entry.value.shape, entry.axis) for entry in entries], np.int64)
    firsts = np.concatenate([[0], np.cumsum(sizes[:, 1])])
    found = Measured(nothing(int(firsts[-1])), np.zeros((len(entries), 3), np.int64), firsts)
    measure(
        np.array([address(value) for value in values], np.int64),
        np.array([address(other) for other in others], np.int64),
        np.array([KINDS[other.dtype] for other in others], np.int64),
        np.array([entry.grid.row for entry in entries], np.float64),
        sizes,
        firsts[:-1],
        found.sums,
        found.counts,
    )
    return found


def address(array: np.ndarray) -> int:
    """Where the elements are."""
    place: int = array.__array_interface__["data"][0]
    return place
