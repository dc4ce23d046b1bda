"""Where ops take and give quantized tensors: data, scale and zero point, by slot.

From the schemas of ai.onnx and of onnxruntime's com.microsoft (docs/ContribOperators.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.cost.slots import key

if TYPE_CHECKING:
    from haoline_analysis.model import Op

MICROSOFT = "com.microsoft"


class Slot(NamedTuple):
    """A quantized operand or result of an op."""

    data: int  # slot of the elements
    scale: int  # input slot of its scale
    zero: int  # input slot of its zero point
    axis: str = ""  # which axis several scales belong to: "attribute", "first", "last", "" (one scale only)


_BINARY = (Slot(0, 1, 2), Slot(3, 4, 5))
_CONV = (Slot(0, 1, 2), Slot(3, 4, 5, "first"))
_UNARY = (Slot(0, 1, 2),)

INPUTS: dict[tuple[str, str], tuple[Slot, ...]] = {
    ("", "DequantizeLinear"): (Slot(0, 1, 2, "attribute"),),
    (MICROSOFT, "DequantizeLinear"): (Slot(0, 1, 2, "attribute"),),
    ("", "QLinearConv"): _CONV,
    (MICROSOFT, "QLinearConv"): _CONV,
    ("com.ms.internal.nhwc", "QLinearConv"): _CONV,
    ("", "QLinearMatMul"): (Slot(0, 1, 2), Slot(3, 4, 5, "last")),
    (MICROSOFT, "QLinearAdd"): _BINARY,
    (MICROSOFT, "QLinearMul"): _BINARY,
    (MICROSOFT, "QLinearWhere"): (Slot(1, 2, 3), Slot(4, 5, 6)),
    (MICROSOFT, "QGemm"): (Slot(0, 1, 2), Slot(3, 4, 5, "columns")),
    (MICROSOFT, "MatMulIntegerToFloat"): (Slot(0, 2, 4), Slot(1, 3, 5, "last")),
    (MICROSOFT, "DynamicQuantizeMatMul"): (Slot(1, 2, 3, "last"),),
    (MICROSOFT, "QAttention"): (Slot(0, 3, 6), Slot(1, 4, 7, "last")),
    (MICROSOFT, "QEmbedLayerNormalization"): tuple(Slot(2 + i, 8 + i, 13 + i) for i in range(5)),
    (MICROSOFT, "DynamicQuantizeLSTM"): (Slot(1, 8, 9, "last"), Slot(2, 10, 11, "last")),
} | {
    (MICROSOFT, kind): _UNARY
    for kind in (
        "QLinearSigmoid",
        "QLinearLeakyRelu",
        "QLinearSoftmax",
        "QLinearAveragePool",
        "QLinearGlobalAveragePool",
        "QLinearReduceMean",
    )
}
"""Quantized operands by domain and type."""

OUTPUTS: dict[tuple[str, str], Slot] = {
    ("", "QuantizeLinear"): Slot(0, 1, 2, "attribute"),
    (MICROSOFT, "QuantizeLinear"): Slot(0, 1, 2, "attribute"),
    ("", "QLinearConv"): Slot(0, 6, 7),
    (MICROSOFT, "QLinearConv"): Slot(0, 6, 7),
    ("com.ms.internal.nhwc", "QLinearConv"): Slot(0, 6, 7),
    ("", "QLinearMatMul"): Slot(0, 6, 7),
    (MICROSOFT, "QLinearAdd"): Slot(0, 6, 7),
    (MICROSOFT, "QLinearMul"): Slot(0, 6, 7),
    (MICROSOFT, "QLinearWhere"): Slot(0, 7, 8),
    (MICROSOFT, "QGemm"): Slot(0, 7, 8),
    (MICROSOFT, "QLinearConcat"): Slot(0, 0, 1),
} | {
    (MICROSOFT, kind): Slot(0, 3, 4)
    for kind in (
        "QLinearSigmoid",
        "QLinearLeakyRelu",
        "QLinearSoftmax",
        "QLinearAveragePool",
        "QLinearGlobalAveragePool",
        "QLinearReduceMean",
    )
}
"""The quantized result by domain and type."""

CARRIERS = frozenset(
    {
        *("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "Split", "Gather", "Expand"),
        *("GatherElements", "GatherND", "MaxPool", "NhwcMaxPool", "DepthToSpace", "SpaceToDepth", "Tile", "Dropout"),
        *("ReverseSequence", "ReduceMax", "ReduceMin", "Relu", "Clip", "Resize", "Upsample"),
    }
)
"""Ops whose results stand for reals as their first operand does."""

SAME_AXES = frozenset({"Identity", "Slice", "MaxPool", "Dropout", "Relu", "Clip"})
"""Those among them that leave every element in its channel."""


def inputs(op: Op) -> tuple[Slot, ...]:
    """Quantized operands of an op; QLinearConcat has as many as it joins."""
    if op.type == "QLinearConcat" and op.domain == MICROSOFT:
        return tuple(Slot(slot, slot + 1, slot + 2) for slot in range(2, len(op.inputs), 3))
    return INPUTS.get(key(op), ())


def output(op: Op) -> Slot | None:
    """The quantized result of an op, if it has one; QGemm gives reals where it has no scale for them."""
    found = OUTPUTS.get(key(op))
    if found is not None and not (found.scale < len(op.inputs) and op.inputs[found.scale] >= 0):
        return None
    return found
