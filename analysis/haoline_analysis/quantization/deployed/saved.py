"""What onnxruntime saves, made so that it loads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.formats import open_model
from haoline_analysis.runtime.failures import RuntimeFailure

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model, Op

_AXIS_SINCE = 13
"""Opset in which QuantizeLinear and DequantizeLinear got their attribute axis."""
_QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")


def usable(path: Path) -> Model:
    """Take out what the opset of a saved graph does not know; the graph as it is then.

    Its passes give the quantizers that they insert an axis whatever the opset is. With one scale it has no meaning.

    Raises:
        RuntimeFailure: if such a quantizer has several scales.
    """
    model = open_model(path)
    wrong = [op for op in model.ops if _is_wrong(op)]
    if not wrong:
        return model
    for op in wrong:
        if not _has_one_scale(model, op):
            raise RuntimeFailure(
                f"onnxruntime's own graph of this model does not load again: {op.type} {op.name!r} has a scale per "
                f"channel, which opset {op.version} does not know; convert the model to opset {_AXIS_SINCE} or newer.",
                op.name,
            )
    _strip(path)
    return open_model(path)


def _is_wrong(op: Op) -> bool:
    return op.type in _QUANTIZERS and op.domain == "" and 0 < op.version < _AXIS_SINCE and "axis" in op.attributes


def _has_one_scale(model: Model, op: Op) -> bool:
    weight = model.tensors[op.inputs[1]].weight if len(op.inputs) > 1 and op.inputs[1] >= 0 else None
    return weight is not None and weight.elements == 1


def _strip(path: Path) -> None:
    import onnx

    proto = onnx.load(path, load_external_data=False)
    for node in proto.graph.node:
        if node.op_type in _QUANTIZERS and node.domain in ("", "ai.onnx"):
            kept = [attribute for attribute in node.attribute if attribute.name != "axis"]
            del node.attribute[:]
            node.attribute.extend(kept)
    path.write_bytes(proto.SerializeToString())
