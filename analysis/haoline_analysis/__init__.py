"""HaoLine's analysis engine: what is in a model, what it costs, where it will run.

Knows no Jupyter and no browser. The public face is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.comparison import Comparison, compare
    from haoline_analysis.errors import (
        BindingError,
        ExternalDataError,
        LimitError,
        MalformedModelError,
        MissingExtraError,
        ModelError,
        ModelNotFoundError,
        UnknownHardwareError,
        UnsupportedFormatError,
    )
    from haoline_analysis.formats import open_model
    from haoline_analysis.hardware import HardwareProfile, profiles
    from haoline_analysis.model import Model
    from haoline_analysis.report import ModelReport, analyze

_HOMES = {
    "BindingError": "errors",
    "ExternalDataError": "errors",
    "LimitError": "errors",
    "MalformedModelError": "errors",
    "MissingExtraError": "errors",
    "ModelError": "errors",
    "ModelNotFoundError": "errors",
    "UnknownHardwareError": "errors",
    "UnsupportedFormatError": "errors",
    "open_model": "formats",
    "HardwareProfile": "hardware",
    "profiles": "hardware",
    "Model": "model",
    "ModelReport": "report",
    "Comparison": "comparison",
    "analyze": "report",
    "compare": "comparison",
}

__all__ = [
    "BindingError",
    "Comparison",
    "ExternalDataError",
    "HardwareProfile",
    "LimitError",
    "MalformedModelError",
    "MissingExtraError",
    "Model",
    "ModelError",
    "ModelNotFoundError",
    "ModelReport",
    "UnknownHardwareError",
    "UnsupportedFormatError",
    "analyze",
    "compare",
    "open_model",
    "profiles",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
