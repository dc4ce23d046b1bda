"""FP16 by onnxruntime's converter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.quantizers.fixes.graph import fresh_name
from haoline_analysis.quantization.quantizers.methods.outcome import Outcome
from haoline_analysis.quantization.quantizers.quiet import quiet
from haoline_analysis.runtime.samples.errors import reason

if TYPE_CHECKING:
    from haoline_analysis.quantization.quantizers.methods.outcome import Task


def quantize_half(task: Task) -> Outcome:
    """Convert weights and activations to float16; inputs and outputs of the model keep their types.

    Raises:
        ModelError: if the converter fails.
    """
    from onnxruntime.transformers import float16

    proto = task.prepared.proto
    task.tell("Converting to FP16", 0.3)
    notes = _overflows(proto)
    _make_outputs(proto)
    try:
        with quiet():
            made = float16.convert_float_to_float16(
                proto,
                keep_io_types=True,
                disable_shape_infer=True,
                node_block_list=[*task.keep_float, *_turned(proto)],
            )
    except Exception as error:
        raise ModelError(f"onnxruntime cannot convert this model to FP16: {reason(error)}") from error
    return Outcome(made, notes)


def _make_outputs(proto: Any) -> None:
    """Let an op make each output that is a constant: the converter would make a second tensor of that name."""
    import onnx

    graph = proto.graph
    outputs = {port.name for port in graph.output}
    for tensor in graph.initializer:
        if tensor.name in outputs:
            name = tensor.name
            tensor.name = fresh_name(graph, f"{name}_held")
            graph.node.append(onnx.helper.make_node("Identity", [tensor.name], [name], name=tensor.name))


def _overflows(proto: Any) -> list[str]:
    """Weights that hold finite numbers beyond what float16 holds: the converter makes them 65,504."""
    import numpy as np
    import onnx

    found = []
    for tensor in proto.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            array = onnx.numpy_helper.to_array(tensor)
            finite = array[np.isfinite(array)]
            if finite.size and np.abs(finite).max() > np.finfo(np.float16).max:
                found.append(tensor.name)
    if not found:
        return []
    listed = ", ".join(map(repr, found[:5])) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
    return [f"{listed}: values beyond the range of FP16 were set to ±65,504."]


def _turned(proto: Any) -> list[str]:
    """Names of Transpose nodes that move the first axis to the last or the last but one for a MatMul.

    onnxruntime's CPU joins both, and with half precision between them the process ends when it opens the model
    (1.32: time and batch are so exchanged behind recurrent layers). A transposition costs the same in float.
    """
    read = {name for node in proto.graph.node if node.op_type == "MatMul" for name in node.input}
    found = []
    for node in proto.graph.node:
        if node.op_type == "Transpose" and node.output[0] in read:
            order = [at for each in node.attribute if each.name == "perm" for at in each.ints]
            last = len(order) - 1
            if last > 1 and order in ([*range(1, last), 0, last], [*range(1, last + 1), 0]):
                found.append(node.name)
    return found
