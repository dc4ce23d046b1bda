"""Which inputs of an op hold weights, and which hold constants that are not parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT

if TYPE_CHECKING:
    from haoline_analysis.model import Op

Key = tuple[str, str]

TRANSPARENT = frozenset(
    {
        "BitCast", "Cast", "CastLike", "DequantizeLinear", "Dropout", "Expand", "Flatten", "Identity",
        "QuantizeLinear", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""Ops that hand a weight on, in their first input, to the op that works with it."""

ELEMENTWISE = frozenset(
    {
        "Add", "Div", "Equal", "Greater", "Less", "Max", "Mean", "Min", "Mod", "Mul", "Pow", "Sub", "Sum", "Where",
    }
)  # fmt: skip
"""Ops where a constant of one element is a setting (a scale, an epsilon), not a parameter."""

SETTINGS: dict[Key, frozenset[int]] = {
    ("", op_type): frozenset(slots)
    for op_type, slots in {
        "BatchNormalization": (3, 4),
        "Clip": (1, 2),
        "ConstantOfShape": (0,),
        "DequantizeLinear": (1, 2),
        "DFT": (1, 2),
        "Dropout": (1, 2),
        "Expand": (1,),
        "GRU": (4, 5),
        "If": (0,),
        "LSTM": (4, 5, 6),
        "Loop": range(64),
        "NonMaxSuppression": (2, 3, 4),
        "OneHot": (1, 2),
        "Pad": (1, 2, 3),
        "QLinearConv": (1, 2, 4, 5, 6, 7),
        "QLinearMatMul": (1, 2, 4, 5, 6, 7),
        "QuantizeLinear": (1, 2),
        "RNN": (4, 5),
        "Range": (0, 1, 2),
        "Resize": (1, 2, 3),
        "RotaryEmbedding": (1, 2, 3),
        "STFT": (1, 2, 3),
        "ThresholdedRelu": (0,),
        "TopK": (1,),
        "Upsample": (1,),
    }.items()
} | {
    (MICROSOFT, op_type): frozenset(slots)
    for op_type, slots in {
        "DequantizeLinear": (1, 2),
        "DynamicQuantizeLSTM": (4, 5, 6, 8, 9, 10, 11),
        "DynamicQuantizeMatMul": (2, 3),
        "GatherBlockQuantized": (2, 3),
        "GemmFloat8": (3, 4, 5),
        "GroupQueryAttention": (7, 8, 12, 13),
        "MRotaryEmbedding": (2, 3),
        "MatMulBlockQuantizedFp4Weight": (2, 3, 4),
        "MatMulBlockQuantizedFp8Weight": (2, 3),
        "MatMulBnb4": (2,),
        "MatMulIntegerToFloat": (2, 3, 4, 5),
        "MatMulNBits": (2, 3, 4),
        "MatMulNBitsMlp": (4, 7),
        "MatMulNBitsQkv": (4, 7, 10),
        "Pad": (1, 2),
        "PagedAttention": (8, 9, 14, 15),
        "QAttention": (3, 4, 6, 7),
        "QEmbedLayerNormalization": range(8, 18),
        "QGemm": (1, 2, 4, 5, 7, 8),
        "QLinearAdd": (1, 2, 4, 5, 6, 7),
        "QLinearAveragePool": (1, 2, 3, 4),
        "QLinearConcat": (0, 1),
        "QLinearConv": (1, 2, 4, 5, 6, 7),
        "QLinearGlobalAveragePool": (1, 2, 3, 4),
        "QLinearLeakyRelu": (1, 2, 3, 4),
        "QLinearMul": (1, 2, 4, 5, 6, 7),
        "QLinearReduceMean": (1, 2, 3, 4),
        "QLinearSigmoid": (1, 2, 3, 4),
        "QLinearSoftmax": (1, 2, 3, 4),
        "QLinearWhere": (2, 3, 5, 6, 7, 8),
        "QMoE": (3, 6, 9, 11, 12, 13, 15, 16, 17, 18, 19, 20),
        "QOrderedAttention": (1, 2, 3, 4, 8, 9, 10, 14, 15, 16),
        "QOrderedGelu": (1, 2),
        "QOrderedLayerNormalization": (1, 4),
        "QOrderedMatMul": (1, 3, 4, 7),
        "QuantizeLinear": (1, 2),
        "RotaryEmbedding": (2, 3),
        "SparseAttention": (9, 10),
    }.items()
}
"""Inputs that are scales, zero points, statistics, rotary caches, bounds or initial states."""

