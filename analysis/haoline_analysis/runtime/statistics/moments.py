"""Mean and spread of growing data, per channel, joined without cancellation (Chan, Golub & LeVeque 1983)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.statistics.careful import careful_sums
from haoline_analysis.runtime.statistics.reductions import cancelling, exact_of, fast_sums, gather, large_means
from haoline_analysis.runtime.statistics.sheets import Sheet
from haoline_analysis.runtime.statistics.sums import Exact, Sums

if TYPE_CHECKING:
    from collections.abc import Sequence

_WAITING = 16_384  # elements per array of the sums that wait to be joined
_MOST_WAITING = 32


class Moments:
    """Running statistics of ``channels`` channels; sums of single sheets wait and are joined a few at a time.

    Where means are large against deviations, the sheets that follow are summed about the means so far.
    """

    def __init__(self, channels: int, waiting: int = _WAITING, known: Exact | None = None) -> None:
        """Start with no elements, or those ``known``; ``waiting``: sums, times their channels, that may wait."""
        self.channels = channels
        self.nan = 0
        self.inf = 0
        self._most = min(_MOST_WAITING, max(1, waiting // max(channels, 1)))
        self._known = _nothing(channels) if known is None else known
        self._waiting: list[Sums] = []
        self._pivot: np.ndarray | None = None

    @classmethod
    def of(cls, known: Exact) -> Moments:
        """Those of elements whose statistics are known."""
        return cls(len(known.mean), known=known)

    def add(self, sheet: Sheet) -> tuple[float, float]:
        """Take in a sheet; its least and greatest finite element."""
        found = self.summarise([sheet])
        if isinstance(found, int):
            found = gathered(careful_sums(sheet), sheet.groups)
        self.take(found)
        return found.least, found.most

    def summarise(self, sheets: Sequence[Sheet]) -> Sums | Exact | int:
        """Statistics of sheets of one form, to be taken in; the number of one that wants a careful look instead.

        The channels of the sheets follow one another.
        """
        lanes = fast_sums(sheets, self._pivot)
        if isinstance(lanes, int):
            return lanes
        sums = gather(lanes, sheets[0].groups)
        unsure = cancelling(sums, self._known)
        return sums if unsure is None else _corrected(sums, sheets, unsure, direct=lanes is sums)

    def take(self, found: Sums | Exact) -> None:
        """Take in what was found."""
        if isinstance(found, Sums):
            self._waiting.append(found)
            if len(self._waiting) >= self._most:
                self._join_waiting()
        else:
            self._join_waiting()
            self._join(found)
            self._pivot = large_means(self._known)

    def merge(self, other: Moments) -> None:
        """Take in the statistics of other elements of the same channels."""
        self._join_waiting()
        self._join(other.known())
        self.nan += other.nan
        self.inf += other.inf

    def collapse(self) -> Moments:
        """The same elements as one channel."""
        single = Moments.of(_whole(self.known()))
        single.nan, single.inf = self.nan, self.inf
        return single

    def known(self) -> Exact:
        """Statistics of all elements so far, per channel, without counts of NaN and infinities; not to be changed."""
        self._join_waiting()
        return self._known

    def _join_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            parts = exact_of(waiting)
            self._join(_reduced(parts, parts.low.shape, (0,)))
            if self._pivot is not None:
                self._pivot = large_means(self._known)

    def _join(self, part: Exact) -> None:
        """Take in statistics of other elements; squares of huge float64 values may become infinite."""
        with np.errstate(all="ignore"):
            self._known = _united(self._known, part)
        self.nan += part.nan
        self.inf += part.inf


def _united(known: Exact, part: Exact) -> Exact:
    count = known.count + part.count
    share = part.count / np.maximum(count, 1)
    away = part.mean - known.mean
    spread = known.spread + part.spread + away * away * share * known.count
    low, high = np.minimum(known.low, part.low), np.maximum(known.high, part.high)
    return Exact(count, low, high, known.mean + away * share, spread, known.zeros + part.zeros)


def _corrected(sums: Sums, sheets: Sequence[Sheet], unsure: np.ndarray, *, direct: bool) -> Exact:
    """The sums with the unsure channels looked at again; ``direct``: lanes are channels."""
    exact = Exact.of([values.reshape(-1).copy() for values in exact_of([sums]).arrays()])
    parts = (np.split(values, len(sheets)) for values in (exact.mean, exact.spread, unsure))
    for sheet, mean, spread, own in zip(sheets, *parts, strict=True):
        if not own.any():
            continue
        if direct:
            some = sheet.values[own] if sheet.axis else sheet.values[:, own]
            again = careful_sums(Sheet(some, sheet.axis, (1, int(own.sum()), 1)))
            mean[own], spread[own] = again.mean, again.spread
        else:
            again = gathered(careful_sums(sheet), sheet.groups)
            mean[:], spread[:] = again.mean, again.spread
    return exact


def _nothing(channels: int) -> Exact:
    count, zeros = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    low, high = np.full(channels, np.inf), np.full(channels, -np.inf)
    return Exact(count, low, high, np.zeros(channels), np.zeros(channels), zeros)


def gathered(lanes: Exact, groups: tuple[int, int, int]) -> Exact:
    """Statistics per channel from statistics per lane."""
    before, _, after = groups
    if before == after == 1:
        return lanes
    with np.errstate(all="ignore"):
        return _reduced(lanes, groups, (0, 2))


def _whole(parts: Exact) -> Exact:
    """Statistics of all channels as one."""
    if len(parts.mean) == 1:
        return parts
    with np.errstate(all="ignore"):
        count = parts.count.sum()
        mean = parts.mean @ parts.count / max(count, 1)
        away = parts.mean - mean
        spread = parts.spread.sum() + (away * away) @ parts.count
    ends = parts.low.min(), parts.high.max()
    return Exact.of([np.array([one]) for one in (count, *ends, mean, spread, parts.zeros.sum())], parts.nan, parts.inf)


def _reduced(parts: Exact, shape: tuple[int, ...], axes: tuple[int, ...]) -> Exact:
    def fold(reduce: Any, values: np.ndarray) -> np.ndarray:
        folded: np.ndarray = reduce(values.reshape(shape), axis=axes, keepdims=True)
        return folded

    count = fold(np.add.reduce, parts.count)
    mean = fold(np.add.reduce, parts.mean * parts.count) / np.maximum(count, 1)
    away = parts.mean.reshape(shape) - mean
    away *= away
    away *= parts.count.reshape(shape)
    spread = fold(np.add.reduce, parts.spread) + fold(np.add.reduce, away)
    low, high = fold(np.minimum.reduce, parts.low), fold(np.maximum.reduce, parts.high)
    zeros = fold(np.add.reduce, parts.zeros)
    arrays = [values.reshape(-1) for values in (count, low, high, mean, spread, zeros)]
    return Exact.of(arrays, parts.nan, parts.inf)
