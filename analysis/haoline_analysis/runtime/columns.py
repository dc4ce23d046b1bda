"""What was measured of activations, as columns of the op table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from haoline_analysis.table import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.report.model_report import ModelReport


class _Measure(NamedTuple):
    """One column: its name, the statistic it shows, and how."""

    name: str
    statistic: str
    merge: str  # how several outputs of one op become one value: "min", "max", "sum", "mean", "std"
    label: str
    description: str
    aggregate: str | None = None
    scale: str | None = None


MEASURES = (
    _Measure("act_min", "min", "min", "activation min", "Least value of the outputs, over all samples.", "min"),
    _Measure("act_max", "max", "max", "activation max", "Greatest value of the outputs, over all samples.", "max"),
    _Measure(
        "act_mean", "mean", "mean", "activation mean", "Mean of the outputs, over all samples.", None, "diverging"
    ),
    _Measure(
        "act_std", "std", "std", "activation std", "Standard deviation of the outputs, over all samples.", None, "log"
    ),
    _Measure("act_sparsity", "sparsity", "mean", "zeros", "Share of output values that are zero.", None, "linear"),
    _Measure("act_nan", "nan", "sum", "NaN values", "Output values that are NaN, over all samples.", "sum"),
    _Measure("act_inf", "inf", "sum", "Inf values", "Output values that are infinite, over all samples.", "sum"),
    _Measure("act_saturation", "saturation", "mean", "saturated", "Share of output values at the limits of the type."),
    _Measure(
        "dead_channels", "dead_channels", "sum", "dead channels", "Channels that are zero on every sample.", "sum"
    ),
    _Measure(
        "outlier_ratio",
        "outlier_ratio",
        "max",
        "outlier ratio",
        "Largest channel maximum over the median channel maximum.",
        "max",
        "log",
    ),
    _Measure(
        "effective_range",
        "effective_range",
        "min",
        "effective range",
        "Share of the range, from least to greatest value, that holds 99.8% of the values.",
        "min",
        "linear",
    ),
)


def op_columns(tensors: pd.DataFrame, model: Model) -> list[Column]:
    """The columns of a run, one value per op of the model; missing where nothing was captured.

    Args:
        tensors: one row per captured tensor; ``op`` is the producer's name.
        model: the model that was run.
    """
    number = {op.name: index for index, op in enumerate(model.ops)}
    rows = np.array([number.get(name, -1) if isinstance(name, str) else -1 for name in tensors["op"]], np.int64)
    outputs = _Outputs(tensors[rows >= 0], rows[rows >= 0], len(model.ops))
    return [_column(measure, outputs) for measure in MEASURES if measure.statistic in tensors]


def add_columns(report: ModelReport, columns: list[Column]) -> None:
    """Put columns on the op table of a report, in place of those of an earlier run."""
    for column in columns:
        report.add_column(
            column.name,
            pd.Series(column.values),
            label=column.label,
            unit=column.unit,
            aggregate=column.aggregate,
            scale=column.scale,
            center=column.center,
            description=column.description,
            provenance=column.provenance,
        )


def _column(measure: _Measure, outputs: _Outputs) -> Column:
    """One measure of every op; sums are whole numbers."""
    values: Any = outputs.merged(measure.statistic, measure.merge)
    if measure.merge == "sum":
        values = pd.array(values, dtype="Float64").astype("Int64")
    return Column(
        measure.name,
        values,
        measure.label,
        provenance="measured",
        aggregate=measure.aggregate,
        description=measure.description,
        scale=measure.scale,
    )


class _Outputs:
    """Statistics of captured tensors, to be merged where an op has several outputs."""

    def __init__(self, frame: pd.DataFrame, rows: NDArray[np.int64], ops: int) -> None:
        """Take the tensors that an op makes, and the op of each."""
        self._frame, self._rows, self._ops = frame, rows, ops

    def merged(self, statistic: str, how: str) -> NDArray[np.float64]:
        """One value per op, NaN where no output has one."""
        values = self._values(statistic)
        if how == "std":
            return self._spread(values)
        if how == "mean":
            return self._mean(values)
        known = ~np.isnan(values)
        start, combine = {"min": (np.inf, np.minimum), "max": (-np.inf, np.maximum), "sum": (0.0, np.add)}[how]
        result = np.full(self._ops, start)
        combine.at(result, self._rows[known], values[known])
        result[~np.isin(np.arange(self._ops), self._rows[known])] = np.nan
        return result

    def _values(self, statistic: str) -> NDArray[np.float64]:
        return np.asarray(self._frame[statistic].to_numpy(dtype="float64", na_value=np.nan))

    def _mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean, weighted by the number of elements."""
        weights = np.where(np.isnan(values), 0.0, np.maximum(self._values("count"), 0.0))
        total = np.bincount(self._rows, weights, self._ops)
        summed = np.bincount(self._rows, weights * np.nan_to_num(values), self._ops)
        means: NDArray[np.float64] = np.divide(summed, total, out=np.full(self._ops, np.nan), where=total > 0)
        return means

    def _spread(self, deviations: NDArray[np.float64]) -> NDArray[np.float64]:
        """The standard deviation of all outputs together, about their common mean."""
        means = self._values("mean")
        common = self._mean(means)
        spread: NDArray[np.float64] = np.sqrt(self._mean(deviations**2 + (means - common[self._rows]) ** 2))
        return spread
