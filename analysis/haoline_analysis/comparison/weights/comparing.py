"""The call that compares what two reports store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.comparison.weights.aligning import Aligner
from haoline_analysis.comparison.weights.entries import entries
from haoline_analysis.comparison.weights.result import WeightsComparison

if TYPE_CHECKING:
    from haoline_analysis.report import ModelReport


def compare_weights(first: ModelReport, second: ModelReport) -> WeightsComparison:
    """Which weights of two models are each other's, and how their sizes, types and layouts differ.

    Any formats: names, shapes and order are looked at, never the values. Works on reports restored from JSON too.
    """
    return WeightsComparison(first, second, Aligner(entries(first), entries(second)).run())
