"""The forms of whatever ``compare`` makes, each by the kind of comparison that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.comparison import Comparison
from haoline_analysis.errors import ModelError
from haoline_jupyter.commands import divergence_forms, forms, structure_forms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_jupyter.commands.command import Unfinished


def _text(compared: Any) -> str:
    return forms.lines(str(compared._repr_mimebundle_()["text/plain"]))


def _page(compared: Any) -> str:
    """The static form as a page of its own."""
    body = compared._repr_mimebundle_()["text/html"]
    style = ":root{color-scheme:light dark}body{margin:16px;background:light-dark(#fff,#0d1117)}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Comparison</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def _csv(compared: Any) -> str:
    """One row per tensor, layer or op, whichever the comparison lists."""
    for name in ("tensors", "layers", "ops"):
        frame = getattr(compared, name, None)
        if frame is not None:
            return str(frame.to_csv(index=False))
    raise ModelError("This comparison has no table.")


OWN: Mapping[str, Callable[[Any], str]] = {
    "text": _text,
    "markdown": lambda compared: forms.lines(compared.to_markdown()),
    "html": _page,
    "json": lambda compared: forms.lines(compared.to_json()),
    "csv": _csv,
}
"""Of comparisons that know their own forms: of weights, of an engine with its model, of two engines."""
STRUCTURE: Mapping[str, Callable[[Any], str]] = {
    "text": structure_forms.text,
    "markdown": structure_forms.markdown,
    "html": structure_forms.page,
    "json": structure_forms.as_json,
    "csv": lambda compared: str(compared.ops.to_csv(index=False)),
}


def _of(compared: Any) -> Mapping[str, Callable[[Any], str]]:
    """The forms of a comparison."""
    if isinstance(compared, Comparison):
        return STRUCTURE
    return divergence_forms.FORMS if divergence_forms.is_divergence(compared) else OWN


def _form(name: str) -> Callable[[Any], str]:
    return lambda compared: _of(compared)[name](compared)


FORMS: Mapping[str, Callable[[Any], str]] = {name: _form(name) for name in OWN}


def unfinished(compared: Any) -> Unfinished | None:
    """Whether a run was interrupted; a comparison that runs nothing is always whole."""
    return divergence_forms.unfinished(compared) if divergence_forms.is_divergence(compared) else None
