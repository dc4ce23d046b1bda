"""PyTorch's reductions, scans and sorts: operations per input element."""

from __future__ import annotations

from math import ceil, log2, prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, cost_rule
from haoline_analysis.cost.sizes import attribute, elements_in, elements_out, given, integer, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

DOMAIN = "aten"

_ONE = """
    sum mean prod amax amin argmax argmin all any cumsum cumprod cummax cummin nansum nanmean count_nonzero
    bincount histc trace
"""

PER_INPUT: dict[str, int] = {
    **dict.fromkeys(_ONE.split(), 1),
    "aminmax": 2,
    "norm": 2,
    "linalg_vector_norm": 2,
    "linalg_norm": 2,
    "frobenius_norm": 2,
    "dist": 3,
    "var": 4,
    "std": 4,
    "var_mean": 4,
    "std_mean": 4,
    "logsumexp": 4,
    "logcumsumexp": 4,
}
PER_OUTPUT: dict[str, int] = {
    "mean": 1, "nanmean": 1, "norm": 1, "linalg_vector_norm": 1, "frobenius_norm": 1, "var": 1, "std": 2,
    "var_mean": 2, "std_mean": 3, "logsumexp": 2,
}  # fmt: skip


@cost_rule(*PER_INPUT, domain=DOMAIN)
def reduction(signature: Signature) -> Cost:
    """Operations per input element, and per result where something follows the sum."""
    finish = PER_OUTPUT.get(signature.op.type, 0)
    after = finish * elements_out(signature) if finish else 0
    return Cost(0, PER_INPUT[signature.op.type] * elements_in(signature) + after)


@cost_rule("max", "min", domain=DOMAIN)
def extreme(signature: Signature) -> Cost:
    """Of two tensors element by element, else along a dim or of all: one compare each."""
    return Cost(0, elements_out(signature) if given(signature, 1) else elements_in(signature))


@cost_rule("topk", domain=DOMAIN)
def top_k(signature: Signature) -> Cost:
    """A heap of k: log2(k) compares per input element, at least one."""
    return Cost(0, max(1, ceil(log2(max(integer(signature, "k"), 1)))) * elements_in(signature))


@cost_rule("sort", "argsort", "msort", "median", "nanmedian", "mode", "kthvalue", "quantile", domain=DOMAIN)
def sort(signature: Signature) -> Cost:
    """Compares n log2 n times along a dim, or of all elements."""
    shape = shape_in(signature, 0)
    whole = signature.op.type not in ("sort", "argsort") and "dim" not in signature.op.attributes
    length = prod(shape) if whole else shape[integer(signature, "dim", -1)] if shape else 1
    return Cost(0, prod(shape) * max(1, ceil(log2(max(length, 2)))))


@cost_rule("unique", "_unique", "_unique2", "unique_dim", "unique_consecutive", domain=DOMAIN)
def unique(signature: Signature) -> Cost:
    """A sort: n log2 n compares."""
    count = elements_in(signature)
    return Cost(0, count * max(1, ceil(log2(max(count, 2)))))


@cost_rule("searchsorted", "bucketize", domain=DOMAIN)
def search(signature: Signature) -> Cost:
    """A binary search of each value."""
    boundaries = shape_in(signature, 0 if signature.op.type == "searchsorted" else 1, 1)[-1]
    return Cost(0, elements_out(signature) * max(1, ceil(log2(max(boundaries, 2)))))


@cost_rule("cdist", "_cdist_forward", domain=DOMAIN)
def pairwise_distance(signature: Signature) -> Cost:
    """Subtract, square and accumulate for each pair and feature, a root per pair."""
    return Cost(0, (3 * shape_in(signature, 0, 2)[-1] + 1) * elements_out(signature))


@cost_rule("det", "linalg_det", "_linalg_det", "logdet", "slogdet", "linalg_slogdet", domain=DOMAIN)
def determinant(signature: Signature) -> Cost:
    """LU decomposition: 2/3 n^3 operations per matrix."""
    return Cost(0, elements_in(signature) * shape_in(signature, 0, 2)[-1] * 2 // 3)


@cost_rule("inverse", "linalg_inv", "linalg_inv_ex", domain=DOMAIN)
def inverse(signature: Signature) -> Cost:
    """Gauss-Jordan: 2 n^3 operations per matrix."""
    return Cost(0, 2 * elements_in(signature) * shape_in(signature, 0, 2)[-1])


@cost_rule("cholesky", "linalg_cholesky", "linalg_cholesky_ex", domain=DOMAIN)
def cholesky(signature: Signature) -> Cost:
    """1/3 n^3 operations per matrix (Golub and Van Loan)."""
    return Cost(0, elements_in(signature) * shape_in(signature, 0, 2)[-1] // 3)


@cost_rule(
    "scatter_add", "scatter_reduce", "index_add", "index_reduce", "_scaled_index_add", "embedding_bag",
    "_embedding_bag", domain=DOMAIN,
)  # fmt: skip
def accumulating(signature: Signature) -> Cost:
    """One operation per element that is put in, or gathered and summed."""
    if signature.op.type.endswith("embedding_bag"):
        return Cost(0, elements_in(signature, 1) * shape_in(signature, 0, 2)[-1])
    return Cost(0, elements_in(signature, len(signature.inputs) - 1))


@cost_rule("index_put", "_unsafe_index_put", "put", domain=DOMAIN)
def put(signature: Signature) -> Cost:
    """Free, or one add per value where values accumulate."""
    accumulates = bool(attribute(signature, "accumulate", False))
    return Cost(0, elements_in(signature, len(signature.inputs) - 1) if accumulates else 0)
