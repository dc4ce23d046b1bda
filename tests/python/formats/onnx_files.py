"""Small models written by hand, and the protobuf wire format for those that onnx would not write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def message(field: int, *parts: bytes | str) -> bytes:
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field << 3 | 2) + varint(len(body)) + body


def wire_model(*graph: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    """A ModelProto of opset 17 around the given GraphProto fields."""
    opset = message(8, message(1, ""), number(2, 17))
    return number(1, 8) + opset + message(7, *graph) + b"".join(functions)


def wire_node(kind: str, inputs: str = "", outputs: str = "", *rest: bytes, name: str = "") -> bytes:
    names = [message(1, each) for each in inputs.split()] + [message(2, each) for each in outputs.split()]
    return message(1, *names, message(3, name), message(4, kind), *rest)


def wire_tensor(name: str, dims: list[int], data_type: int, *payload: bytes) -> bytes:
    """A GraphProto initializer field."""
    return message(5, *(number(1, dim) for dim in dims), number(2, data_type), *payload, message(8, name))


def value(name: str, dtype: int = TensorProto.FLOAT, shape: list[int | str | None] | None = None) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def node(kind: str, inputs: str = "", outputs: str = "", **attributes: object) -> NodeProto:
    """A node from blank-separated names, ``_`` being an omitted one."""
    names = [["" if each == "_" else each for each in text.split()] for text in (inputs, outputs)]
    return helper.make_node(kind, *names, **attributes)


def graph(
    nodes: list[NodeProto], inputs: str = "x", outputs: str = "y", weights: dict[str, np.ndarray] | None = None
) -> GraphProto:
    return helper.make_graph(
        nodes,
        "g",
        [value(name) for name in inputs.split()],
        [value(name) for name in outputs.split()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )


def model(
    nodes: list[NodeProto],
    inputs: str = "x",
    outputs: str = "y",
    weights: dict[str, np.ndarray] | None = None,
    **options: object,
) -> ModelProto:
    options.setdefault("opset_imports", [helper.make_opsetid("", 17)])
    return helper.make_model(graph(nodes, inputs, outputs, weights), ir_version=8, **options)
