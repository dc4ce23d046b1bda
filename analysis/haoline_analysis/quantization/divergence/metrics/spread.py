"""How a figure spreads over samples, and where it is worst."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.quantization.divergence.metrics.figures import Figures


def _numbers() -> NDArray[np.float64]:
    return np.zeros(0)


@dataclass
class Spread:
    """Mean and deviation of the SQNR of single samples, and the worst of them, by tensor.

    Samples without any error are left out of mean and deviation, which would be infinite.
    """

    count: NDArray[np.float64] = field(default_factory=_numbers)
    mean: NDArray[np.float64] = field(default_factory=_numbers)
    squares: NDArray[np.float64] = field(default_factory=_numbers)  # about the mean
    least: NDArray[np.float64] = field(default_factory=_numbers)
    worst: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # the sample with the least

    def make_room(self, tensors: int) -> None:
        """Begin with so many tensors, unless that was done."""
        if not len(self.count):
            self.count, self.mean, self.squares = (np.zeros(tensors) for _ in range(3))
            self.least, self.worst = np.full(tensors, np.inf), np.full(tensors, -1, np.int64)

    def add(self, slots: NDArray[np.int64], figures: Figures, sample: int) -> None:
        """Take in one sample of the tensors at ``slots``."""
        values = figures.sqnr_db
        usual = np.isfinite(values)
        at, some = slots[usual], values[usual]
        self.count[at] += 1
        apart = some - self.mean[at]
        self.mean[at] += apart / self.count[at]
        self.squares[at] += apart * (some - self.mean[at])
        lower = values < self.least[slots]
        self.least[slots[lower]], self.worst[slots[lower]] = values[lower], sample

    def part(self, start: int, stop: int) -> Spread:
        """That of some of the tensors."""
        return Spread(*(getattr(self, name)[start:stop] for name in ("count", "mean", "squares", "least", "worst")))

    def merge(self, other: Spread) -> None:
        """Take in other samples of the same tensors (Chan, Golub and LeVeque 1979)."""
        count = self.count + other.count
        share = np.divide(other.count, count, out=np.zeros_like(count), where=count > 0)
        apart = other.mean - self.mean
        self.squares += other.squares + apart**2 * self.count * share
        self.mean += apart * share
        self.count = count
        lower = other.least < self.least
        self.least, self.worst = np.where(lower, other.least, self.least), np.where(lower, other.worst, self.worst)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation over samples in dB; NaN with fewer than two that have an error."""
        several = self.count > 1
        variance = np.divide(self.squares, self.count, out=np.full_like(self.squares, np.nan), where=several)
        return np.asarray(np.sqrt(variance))
