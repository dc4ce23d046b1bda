"""What onnxruntime's static quantizers and integer kernels get wrong, written so that they do not.

The graph computes the same afterwards, and what it had for tensors it still has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.quantization.quantizers.fixes.graph import consumers, fresh_name
from haoline_analysis.quantization.quantizers.methods.bodies import read_in_bodies

if TYPE_CHECKING:
    from collections.abc import Hashable

_WEIGHT, _BIAS = 1, 2
_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm"})
_NORMALIZING = frozenset({"InstanceNormalization", "LayerNormalization", "BatchNormalization"})
_ANY = "any"  # what readers without a way of their own take a constant for


def rewrite(proto: Any, *, operators: bool) -> None:
    """Make a model fit for static quantization.

    Args:
        proto: changed in place.
        operators: whether the result has integer operators (QOperator), where a constant is stored in one way only.
    """
    graph = proto.graph
    plain_gemms(graph)
    _whole_windows(graph)
    _own_constants(graph, operators=operators)


def plain_gemms(graph: Any) -> None:
    """Factors of Gemm multiplied into its constants, and its bias as a vector.

    The scale of a bias is taken for that of input times weight, whatever the factors; per channel, a bias that is no
    vector ends it all.
    """
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Gemm" or node.domain:
            continue
        factors = {each.name: each for each in node.attribute}
        for slot, word in ((_WEIGHT, "alpha"), (_BIAS, "beta")):
            factor = factors.get(word)
            if slot < len(node.input) and node.input[slot] in arrays and factor is not None and factor.f != 1:
                name = _replace(graph, node, slot, _array(arrays[node.input[slot]]) * factor.f)
                arrays[name] = graph.initializer[-1]
                factor.f = 1
        weight, bias = (arrays.get(name) for name in (*node.input, "", "")[_WEIGHT : _BIAS + 1])
        if weight is not None and bias is not None:
            width = weight.dims[0 if _on(factors, "transB") else 1]
            array = _array(bias)
            if array.shape in {(), (1,), (1, 1), (1, width)}:
                _replace(graph, node, _BIAS, np.broadcast_to(array.reshape(-1), (width,)))


def split_gemms(proto: Any) -> None:
    """Write each Gemm as MatMul, which keeps its name, and Add: only MatMul has kernels for weights of integers."""
    from haoline_analysis.quantization.quantizers.quiet import tools

    plain_gemms(proto.graph)
    names = {f"{node.name}_MatMul": node.name for node in proto.graph.node if node.op_type == "Gemm"}
    model = tools("onnx_model").ONNXModel(proto)
    model.replace_gemm_with_matmul()
    model.clean_initializers()
    for node in proto.graph.node:
        if node.op_type == "MatMul":
            node.name = names.get(node.name, node.name)


def _whole_windows(graph: Any) -> None:
    """Average pools that count their padding written without, since windows that reach beyond it are miscounted.

    The kernel for integers divides by the whole window where the last one hangs over (``ceil_mode``). Without padding
    there is nothing to count; padding becomes an op of its own.
    """
    import onnx

    padded: dict[str, Any] = {}
    for node in graph.node:
        options = {each.name: each for each in node.attribute}
        if node.op_type != "AveragePool" or not all(_on(options, name) for name in ("ceil_mode", "count_include_pad")):
            continue
        options["count_include_pad"].i = 0
        pads = list(options["pads"].ints) if "pads" in options else []
        if any(pads):
            half, source = len(pads) // 2, node.input[0]
            sizes = np.array([0, 0, *pads[:half], 0, 0, *pads[half:]], np.int64)
            node.input[0] = fresh_name(graph, f"{source}_padded")
            widths = onnx.numpy_helper.from_array(sizes, fresh_name(graph, f"{source}_pads"))
            graph.initializer.append(widths)
            padded[node.output[0]] = onnx.helper.make_node(
                "Pad", [source, widths.name], [node.input[0]], name=f"{node.name}_Pad"
            )
            options["pads"].ints[:] = [0] * len(pads)
            _declare(graph, source, node.input[0])
    if padded:
        pairs = ((padded.get(next(iter(node.output), "")), node) for node in graph.node)
        nodes = [each for pair in pairs for each in pair if each is not None]
        copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)


def _own_constants(graph: Any, *, operators: bool) -> None:
    """A copy of a constant for each reader that has its own way with it, as quantizers store it for the first alone.

    Weights have their channels on the axis that their op says; the scale of a bias is that of one op's input times its
    weight's, that of a pad that of what is padded. The quantizer of pairs does copy biases, under names that tensors of
    the model may have. What bodies read as well stays as it is, as the quantizer of integer operators removes it.
    """
    readers, inside = consumers(graph), read_in_bodies(graph) if operators else set()
    for tensor in list(graph.initializer):
        if tensor.data_type not in {1, 10}:
            continue
        uses: dict[Hashable, list[tuple[Any, int]]] = {}
        for node, slot in readers.get(tensor.name, ()):
            uses.setdefault(_use(node, slot, operators=operators), []).append((node, slot))
        if not operators:  # these read the weight behind its DequantizeLinear
            uses.pop(_ANY, None)
        for edges in list(uses.values())[0 if tensor.name in inside else 1 :]:
            array = _array(tensor)
            first, at = edges[0]
            name = _replace(graph, first, at, array)
            for node, slot in edges[1:]:
                node.input[slot] = name


def _use(node: Any, slot: int, *, operators: bool) -> Hashable:
    """What a reader takes a constant for: readers of one use can share it."""
    if node.op_type in _WEIGHTED and slot == _WEIGHT:
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        return node.op_type, transposed
    if node.op_type == "MatMul":
        return node.op_type, slot
    alone = _WEIGHTED | ({"Pad"} if operators else _NORMALIZING)
    return str(node.output[0]) if slot == _BIAS and node.op_type in alone else _ANY


def _on(options: dict[str, Any], name: str) -> bool:
    return name in options and bool(options[name].i)


def _array(tensor: Any) -> np.ndarray:
    import onnx

    array: np.ndarray = onnx.numpy_helper.to_array(tensor)
    return array


def _replace(graph: Any, node: Any, slot: int, array: np.ndarray) -> str:
    """Let a node read another constant; its name."""
    import onnx

    name = fresh_name(graph, f"{node.input[slot]}_of_{node.name}")
    graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
    node.input[slot] = name
    return name


def _declare(graph: Any, source: str, name: str) -> None:
    """Say that a tensor has the element type of another; its sizes are left open."""
    import onnx

    infos = {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}
    kind = infos[source].type.tensor_type if source in infos else None
    if kind is not None and kind.HasField("shape"):
        shape = [None] * len(kind.shape.dim)
        graph.value_info.append(onnx.helper.make_tensor_value_info(name, kind.elem_type, shape))
