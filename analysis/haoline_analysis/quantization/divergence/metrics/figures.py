"""Sums as the figures that people read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.metrics.layout import COUNT, DOT, NOISE, PEAK, SIGNAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """One figure per column of the sums, float64; NaN where nothing was measured."""

    sqnr_db: Numbers  # 10 log10(sum f² / sum (f-v)²); infinite where nothing differs
    cosine: Numbers
    mse: Numbers
    max_abs: Numbers
    relative: Numbers  # |f-v| / |f|, Euclidean
    exact: NDArray[np.bool_]  # nothing differs at all

    def part(self, start: int, stop: int) -> Figures:
        """Those of some of the columns."""
        return Figures(*(getattr(self, one.name)[start:stop] for one in fields(self)))


def figures_of(sums: Numbers) -> Figures:
    """Figures of sums [rows, n] (see :mod:`.layout`)."""
    count, signal, noise, dot = sums[COUNT], sums[SIGNAL], sums[NOISE], sums[DOT]
    known = count > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        other = np.maximum(signal - 2 * dot + noise, 0)  # sum v²
        ratio = noise / signal
        sqnr = -10 * np.log10(ratio)
        cosine = (signal - dot) / np.sqrt(signal * other)
        mse = noise / count
    exact = known & (sums[PEAK] == 0)
    return Figures(
        sqnr_db=_where(known, np.where(exact, np.inf, sqnr)),
        cosine=_where(known, np.where(exact, 1.0, np.clip(cosine, -1, 1))),
        mse=_where(known, mse),
        max_abs=_where(known, sums[PEAK]),
        relative=_where(known, np.where(exact, 0.0, np.sqrt(ratio))),
        exact=exact,
    )


def _where(known: NDArray[np.bool_], values: Numbers) -> Numbers:
    return np.asarray(np.where(known, values, np.nan), np.float64)
