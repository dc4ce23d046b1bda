"""Reduce a sheet to a few numbers per lane, in passes that stay in the cache and release the interpreter lock.

The fast way works in the precision of the elements. It gives up where something is not finite or squares would
overflow; then the careful way in float64 takes over, as it does for channels whose variance cancels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.statistics.elements import wide_dtype, widened
from haoline_analysis.runtime.statistics.sums import Exact, Sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.runtime.statistics.sheets import Sheet

_TILE = (200_000, 100_000)  # elements by axis: 400 kB of float32 stay in a core's cache; cut columns are slow
_SHORT = 1024  # elements; the ufunc machinery per row costs more than shorter rows do
_FEW = 8  # one lane in so many: cheaper summed again than all
_DOT = 64  # elements; so do calls of the dot product
_CANCELS = 16  # times the variance: beyond, a squared mean takes more than one of float32's seven digits from it
_LARGE = 4  # times the variance: squared means from which a pivot is due, before single sheets reach the above
_LARGEST = {4: 1e13, 8: 1e140}  # by bytes of an element: squares of sums stay finite
_UNDERFLOW = {4: 1e-30, 8: 1e-290}  # squares below lose digits


def fast_sums(sheets: Sequence[Sheet], pivot: np.ndarray | None = None) -> Sums | int:
    """Sums per lane of sheets of one form, one after the other.

    Args:
        sheets: of one form and element type.
        pivot: [sheets × channels], what is summed are the differences to it where it is not zero.

    Returns:
        The sums [sheets × lanes], or the number of a sheet that wants a careful look.
    """
    first = sheets[0]
    if first.values.dtype == np.bool_:
        return _sums_of_truth(first)
    low, high, total, square = (np.empty(len(sheets) * first.lanes, wide_dtype(first.values.dtype)) for _ in range(4))
    sums = Sums(first.depth, low, high, total, square, pivot=pivot)
    channels = first.groups[1]
    for index, sheet in enumerate(sheets):
        own = None if pivot is None else pivot[index * channels : (index + 1) * channels]
        if not _sum_sheet(sheet, sums, index * first.lanes, own):
            return index
    return sums


def _sum_sheet(sheet: Sheet, sums: Sums, start: int, pivot: np.ndarray | None) -> bool:
    """Fill in the sums of the lanes from ``start``; False where that is not possible."""
    lane_pivot = None if pivot is None else np.broadcast_to(pivot[:, None], sheet.groups).reshape(-1)
    away: np.ndarray | None = None
    few = lane_pivot is not None and np.count_nonzero(lane_pivot) * _FEW < len(lane_pivot)
    if lane_pivot is not None and not few:
        away = lane_pivot.astype(sums.low.dtype).reshape((-1, 1) if sheet.axis else -1)
    for part, tile in tiles(sheet):
        there = slice(start + part.start, start + min(part.stop, sheet.lanes))
        if not _sum_tile(widened(tile), sheet.axis, sums, there, None if away is None else away[part]):
            return False
    if few and lane_pivot is not None:
        _sum_few(sheet, lane_pivot, sums, start)
    return True


def _sum_few(sheet: Sheet, pivot: np.ndarray, sums: Sums, start: int) -> None:
    """Sum the lanes that have a pivot once more, about it."""
    lanes = np.flatnonzero(pivot)
    if not len(lanes):
        return
    values = widened(sheet.values.take(lanes, axis=1 - sheet.axis))
    away = pivot[lanes].astype(values.dtype)
    values = values - (away[:, None] if sheet.axis else away)
    total, square = np.empty_like(away), np.empty_like(away)
    _sum_and_square(values, sheet.axis, total, square)
    sums.total[start + lanes], sums.square[start + lanes] = total, square


def _sums_of_truth(sheet: Sheet) -> Sums:
    """All follows from how many are true; a pivot has no use."""
    true = np.concatenate([_count(tile, sheet.axis) for _, tile in tiles(sheet)]).astype(np.float64)
    zeros = sheet.depth - true.astype(np.int64)
    low, high = (zeros == 0).astype(np.float64), (true > 0).astype(np.float64)
    return Sums(sheet.depth, low, high, true, true, zeros, float(low.min()), float(high.max()))


def tiles(sheet: Sheet) -> Iterator[tuple[slice, np.ndarray]]:
    """Pieces of a sheet that fit the cache, with the lanes they hold."""
    lanes = sheet.lanes
    pieces = max(1, round(sheet.values.size / _TILE[sheet.axis]))
    step = -(-lanes // pieces)
    for start in range(0, lanes, step):
        part = slice(start, start + step)
        yield part, sheet.values[part] if sheet.axis else sheet.values[:, part]


def _sum_tile(values: np.ndarray, axis: int, sums: Sums, part: slice, away: np.ndarray | None) -> bool:
    low, high = sums.low[part], sums.high[part]
    _extremes(values, axis, low, high)
    least, most = float(np.minimum.reduce(low)), float(np.maximum.reduce(high))
    largest = _LARGEST[values.itemsize]
    if not (least > -largest and most < largest):  # NaN is neither
        return False
    sums.least, sums.most = min(sums.least, least), max(sums.most, most)
    _sum_and_square(values if away is None else values - away, axis, sums.total[part], sums.square[part])
    if least <= 0 <= most:
        _count_zeros(values, axis, sums, part)
    return True


def _sum_and_square(values: np.ndarray, axis: int, total: np.ndarray, square: np.ndarray) -> None:
    if not axis:
        np.add.reduce(values, axis=0, out=total)
        np.einsum("nc,nc->c", values, values, out=square)
        return
    np.einsum("cn->c", values, out=total)
    if values.shape[1] >= _DOT and hasattr(np, "vecdot"):  # numpy 2
        np.vecdot(values, values, out=square)
    else:
        np.einsum("cn,cn->c", values, values, out=square)


def _extremes(values: np.ndarray, axis: int, low: np.ndarray, high: np.ndarray) -> None:
    if axis and values.shape[1] < _SHORT and values.flags.c_contiguous:
        _extremes_of_short_rows(values, low, high)
    else:
        np.minimum.reduce(values, axis=axis, out=low)
        np.maximum.reduce(values, axis=axis, out=high)


def _extremes_of_short_rows(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Compare bit patterns, for which numpy has the faster loops.

    As signed integers, positive floats are ordered as they are; as unsigned ones, negative floats are greater than
    positive ones, and the greater the farther from zero. NaN is greater than infinity either way, by its sign.
    """
    signed, plain = f"i{values.itemsize}", f"u{values.itemsize}"
    starts = np.arange(0, values.size, values.shape[1])
    line = values.reshape(-1)
    greatest, farthest = high.view(signed), low.view(plain)
    np.maximum.reduceat(line.view(signed), starts, out=greatest)
    np.maximum.reduceat(line.view(plain), starts, out=farthest)
    if farthest.view(signed).max() >= 0:  # a row without negative elements
        positive = farthest.view(signed) >= 0
        low.view(signed)[positive] = np.minimum.reduceat(line.view(signed), starts)[positive]
    if greatest.min() < 0:  # a row without positive ones
        negative = greatest < 0
        high.view(plain)[negative] = np.minimum.reduceat(line.view(plain), starts)[negative]


