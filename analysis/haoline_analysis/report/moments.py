"""Range, moments and oddities of values that pass by in pieces."""

from __future__ import annotations

import math

import numpy as np

_LOOKED_AT = 1 << 16
"""Elements of a piece that are looked at first: most tensors have more distinct values in them than are asked for."""


class Moments:
    """What has passed so far; moments are merged as in Chan, Golub and LeVeque (1979)."""

    def __init__(self, most_levels: int) -> None:
        """Nothing yet; distinct values are kept while there are no more than ``most_levels``."""
        self.counted = self.zeros = self.nans = self.infinities = 0
        self._finite = 0
        self._mean = self._squares = 0.0
        self._low, self._high = math.inf, -math.inf
        self._levels: np.ndarray | None = np.empty(0, np.float32)
        self._most = most_levels

    def add(self, values: np.ndarray) -> None:
        """Take in a piece, float [n]."""
        self.counted += values.size
        finite = values[np.isfinite(values)]
        odd = values.size - finite.size
        if odd:
            nans = int(np.isnan(values).sum())
            self.nans += nans
            self.infinities += odd - nans
        if not finite.size:
            return
        self.zeros += int(finite.size - np.count_nonzero(finite))
        self._low, self._high = min(self._low, float(finite.min())), max(self._high, float(finite.max()))
        self._merge(finite)
        self._note_levels(finite)

    def _merge(self, finite: np.ndarray) -> None:
        """Mean and sum of squared deviations, in float64."""
        size = finite.size
        mean = float(finite.mean(dtype=np.float64))
        deviations = finite.astype(np.float64) - mean
        squares = float(np.dot(deviations, deviations))
        both = self._finite + size
        delta = mean - self._mean
        self._squares += squares + delta * delta * self._finite * size / both
        self._mean += delta * size / both
        self._finite = both

    def _note_levels(self, finite: np.ndarray) -> None:
        """Keep the distinct values while there are few."""
        for part in (finite[:_LOOKED_AT], finite[_LOOKED_AT:]):
            if self._levels is None or not part.size:
                return
            found = np.union1d(self._levels, part)
            self._levels = found if found.size <= self._most else None

    @property
    def minimum(self) -> float | None:
        """The least finite value."""
        return self._low if self._finite else None

    @property
    def maximum(self) -> float | None:
        """The greatest finite value."""
        return self._high if self._finite else None

    @property
    def mean(self) -> float | None:
        """The mean of the finite values."""
        return self._mean if self._finite else None

    @property
    def std(self) -> float | None:
        """The standard deviation of the finite values, as of a population."""
        return math.sqrt(max(self._squares, 0.0) / self._finite) if self._finite else None

    @property
    def levels(self) -> int | None:
        """Number of distinct finite values; None where there are more than asked for."""
        return None if self._levels is None or not self._finite else int(self._levels.size)
