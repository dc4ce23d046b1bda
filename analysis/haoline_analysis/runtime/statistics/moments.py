"""Mean and spread of growing data, per channel, joined without cancellation (Chan, Golub & LeVeque 1983)."""

from __future__ import annotations

from typing import Any

import numpy as np

from haoline_analysis.runtime.statistics.careful import careful_sums
from haoline_analysis.runtime.statistics.reductions import Exact, Sums, cancelling, exact_of, fast_sums, gather
from haoline_analysis.runtime.statistics.sheets import Sheet

_WAITING = 16_384  # elements per array of the sums that wait to be joined


class Moments:
    """Running statistics of ``channels`` channels; sums of single sheets wait and are joined a few at a time."""

    def __init__(self, channels: int) -> None:
        """Start with no elements."""
        self.channels = channels
        self.nan = 0
        self.inf = 0
        self._known = _nothing(channels)
        self._waiting: list[Sums] = []

    def add(self, sheet: Sheet) -> tuple[float, float]:
        """Take in a sheet; its least and greatest finite element."""
        found = summarise(sheet)
        if isinstance(found, Sums):
            self._waiting.append(found)
            if len(self._waiting) * self.channels >= _WAITING or len(self._waiting) == 16:
                self._join_waiting()
        else:
            self.nan += found.nan
            self.inf += found.inf
            self._known = joined([self._known, found])
        return found.least, found.most

    def merge(self, other: Moments) -> None:
        """Take in the statistics of other elements of the same channels."""
        self.nan += other.nan
        self.inf += other.inf
        self._known = joined([self.known(), other.known()])

    def collapse(self) -> Moments:
        """The same elements as one channel."""
        single = Moments(1)
        single.nan, single.inf = self.nan, self.inf
        single._known = gathered(self.known(), (1, 1, self.channels))
        return single

    def known(self) -> Exact:
        """Statistics of all elements so far, per channel; not to be changed."""
        self._join_waiting()
        return self._known

    def _join_waiting(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            parts = exact_of(waiting)
            self._known = joined([self._known, _reduced(parts, parts.low.shape, (0,))])


def summarise(sheet: Sheet) -> Sums | Exact:
    """A sheet's statistics per channel, the fast way where that is exact enough."""
    lanes = fast_sums(sheet)
    if lanes is None:
        return gathered(careful_sums(sheet), sheet.groups)
    sums = gather(lanes, sheet.groups)
    unsure = cancelling(sums)
    if unsure is None:
        return sums
    if len(unsure) < len(lanes.low) or unsure.all():
        return gathered(careful_sums(sheet), sheet.groups)
    return _corrected(sums, sheet, unsure)


def _corrected(sums: Sums, sheet: Sheet, unsure: np.ndarray) -> Exact:
    """The sums with the unsure channels looked at again; lanes are channels."""
    exact = Exact.of([values.reshape(-1).copy() for values in exact_of([sums]).arrays()])
    some = sheet.values[unsure] if sheet.axis else sheet.values[:, unsure]
    again = careful_sums(Sheet(some, sheet.axis, (1, int(unsure.sum()), 1)))
    exact.mean[unsure], exact.spread[unsure] = again.mean, again.spread
    return exact


def _nothing(channels: int) -> Exact:
    count, zeros = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
    low, high = np.full(channels, np.inf), np.full(channels, -np.inf)
    return Exact(count, low, high, np.zeros(channels), np.zeros(channels), zeros)


def gathered(lanes: Exact, groups: tuple[int, int, int]) -> Exact:
    """Statistics per channel from statistics per lane."""
    before, _, after = groups
    return lanes if before == after == 1 else _reduced(lanes, groups, (0, 2))


def joined(parts: list[Exact]) -> Exact:
    """Statistics of the elements of all parts together; nan and inf are left to the caller."""
    stacks = [np.stack(same) for same in zip(*(part.arrays() for part in parts), strict=True)]
    return _reduced(Exact.of(stacks), stacks[0].shape, (0,))


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
