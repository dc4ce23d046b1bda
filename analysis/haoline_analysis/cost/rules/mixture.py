"""Mixture of experts: the k active experts of each token."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.rules.elementwise import activation_flops
from haoline_analysis.cost.rules.normalization import SOFTMAX
from haoline_analysis.cost.sizes import elements_in, given, integer, shape_in, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

FC1, FC2, FC3 = {"MoE": 2, "QMoE": 2}, {"MoE": 4, "QMoE": 5}, {"MoE": 6, "QMoE": 8}


def experts(signature: Signature) -> tuple[int, int]:
    """(active experts per token, all experts)."""
    if signature.op.domain == "aten":
        return shape_in(signature, 1, 2)[-1], shape_in(signature, 3, 3)[0]
    return integer(signature, "k", 1), shape_in(signature, 1, 2)[-1]


@cost_rule("MoE", "QMoE", domain=MICROSOFT)
def mixture(signature: Signature) -> Cost:
    """Tokens x k x the MACs of one expert, the activation of its inner units, the routing softmax."""
    kind = signature.op.type
    hidden = shape_in(signature, 0, 2)[-1]
    tokens = prod(shape_in(signature, 0)[:-1])
    wide = _width(shape_in(signature, FC1[kind], 3), hidden, kind)
    gated = given(signature, FC3[kind])
    fused = text(signature, "activation_type", "relu") == "swiglu" and not gated
    inner = wide // 2 if fused and integer(signature, "swiglu_fusion", 0) else wide
    active = tokens * integer(signature, "k", 1)
    macs = active * hidden * (wide + inner + (wide if gated else 0))
    activation = active * inner * (activation_flops(text(signature, "activation_type", "relu")) + gated)
    routing = SOFTMAX * elements_in(signature, 1) + active * hidden * 2  # weigh and add the experts' results
    return Cost(macs, 2 * macs + activation + routing)


def _width(weights: tuple[int, ...], hidden: int, kind: str) -> int:
    """Rows of the first layer of an expert; before onnxruntime 1.22 MoE held it as hidden x rows."""
    _, rows, columns = weights
    return columns if kind == "MoE" and rows == hidden != columns else rows
