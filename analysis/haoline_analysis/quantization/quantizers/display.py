"""A quantized model as text and as HTML without script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.quantizers.schemes import find_scheme
from haoline_analysis.report import markup
from haoline_analysis.report.formatting import nbytes, plain

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.quantized_model import QuantizedModel

_SHOWN = 6


def summary(made: QuantizedModel) -> str:
    """Sizes, recipe and notes in a few lines, without control characters."""
    rows = [*cards(made), *recipe_rows(made)]
    width = max(len(name) for name, _ in rows)
    lines = [
        f"Quantized {plain(made.recipe.source or 'model', 100)}",
        *(f"  {n:<{width}}  {plain(v)}" for n, v in rows),
    ]
    return "\n".join([*lines, *(["Notes"] if made.notes else []), *(f"  {plain(note)}" for note in made.notes)])


def static_html(made: QuantizedModel) -> str:
    """The same as one element with its own style."""
    sections = [
        markup.section("Recipe", markup.table([], recipe_rows(made))),
        markup.section("Notes", markup.table([], [[note] for note in made.notes])),
    ]
    return markup.whole("", f"Quantized {made.recipe.source or 'model'}", cards(made), sections)


def cards(made: QuantizedModel) -> list[tuple[str, str]]:
    """Headline figures."""
    size, was = made.size_bytes, made.source_bytes
    share = f" ({100 * size / was:.0f} %)" if was else ""
    return [
        ("Scheme", find_scheme(made.recipe.scheme).label),
        ("Size", f"{nbytes(was)} → {nbytes(size)}{share}"),
        ("File", str(made.path)),
    ]


def recipe_rows(made: QuantizedModel) -> list[tuple[str, str]]:
    """The options, those that mean nothing left out."""
    recipe = made.recipe
    words = {True: "yes", False: "no"}
    plain_options = {
        "Target": recipe.target,
        "Weights": recipe.weights,
        "Activations": recipe.activations,
        "Per channel": words.get(recipe.per_channel),  # type: ignore[arg-type]
        "Symmetric": words.get(recipe.symmetric),  # type: ignore[arg-type]
        "Reduced range": words.get(recipe.reduce_range),  # type: ignore[arg-type]
        "Ranges": recipe.method if recipe.percentile is None else f"{recipe.method} {recipe.percentile:g}",
        "Algorithm": recipe.algorithm,
        "Block": None if recipe.block_size is None else str(recipe.block_size),
        "Fixes": ", ".join(recipe.fixes),
        "Kept in float": _listed(recipe.keep_float),
        "In 16 bits": _listed(recipe.int16),
        "Calibration": None
        if recipe.calibration is None
        else f"{recipe.calibration.count} samples, {recipe.calibration.origin}",
    }
    return [(name, value) for name, value in plain_options.items() if value]


def _listed(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} ops: {', '.join(names[:_SHOWN])}{more}"
