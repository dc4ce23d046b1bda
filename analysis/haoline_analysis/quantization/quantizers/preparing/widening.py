"""Half precision made float32, which is all that onnxruntime's quantizers and its CPU compute with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.fixes.graph import fresh_name
from haoline_analysis.quantization.quantizers.preparing.loading import graphs, tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

_HALF = {10: "FP16", 16: "BF16"}  # of TensorProto
_FLOAT = 1
_TYPES = frozenset({"to", "dtype"})
"""Attributes that name an element type."""


def widen(proto: Any) -> dict[str, str]:
    """Let a model compute in float32 what it computes in half precision; its inputs and outputs keep their types.

    Returns:
        The tensors that became outputs by a Cast, by these outputs.
    """
    graph = proto.graph
    inner = [each for each in graphs(graph) if each is not graph]
    for tensor in tensors(graph):
        _widen_tensor(tensor)
    for each in graphs(graph):
        for attribute in (attribute for node in each.node for attribute in node.attribute):
            if attribute.name in _TYPES and attribute.i in _HALF:
                attribute.i = _FLOAT
    _widen_types(info for each in (graph, *inner) for info in each.value_info)
    _widen_types(port for each in inner for port in (*each.input, *each.output))
    return _keep_ports(graph)


def half_of(proto: Any) -> list[str]:
    """Names of the half precisions that a model has values of."""
    kinds = {tensor.data_type for tensor in tensors(proto.graph)}
    kinds |= {port.type.tensor_type.elem_type for port in (*proto.graph.input, *proto.graph.output)}
    return [name for kind, name in _HALF.items() if kind in kinds]


def _widen_tensor(tensor: Any) -> None:
    import onnx

    if tensor.data_type in _HALF:
        array = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))


def _widen_types(infos: Iterable[Any]) -> None:
    for info in infos:
        if info.type.HasField("tensor_type") and info.type.tensor_type.elem_type in _HALF:
            info.type.tensor_type.elem_type = _FLOAT


def _keep_ports(graph: Any) -> dict[str, str]:
    """Casts behind inputs and before outputs of half precision."""
    import onnx

    ports = [port for port in (*graph.input, *graph.output) if port.type.tensor_type.elem_type in _HALF]
    kinds = {port.name: port.type.tensor_type.elem_type for port in ports}
    names = {name: fresh_name(graph, f"{name}_wide") for name in kinds}
    given = {port.name for port in graph.input}
    for each in graphs(graph):
        for node in each.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]
        for tensor in each.initializer:
            tensor.name = names.get(tensor.name, tensor.name)
        if each is not graph:
            for port in each.output:
                port.name = names.get(port.name, port.name)
    nodes = [type(node).FromString(node.SerializeToString()) for node in graph.node]
    del graph.node[:]
    casts = {
        name: onnx.helper.make_node("Cast", [name], [wide], name=wide, to=_FLOAT)
        if name in given
        else onnx.helper.make_node("Cast", [wide], [name], name=wide, to=kinds[name])
        for name, wide in names.items()
    }
    graph.node.extend(casts[name] for name in casts if name in given)
    graph.node.extend(nodes)
    graph.node.extend(casts[name] for name in casts if name not in given)
    return {name: wide for name, wide in names.items() if name not in given}
