"""Losses, optimisers and gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.constants import shape_from
from haoline_analysis.shapes.dims import ImpossibleShapeError
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = "com.microsoft"


@shape_rule("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")
@shape_rule("SoftmaxCrossEntropyLossInternal", domain=MS)
def loss(node: Node) -> Sequence[Value]:
    """A number, or one per target where there is no reduction; then the log probabilities."""
    whole = node.string("reduction", "mean") != "none"
    dtype = node.type_attribute("output_type", node.dtype())
    return [Value(dtype, () if whole else node.shape(1)), node.same(dtype=dtype)]


@shape_rule("Adagrad", "Momentum", "Adam", domain="ai.onnx.preview.training")
def optimizer(node: Node) -> Sequence[Value]:
    """Updated tensors and states, each shaped like the one it replaces."""
    groups = 4 if node.op.type == "Adam" else 3  # tensors, gradients, one or two states
    count, rest = divmod(len(node.inputs) - 2, groups)
    if rest or count < 1:
        raise ImpossibleShapeError(f"{len(node.inputs)} inputs")
    kept = [group for group in range(groups) if group != 1]
    return [node.same(2 + group * count + item) for group in kept for item in range(count)]


@shape_rule("Gradient", domain="ai.onnx.preview.training")
def gradient(node: Node) -> Sequence[Value]:
    """One gradient per differentiated input."""
    return [node.same(slot) for slot in range(node.outputs)]


@shape_rule(
    *("ReluGrad", "GeluGrad", "FastGeluGrad", "BiasGeluGrad_dX", "BiasFastGeluGrad_dX", "SigmoidGrad", "TanhGrad"),
    *("SoftmaxGrad", "SoftmaxGrad_13", "LogSoftmaxGrad", "LogSoftmaxGrad_13", "DropoutGrad", "QuickGeluGrad"),
    domain=MS,
)
def same_gradient(node: Node) -> Sequence[Value]:
    """Shaped like the gradient that comes in."""
    return [node.same()]


@shape_rule("LayerNormalizationGrad", "SimplifiedLayerNormalizationGrad", domain=MS)
def layer_norm_gradient(node: Node) -> Sequence[Value]:
    """Gradients of input, scale and bias."""
    return [node.same(1), node.same(2), node.same(2)]


@shape_rule("SoftmaxCrossEntropyLossGrad", "SoftmaxCrossEntropyLossInternalGrad", domain=MS)
def loss_gradient(node: Node) -> Sequence[Value]:
    """Shaped like the log probabilities."""
    return [node.same(1, node.type_attribute("output_type", node.dtype(1)))]


@shape_rule("SliceGrad", "GatherElementsGrad", domain=MS, data=(1,))
def slice_gradient(node: Node) -> Sequence[Value]:
    """The shape that the second input spells out."""
    return [Value(node.dtype(), shape_from(node, 1))]


@shape_rule("GatherGrad", "GatherNDGrad", domain=MS, data=(0,))
def gather_gradient(node: Node) -> Sequence[Value]:
    """The shape that the first input spells out."""
    return [Value(node.dtype(2), shape_from(node, 0))]


@shape_rule("InPlaceAccumulatorV2", domain=MS)
def accumulator(node: Node) -> Sequence[Value]:
    """A flag and the accumulated buffer."""
    return [Value("bool", (1,)), node.same(0)]
