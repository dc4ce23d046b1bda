"""What a variant of a model does to every tensor: the error that is seen, and the error that each op makes itself.

Loaded on first use; onnxruntime and pandas are imported only where they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.divergence.comparing import compare
    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport

_HOMES = {"DivergenceReport": "divergence_report", "compare": "comparing"}

__all__ = ["DivergenceReport", "compare"]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
