"""Matrix products of PyTorch: result elements x contracted size, biases and rescaling counted as further operations."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.rules.contraction import einsum
from haoline_analysis.cost.rules.elementwise import SIGMOID
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, given, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

cost_rule("einsum", domain=DOMAIN)(einsum)


def _contract(signature: Signature, operand: int, per_result: int = 0) -> Cost:
    """Every result element sums over the last dim of an operand."""
    results = elements_out(signature)
    macs = results * shape_in(signature, operand, 1)[-1]
    return Cost(macs, 2 * macs + per_result * results)


@cost_rule("linear", domain=DOMAIN)
def linear(signature: Signature) -> Cost:
    """Rows x outputs x inputs; the bias is one addition per result."""
    return _contract(signature, 0, int(given(signature, 2)))


@cost_rule("mm", "bmm", "matmul", "mv", "dot", "vdot", "inner", "linalg_vecdot", "_int_mm", domain=DOMAIN)
def product(signature: Signature) -> Cost:
    """Products over the last dim of the first operand."""
    return _contract(signature, 0)


@cost_rule("addmm", "addmv", "baddbmm", domain=DOMAIN)
def added_product(signature: Signature) -> Cost:
    """``beta * input + alpha * product``: one addition, and one multiply for each factor that is not 1."""
    factors = sum(float(attribute(signature, name, 1) or 0) not in (0.0, 1.0) for name in ("alpha", "beta"))
    return _contract(signature, 1, 1 + factors)


@cost_rule("addbmm", domain=DOMAIN)
def summed_batches(signature: Signature) -> Cost:
    """Products of a batch, summed: batch x rows x columns x contracted size."""
    macs = elements_in(signature, 1) * shape_in(signature, 2, 3)[-1]
    return Cost(macs, 2 * macs + elements_out(signature))


@cost_rule("addr", domain=DOMAIN)
def added_outer(signature: Signature) -> Cost:
    """A multiply and an add per element: nothing is summed over."""
    return Cost(0, 2 * elements_out(signature))


@cost_rule("outer", "ger", "kron", domain=DOMAIN)
def outer(signature: Signature) -> Cost:
    """A multiply per element."""
    return Cost(0, elements_out(signature))


@cost_rule("tensordot", domain=DOMAIN)
def tensordot(signature: Signature) -> Cost:
    """Result elements x the dims summed over."""
    shape = shape_in(signature, 0)
    macs = elements_out(signature) * prod(shape[int(dim)] for dim in attribute(signature, "dims_self", ()))
    return Cost(macs, 2 * macs)


@cost_rule("bilinear", domain=DOMAIN)
def bilinear(signature: Signature) -> Cost:
    """``x1 W x2`` for each row and output: the product with x1, then with x2."""
    outputs, first, second = shape_in(signature, 2, 3)
    rows = elements_in(signature, 0) // max(first, 1)
    macs = rows * outputs * second * (first + 1)
    return Cost(macs, 2 * macs + given(signature, 3) * rows * outputs)


@cost_rule("_scaled_mm", domain=DOMAIN)
def scaled_product(signature: Signature) -> Cost:
    """An fp8 product, a scale per result, an optional bias."""
    return _contract(signature, 0, 1 + given(signature, 4))


@cost_rule("_weight_int8pack_mm", "_weight_int4pack_mm", "_weight_int4pack_mm_for_cpu", domain=DOMAIN)
def packed_product(signature: Signature) -> Cost:
    """Weights are dequantized (2 a weight) and multiplied."""
    results, inner = elements_out(signature), shape_in(signature, 0, 1)[-1]
    weights = shape_out(signature, 0, 1)[-1] * inner
    return Cost(results * inner, 2 * results * inner + 2 * weights)


@cost_rule("_grouped_mm", "grouped_mm", "grouped_mm_fallback", "_scaled_grouped_mm", domain=DOMAIN)
def grouped(signature: Signature) -> Cost:
    """Each row meets the matrix of its group, which is how a token meets just its chosen experts."""
    left, right = shape_in(signature, 0, 2), shape_in(signature, 1, 2)
    if len(left) == 2 and len(right) == 2:  # groups of the contracted dim: each element is summed in one group
        macs = left[0] * left[1] * right[1]
        return Cost(macs, 2 * macs)
    return _contract(signature, 0)


@cost_rule("moe_experts", domain=DOMAIN)
def experts(signature: Signature) -> Cost:
    """Tokens x k x the weights of one expert; a gated activation of its inner units; the weighted sum."""
    tokens, hidden = shape_in(signature, 0, 2)[-2:]
    rows = elements_in(signature, 1)
    held, *_ = shape_in(signature, 3, 3)
    up, down = elements_in(signature, 3) // held, elements_in(signature, 4) // held
    if not tokens or not hidden:
        raise UnknownSizeError("tokens")
    inner = down // hidden
    gated = up >= 2 * down
    macs = rows * (up + down)
    return Cost(macs, 2 * macs + rows * inner * (SIGMOID + 1 + gated) + 2 * rows * hidden)
