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
        self.make_room(values.size)
        self.keep(values.copy() if self.stride == 1 else values.take(self.places(values.size)))

    def make_room(self, size: int) -> None:
        """Double the stride until a subsample of so many elements fits in."""
        while self._size + size // self.stride > CAPACITY:
            self._thin()

    def places(self, size: int) -> np.ndarray:
        """Random places in an array, one of each ``stride`` consecutive ones."""
        return self._random_places(size, self.stride)

    def keep(self, values: np.ndarray) -> None:
        """Keep elements that were drawn at :meth:`places`."""
        if values.size:
            self._parts.append(values)
            self._size += values.size

    def merge(self, other: Reservoir) -> None:
        """Take in another subsample, both at the larger stride."""
        self.take_in(other.values(), other.stride)

    def number(self) -> int:
        """A random number of 64 bits, for who draws elsewhere."""
        return int(self._random.bit_generator.random_raw())

    def take_in(self, values: np.ndarray, stride: int) -> None:
        """Take in a subsample of other elements with its stride, both at the larger one."""
        parts = [values] if len(values) else []
        while self.stride < stride:
            self._thin()
        while stride < self.stride:
            parts, stride = self._half(parts), stride * 2
        while self._size + sum(map(len, parts)) > CAPACITY:
            self._thin()
            parts = self._half(parts)
        for part in parts:
            self.keep(part)

    def values(self) -> np.ndarray:
        """What is kept, in the order in which it came."""
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0] if self._parts else np.empty(0)

    def _thin(self) -> None:
        self._parts = self._half(self._parts and [self.values()])
        self._size = sum(map(len, self._parts))
        self.stride *= 2

    def _half(self, parts: list[np.ndarray]) -> list[np.ndarray]:
        halves = [part.take(self._random_places(part.size, 2)) for part in parts]
        return [half for half in halves if half.size]

    def _random_places(self, size: int, stride: int) -> np.ndarray:
        """One of each ``stride`` neighbours, a power of two, each with the same probability."""
        strata = -(-size // stride)
        places: np.ndarray = _PLACES[:strata] * stride
        places += self._below(stride, strata)
        return places if places[-1] < size else places[:-1]  # the last stratum may be short

    def _below(self, stride: int, size: int) -> np.ndarray:
        unit = np.uint16 if stride <= 1 << 16 else np.uint32
        raw = self._random.bit_generator.random_raw(size * unit().itemsize // 8 + 1)
        numbers: np.ndarray = raw.view(unit)[:size]
        numbers &= np.array(stride - 1, unit)
        return numbers
