"""Forms of what ``quantize`` makes: one model, several in a table, or one that was searched for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from haoline_jupyter.commands import forms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.quantization import MixedPrecision, QuantizedModel, Variants

    Made: TypeAlias = QuantizedModel | Variants | MixedPrecision


def model_in(made: Made) -> QuantizedModel | None:
    """The one model of a result; None of a table."""
    if hasattr(made, "recipe"):
        return made
    return None if hasattr(made, "table") else made.model


def _text(made: Made) -> str:
    return forms.lines(repr(made))


def _html(made: Made) -> str:
    """One element with its own style."""
    for way in ("to_html", "_repr_html_"):
        if hasattr(made, way):
            return forms.lines(str(getattr(made, way)()))
    return forms.lines(str(made._repr_mimebundle_()["text/html"]))


def _markdown(made: Made) -> str:
    """Its own Markdown, else its text as a block."""
    if hasattr(made, "to_markdown"):
        return forms.lines(made.to_markdown())
    return f"```\n{_text(made)}```\n"


def _json(made: Made) -> str:
    """Recipe and size of the one, or table and choice of several."""
    model = model_in(made)
    if model is None:
        told = {"table": made.table, "recommended": made.recommended, "why": made.why}
    else:
        told = {"path": str(model.path), "size_bytes": model.size_bytes, "notes": list(model.notes)}
        told["recipe"] = json.loads(model.recipe.to_json())
        if model is not made:
            told |= {"why": made.why, "steps": made.steps}
    return forms.as_json(told)


def _csv(made: Made) -> str:
    """One row per variant, step or op."""
    frame = made.report.ops if hasattr(made, "recipe") else getattr(made, "table", None)
    return str((made.steps if frame is None else frame).to_csv())


FORMS: Mapping[str, Callable[[Made], str]] = {
    "text": _text,
    "markdown": _markdown,
    "html": _html,
    "json": _json,
    "csv": _csv,
}
