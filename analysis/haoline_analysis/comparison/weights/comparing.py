"""The call that compares what two reports store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.comparison.weights.aligning import Aligner
from haoline_analysis.comparison.weights.entries import entries
from haoline_analysis.comparison.weights.result import WeightsComparison
from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    from haoline_analysis.report import ModelReport


def compare_weights(first: ModelReport, second: ModelReport) -> WeightsComparison:
    """Which weights of two models are each other's, and how their sizes, types and layouts differ.

    Any formats: names, shapes and order are looked at, never the values. Works on reports restored from JSON too.

    Raises:
        ModelError: if one of them is an engine, which does not say which weights it holds.
    """
    for report in (first, second):
        if report.holds == "layers":
            raise ModelError(
                f"{plain(report.name)} is an engine, which does not list its weights: "
                "compare it layer by layer (comparison.engines)"
            )
    return WeightsComparison(first, second, Aligner(entries(first), entries(second)).run())
