"""Element types of the safetensors format, in the order of its specification (``Dtype`` of safetensors 0.8)."""

from __future__ import annotations

NAMES: dict[str, str] = {
    "BOOL": "bool",
    "F4": "float4_e2m1",
    "F6_E2M3": "float6_e2m3",
    "F6_E3M2": "float6_e3m2",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I16": "int16",
    "U16": "uint16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "U32": "uint32",
    "F32": "float32",
    "C64": "complex64",
    "F64": "float64",
    "I64": "int64",
    "U64": "uint64",
}
"""Names in a header, smallest alignment first, to ours."""

CODES: dict[str, str] = {ours: theirs for theirs, ours in NAMES.items()}
"""Our names to those in a header."""

RANK: dict[str, int] = {ours: rank for rank, ours in enumerate(NAMES.values())}
"""Place of a type in the specification: writers sort by it, largest first, so that data is aligned."""
