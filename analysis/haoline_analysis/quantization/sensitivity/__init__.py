"""What each quantizer of a model costs at its outputs, measured alone, and what leaving some out would give.

Loaded on first use; onnx and onnxruntime are imported only where they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.sensitivity.additive import Prediction
    from haoline_analysis.quantization.sensitivity.measuring import measure_sensitivity
    from haoline_analysis.quantization.sensitivity.sensitivity import Sensitivity

_HOMES = {
    "Prediction": "additive",
    "Sensitivity": "sensitivity",
    "measure_sensitivity": "measuring",
}

__all__ = ["Prediction", "Sensitivity", "measure_sensitivity"]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
