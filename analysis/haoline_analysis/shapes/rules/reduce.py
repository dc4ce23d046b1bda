"""Reductions and cumulative ops along axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.constants import fold_inputs, folded
from haoline_analysis.shapes.dims import Shape, axes_of
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDS: dict[str, Callable[..., np.ndarray]] = {
    "ReduceMax": np.max,
    "ReduceMean": np.mean,
    "ReduceMin": np.min,
    "ReduceProd": np.prod,
    "ReduceSum": np.sum,
}
_OTHERS = ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare")


@shape_rule(*FOLDS, *_OTHERS, data="any")
def reduction(node: Node) -> Sequence[Value]:
    """Reduce axes given as attribute (older opsets) or input; all of them by default."""
    dims, axes = node.shape(0), node.integers("axes")
    keep = bool(node.integer("keepdims", 1))
    if axes is None and node.has(1):
        listed = node.int_list(1)
        if listed is None:
            return [Value(node.dtype(), _unknown(dims, node.length(1), keep))]
        axes = tuple(listed)
    if dims is None:
        return [Value(node.dtype(), None if axes or keep or node.integer("noop_with_empty_axes") else ())]
    if not axes and node.integer("noop_with_empty_axes"):
        return [node.same()]
    places = axes_of(axes, len(dims)) if axes else tuple(range(len(dims)))
    result = Value(node.dtype(), reduced(dims, places, keep=keep))
    compute = FOLDS.get(node.op.type)
    if compute is None or 0 in dims:
        return [result]
    return [folded(result, [node.data(0)], lambda x: compute(x, axis=places, keepdims=keep), exact=False)]


def _unknown(dims: Shape | None, count: int | None, keep: bool) -> Shape | None:
    """The shape when it is not known which axes are reduced."""
    if dims is None:
        return None
    if keep:
        return (None,) * len(dims)
    return None if count is None or not 0 < count <= len(dims) else (None,) * (len(dims) - count)


def reduced(dims: Shape, places: Sequence[int], *, keep: bool) -> Shape:
    """``dims`` with ``places`` set to 1, or taken out."""
    if keep:
        return tuple(1 if axis in places else dim for axis, dim in enumerate(dims))
    return tuple(dim for axis, dim in enumerate(dims) if axis not in places)


@shape_rule("ArgMax", "ArgMin")
def arg_reduction(node: Node) -> Sequence[Value]:
    """The index of the extreme along one axis."""
    dims = node.shape(0)
    if dims is None:
        return [Value("int64", None)]
    places = (node.axis(len(dims)),)
    return [Value("int64", reduced(dims, places, keep=bool(node.integer("keepdims", 1))))]


@shape_rule("CumSum", data="all")
def cumulative(node: Node) -> Sequence[Value]:
    """A running sum, shaped like its input."""
    plain = not node.integer("exclusive") and not node.integer("reverse")
    if not plain:
        return [node.same()]
    return [fold_inputs(node, node.same(), lambda x, axis: np.cumsum(x, int(axis.ravel()[0])))]


@shape_rule("TopK", data=(1,))
def top_k(node: Node) -> Sequence[Value]:
    """The k largest or smallest along one axis, and their indices."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None), Value("int64", None)]
    place = node.axis(len(dims), -1)
    count = node.integer("k") if node.given("k") else node.scalar(1)
    shape = (*dims[:place], count, *dims[place + 1 :])
    return [Value(node.dtype(), shape), Value("int64", shape)]
