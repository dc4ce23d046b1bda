"""What an op does, whatever coat it comes in: its operation, and which of its inputs are operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.comparison.side import family as coatless
from haoline_analysis.quantization.structure import slots

if TYPE_CHECKING:
    from haoline_analysis.model import Op

_NAMES = {
    "Sum": "Add",
    "NhwcMaxPool": "MaxPool",
    "NhwcConv": "Conv",
    "NhwcFusedConv": "Conv",
    "FusedMatMulActivation": "MatMul",
    "TransposeMatMul": "MatMul",
    "SimplifiedLayerNormalization": "RMSNormalization",
    "SkipSimplifiedLayerNormalization": "SkipRMSNormalization",
    "Swish": "SiLU",
}

COMMUTATIVE = frozenset({"Add", "Mul", "Max", "Min", "And", "Or", "Xor", "Mean", "Equal"})
CONTRACTIONS = frozenset({"Conv", "ConvTranspose", "MatMul", "Gemm"})
ACTIVATIONS = frozenset({"Relu", "Clip", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish"})

FOLDED = frozenset({"BatchNormalization", "Mul", "Add"})
"""Ops that become part of a convolution's weights, where all but their data is stored."""

RESHAPING = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten"})
"""Ops that change the shape only."""

MOVING = RESHAPING | {"Transpose"}
"""Ops that change shape or order only."""

SHAPED = frozenset(
    {"Reshape", "Squeeze", "Unsqueeze", "Expand", "Slice", "Tile", "Pad", "Resize", "Upsample", "Split", "TopK"}
    | {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "CumSum", "Trilu", "Flatten", "Dropout"}
)
"""Ops whose first operand is data and whose others say how it is moved or reduced."""

_OPERANDS: dict[str, tuple[int, ...]] = {
    "QLinearConv": (0, 3, 8),
    "QLinearMatMul": (0, 3),
    "QLinearAdd": (0, 3),
    "QLinearMul": (0, 3),
    "QLinearWhere": (0, 1, 4),
    "QGemm": (0, 3, 6),
    "MatMulIntegerToFloat": (0, 1, 6),
    "DynamicQuantizeMatMul": (0, 1, 4),
    "MatMulInteger": (0, 1),
    "ConvInteger": (0, 1),
    "MatMulNBits": (0, 1, 5),
    "MatMulBnb4": (0, 1),
    "GatherBlockQuantized": (0, 1),
    "QAttention": (0, 1, 2),
    **dict.fromkeys(("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "QLinearReduceMean"), (0,)),
    **dict.fromkeys(("QLinearAveragePool", "QLinearGlobalAveragePool"), (0,)),
}


def same_kind(one: str, other: str) -> bool:
    """Whether two families are one operation; Gemm is a MatMul."""
    return one == other or {one, other} <= {"MatMul", "Gemm"}


def family(op: Op) -> str:
    """The operation: ``Conv`` of QLinearConv, ConvInteger, FusedConv and of the NCHWc one."""
    if op.type in _NAMES:
        return _NAMES[op.type]
    if op.type == "GatherBlockQuantized":
        return "Gather"
    if op.type in ("MatMulBnb4", "MatMulFpQ4"):
        return "MatMul"
    found = coatless(op.type)
    return _NAMES.get(found, found)


def operand_slots(op: Op) -> tuple[int, ...]:
    """Input slots that hold operands rather than scales and zero points."""
    if op.type == "QLinearConcat":
        return tuple(slot.data for slot in slots.inputs(op))
    found = _OPERANDS.get(op.type)
    return tuple(range(len(op.inputs))) if found is None else tuple(at for at in found if at < len(op.inputs))


def channels_last(op: Op) -> bool:
    """Whether an op takes and makes NHWC instead of NCHW."""
    nhwc = op.domain == "com.ms.internal.nhwc" or op.type.startswith("Nhwc")
    return nhwc or (bool(op.integer("channels_last")) and op.type != "ReorderOutput")
