"""What to give for what: several variants side by side, mixed precision, and the words for what is wanted.

Loaded on first use; onnx and onnxruntime are imported only where they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint, parse_constraint
    from haoline_analysis.quantization.tradeoffs.latencies import what_if, with_latency
    from haoline_analysis.quantization.tradeoffs.making_variants import variants
    from haoline_analysis.quantization.tradeoffs.mixed import mixed_precision
    from haoline_analysis.quantization.tradeoffs.mixed_result import MixedPrecision
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome
    from haoline_analysis.quantization.tradeoffs.running import measure
    from haoline_analysis.quantization.tradeoffs.suggesting import suggestions
    from haoline_analysis.quantization.tradeoffs.variants_result import Variants

_HOMES = {
    "Constraint": "constraints",
    "MixedPrecision": "mixed_result",
    "Outcome": "outcome",
    "Variants": "variants_result",
    "measure": "running",
    "mixed_precision": "mixed",
    "parse_constraint": "constraints",
    "suggestions": "suggesting",
    "variants": "making_variants",
    "what_if": "latencies",
    "with_latency": "latencies",
}

__all__ = [
    "Constraint",
    "MixedPrecision",
    "Outcome",
    "Variants",
    "measure",
    "mixed_precision",
    "parse_constraint",
    "suggestions",
    "variants",
    "what_if",
    "with_latency",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
