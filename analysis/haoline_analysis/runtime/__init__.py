"""Models run on data: samples to feed them, and what every op makes of a sample.

Loaded on first use; onnxruntime, Pillow and tokenizers are imported only where they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.runtime.activation_report import ActivationReport
    from haoline_analysis.runtime.capturing import capture
    from haoline_analysis.runtime.failures import RuntimeFailure
    from haoline_analysis.runtime.outputs_check import OutputCheck
    from haoline_analysis.runtime.samples import InputError, Port, Sample, Samples, check_feeds, ports_of, samples_of
    from haoline_analysis.runtime.saved import reopen

_HOMES = {
    "ActivationReport": "activation_report",
    "OutputCheck": "outputs_check",
    "RuntimeFailure": "failures",
    "capture": "capturing",
    "reopen": "saved",
    "InputError": "samples",
    "Port": "samples",
    "Sample": "samples",
    "Samples": "samples",
    "check_feeds": "samples",
    "ports_of": "samples",
    "samples_of": "samples",
}

__all__ = [
    "ActivationReport",
    "InputError",
    "OutputCheck",
    "Port",
    "RuntimeFailure",
    "Sample",
    "Samples",
    "capture",
    "check_feeds",
    "ports_of",
    "reopen",
    "samples_of",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
