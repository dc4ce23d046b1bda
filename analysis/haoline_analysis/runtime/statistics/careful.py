"""The careful way: two passes in float64, with NaN and infinities counted and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.runtime.statistics.elements import widened
from haoline_analysis.runtime.statistics.reductions import tiles
from haoline_analysis.runtime.statistics.sums import Exact

if TYPE_CHECKING:
    from haoline_analysis.runtime.statistics.sheets import Sheet


def careful_sums(sheet: Sheet) -> Exact:
    """Exact sums per lane, whatever the elements are."""
    with np.errstate(all="ignore"):
        return _joined([_of_tile(widened(tile).astype(np.float64), sheet.axis) for _, tile in tiles(sheet)])


def _of_tile(values: np.ndarray, axis: int) -> Exact:
    """Sums of float64 values of our own."""
    finite = np.isfinite(values)
    if finite.all():
        count = np.full(values.shape[1 - axis], values.shape[axis], np.int64)
        return _sums(values, axis, count, None)
    nan = int(np.count_nonzero(np.isnan(values)))
    inf = values.size - int(np.count_nonzero(finite)) - nan
    found = _sums(values, axis, np.count_nonzero(finite, axis=axis), ~finite)
    found.nan, found.inf = nan, inf
    return found


def _sums(values: np.ndarray, axis: int, count: np.ndarray, lost: np.ndarray | None) -> Exact:
    low = np.minimum.reduce(_but(values, lost, np.inf), axis=axis)
    high = np.maximum.reduce(_but(values, lost, -np.inf), axis=axis)
    zeros = np.count_nonzero(_but(values, lost, 1) == 0, axis=axis)
    mean = np.add.reduce(_but(values, lost, 0), axis=axis) / count
    values -= mean if axis == 0 else mean[:, None]
    away = _but(values, lost, 0)
    spread = np.einsum("nc,nc->c" if axis == 0 else "cn,cn->c", away, away)
    return Exact(count, low, high, np.where(count > 0, mean, 0), spread, zeros)


def _but(values: np.ndarray, lost: np.ndarray | None, instead: float) -> np.ndarray:
    """The values, in place, with ``instead`` where they are lost."""
    if lost is not None:
        values[lost] = instead
    return values


def _joined(parts: list[Exact]) -> Exact:
    if len(parts) == 1:
        return parts[0]
    arrays = [np.concatenate(same) for same in zip(*(part.arrays() for part in parts), strict=True)]
    return Exact.of(arrays, nan=sum(part.nan for part in parts), inf=sum(part.inf for part in parts))
