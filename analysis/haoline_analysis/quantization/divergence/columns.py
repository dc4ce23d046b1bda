"""What was measured, as columns of the op tables of both reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.runtime.columns import add_columns
from haoline_analysis.table import Column

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.report import ModelReport


class _Measure(NamedTuple):
    name: str
    label: str
    unit: str
    description: str
    worst: str  # "min" or "max": which of several values of one op is shown
    scale: str | None = None


MEASURES = (
    _Measure(
        "sqnr_db", "SQNR", "dB", "Accumulated error of the variant's output: 10 log10(sum f² / sum (f-v)²).", "min"
    ),
    _Measure(
        "local_sqnr_db",
        "local SQNR",
        "dB",
        "Error that the op makes by itself, fed with the float model's tensors.",
        "min",
    ),
    _Measure("cosine", "cosine", "", "Cosine of the variant's output and the float model's.", "min"),
    _Measure("local_cosine", "local cosine", "", "The same, fed with the float model's tensors.", "min"),
    _Measure("mse", "MSE", "", "Mean squared error of the variant's output.", "max", "log"),
    _Measure("max_abs", "max error", "", "Largest absolute error of the variant's output.", "max", "log"),
    _Measure("relative", "relative error", "", "Error over the float model's output, Euclidean norms.", "max", "log"),
    _Measure("weight_sqnr_db", "weight SQNR", "dB", "Error of the op's stored weight.", "min"),
    _Measure("error", "Error seen here", "%", "Error over the float model's output, as a share of it.", "max", "log"),
    _Measure(
        "local_error",
        "Error made here",
        "%",
        "The same of the op by itself, fed with the float model's tensors.",
        "max",
        "log",
    ),
    _Measure("weight_error", "Error of the weights", "%", "Error over the op's stored weight.", "max", "log"),
    _Measure("clipped", "clipped", "", "Share of the float model's values beyond the variant's grid.", "max"),
)


SHARES = {"error": "sqnr_db", "local_error": "local_sqnr_db", "weight_error": "weight_sqnr_db"}
"""Errors of which more is worse, by the figure in dB that they are made of."""


def share(sqnr_db: pd.Series) -> np.ndarray:
    """The norm of the error over that of the signal: 10^(-dB/20); 0 without error, NaN where unknown."""
    values = sqnr_db.to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(over="ignore"):
        return np.asarray(10 ** (-values / 20))


def add_measures(report: ModelReport, tensors: pd.DataFrame, rows: str) -> None:
    """Put the measures on the op table of a report.

    Args:
        report: the float model's report or the variant's.
        tensors: one row per comparable tensor.
        rows: the column with the rows of ops in that report, -1 without.
    """
    count = report.tables["ops"].rows
    at = tensors[rows].to_numpy(np.int64)
    known = at >= 0
    tensors = tensors.assign(**{name: share(tensors[of]) for name, of in SHARES.items()})
    add_columns(report, [_column(measure, tensors[known], at[known], count) for measure in MEASURES])


def _column(measure: _Measure, tensors: pd.DataFrame, rows: np.ndarray, count: int) -> Column:
    values = tensors[measure.name].to_numpy(dtype=float, na_value=np.nan)
    there = ~np.isnan(values)
    start, combine = (np.inf, np.minimum) if measure.worst == "min" else (-np.inf, np.maximum)
    worst = np.full(count, start)
    combine.at(worst, rows[there], values[there])
    worst[~np.isin(np.arange(count), rows[there])] = np.nan
    return Column(
        measure.name,
        worst,
        measure.label,
        measure.unit,
        provenance="measured",
        aggregate=measure.worst,
        description=measure.description,
        scale=measure.scale,
    )
