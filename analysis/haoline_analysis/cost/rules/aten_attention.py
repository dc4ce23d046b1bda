"""Attention of PyTorch over given queries, keys and values: dense counts, as for every format."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.rules.attention import Heads, attend
from haoline_analysis.cost.sizes import given, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

MASKS = {
    "scaled_dot_product_attention": 3,
    "_scaled_dot_product_attention_math": 3,
    "_scaled_dot_product_attention_math_for_mps": 3,
    "_scaled_dot_product_efficient_attention": 3,
    "_scaled_dot_product_fused_attention_overrideable": 3,
    "_scaled_dot_product_cudnn_attention": 3,
    "_scaled_dot_product_flash_attention": 99,
    "_scaled_dot_product_flash_attention_for_cpu": 3,
    "flex_attention": 99,
}
"""The input that is added to the scores; queries, keys and values [..., heads, length, size] come first."""


@cost_rule(*MASKS, domain="aten")
def scaled_dot_product(signature: Signature) -> Cost:
    """Query heads x queries x keys x (head size + value size), whatever the mask hides and heads share."""
    *batch, heads, queries, size = shape_in(signature, 0, 3)
    keys, value_size = shape_in(signature, 1, 2)[-2], shape_in(signature, 2, 2)[-1]
    masked = given(signature, MASKS[signature.op.type])
    return attend(Heads(prod(batch), heads, queries, keys, size, value_size), int(masked))
