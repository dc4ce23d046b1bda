"""The error of a run's outputs, as a share of their power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Outputs = list[np.ndarray]


@dataclass
class Sums:
    """Sums over all elements of one output, over the samples added so far."""

    error: float = 0.0  # of (variant - float)²
    signal: float = 0.0  # of float²
    other: float = 0.0  # of variant²
    product: float = 0.0  # of float · variant

    def add(self, first: np.ndarray, second: np.ndarray) -> None:
        """Count the float output and the other one of a sample."""
        a, b = (np.asarray(each, np.float64).ravel() for each in (first, second))
        if a.size != b.size:
            self.error = math.inf
            return
        with np.errstate(all="ignore"):
            self.error += float(np.dot(a - b, a - b))
            self.signal += float(np.dot(a, a))
            self.other += float(np.dot(b, b))
            self.product += float(np.dot(a, b))

    @property
    def noise(self) -> float:
        """Power of the error as a share of that of the float output; infinite where it is no number."""
        if self.error == 0:
            return 0.0
        return self.error / self.signal if self.signal > 0 and math.isfinite(self.error) else math.inf

    @property
    def cosine(self) -> float:
        """Of all elements of all samples as one vector; NaN where one of them is zero or no number."""
        power = self.signal * self.other
        return self.product / math.sqrt(power) if power > 0 and math.isfinite(power) else math.nan


class Noise:
    """What a set of quantizers does to the outputs; every output weighs the same."""

    def __init__(self, count: int) -> None:
        """For ``count`` outputs."""
        self.outputs = [Sums() for _ in range(count)]

    def add(self, first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> None:
        """Count one sample."""
        for sums, a, b in zip(self.outputs, first, second, strict=True):
            sums.add(a, b)

    @property
    def power(self) -> float:
        """Mean over the outputs of the error's power as a share of the output's."""
        return math.fsum(each.noise for each in self.outputs) / len(self.outputs) if self.outputs else math.nan

    @property
    def cosine(self) -> float:
        """Mean over the outputs."""
        return math.fsum(each.cosine for each in self.outputs) / len(self.outputs) if self.outputs else math.nan


def decibels(noise: float) -> float:
    """SQNR of a share of noise: -10 log10; infinite without noise, minus infinity where the noise is."""
    if noise == 0:
        return math.inf
    return -10 * math.log10(noise) if math.isfinite(noise) else (-math.inf if noise > 0 else math.nan)


def cosine_of(noise: float) -> float:
    """The cosine to the float output where the error is at right angles to it, as rounding errors nearly are."""
    return 1 / math.sqrt(1 + noise) if noise >= 0 else math.nan


def noise_of(cosine: float) -> float:
    """The noise that makes a cosine: the inverse of :func:`cosine_of`."""
    return 1 / cosine**2 - 1


def floats_of(outputs: Mapping[str, np.ndarray]) -> Outputs:
    """The outputs that are real numbers, in order."""
    return [array for array in outputs.values() if array.dtype.kind == "f"]
