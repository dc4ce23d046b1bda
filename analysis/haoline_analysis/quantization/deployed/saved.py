"""What onnxruntime saves, made so that it loads again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.formats import open_model
from haoline_analysis.quantization.deployed.shadows import rename_shadows
from haoline_analysis.runtime.failures import RuntimeFailure

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import GraphProto

    from haoline_analysis.model import Model, Op

_AXIS_SINCE = 13
"""Opset in which QuantizeLinear and DequantizeLinear got their attribute axis."""
_QUANTIZERS = ("QuantizeLinear", "DequantizeLinear")


def usable(path: Path) -> Model:
    """Mend what onnxruntime's passes do to a graph that it saves; the graph as it is then.

    They give the quantizers that they insert an axis whatever the opset is; with one scale it has no meaning. And they
    give casts inside of a body the names of those outside, which it may not have.

    Raises:
        RuntimeFailure: if a quantizer has an axis and several scales, and the opset does not know that.
    """
    model = open_model(path)
    wrong = [op for op in model.ops if _is_wrong(op)]
    if not wrong and not any(op.bodies for op in model.ops):
        return model
    for op in wrong:
        if not _has_one_scale(model, op):
            raise RuntimeFailure(
                f"onnxruntime's own graph of this model does not load again: {op.type} {op.name!r} has a scale per "
                f"channel, which opset {op.version} does not know; convert the model to opset {_AXIS_SINCE} or newer.",
                op.name,
            )
    return open_model(path) if _mend(path, strip=bool(wrong)) else model


def _is_wrong(op: Op) -> bool:
    return op.type in _QUANTIZERS and op.domain == "" and 0 < op.version < _AXIS_SINCE and "axis" in op.attributes


def _has_one_scale(model: Model, op: Op) -> bool:
    weight = model.tensors[op.inputs[1]].weight if len(op.inputs) > 1 and op.inputs[1] >= 0 else None
    return weight is not None and weight.elements == 1


def _mend(path: Path, *, strip: bool) -> bool:
    """Whether anything had to be done."""
    import onnx

    proto = onnx.load(path, load_external_data=False)
    if strip:
        _strip(proto.graph)
    renamed = rename_shadows(proto.graph)
    if strip or renamed:
        path.write_bytes(proto.SerializeToString())
    return strip or renamed


def _strip(graph: GraphProto) -> None:
    for node in graph.node:
        if node.op_type in _QUANTIZERS and node.domain in ("", "ai.onnx"):
            kept = [attribute for attribute in node.attribute if attribute.name != "axis"]
            del node.attribute[:]
            node.attribute.extend(kept)
