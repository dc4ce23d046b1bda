"""Make a quantized model of a float one, with onnxruntime's own quantizers, and say exactly how.

Loaded on first use; onnx and onnxruntime are imported only where they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.fixes import fix_names
    from haoline_analysis.quantization.quantizers.ops import quantizable
    from haoline_analysis.quantization.quantizers.provenance import recipe_of
    from haoline_analysis.quantization.quantizers.quantized_model import QuantizedModel
    from haoline_analysis.quantization.quantizers.quantizing import quantize, rebuild
    from haoline_analysis.quantization.quantizers.recipe import Recipe
    from haoline_analysis.quantization.quantizers.schemes import SCHEMES

_HOMES = {
    "SCHEMES": "schemes",
    "Recipe": "recipe",
    "QuantizedModel": "quantized_model",
    "fix_names": "fixes",
    "quantizable": "ops",
    "quantize": "quantizing",
    "rebuild": "quantizing",
    "recipe_of": "provenance",
}

__all__ = ["SCHEMES", "QuantizedModel", "Recipe", "fix_names", "quantizable", "quantize", "rebuild", "recipe_of"]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
