"""Reductions, scans and sorts: operations per input element."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.sizes import elements_in, elements_out, integer, scalar_in, shape_in, shape_out

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

PER_INPUT: dict[str, int] = {
    "ReduceSum": 1,
    "ReduceProd": 1,
    "ReduceMax": 1,
    "ReduceMin": 1,
    "ReduceMean": 1,
    "ReduceL1": 2,
    "ReduceL2": 2,
    "ReduceSumSquare": 2,
    "ReduceLogSum": 1,
    "ReduceLogSumExp": 4,
    "ArgMax": 1,
    "ArgMin": 1,
    "CumSum": 1,
    "CumProd": 1,
}
PER_OUTPUT: dict[str, int] = {"ReduceMean": 1, "ReduceL2": 1, "ReduceLogSum": 1, "ReduceLogSumExp": 2}


@cost_rule(*PER_INPUT)
def reduction(signature: Signature) -> Cost:
    """Operations per input element, and per result where something follows the sum."""
    finish = PER_OUTPUT.get(signature.op.type, 0)
    after = finish * elements_out(signature) if finish else 0
    return Cost(0, PER_INPUT[signature.op.type] * elements_in(signature) + after)


@cost_rule("ReduceSumInteger", domain=MICROSOFT)
def integer_sum(signature: Signature) -> Cost:
    """One add per input element."""
    return Cost(0, elements_in(signature))


@cost_rule("QLinearReduceMean", domain=MICROSOFT)
def quantized_mean(signature: Signature) -> Cost:
    """Dequantize and add each element, divide and quantize each result."""
    return Cost(0, 3 * elements_in(signature) + 4 * elements_out(signature))


@cost_rule("TopK")
def top_k(signature: Signature) -> Cost:
    """A heap of k: log2(k) compares per input element, at least one."""
    kept = scalar_in(signature, 1)
    if kept is None:
        kept = shape_out(signature)[integer(signature, "axis", -1)]
    return Cost(0, max(1, ceil(log2(max(kept, 1)))) * elements_in(signature))


@cost_rule("Unique")
@cost_rule("Unique", domain=MICROSOFT)
def unique(signature: Signature) -> Cost:
    """A sort: n log2 n compares."""
    count = elements_in(signature)
    return Cost(0, count * max(1, ceil(log2(max(count, 1)))))


@cost_rule("Det")
def determinant(signature: Signature) -> Cost:
    """LU decomposition: 2/3 n^3 operations per matrix."""
    side = shape_in(signature, 0, 2)[-1]
    return Cost(0, elements_in(signature) * side * 2 // 3)


@cost_rule("Inverse", domain=MICROSOFT)
def inverse(signature: Signature) -> Cost:
    """Gauss-Jordan: 2 n^3 operations per matrix."""
    return Cost(0, 2 * elements_in(signature) * shape_in(signature, 0, 2)[-1])


@cost_rule("CDist", domain=MICROSOFT)
def pairwise_distance(signature: Signature) -> Cost:
    """Subtract, square and accumulate for each pair and feature, a root per pair."""
    return Cost(0, 3 * elements_out(signature) * shape_in(signature, 0, 2)[-1] + elements_out(signature))


@cost_rule("DynamicTimeWarping", domain=MICROSOFT)
def time_warping(signature: Signature) -> Cost:
    """Two compares and an add per cell of the cost matrix."""
    return Cost(0, 3 * elements_in(signature))