def _count_zeros(values: np.ndarray, axis: int, sums: Sums, part: slice) -> None:
    zero = np.equal(values, 0)
    if np.count_nonzero(zero):
        if sums.zeros is None:
            sums.zeros = np.zeros(len(sums.low), np.int64)
        sums.zeros[part] = _count(zero, axis)


def _count(truth: np.ndarray, axis: int) -> np.ndarray:
    """Number of true elements along an axis; wide rows are packed into words, whose bits a processor counts."""
    units = truth.view(np.uint8)
    depth = truth.shape[axis]
    if depth < 256:
        counted: np.ndarray = np.add.reduce(units, axis=0, dtype=np.uint8) if axis == 0 else np.einsum("cn->c", units)
    elif axis == 1 and hasattr(np, "bitwise_count"):  # numpy 2
        packed = np.packbits(truth, axis=1)
        words = packed.view(np.uint64) if packed.shape[1] % 8 == 0 else packed
        counted = np.add.reduce(np.bitwise_count(words), axis=1, dtype=np.int32)
    else:
        counted = np.add.reduce(units, axis=axis, dtype=np.uint32)
    return counted


def gather(sums: Sums, groups: tuple[int, int, int]) -> Sums:
    """Sums per channel [sheets × channels] from sums per lane."""
    before, channels, after = groups
    if before == after == 1:
        return sums
    shape, axes = ((-1, before, channels), 1) if after == 1 else ((-1, *groups), (1, 3))

    def fold(reduce: Any, lanes: np.ndarray, dtype: Any) -> np.ndarray:
        folded: np.ndarray = reduce(lanes.reshape(shape), axis=axes, dtype=dtype)
        return folded.reshape(-1)

    return Sums(
        sums.count * before * after,
        fold(np.minimum.reduce, sums.low, sums.low.dtype),
        fold(np.maximum.reduce, sums.high, sums.high.dtype),
        fold(np.add.reduce, sums.total, np.float64),
        fold(np.add.reduce, sums.square, np.float64),
        None if sums.zeros is None else fold(np.add.reduce, sums.zeros, np.int64),
        sums.least,
        sums.most,
        sums.pivot,
    )


def cancelling(sums: Sums, known: Exact) -> np.ndarray | None:
    """Which channels vary too little about their mean for their sums to tell how much, bool; None: none does.

    What is too little is judged by the sums' own variance or, if greater, by that of what is ``known``.
    """
    square_mean = sums.total * sums.total
    square_mean *= _CANCELS / (_CANCELS - 1) / sums.count
    square_mean += _UNDERFLOW[sums.low.itemsize]
    unsure = square_mean >= sums.square
    if not unsure.any():
        return None
    unsure &= sums.low != sums.high
    if not unsure.any():
        return None
    unsure &= square_mean * known.count >= known.spread * (_CANCELS * sums.count)
    return unsure if unsure.any() else None


def large_means(known: Exact) -> np.ndarray | None:
    """The means about which sums do not cancel, rounded to float32 [channels], 0 where they do not anyway."""
    with np.errstate(over="ignore"):
        large = known.mean * known.mean * known.count >= _LARGE * known.spread
        rounded = known.mean.astype(np.float32)
    pivot = np.where(large & np.isfinite(rounded), rounded, 0).astype(np.float64)
    return pivot if pivot.any() else None


def exact_of(sums: Sequence[Sums]) -> Exact:
    """The same in float64, as means and squared deviations, arrays [sheets, channels]."""
    depth = np.array([part.count for part in sums], np.int64)[:, None]
    low, high, total, square = (
        np.array([getattr(part, name) for part in sums], np.float64) for name in ("low", "high", "total", "square")
    )
    mean = total / depth
    total *= mean
    square -= total
    np.maximum(square, 0, out=square)
    for row, part in enumerate(sums):
        if part.pivot is not None:
            mean[row] += part.pivot
    constant = low == high
    mean[constant] = low[constant]
    square[constant] = 0
    none = np.zeros(len(sums[0].low), np.int64)
    zeros = np.array([none if part.zeros is None else part.zeros for part in sums], np.int64)
    return Exact(np.broadcast_to(depth, mean.shape), low, high, mean, square, zeros)
