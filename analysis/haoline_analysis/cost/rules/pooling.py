"""Pooling: operations per output element and window element."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

PER_WINDOW: dict[str, int] = {
    "MaxPool": 1,
    "AveragePool": 1,
    "LpPool": 2,
    "MaxpoolWithMask": 2,
    "NhwcMaxPool": 1,
    "QLinearAveragePool": 3,
}


@cost_rule("MaxPool", "AveragePool", "LpPool")
@cost_rule("MaxpoolWithMask", "NhwcMaxPool", "QLinearAveragePool", domain=MICROSOFT)
@cost_rule("MaxPool", "AveragePool", domain="com.microsoft.nchwc")
@cost_rule("MaxPool", "AveragePool", "LpPool", "QLinearAveragePool", domain="com.ms.internal.nhwc")
def pool(signature: Signature) -> Cost:
    """Each output element reads one window; an average adds a division, a quantized one a requantization."""
    kernel = attribute(signature, "kernel_shape", None)
    if kernel is None:
        raise UnknownSizeError("kernel_shape")
    kind = signature.op.type
    finish = {"AveragePool": 1, "LpPool": 1, "QLinearAveragePool": 4}.get(kind, 0)
    return Cost(0, (PER_WINDOW[kind] * prod(int(dim) for dim in kernel) + finish) * elements_out(signature))


@cost_rule("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
@cost_rule("QLinearGlobalAveragePool", domain=MICROSOFT)
@cost_rule("GlobalAveragePool", "GlobalMaxPool", domain="com.microsoft.nchwc")
@cost_rule("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", domain="com.ms.internal.nhwc")
def global_pool(signature: Signature) -> Cost:
    """Every input element once."""
    per_input = {"GlobalLpPool": 2, "QLinearGlobalAveragePool": 3}.get(signature.op.type, 1)
    return Cost(0, per_input * elements_in(signature))


@cost_rule("MaxRoiPool")
def region_max_pool(signature: Signature) -> Cost:
    """At most one compare per element of the feature map and region: regions are not known beforehand."""
    _, channels, height, width = shape_in(signature, 0, 4)
    regions = elements_in(signature, 1) // 5
    return Cost(0, regions * channels * height * width)