INTEGER_WEIGHTS: dict[Key, frozenset[int]] = {
    ("", "ConvInteger"): frozenset({1}),
    ("", "MatMulInteger"): frozenset({0, 1}),
    ("", "QLinearConv"): frozenset({3, 8}),
    ("", "QLinearMatMul"): frozenset({0, 3}),
} | {
    (MICROSOFT, op_type): frozenset(slots)
    for op_type, slots in {
        "DynamicQuantizeLSTM": (1, 2),
        "DynamicQuantizeMatMul": (1,),
        "GatherBlockQuantized": (0,),
        "GemmFloat8": (1,),
        "MatMulBlockQuantizedFp4Weight": (1,),
        "MatMulBlockQuantizedFp8Weight": (1,),
        "MatMulBnb4": (1,),
        "MatMulFpQ4": (1,),
        "MatMulInteger16": (0, 1),
        "MatMulIntegerToFloat": (0, 1),
        "MatMulNBits": (1,),
        "MatMulNBitsMlp": (3, 6),
        "MatMulNBitsQkv": (3, 6, 9),
        "QAttention": (1,),
        "QEmbedLayerNormalization": (2, 3, 4, 5, 6),
        "QGemm": (3, 6),
        "QLinearAdd": (0, 3),
        "QLinearConv": (3, 8),
        "QLinearMul": (0, 3),
        "QMoE": (2, 5, 8),
        "QOrderedAttention": (5, 6, 7),
        "QOrderedLongformerAttention": (2, 8),
        "QOrderedMatMul": (2,),
    }.items()
}
"""Inputs where integers are quantized weights."""


def key(op: Op) -> Key:
    """Domain and type, the standard's domain being empty."""
    return ("" if op.domain == "ai.onnx" else op.domain), op.type


def logical_elements(op: Op, slot: int, elements: int, dtype: str) -> int:
    """Weights that a packed input stands for: several per byte where the op unpacks them itself."""
    attributes = op.attributes
    if slot not in INTEGER_WEIGHTS.get(key(op), ()):
        return elements
    if op.type in ("MatMulNBits", "MatMulBnb4", "MatMulNBitsMlp") and {"K", "N"} <= attributes.keys():
        return max(op.integer("K"), 0) * max(op.integer("N"), 0)
    if op.type == "MatMulNBitsQkv" and {"K", "Nq", "Nkv"} <= attributes.keys():
        return max(op.integer("K"), 0) * max(op.integer("Nq" if slot == 3 else "Nkv"), 0)
    return elements * _per_byte(op) if dtype in ("uint8", "int8") else elements


def _per_byte(op: Op) -> int:
    """Weights in a byte of a packed input."""
    bits = {
        "GatherBlockQuantized": op.integer("bits", 4),
        "MatMulBlockQuantizedFp4Weight": 4,
        "MatMulFpQ4": 4,
        "QMoE": op.integer("expert_weight_bits", 4),
    }.get(op.type, 8)
    return 8 // bits if bits in (1, 2, 4, 8) else 1


def packed_type(op: Op, slot: int, dtype: str) -> str:
    """Storage type of a weight, as the op that unpacks it understands the bytes."""
    if slot not in INTEGER_WEIGHTS.get(key(op), ()) or dtype not in ("uint8", "int8", "float32", "float16"):
        return dtype
    if op.type == "MatMulBnb4":
        return "nf4" if op.integer("quant_type", 1) else "float4_e2m1"
    if op.type in ("MatMulNBits", "MatMulNBitsMlp", "MatMulNBitsQkv"):
        return f"int{op.integer('bits', 4)}"
    if op.type == "MatMulBlockQuantizedFp4Weight":
        return "float4_e2m1"
    if op.type == "MatMulBlockQuantizedFp8Weight":
        return "float8_e4m3fn"
    return dtype if _per_byte(op) == 1 else f"int{8 // _per_byte(op)}"
