"""Convolutions of PyTorch: one MAC per result element and weight it meets; padding is counted as computed."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.rules.convolution import BILINEAR
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, given, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"


def _conv(signature: Signature) -> Cost:
    """Result elements x (channels per group x kernel), grouped and depthwise too; the bias is one addition."""
    results = elements_out(signature)
    macs = results * prod(shape_in(signature, 1, 3)[1:])
    return Cost(macs, 2 * macs + given(signature, 2) * results)


def _transposed(signature: Signature) -> Cost:
    """Input elements x (result channels per group x kernel): every input meets every weight of its group."""
    macs = elements_in(signature, 0) * prod(shape_in(signature, 1, 3)[1:])
    return Cost(macs, 2 * macs + given(signature, 2) * elements_out(signature))


@cost_rule("conv1d", "conv2d", "conv3d", "mkldnn_convolution", "cudnn_convolution", domain=DOMAIN)
def conv(signature: Signature) -> Cost:
    """Any rank."""
    return _conv(signature)


@cost_rule("conv_transpose1d", "conv_transpose2d", "conv_transpose3d", domain=DOMAIN)
def transposed_conv(signature: Signature) -> Cost:
    """Driven by the input."""
    return _transposed(signature)


@cost_rule("convolution", "_convolution", "convolution_overrideable", domain=DOMAIN)
def either_conv(signature: Signature) -> Cost:
    """Transposed or not, by the attribute."""
    return _transposed(signature) if attribute(signature, "transposed", False) else _conv(signature)


@cost_rule("conv_tbc", domain=DOMAIN)
def time_first_conv(signature: Signature) -> Cost:
    """Input [time, batch, channels], weight [kernel, channels, results]."""
    kernel, channels, _ = shape_in(signature, 1, 3)
    results = elements_out(signature)
    return Cost(results * kernel * channels, 2 * results * kernel * channels + results)


@cost_rule("torchvision.deform_conv2d", domain=DOMAIN)
def deformable_conv(signature: Signature) -> Cost:
    """A convolution of bilinear samples, masked or not; input, weight, offset, mask, bias."""
    results, weight = elements_out(signature), shape_in(signature, 1, 4)
    macs = results * prod(weight[1:])
    batch, _, *places = shape_out(signature, 0, 4)
    samples = batch * prod(places) * prod(weight[2:]) * shape_in(signature, 0, 4)[1]
    masked = bool(attribute(signature, "use_mask", False))
    return Cost(macs, 2 * macs + results + samples * (BILINEAR + masked))
