"""Convolutions that are to stay float, kept so when onnxruntime opens the model."""

from __future__ import annotations

from typing import Any

import numpy as np

_UNDONE = frozenset({"Conv", "ConvTranspose", "Gemm"})
"""Ops whose float weights onnxruntime quantizes by itself, with one scale for all channels, where they stand between a
DequantizeLinear and a QuantizeLinear (its WeightBiasQuantization)."""
_THROUGH = frozenset({"Relu", "Clip"})
_MOVED_PAST = frozenset({"MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice"})
"""Ops behind which onnxruntime moves the DequantizeLinear before (its QDQPropagationTransformer)."""


def guard_float(proto: Any, keep_float: list[str]) -> None:
    """Put a Clip that clips nothing between the DequantizeLinear and each such op, so that the pattern is not there.

    It stands right before the op. Its bounds are the ends of the grid; it costs one pass over the tensor.
    """
    import onnx

    graph = proto.graph
    makers = {output: node for node in graph.node for output in node.output}
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    guards: dict[str, Any] = {}  # by the value guarded
    for node in graph.node:
        if node.name not in keep_float or node.op_type not in _UNDONE:
            continue
        source = _source(node, makers)
        if source is None or not _ends_in_quantizer(node, readers):
            continue
        ends = _ends(source, arrays)
        if ends is not None:
            name = node.input[0]
            if name not in guards:
                bounds = [f"{name}_lowest", f"{name}_highest"]
                graph.initializer.extend(
                    onnx.numpy_helper.from_array(end, each) for end, each in zip(ends, bounds, strict=True)
                )
                guards[name] = onnx.helper.make_node("Clip", [name, *bounds], [f"{name}_kept"], name=f"{name}_Clip")
            node.input[0] = f"{name}_kept"
    _insert(graph, guards)


def _source(node: Any, makers: dict[str, Any]) -> Any:
    """The DequantizeLinear that an op reads, or will; None where there is none."""
    before = makers.get(node.input[0])
    while before is not None and before.op_type in _MOVED_PAST:
        before = makers.get(before.input[0])
    return before if before is not None and before.op_type == "DequantizeLinear" else None


def _ends_in_quantizer(node: Any, readers: dict[str, list[Any]]) -> bool:
    while True:
        after = readers.get(node.output[0], [])
        if len(after) != 1:
            return False
        if after[0].op_type not in _THROUGH:
            return bool(after[0].op_type == "QuantizeLinear")
        node = after[0]


def _ends(source: Any, arrays: dict[str, Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """The least and greatest number of the grid, a step further out; None where it is not known."""
    import onnx

    if any(name not in arrays for name in source.input[1:]) or len(source.input) < 3:
        return None
    scale, zero = (onnx.numpy_helper.to_array(arrays[name]) for name in source.input[1:3])
    if scale.size != 1 or zero.dtype.kind not in "iu":
        return None
    limits = np.iinfo(zero.dtype)
    low, high = (
        (float(end) - float(zero.reshape(-1)[0]) + step) * float(scale.reshape(-1)[0])
        for end, step in ((limits.min, -1), (limits.max, 1))
    )
    return np.array(low, scale.dtype), np.array(high, scale.dtype)


def _insert(graph: Any, guards: dict[str, Any]) -> None:
    """Place each guard right after what it reads."""
    if not guards:
        return
    nodes = []
    for node in graph.node:
        nodes.append(type(node).FromString(node.SerializeToString()))
        nodes += [guards[output] for output in node.output if output in guards]
    del graph.node[:]
    graph.node.extend(nodes)
