"""Element types and the rates at which a device computes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.dtypes import BITS

if TYPE_CHECKING:
    from haoline_analysis.hardware.profile import HardwareProfile

OF_DTYPE = {
    "float64": "fp64",
    "float32": "fp32",
    "float16": "fp16",
    "bfloat16": "bf16",
    "int8": "int8",
    "uint8": "int8",
    "int4": "int4",
    "uint4": "int4",
    "int2": "int4",
    "uint2": "int4",
    "float4_e2m1": "fp4",
}

FALLBACKS: dict[str, tuple[str, ...]] = {
    "fp64": (),
    "fp32": ("tf32",),
    "tf32": ("fp32",),
    "fp16": ("bf16", "tf32", "fp32"),
    "bf16": ("fp16", "tf32", "fp32"),
    "fp8": ("bf16", "fp16", "tf32", "fp32"),
    "int8": ("fp16", "bf16", "tf32", "fp32"),
    "int4": ("int8", "fp16", "bf16", "tf32", "fp32"),
    "fp4": ("fp8", "bf16", "fp16", "tf32", "fp32"),
}
"""Where a device lacks a precision, the rate of the next one that can hold the values is used."""

STORAGE_BITS = {"fp64": 64, "fp32": 32, "tf32": 32, "fp16": 16, "bf16": 16, "fp8": 8, "int8": 8, "int4": 4, "fp4": 4}


def canonical(name: str | None) -> str | None:
    """``float16`` and ``FP16`` to ``fp16``, any float8 to ``fp8``; None for what has no rate of its own."""
    if not name:
        return None
    lower = name.lower()
    if lower in FALLBACKS:
        return lower
    return "fp8" if lower.startswith("float8") else OF_DTYPE.get(lower)


def storage_bits(name: str | None) -> int | None:
    """Bits per element of a dtype or precision name; None where unknown."""
    return BITS.get(name or "") or STORAGE_BITS.get(canonical(name) or "")


def usable(profile: HardwareProfile, precision: str) -> str | None:
    """The precision whose peak stands for the wanted one on this device, or None."""
    return next((name for name in (precision, *FALLBACKS[precision]) if name in profile.peaks), None)
