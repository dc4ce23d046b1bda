"""Types and shapes of what flows through a graph, which onnxruntime's quantizers want written in the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.preparing.child import ChildError, native

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.runtime.stopping import Stop

_MARK = ("onnx.infer", "onnxruntime.quant")
"""What onnxruntime's tools write into a model whose shapes they have inferred."""


def add_shapes(proto: Any, path: Path, stop: Stop) -> list[str]:
    """Write inferred types into ``proto``, which lies at ``path``; notes where that fails.

    onnx's native inference runs in a child process; what it does not know is added by our own rules.
    """
    import onnx

    result = path.with_suffix(".shapes")
    notes: list[str] = []
    try:
        native(stop, "infer", path, result)
    except ChildError as error:
        notes.append(f"{error}; types come from our own rules alone.")
    else:
        found = onnx.ModelProto.FromString(result.read_bytes())
        del proto.graph.value_info[:]
        proto.graph.value_info.extend(found.graph.value_info)
    _fill(proto)
    return notes


def mark(proto: Any) -> None:
    """Tell onnxruntime's tools that shapes are inferred, so that they do not do it in this process."""
    onnx_meta = {entry.key: entry for entry in proto.metadata_props}
    if _MARK[0] not in onnx_meta:
        entry = proto.metadata_props.add()
        entry.key, entry.value = _MARK


def unmark(proto: Any) -> None:
    """Take that out of a finished model."""
    kept = [entry for entry in proto.metadata_props if entry.key not in {_MARK[0], "onnx.quant.pre_process"}]
    copies = [(entry.key, entry.value) for entry in kept]
    del proto.metadata_props[:]
    for key, value in copies:
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value


def _fill(proto: Any) -> None:
    """Element types that onnx does not infer, as after contrib ops: by our own shape rules, ranks without sizes."""
    import onnx

    from haoline_analysis.dtypes import ONNX_CODES
    from haoline_analysis.formats import open_model
    from haoline_analysis.shapes import evaluate

    known = {each.name for each in (*proto.graph.value_info, *proto.graph.output, *proto.graph.input)}
    made = {output for node in proto.graph.node for output in node.output if output}
    if made <= known:
        return
    bare = onnx.ModelProto()
    bare.CopyFrom(proto)
    for tensor in bare.graph.initializer:
        if len(tensor.raw_data) > 4096:
            _hollow(tensor)
    model = open_model(bare)
    evaluation = evaluate(model)
    codes = {word: code for code, word in ONNX_CODES.items()}
    for at, tensor in enumerate(model.tensors):
        value = evaluation.value(at)
        if tensor.name in made - known and value is not None and value.dtype in codes and value.shape is not None:
            shape = [None] * len(value.shape)
            info = onnx.helper.make_tensor_value_info(tensor.name, codes[value.dtype], shape)
            proto.graph.value_info.append(info)


def _hollow(tensor: Any) -> None:
    """Leave out the elements of a large weight: only its type and shape are read."""
    import onnx

    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "left-out"
