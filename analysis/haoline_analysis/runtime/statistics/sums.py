"""Statistics of some elements, as the fast and the careful way find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    pivot: np.ndarray | None = None  # float64 [channels]; total and square are of the differences to it


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

    def part(self, some: slice) -> Exact:
        """Those of some channels; nan and inf are not told apart by channel."""
        return Exact.of([values[some] for values in self.arrays()])

    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order of the fields."""
        return self.count, self.low, self.high, self.mean, self.spread, self.zeros
