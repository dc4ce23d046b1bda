"""Whatever a user has to one checked array per model input: arrays, files, pictures, text, frames, or nothing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.runtime.samples.check import check_feeds
    from haoline_analysis.runtime.samples.errors import InputError
    from haoline_analysis.runtime.samples.ports import Port, ports_of
    from haoline_analysis.runtime.samples.recognise import samples_of
    from haoline_analysis.runtime.samples.sample import Sample
    from haoline_analysis.runtime.samples.samples import Samples

_HOMES = {
    "InputError": "errors",
    "Port": "ports",
    "Sample": "sample",
    "Samples": "samples",
    "check_feeds": "check",
    "ports_of": "ports",
    "samples_of": "recognise",
}

__all__ = ["InputError", "Port", "Sample", "Samples", "check_feeds", "ports_of", "samples_of"]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
