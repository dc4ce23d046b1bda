"""Quantize a model, see what it did to every layer, and know what to change.

The public face; every name is loaded from its home on first use (PEP 562), so that
importing this package costs nothing. The functions live in packages of another name, so
that no submodule hides a function.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "DivergenceReport": "divergence",
    "compare": "divergence",
    "QuantizedModel": "quantizers",
    "Recipe": "quantizers",
    "SCHEMES": "quantizers",
    "quantize": "quantizers",
    "rebuild": "quantizers",
    "Prediction": "sensitivity",
    "Sensitivity": "sensitivity",
    "measure_sensitivity": "sensitivity",
    "Constraint": "tradeoffs",
    "MixedPrecision": "tradeoffs",
    "Variants": "tradeoffs",
    "mixed_precision": "tradeoffs",
    "parse_constraint": "tradeoffs",
    "suggestions": "tradeoffs",
    "variants": "tradeoffs",
    "Fix": "linter",
    "LintFinding": "linter",
    "LintReport": "linter",
    "TARGETS": "linter",
    "lint": "linter",
    "options_of": "linter",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a public name from the package it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted({*globals(), *_HOMES})
