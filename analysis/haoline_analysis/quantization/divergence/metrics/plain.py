"""The loops of :mod:`.compiled` in numpy: the same sums, where numba is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics.jobs import laid
from haoline_analysis.quantization.divergence.metrics.layout import COUNT, DOT, HIGH, LOW, NOISE, PEAK, ROWS, SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 18  # elements that are float64 at a time


def summed(
    value: np.ndarray, other: np.ndarray, axis: int | None, low: float, high: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sums [rows, channels] of two tensors of reals, and the counts of :mod:`.compiled`."""
    outer, channels, inner = laid(value.shape, axis)
    first, second = value.reshape(outer, channels, inner), other.reshape(outer, channels, inner)
    sums, counts = _nothing(channels), np.zeros(3, np.int64)
    step, width = max(1, _BLOCK // max(1, channels * inner)), max(1, _BLOCK // max(1, channels))
    for start in range(0, outer, step):
        for left in range(0, inner, width):
            part = slice(start, start + step), slice(None), slice(left, left + width)
            _add(first[part], second[part], low, high, sums, counts)
    return sums, counts


def _nothing(channels: int) -> NDArray[np.float64]:
    sums = np.zeros((ROWS, channels))
    sums[LOW], sums[HIGH] = np.inf, -np.inf
    return sums


def _add(
    value: np.ndarray,
    other: np.ndarray,
    low: float,
    high: float,
    sums: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Add one block [outer, channels, inner]."""
    counts[1] += np.count_nonzero((value < low) | (value > high))
    here, there = value.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(here) & np.isfinite(there)
    sums[LOW] = np.minimum(sums[LOW], np.min(here, axis=(0, 2), where=finite, initial=np.inf))
    sums[HIGH] = np.maximum(sums[HIGH], np.max(here, axis=(0, 2), where=finite, initial=-np.inf))
    if not finite.all():
        alike = ~finite & ((here == there) | (np.isnan(here) & np.isnan(there)))
        counts[2] += alike.sum()
        counts[0] += (~finite & ~alike).sum()
        here, there = np.where(finite, here, 0.0), np.where(finite, there, 0.0)
    apart = here - there
    sums[SIGNAL] += np.einsum("ijk,ijk->j", here, here)
    sums[DOT] += np.einsum("ijk,ijk->j", here, apart)
    sums[NOISE] += np.einsum("ijk,ijk->j", apart, apart)
    sums[PEAK] = np.maximum(sums[PEAK], np.abs(apart).max(axis=(0, 2), initial=0.0))
    sums[COUNT] += finite.sum(axis=(0, 2))
