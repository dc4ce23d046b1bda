"""Which tensors get 16 bits so that chosen ops compute on a fine grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task

_MOVING = frozenset({"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "MaxPool"})
"""Ops whose output has the grid of their input."""


def wide_tensors(task: Task) -> list[str]:
    """Activations that the ops of ``task.int16`` read and make, with whatever shares their grid."""
    graph = task.prepared.proto.graph
    chosen = set(task.int16)
    weights = {tensor.name for tensor in graph.initializer}
    floats = {
        info.name
        for info in (*graph.value_info, *graph.input, *graph.output)
        if info.type.HasField("tensor_type") and info.type.tensor_type.elem_type in {1, 10}
    }
    wide = {
        name
        for node in graph.node
        if node.name in chosen
        for name in (*node.input, *node.output)
        if name in floats and name not in weights
    }
    while True:
        more = {
            name
            for node in graph.node
            if node.op_type in _MOVING and node.input
            for name in (node.input[0], node.output[0])
            if node.input[0] in wide or node.output[0] in wide
        } & floats
        if more <= wide:
            return sorted(wide)
        wide |= more


def tables(task: Task) -> list[str]:
    """Constant tables that Gather reads, which onnxruntime quantizes as if they were activations."""
    graph = task.prepared.proto.graph
    floats = {tensor.name for tensor in graph.initializer if tensor.data_type in {1, 10} and len(tensor.dims) > 1}
    spared = set(task.keep_float)
    return sorted(
        {node.input[0] for node in graph.node if node.op_type == "Gather" and node.name not in spared} & floats
    )
