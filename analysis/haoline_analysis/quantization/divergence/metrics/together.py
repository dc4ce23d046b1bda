"""Sums of elements, and what is known of the arrays of one sample before they are gone through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.divergence.metrics.bins import drawn, pitch
from haoline_analysis.quantization.divergence.metrics.jobs import float32, laid
from haoline_analysis.quantization.divergence.metrics.layout import HIGH, LOW, PEAK, ROWS
from haoline_analysis.runtime.cores import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.jobs import Grid, Job

    Sums = NDArray[np.float64]
    """[rows, channels], see :mod:`.layout`."""


def nothing(channels: int) -> Sums:
    """Sums of no elements."""
    sums = np.zeros((ROWS, channels))
    sums[LOW], sums[HIGH] = np.inf, -np.inf
    return sums


def joined(sums: Sums, firsts: Any = (0,)) -> Sums:
    """Sums over runs of channels that begin at ``firsts`` [rows, runs]."""
    found = np.add.reduceat(sums, firsts, axis=1)
    for row, reduce in ((PEAK, np.maximum), (LOW, np.minimum), (HIGH, np.maximum)):
        found[row] = reduce.reduceat(sums[row], firsts)
    return np.asarray(found)


def added(sums: Sums, more: Sums) -> Sums:
    """Sums of the elements of both."""
    found = sums + more
    found[PEAK] = np.maximum(sums[PEAK], more[PEAK])
    found[LOW], found[HIGH] = np.minimum(sums[LOW], more[LOW]), np.maximum(sums[HIGH], more[HIGH])
    return found


@dataclass
class Table:
    """Where the arrays of some jobs are, and how to read them."""

    key: tuple[int, ...]  # ids of the arrays, which are kept, so that no others can have them
    kept: list[np.ndarray]
    lasting: bool  # the next sample is in the same arrays, if they have the same ids
    slots: NDArray[np.int64]
    addresses: NDArray[np.int64]
    others: NDArray[np.int64]
    kinds: NDArray[np.int64]
    grids: NDArray[np.float64]
    sizes: NDArray[np.int64]  # [jobs, 3]
    elements: NDArray[np.int64]
    steps: NDArray[np.int64]  # from which to which element the runs begin that are counted into bins
    drawn: NDArray[np.int64]  # how many elements that are
    shares: list[slice]  # of the jobs, for one core each


def key_of(jobs: Sequence[Job]) -> tuple[int, ...]:
    """What tells whether a table is of these jobs."""
    return tuple([part for slot, value, other in jobs for part in (slot, id(value), id(other))])


def table_of(jobs: Sequence[Job], axes: Sequence[int | None], grids: Sequence[Grid]) -> Table:
    """The table of some jobs."""
    values = [float32(job.value) for job in jobs]
    others = [grids[job.slot].prepared(job.other, axes[job.slot]) for job in jobs]
    same = all(
        value is job.value and other is job.other for value, (other, _), job in zip(values, others, jobs, strict=True)
    )
    elements = [value.size for value in values]
    return Table(
        key=key_of(jobs),
        kept=[*values, *(other for other, _ in others), *(array for job in jobs for array in job[1:])],
        lasting=same,
        slots=np.array([job.slot for job in jobs], np.int64),
        addresses=np.array([_address(value) for value in values], np.int64),
        others=np.array([_address(other) for other, _ in others], np.int64),
        kinds=np.array([kind for _, kind in others], np.int64),
        grids=np.array([grids[job.slot].row for job in jobs], np.float64),
        sizes=np.array([laid(job.value.shape, axes[job.slot]) for job in jobs], np.int64),
        elements=np.array(elements, np.int64),
        steps=np.array([pitch(size) for size in elements], np.int64),
        drawn=np.array([drawn(size) for size in elements], np.int64),
        shares=shares(elements),
    )


def _address(array: np.ndarray) -> int:
    """Where the elements are."""
    place: int = array.__array_interface__["data"][0]
    return place
