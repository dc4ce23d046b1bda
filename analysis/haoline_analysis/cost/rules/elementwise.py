"""Element by element: operations per output element, by the textbook formula of each op.

Every scalar add, multiply, divide, compare, exp, log, sqrt or trigonometric function is one
operation; docs/conventions.md lists the table with the formulas.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import Shape, attribute, broadcast, elements_in, elements_out, given, shape_in, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

SIGMOID, TANH, GELU_ERF, GELU_TANH, QUICK_GELU = 4, 5, 5, 13, 6

_ONE = (
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitShift", "BitwiseAnd", "BitwiseNot",
    "BitwiseOr", "BitwiseXor", "Ceil", "Cos", "Cosh", "Div", "Equal", "Erf", "Exp", "Floor", "Greater",
    "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Log", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal",
    "Relu", "Round", "Sign", "Sin", "Sinh", "Sqrt", "Sub", "Tan", "ThresholdedRelu", "Where", "Xor",
)  # fmt: skip

PER_ELEMENT: dict[str, int] = {
    **dict.fromkeys(_ONE, 1),
    "Mod": 3,
    "Clip": 2,
    "LeakyRelu": 2,
    "PRelu": 2,
    "Softplus": 3,
    "Softsign": 3,
    "Shrink": 3,
    "Sigmoid": SIGMOID,
    "Elu": 4,
    "HardSigmoid": 4,
    "HardSwish": 5,
    "Selu": 5,
    "Swish": SIGMOID + 1,
    "SwiGLU": SIGMOID + 2,
    "Tanh": TANH,
    "Celu": 7,
    "Mish": 3 + TANH + 1,
}
"""Operations per output element of the standard's elementwise ops."""

CONTRIB_PER_ELEMENT: dict[str, int] = {
    "BiasAdd": 2,
    "BiasDropout": 1,
    "BitmaskBiasDropout": 1,
    "BiasGelu": GELU_ERF + 1,
    "BiasSplitGelu": GELU_ERF + 3,
    "ComplexMul": 3,
    "ComplexMulConj": 3,
    "GatedAdd": 2,
    "Gelu": GELU_ERF,
    "LinearAttentionGate": 5,
    "MulInteger": 3,
    "QLinearAdd": 7,
    "QLinearMul": 7,
    "QLinearWhere": 4,
    "QLinearLeakyRelu": 7,
    "QLinearSigmoid": SIGMOID + 5,
    "QOrderedGelu": GELU_ERF + 5,
    "QuickGelu": QUICK_GELU,
    "ScaledSiLU": SIGMOID + 2,
    "SwiGLU": SIGMOID + 7,  # three clamps; scale, gate; offset and product with the other half
}
"""The same for com.microsoft; quantized ones dequantize their operands (2) and quantize the result (3)."""

ACTIVATIONS: dict[str, int] = {
    **{name.lower(): count for name, count in PER_ELEMENT.items()},
    "gelu": GELU_ERF,
    "fastgelu": GELU_TANH,
    "silu": SIGMOID + 1,
    "swiglu": SIGMOID + 2,
    "identity": 0,
    "none": 0,
    "affine": 2,
    "scaledtanh": TANH + 2,
}
"""Operations per element of an activation named in an attribute of a fused op."""


def activation_flops(name: str) -> int:
    """Operations per element of a fused activation.

    Raises:
        UnknownSizeError: if the name is none we know.
    """
    if name and name.lower() not in ACTIVATIONS:
        raise UnknownSizeError(f"activation {name}")
    return ACTIVATIONS[name.lower()] if name else 0


def _result_elements(signature: Signature) -> int:
    """Elements of the result, from the output or else from the broadcast inputs."""
    if signature.outputs and signature.outputs[0] is not None:
        return elements_out(signature)
    result: Shape = ()
    for index in range(len(signature.inputs)):
        result = broadcast(result, shape_in(signature, index))
    return prod(result)


@cost_rule(*PER_ELEMENT)
def elementwise(signature: Signature) -> Cost:
    """A fixed number of operations per output element."""
    return Cost(0, PER_ELEMENT[signature.op.type] * _result_elements(signature))


@cost_rule(*CONTRIB_PER_ELEMENT, domain=MICROSOFT)
def contrib_elementwise(signature: Signature) -> Cost:
    """A fixed number of operations per output element."""
    return Cost(0, CONTRIB_PER_ELEMENT[signature.op.type] * elements_out(signature))


@cost_rule("Sum", "Max", "Min", "Mean")
def variadic(signature: Signature) -> Cost:
    """One operation per input beyond the first, Mean one division more."""
    operations = max(len(signature.inputs) - 1, 0) + (signature.op.type == "Mean")
    return Cost(0, operations * _result_elements(signature))


@cost_rule("Gelu")
def gelu(signature: Signature) -> Cost:
    """Exact or tanh form, by ``approximate``."""
    per_element = GELU_TANH if text(signature, "approximate", "none") == "tanh" else GELU_ERF
    return Cost(0, per_element * _result_elements(signature))


@cost_rule("FastGelu", domain=MICROSOFT)
def fast_gelu(signature: Signature) -> Cost:
    """The tanh form, after an optional bias."""
    return Cost(0, (GELU_TANH + given(signature, 1)) * elements_in(signature))


@cost_rule("GemmaRotaryEmbedding", domain=MICROSOFT)
def gemma_rotary(signature: Signature) -> Cost:
    """Sine and cosine of each angle, then two multiplies and an add for each element of q and k."""
    return Cost(0, 2 * elements_in(signature, 0) + 3 * (elements_in(signature, 1) + elements_in(signature, 3)))


@cost_rule("RotaryEmbedding")
@cost_rule("RotaryEmbedding", "MRotaryEmbedding", domain=MICROSOFT)
def rotary(signature: Signature) -> Cost:
    """Two multiplies and an add per rotated element; all are taken as rotated (``rotary_embedding_dim`` unset)."""
    rotated = int(attribute(signature, "rotary_embedding_dim", 0) or 0)
    total = elements_in(signature, 0)
    head = shape_in(signature, 0, 3)[-1]
    heads = int(attribute(signature, "num_heads", 0) or 0)
    if len(shape_in(signature, 0)) == 3 and heads:
        head //= heads
    return Cost(0, 3 * (total * rotated // head if rotated else total))


@cost_rule("Adagrad", "Adam", "Momentum", domain="ai.onnx.preview.training")
def optimizer(signature: Signature) -> Cost:
    """Operations per updated element, by the update formulas in the standard."""
    per_element = {"Adagrad": 7, "Adam": 14, "Momentum": 6}[signature.op.type]
    tensors = {"Adagrad": 3, "Adam": 4, "Momentum": 3}[signature.op.type]
    updated = (len(signature.inputs) - 2) // tensors
    return Cost(0, per_element * sum(elements_in(signature, 2 + index) for index in range(updated)))
