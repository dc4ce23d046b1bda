"""Quantiles of sorted elements."""

from __future__ import annotations

import numpy as np

from haoline_analysis.runtime.statistics.elements import widened

QUANTILES = {
    "q001": 0.001,
    "q01": 0.01,
    "q25": 0.25,
    "q50": 0.5,
    "q75": 0.75,
    "q99": 0.99,
    "q999": 0.999,
}
"""Columns and the shares of elements below them."""


def sorted_finite(values: np.ndarray) -> np.ndarray:
    """The finite elements in ascending order, float32 or float64."""
    ordered: np.ndarray = np.sort(widened(values))  # NaN last
    if len(ordered) and np.isfinite(ordered[0]) and np.isfinite(ordered[-1]):
        return ordered
    finite: np.ndarray = ordered[np.isfinite(ordered)]
    return finite


def quantile_columns(ordered: np.ndarray, low: float, high: float) -> dict[str, float]:
    """Quantiles as numpy's default interpolates them, and the share of the range that the inner 99.8 % fill."""
    found = dict.fromkeys(QUANTILES, np.nan)
    if len(ordered):
        found = {name: _quantile(ordered, share) for name, share in QUANTILES.items()}
    width = high - low
    inner = found["q999"] - found["q001"]
    return {**found, "effective_range": inner / width if width > 0 else np.nan}


def _quantile(ordered: np.ndarray, share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    first = float(ordered[below])
    second = float(ordered[min(below + 1, len(ordered) - 1)])
    return first + (place - below) * (second - first)
