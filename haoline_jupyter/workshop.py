"""Where a divergence view has variants measured and made: on the samples of the comparison it shows."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.quantization import DivergenceReport, QuantizedModel, Recipe

    Tell = Callable[[str, float], None]

SCHEME = "static-int8"
"""What a plan is built by where the variant does not tell how it was made."""
OPS = ("keep_float", "int16")
"""Parts of a plan that are rows of ops."""
_QUANTIZED, _MEASURED = 0.4, 0.9
"""Shares of the work: of building that is quantizing, the rest comparing; of sensitivity, the rest taking times."""


def part_of(tell: Tell, start: float, end: float) -> Tell:
    """Progress of one part of a whole."""
    return lambda stage, fraction: tell(stage, start + (end - start) * fraction)


class Workshop:
    """Sensitivity and builds for one comparison after another."""

    def __init__(self, compared: DivergenceReport) -> None:
        """Nothing is built yet."""
        self.compared = compared
        self._built: dict[str, DivergenceReport] = {}

    def recipe(self) -> Recipe | None:
        """How the variant was made, where it says so."""
        from haoline_analysis.quantization import Recipe
        from haoline_analysis.quantization.structure.recorded import PROVENANCE

        told = self.compared.variant_report.model.metadata.get(PROVENANCE)
        if told is None:
            return None
        try:
            return Recipe.from_json(json.dumps(json.loads(told)["recipe"]))
        except (ModelError, ValueError, KeyError, TypeError):
            return None  # a file from elsewhere may say anything; it is then built as any other

    def suggestions(self) -> list[dict[str, Any]]:
        """Changes that lint suggests for the comparison."""
        from haoline_analysis.quantization.tradeoffs import suggestions

        compared = self.compared
        found: list[dict[str, Any]] | None = compared.suggestions
        if found is None:
            found = compared.suggestions = suggestions(compared, self._options())
        return found

    def sensitivity(self, tell: Tell) -> dict[str, Any]:
        """What each op's quantization costs the outputs, measured alone, in the words of the page."""
        from haoline_analysis.quantization import measure_sensitivity
        from haoline_analysis.quantization.tradeoffs import what_if

        compared = self.compared
        variant = compared.variant_model
        measured = measure_sensitivity(
            compared.float_model, compared.samples, variant=variant, progress=part_of(tell, 0.0, _MEASURED)
        )
        compared.what_if = what_if(measured, compared, part_of(tell, _MEASURED, 1.0))
        return dict(compared.what_if)

    def build(self, plan: Mapping[str, list[Any]], tell: Tell) -> tuple[dict[str, Any], QuantizedModel]:
        """Quantize as the plan says, run the result on the same samples, and say what came out."""
        from haoline_analysis.quantization import compare, quantize
        from haoline_analysis.quantization.quantizers.changes import with_changes
        from haoline_analysis.quantization.quantizers.schemes import needs_data

        compared = self.compared
        names = compared.report.tables["ops"]["name"].values
        kept = {part: [str(names[row]) for row in plan[part]] for part in OPS}
        options = with_changes(with_kept(self._options(), kept), plan["changes"])
        data = compared.samples if needs_data(options) else None
        made = quantize(
            compared.float_model,
            calibration=data,
            **options,
            progress=part_of(tell, 0.0, _QUANTIZED),
        )
        report = compare(compared.float_model, made.path, compared.samples, progress=part_of(tell, _QUANTIZED, 1.0))
        self._built[str(made.path)] = report
        return {**self._told(made, report), "calibrated_on": None if data is None else len(data)}, made

    def _options(self) -> dict[str, Any]:
        """How the variant shown was made, as far as a plan leaves that open."""
        recipe = self.recipe()
        return {"scheme": SCHEME} if recipe is None else recipe.options()

    def _told(self, made: QuantizedModel, report: DivergenceReport) -> dict[str, Any]:
        """Size, latency and accuracy of what was built."""
        first = report.outputs.iloc[0]
        latency = report.latency or {}
        return {
            "size": made.size_bytes,
            "latency": latency.get("variant"),
            "float_latency": latency.get("float"),
            "cosine": number(first["cosine"]),
            "sqnr_db": number(first["sqnr_db"]),
            "path": str(made.path),
            "recipe": made.recipe.to_json(),
        }

    def opened(self, path: Any) -> DivergenceReport:
        """The comparison of a variant built here.

        Raises:
            ModelError: if none of that path was.
        """
        if path not in self._built:
            raise ModelError("That variant was not built here: build it anew.")
        return self._built[path]


def with_kept(options: Mapping[str, Any], kept: Mapping[str, list[str]]) -> dict[str, Any]:
    """How to quantize with a plan on top: what the variant keeps float or wide stays so, unless the plan differs."""
    planned = {op for part in OPS for op in kept[part]}
    own = {part: [op for op in options.get(part, ()) if op not in planned] for part in OPS}
    return {**options, **{part: [*own[part], *kept[part]] for part in OPS}}


def number(value: Any) -> float | None:
    """A figure as JSON has it; unknown or infinite is null."""
    return float(value) if value is not None and math.isfinite(float(value)) else None
