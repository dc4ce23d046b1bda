"""What the channels of a tensor say: which are dead, which stand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from haoline_analysis.runtime.statistics.sums import Exact

OUTLIER_RATIO = 8.0
"""A channel whose |max| is so many times the median of the channels' leaves a typical one 5 bits of 8."""


def channel_arrays(known: Exact, elements: int) -> dict[str, np.ndarray]:
    """Statistics per channel, arrays [channels]; ``elements``: of the tensor, finite or not. NaN where unknown."""
    some = known.count > 0
    divisor = np.where(some, known.count, 1)
    low, high = np.where(some, known.low, np.nan), np.where(some, known.high, np.nan)
    ratios = channel_ratios(low, high)
    return {
        "min": low,
        "max": high,
        "mean": np.where(some, known.mean, np.nan),
        "std": np.where(some, np.sqrt(known.spread / divisor), np.nan),
        "sparsity": np.where(some, known.zeros / divisor, np.nan),
        "dead": (known.zeros == elements // len(low)) & some,
        "outlier": ratios > OUTLIER_RATIO,
    }


def channel_ratios(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Each channel's |max| by the median of all channels' [channels]; NaN where that is zero or unknown."""
    largest = np.maximum(-low, high)
    known = largest[~np.isnan(largest)]
    middle = _median(known) if len(known) else 0.0
    return largest / middle if middle > 0 else np.full(len(largest), np.nan)


def _median(values: np.ndarray) -> float:
    """The median of finite numbers; numpy's own looks for NaN first, which takes several times as long."""
    places = (len(values) - 1) // 2, len(values) // 2
    parted = np.partition(values, places)
    return float(parted[places[0]] + parted[places[1]]) / 2


def channel_summary(arrays: dict[str, np.ndarray] | None) -> dict[str, Any]:
    """The columns that a tensor's channels fill; None and NaN where it has none."""
    if arrays is None:
        return {"channels": None, "dead_channels": None, "outlier_channels": None, "outlier_ratio": np.nan}
    ratios = channel_ratios(arrays["min"], arrays["max"])
    known = ratios[~np.isnan(ratios)]
    return {
        "channels": len(ratios),
        "dead_channels": int(arrays["dead"].sum()),
        "outlier_channels": int(arrays["outlier"].sum()),
        "outlier_ratio": float(known.max()) if len(known) else np.nan,
    }
