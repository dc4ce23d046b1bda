"""Reduce a sheet to a few numbers per lane, in passes that stay in the cache and release the interpreter lock.

The fast way works in the precision of the elements. It gives up, and the careful way in float64 takes over, where
something is not finite, where squares would overflow, and for channels whose variance cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.statistics.elements import widened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.runtime.statistics.sheets import Sheet

_TILE = 100_000  # elements: 400 kB of float32, which stay in a core's cache for all passes
_SHORT = 512  # elements; the ufunc machinery per row costs more than shorter rows do
_CANCELS = 16 / 15  # variance below 1/16 of the mean square: float32 sums would show in its sixth digit
_LARGEST = {4: 1e13, 8: 1e140}  # by bytes of an element: squares of sums stay finite
_UNDERFLOW = {4: 1e-30, 8: 1e-290}  # squares below lose digits
_SQUARE = ("nc,nc->c", "cn,cn->c")


@dataclass(slots=True)
class Sums:
    """What the fast way finds: float arrays [lanes], later [channels]."""

    count: int  # elements of each lane
    low: np.ndarray
    high: np.ndarray
    total: np.ndarray
    square: np.ndarray
    zeros: np.ndarray | None = None  # int64; None: there are none
    least: float = np.inf  # of all lanes
    most: float = -np.inf


@dataclass(slots=True)
class Exact:
    """What the careful way finds: float64 and int64 arrays [lanes], later [channels]."""

    count: np.ndarray  # finite elements
    low: np.ndarray  # +inf where there is none
    high: np.ndarray
    mean: np.ndarray
    spread: np.ndarray  # sum of squared deviations from the mean
    zeros: np.ndarray
    nan: int = 0
    inf: int = 0

    @classmethod
    def of(cls, arrays: Sequence[np.ndarray], nan: int = 0, inf: int = 0) -> Exact:
        """From the arrays in the order of the fields."""
        count, low, high, mean, spread, zeros = arrays
        return cls(count, low, high, mean, spread, zeros, nan, inf)

    @property
    def least(self) -> float:
        """The least finite element; +inf where there is none."""
        return float(self.low.min())

    @property
    def most(self) -> float:
        """The greatest finite element; -inf where there is none."""
        return float(self.high.max())

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order of the fields."""
        return self.count, self.low, self.high, self.mean, self.spread, self.zeros


def fast_sums(sheet: Sheet) -> Sums | None:
    """Sums per lane; None where the careful way has to look."""
    sums: Sums | None = None
    for part, tile in tiles(sheet):
        values = widened(tile)
        if sums is None:
            lanes = sheet.values.shape[1 - sheet.axis]
            low, high, total, square = (np.empty(lanes, values.dtype) for _ in range(4))
            sums = Sums(sheet.depth, low, high, total, square)
        if not _sum_tile(values, sheet.axis, sums, part):
            return None
    return sums


def tiles(sheet: Sheet) -> Iterator[tuple[slice, np.ndarray]]:
    """Pieces of a sheet that fit the cache, with the lanes they hold."""
    lanes = sheet.values.shape[1 - sheet.axis]
    pieces = max(1, round(sheet.values.size / _TILE))
    step = -(-lanes // pieces)
    for start in range(0, lanes, step):
        part = slice(start, start + step)
        yield part, sheet.values[part] if sheet.axis else sheet.values[:, part]


def _sum_tile(values: np.ndarray, axis: int, sums: Sums, part: slice) -> bool:
    low, high = sums.low[part], sums.high[part]
    _extremes(values, axis, low, high)
    least, most = float(np.minimum.reduce(low)), float(np.maximum.reduce(high))
    largest = _LARGEST[values.itemsize]
    if not (least > -largest and most < largest):  # NaN is neither
        return False
    sums.least, sums.most = min(sums.least, least), max(sums.most, most)
    if axis:
        np.einsum("cn->c", values, out=sums.total[part])
    else:
        np.add.reduce(values, axis=0, out=sums.total[part])
    np.einsum(_SQUARE[axis], values, values, out=sums.square[part])
    if least <= 0 <= most:
        _count_zeros(values, axis, sums, part)
    return True


def _extremes(values: np.ndarray, axis: int, low: np.ndarray, high: np.ndarray) -> None:
    if axis and values.shape[1] < _SHORT and values.flags.c_contiguous:
        starts = np.arange(0, values.size, values.shape[1])
        line = values.reshape(-1)
        np.minimum.reduceat(line, starts, out=low)
        np.maximum.reduceat(line, starts, out=high)
    else:
        np.minimum.reduce(values, axis=axis, out=low)
        np.maximum.reduce(values, axis=axis, out=high)


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
    """Sums per channel from sums per lane."""
    before, _, after = groups
    if before == after == 1:
        return sums

    def fold(reduce: Any, lanes: np.ndarray, dtype: Any) -> np.ndarray:
        folded: np.ndarray = reduce(lanes.reshape(groups), axis=(0, 2), dtype=dtype)
        return folded

    return Sums(
        sums.count * before * after,
        fold(np.minimum.reduce, sums.low, sums.low.dtype),
        fold(np.maximum.reduce, sums.high, sums.high.dtype),
        fold(np.add.reduce, sums.total, np.float64),
        fold(np.add.reduce, sums.square, np.float64),
        None if sums.zeros is None else fold(np.add.reduce, sums.zeros, np.int64),
        sums.least,
        sums.most,
    )


def cancelling(sums: Sums) -> np.ndarray | None:
    """Which channels vary too little about their mean for their sums to tell how much, bool; None: none does."""
    mean_square = sums.total * sums.total
    mean_square *= _CANCELS / sums.count
    mean_square += _UNDERFLOW[sums.low.itemsize]
    unsure = mean_square >= sums.square
    if not unsure.any():
        return None
    unsure &= sums.low != sums.high
    return unsure if unsure.any() else None


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
    constant = low == high
    mean[constant] = low[constant]
    square[constant] = 0
    none = np.zeros(len(sums[0].low), np.int64)
    zeros = np.array([none if part.zeros is None else part.zeros for part in sums], np.int64)
    return Exact(np.broadcast_to(depth, mean.shape), low, high, mean, square, zeros)
