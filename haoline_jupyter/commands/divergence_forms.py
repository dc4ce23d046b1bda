"""Forms of two models compared on data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_jupyter.commands import forms
from haoline_jupyter.commands.command import Unfinished
from haoline_jupyter.options import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.quantization import DivergenceReport


def is_divergence(compared: Any) -> bool:
    """Whether it is a comparison on data; named, not imported: most comparisons run nothing."""
    return type(compared).__name__ == "DivergenceReport"


def _text(compared: DivergenceReport) -> str:
    from haoline_analysis.quantization.divergence import display

    return forms.lines(display.summary(compared))


def _page(compared: DivergenceReport) -> str:
    """A page, for which the front end must be built."""
    from haoline_analysis.quantization.divergence import display
    from haoline_jupyter import assets

    return str(display.to_html(compared, assets=assets.views()))


def _json(compared: DivergenceReport) -> str:
    """Figures of the whole, of each output and of each op."""
    told = ("provider", "done", "complete", "sizes", "latency", "outputs", "samples_table", "ops", "unmatched", "notes")
    return forms.as_json({"summary": compared.summary(), **{name: getattr(compared, name) for name in told}})


FORMS: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "markdown": lambda compared: forms.lines(compared.to_markdown()),
    "html": _page,
    "json": _json,
    "csv": lambda compared: str(compared.ops.to_csv()),
}


def unfinished(compared: DivergenceReport) -> Unfinished | None:
    """What to say of a run that was interrupted."""
    if compared.complete:
        return None
    return Unfinished(INTERRUPTED, f"Not finished: {compared.done:,} of {len(compared.samples):,} samples.")
