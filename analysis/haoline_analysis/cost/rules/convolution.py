"""Convolutions: one MAC per result element and weight it meets; padding is counted as computed."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.rules.elementwise import activation_flops
from haoline_analysis.cost.sizes import elements_in, elements_out, given, integer, shape_in, shape_out, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

BILINEAR = 7  # four multiplies and three adds per sampled value


def _conv(signature: Signature, weight: int, per_result: int) -> Cost:
    """Result elements x (channels per group x kernel), which are the weight's dims after the first."""
    results = elements_out(signature)
    macs = results * prod(shape_in(signature, weight, 3)[1:])
    return Cost(macs, 2 * macs + per_result * results)


@cost_rule("Conv", "ConvInteger")
@cost_rule("NhwcConv", domain=MICROSOFT)
@cost_rule("Conv", domain="com.ms.internal.nhwc")
def conv(signature: Signature) -> Cost:
    """Any rank, grouped and depthwise; the bias is one addition per result."""
    return _conv(signature, 1, int(signature.op.type != "ConvInteger" and given(signature, 2)))


@cost_rule("FusedConv", "NhwcFusedConv", domain=MICROSOFT)
@cost_rule("Conv", domain="com.microsoft.nchwc")
def fused_conv(signature: Signature) -> Cost:
    """Conv, an optional bias and residual, an activation."""
    extra = given(signature, 2) + given(signature, 3) + activation_flops(text(signature, "activation", ""))
    return _conv(signature, 1, extra)


@cost_rule("QLinearConv")
@cost_rule("QLinearConv", domain=MICROSOFT)
@cost_rule("QLinearConv", domain="com.ms.internal.nhwc")
def quantized_conv(signature: Signature) -> Cost:
    """Conv on quantized operands, an optional bias, then scale, round and add the zero point."""
    return _conv(signature, 3, 3 + given(signature, 8))


def _transposed_conv(signature: Signature, weight: int, per_result: int) -> Cost:
    """Input elements x (result channels per group x kernel): every input meets every weight of its group."""
    macs = elements_in(signature, 0) * prod(shape_in(signature, weight, 3)[1:])
    extra = per_result * elements_out(signature) if per_result else 0
    return Cost(macs, 2 * macs + extra)


@cost_rule("ConvTranspose")
@cost_rule("ConvTranspose", domain="com.ms.internal.nhwc")
def transposed_conv(signature: Signature) -> Cost:
    """Driven by the input; the bias is one addition per result."""
    return _transposed_conv(signature, 1, int(given(signature, 2)))


@cost_rule("ConvTransposeWithDynamicPads", domain=MICROSOFT)
def dynamic_transposed_conv(signature: Signature) -> Cost:
    """As ConvTranspose, the bias being the fourth input."""
    return _transposed_conv(signature, 1, int(given(signature, 3)))


@cost_rule("QLinearConvTranspose", domain="com.ms.internal.nhwc")
def quantized_transposed_conv(signature: Signature) -> Cost:
    """As ConvTranspose, then scale, round and add the zero point."""
    return _transposed_conv(signature, 3, 3 + given(signature, 8))


@cost_rule("DeformConv")
def deformable_conv(signature: Signature) -> Cost:
    """Conv on samples that are interpolated (bilinear) and optionally masked, once per offset group's channel."""
    cost = _conv(signature, 1, int(given(signature, 3)))
    kernel = prod(shape_in(signature, 1, 3)[2:])
    batch, _, *places = shape_out(signature, 0, 3)
    samples = batch * prod(places) * kernel * shape_in(signature, 0, 3)[1]
    return Cost(cost.macs, cost.flops + samples * (BILINEAR + given(signature, 4)))


@cost_rule("CausalConvWithState")
@cost_rule("CausalConvWithState", "VarlenCausalConvWithState", domain=MICROSOFT)
def causal_conv(signature: Signature) -> Cost:
    """Depthwise: each result meets the kernel of its channel, then an optional bias and activation."""
    results = elements_in(signature, 0)
    macs = results * shape_in(signature, 1, 2)[-1]
    bias = given(signature, 3 if signature.op.type.startswith("Varlen") else 2)
    return Cost(macs, 2 * macs + results * (bias + activation_flops(text(signature, "activation", "none"))))


@cost_rule("WordConvEmbedding", domain=MICROSOFT)
def word_conv(signature: Signature) -> Cost:
    """A convolution over the characters of each word, maximum over places, tanh."""
    words = elements_in(signature, 0) // max(shape_in(signature, 0, 1)[-1], 1)
    weight = shape_in(signature, 1, 2)
    window = integer(signature, "conv_window_size", weight[-2])
    places = max(shape_in(signature, 0, 1)[-1] - window + 1, 1)
    macs = words * places * prod(weight)
    return Cost(macs, 2 * macs + words * weight[0] * (2 * places + 5))


@cost_rule("AffineGrid")
def affine_grid(signature: Signature) -> Cost:
    """A product of each place's homogeneous coordinates with the batch element's matrix."""
    macs = elements_out(signature) * shape_in(signature, 0, 3)[-1]
    return Cost(macs, 2 * macs)
