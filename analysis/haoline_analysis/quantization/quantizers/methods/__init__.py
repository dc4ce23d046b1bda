"""One module per kind of scheme; each takes a prepared model and leaves a quantized ``ModelProto``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.quantization.quantizers.methods.outcome import Outcome, Task

_HOMES = {"static": "static", "dynamic": "dynamic", "half": "half", "weights": "weights"}


def find_method(kind: str) -> Callable[[Task], Outcome]:
    """The function that quantizes by a kind of scheme; loaded when it is needed."""
    module: Any = importlib.import_module(f"{__name__}.{_HOMES[kind]}")
    return cast("Callable[[Task], Outcome]", getattr(module, f"quantize_{kind}"))
