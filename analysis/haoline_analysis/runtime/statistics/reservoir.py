"""A uniform random subsample of growing data, of bounded size."""

from __future__ import annotations

import numpy as np

CAPACITY = 16_384
"""Most elements kept. Up to so many, all are; beyond, between half of it and all of it."""

_PLACES = np.arange(CAPACITY + 1)


class Reservoir:
    """Keeps each element with the same probability 1/stride, the stride doubling whenever the room is full.

    One element is drawn at a random place of each ``stride`` consecutive ones, and one of each two neighbours survives
    a doubling, so that the error is at most that of independent draws: the share of elements below the estimated
    q-quantile has a standard error of at most sqrt(q (1 − q) / len), 0.0055 at the median and 0.00035 at 0.1 %.
    """

    def __init__(self, seed: int = 0) -> None:
        """Start empty. Parts that will be merged should have different seeds."""
        self.stride = 1
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._parts: list[np.ndarray] = []
        self._size = 0

    def __len__(self) -> int:
        """Elements kept."""
        return self._size

    def add(self, values: np.ndarray) -> None:
        """Draw from an array of one dimension, which is copied from."""
        while self._size + values.size // self.stride > CAPACITY:
            self._thin()
        self._keep(values.copy() if self.stride == 1 else self._draw(values))

    def merge(self, other: Reservoir) -> None:
        """Take in another subsample, both at the larger stride."""
        parts, stride = [other.values()] if len(other) else [], other.stride
        while self.stride < stride:
            self._thin()
        while stride < self.stride:
            parts, stride = self._half(parts), stride * 2
        while self._size + sum(map(len, parts)) > CAPACITY:
            self._thin()
            parts = self._half(parts)
        for part in parts:
            self._keep(part)

    def values(self) -> np.ndarray:
        """What is kept, in the order in which it came."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0] if self._parts else np.empty(0)

    def _keep(self, values: np.ndarray) -> None:
        if values.size:
            self._parts.append(values)
            self._size += values.size

    def _draw(self, values: np.ndarray) -> np.ndarray:
        strata = -(-values.size // self.stride)
        places = _PLACES[:strata] * self.stride
        places += self._random.integers(0, self.stride, strata, np.uint32)
        if places[-1] >= values.size:  # the last stratum is short, and hit with the same probability per element
            places = places[:-1]
        return values.take(places)

    def _thin(self) -> None:
        self._parts = self._half([self.values()]) if self._size else []
        self._size = sum(map(len, self._parts))
        self.stride *= 2

    def _half(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        """One of each two neighbours; a last one without neighbour in every other case."""
        halves = []
        for values in parts:
            places = np.arange(0, values.size, 2)
            places += self._random.integers(0, 2, places.size)
            halves.append(values[places[places < values.size]])
        return [half for half in halves if half.size]
