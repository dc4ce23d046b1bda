"""Which analysis a model gets: by what its rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.model import Model
    from haoline_analysis.report.model_report import ModelReport
    from haoline_analysis.report.placing import Choice


class ModelAnalysis(Protocol):
    """Makes the report of one opened model."""

    def report(
        self, shapes: Mapping[str, Any], choice: Choice | None, tell: Callable[[str, float], None]
    ) -> ModelReport:
        """The report under a binding, on a device; ``tell`` hears the stage and the fraction done.

        Raises:
            ModelError: if the binding is refused.
        """


def analysis_of(model: Model) -> ModelAnalysis:
    """The analysis for what a model holds.

    Raises:
        ModelError: if nothing is known about such rows.
    """
    if model.holds == "ops":
        from haoline_analysis.report.analysis import Analysis

        return Analysis(model)
    if model.holds == "weights":
        from haoline_analysis.report.stored_analysis import StoredAnalysis

        return StoredAnalysis(model)
    if model.holds == "layers":
        from haoline_analysis.report.engine_analysis import EngineAnalysis

        made: ModelAnalysis = EngineAnalysis(model)
        return made
    raise ModelError(f"a model that holds {model.holds!r} cannot be analysed")
