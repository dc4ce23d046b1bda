"""Ops whose output is shaped like their first input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.constants import fold_inputs, folded
from haoline_analysis.shapes.dims import ImpossibleShapeError, broadcast
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDS: dict[str, Callable[..., np.ndarray]] = {
    "Abs": np.abs,
    "BitwiseNot": np.invert,
    "Ceil": np.ceil,
    "Floor": np.floor,
    "Identity": np.asarray,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Relu": lambda x: np.maximum(x, 0),
    "Round": np.rint,
    "Sign": np.sign,
    "Sqrt": np.sqrt,
}
"""Unary ops that shape computations go through."""


@shape_rule(*FOLDS, data="all")
def fold_same(node: Node) -> Sequence[Value]:
    """Shape, type and, where known, elements of a unary op."""
    value = node.value(0)
    if value.element is not None:  # Identity of a sequence or optional
        return [value]
    return [fold_inputs(node, node.same(), FOLDS[node.op.type], exact=node.op.type != "Neg")]


@shape_rule(
    *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp", "Gelu"),
    *("HardSigmoid", "HardSwish", "Hardmax", "LRN", "LeakyRelu", "Log", "LogSoftmax", "LpNormalization"),
    *("MeanVarianceNormalization", "Mish", "Reciprocal", "Selu", "Shrink", "Sigmoid", "Sin", "Sinh", "Softmax"),
    *("Softplus", "Softsign", "Swish", "Tan", "Tanh", "ThresholdedRelu", "ReverseSequence", "CumProd"),
    *("InstanceNormalization", "GroupNormalization", "TensorScatter", "ImageScaler", "ParametricSoftplus"),
    *("ScaledTanh", "Affine", "Scale"),
)
@shape_rule(
    *("Gelu", "FastGelu", "BiasGelu", "QuickGelu", "BiasAdd", "GroupNorm", "NGramRepeatBlock", "BiasSoftmax"),
    *("Trilu", "MurmurHash3", "BiasDropout", "SwiGLU"),
    domain="com.microsoft",
)
@shape_rule("Binarizer", "Imputer", domain="ai.onnx.ml")
def same(node: Node) -> Sequence[Value]:
    """Shape and type of the first input."""
    return [node.same()]


@shape_rule("Clip", data="all")
def clip(node: Node) -> Sequence[Value]:
    """Clip folds with its bounds, whether attributes or inputs."""
    result = node.same()
    if node.version < 11 or len(node.inputs) != 3:
        return [result]
    return [fold_inputs(node, result, np.clip)]


@shape_rule("SwiGLU")
def gated(node: Node) -> Sequence[Value]:
    """SwiGLU's gate and value have equal shapes."""
    gate, value = node.shape(0), node.shape(1)
    if gate is not None and value is not None and None not in gate + value and gate != value:
        raise ImpossibleShapeError("gate and value differ in shape")
    return [node.same(0 if gate is not None else 1, node.dtype())]


@shape_rule("PRelu")
def prelu(node: Node) -> Sequence[Value]:
    """The slope broadcasts to the input, never the other way round."""
    result, slope = node.same(), node.shape(1)
    legacy = node.version < 7
    if not legacy and result.shape is not None and slope is not None and len(slope) <= len(result.shape):
        broadcast([result.shape, slope])
    return [result]


@shape_rule("IsNaN", "IsInf", "RegexFullMatch")
@shape_rule("IsAllFinite", domain="com.microsoft")
def predicate(node: Node) -> Sequence[Value]:
    """An elementwise test; IsAllFinite makes one flag of all its inputs."""
    if node.op.type == "IsAllFinite":
        return [Value("bool", ())]
    return [node.same(dtype="bool")]


@shape_rule("Dropout")
def dropout(node: Node) -> Sequence[Value]:
    """Output and mask; the mask is boolean since opset 10."""
    return [node.same(), node.same(dtype="bool" if node.version >= 10 else None)]


@shape_rule("Cast", "BitCast", data="all")
def cast(node: Node) -> Sequence[Value]:
    """Cast to the type that attribute ``to`` names."""
    result = node.same(dtype=node.type_attribute("to"))
    if node.op.type == "BitCast":
        return [result]
    return [_cast(node, result)]


@shape_rule("CastLike", data="any")
def cast_like(node: Node) -> Sequence[Value]:
    """Cast to the type of the second input."""
    return [_cast(node, node.same(dtype=node.dtype(1)))]


def _cast(node: Node, result: Value) -> Value:
    return folded(result, [node.data(0)], lambda x: np.trunc(x) if result.dtype.startswith(("int", "uint")) else x)


@shape_rule("Bernoulli", "RandomNormalLike", "RandomUniformLike", "EyeLike")
def like(node: Node) -> Sequence[Value]:
    """Shaped like the input; attribute ``dtype`` may change the type."""
    if node.op.type == "EyeLike":
        node.ranked(0, 2)
    return [node.same(dtype=node.type_attribute("dtype", node.dtype()))]


@shape_rule("StringConcat")
def string_concat(node: Node) -> Sequence[Value]:
    """Strings broadcast as numbers do."""
    one, other = node.shape(0), node.shape(1)
    return [Value("string", None if one is None or other is None else broadcast([one, other]))]
