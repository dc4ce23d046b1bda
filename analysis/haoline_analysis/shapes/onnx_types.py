"""ONNX type codes and type strings, as values of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from haoline_analysis.shapes.dims import Shape

CODES: dict[int, str] = {
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
"""``TensorProto.DataType`` by number."""

NUMPY: dict[str, np.dtype] = {
    name: np.dtype(name)
    for name in (
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        *("bool", "float16", "float32", "float64"),
    )
}
"""Element types that constants are folded in."""


def parse_type(text: str, shape: Shape | None) -> Value:
    """A declared type such as ``float32`` or ``sequence(float32)``, ``shape`` being the innermost tensor's."""
    if text.startswith("sparse_tensor("):
        return Value(text[len("sparse_tensor(") : -1], shape)
    for container in ("sequence", "optional"):
        if text.startswith(container + "(") and text.endswith(")"):
            inner = parse_type(text[len(container) + 1 : -1], shape)
            return Value(container, None, None, inner)
    if text.startswith("map("):
        return Value(text, None)
    return Value(text, shape)
