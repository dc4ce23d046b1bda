"""Element types: their names, widths and how numpy holds them.

Names follow numpy and ONNX (``float32``, ``bfloat16``, ``int4``, ``float8_e4m3fn``).
Widths are storage bits per element: an ``int4`` is half a byte.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BITS: dict[str, int] = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8_e4m3fn": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2": 8,
    "float8_e5m2fnuz": 8,
    "float8_e8m0": 8,
    "float6_e2m3": 6,
    "float6_e3m2": 6,
    "float4_e2m1": 4,
    "int64": 64,
    "int32": 32,
    "int16": 16,
    "int8": 8,
    "int4": 4,
    "int2": 2,
    "uint64": 64,
    "uint32": 32,
    "uint16": 16,
    "uint8": 8,
    "uint4": 4,
    "uint2": 2,
    "bool": 8,
    "complex64": 64,
    "complex128": 128,
}
"""Storage bits per element. ``string`` is absent: its size is not a function of its shape."""

ONNX_CODES: dict[int, str] = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8_e4m3fn",
    18: "float8_e4m3fnuz",
    19: "float8_e5m2",
    20: "float8_e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4_e2m1",
    24: "float8_e8m0",
    25: "uint2",
    26: "int2",
    27: "float6_e2m3",
    28: "float6_e3m2",
}
"""ONNX numbers of element types: ``TensorProto.DataType`` of onnx 1.23, which attributes such as ``to`` use too."""

FLOATS = frozenset(name for name in BITS if name.startswith(("float", "bfloat")))
"""Real floating-point types, from float64 down to float4."""


def nbytes(dtype: str, shape: Sequence[int | None] | None) -> int | None:
    """Bytes of a densely packed tensor, rounded up to whole bytes; None where unknown."""
    bits = BITS.get(dtype)
    if bits is None or shape is None or None in shape:
        return None
    return (prod(shape) * bits + 7) // 8  # type: ignore[arg-type]
