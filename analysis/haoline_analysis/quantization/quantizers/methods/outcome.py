"""What a method is given, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.calibration.data import CalibrationData
    from haoline_analysis.quantization.quantizers.preparing.prepare import Prepared
    from haoline_analysis.runtime.stopping import Stop, Tell


@dataclass
class Task:
    """A prepared model and what to do with it."""

    prepared: Prepared
    options: dict[str, Any]  # of the recipe
    keep_float: list[str]  # nodes of the prepared model
    int16: list[str]
    data: CalibrationData | None
    stop: Stop
    tell: Tell


@dataclass
class Outcome:
    """A quantized model."""

    proto: Any
    notes: list[str] = field(default_factory=list)
