"""Declared types, as values of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from haoline_analysis.shapes.dims import Shape

NUMPY: dict[str, np.dtype] = {
    name: np.dtype(name)
    for name in (
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        *("bool", "float16", "float32", "float64"),
    )
}
"""Element types that constants are folded in."""


def parse_type(text: str, shape: Shape | None) -> Value:
    """A declared type such as ``float32`` or ``sequence(float32)``, ``shape`` being the innermost tensor's."""
    if text.startswith("sparse_tensor("):
        return Value(text[len("sparse_tensor(") : -1], shape)
    for container in ("sequence", "optional"):
        if text.startswith(container + "(") and text.endswith(")"):
            inner = parse_type(text[len(container) + 1 : -1], shape)
            return Value(container, None, None, inner)
    if text.startswith("map("):
        return Value(text, None)
    return Value(text, shape)
