"""Ops that read or change a shape without moving elements about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.model import Weight
from haoline_analysis.shapes.constants import constant, dims_constant, folded, keeps, shape_from
from haoline_analysis.shapes.dims import (
    Dim,
    ImpossibleShapeError,
    Shape,
    axes_of,
    axis_of,
    broadcast,
    product,
    show,
)
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


@shape_rule("Shape")
def shape(node: Node) -> Sequence[Value]:
    """The dims from ``start`` to ``end``."""
    dims = node.shape(0)
    if dims is None:
        return [Value("int64", (None,))]
    end = node.integer("end", len(dims)) if node.given("end") else len(dims)
    first, last = (_clamped(at, len(dims)) for at in (node.integer("start"), end))
    return [dims_constant(dims[first:last])]


def _clamped(at: int, rank: int) -> int:
    return min(max(at + rank if at < 0 else at, 0), rank)


@shape_rule("Size")
def size(node: Node) -> Sequence[Value]:
    """The number of elements."""
    dims = node.shape(0)
    count = None if dims is None else product(dims)
    if count is None or count >= 1 << 63:
        return [Value("int64", ())]
    return [Value("int64", (), np.array(count, np.int64))]


@shape_rule("Reshape", data="any")
def reshape(node: Node) -> Sequence[Value]:
    """Reshape to the second input, or to attribute ``shape`` before opset 5."""
    source = node.shape(0)
    legacy = node.integers("shape") if not node.has(1) else None
    wanted = legacy if legacy is not None else shape_from(node, 1)
    if wanted is None:
        return [Value(node.dtype(), None)]
    return [moved(node, Value(node.dtype(), reshaped(source, wanted, zero_is_zero=bool(node.integer("allowzero")))))]


def moved(node: Node, result: Value) -> Value:
    """``result`` with the first input's elements, in the same order."""
    return folded(result, [node.data(0)], lambda array: array)


def reshaped(source: Shape | None, wanted: Sequence[Dim], *, zero_is_zero: bool = False) -> Shape:
    """The shape that Reshape's ``wanted`` (0: copy, -1: infer, None: unknown) makes of ``source``.

    Raises:
        ImpossibleShapeError: if the number of elements cannot match.
    """
    dims = [_kept(source, axis, dim, zero_is_zero) for axis, dim in enumerate(wanted)]
    if dims.count(-1) > 1 or any(dim is not None and dim < -1 for dim in dims):
        raise ImpossibleShapeError(f"cannot reshape to {show(tuple(wanted))}")
    total = None if source is None else product(source)
    if -1 in dims:
        hole = dims.index(-1)
        dims[hole] = _inferred(total, product(dims[:hole] + dims[hole + 1 :]), source, wanted)
    elif total is not None and None in dims and dims.count(None) == 1:
        hole = dims.index(None)
        rest = product(dims[:hole] + dims[hole + 1 :])
        dims[hole] = total // rest if rest and total % rest == 0 else None
    elif total is not None and product(dims) not in (None, total):
        raise ImpossibleShapeError(f"{show(source)} does not reshape to {show(tuple(wanted))}")
    return tuple(dims)


def _kept(source: Shape | None, axis: int, dim: Dim, zero_is_zero: bool) -> Dim:
    if dim != 0 or zero_is_zero:
        return dim
    if source is None:
        return None
    if axis >= len(source):
        raise ImpossibleShapeError(f"dimension {axis} is copied from {show(source)}")
    return source[axis]


def _inferred(total: Dim, rest: Dim, source: Shape | None, wanted: Sequence[Dim]) -> Dim:
    if total is None or rest is None:
        return None
    if rest == 0 and total == 0:
        return 0
    if rest == 0 or total % rest:
        raise ImpossibleShapeError(f"{show(source)} does not reshape to {show(tuple(wanted))}")
    return total // rest


@shape_rule("Flatten")
def flatten(node: Node) -> Sequence[Value]:
    """A matrix, split at ``axis``."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), (None, None))]
    axis = node.integer("axis", 1)
    if not -len(dims) <= axis <= len(dims):
        raise ImpossibleShapeError(f"axis {axis} of a tensor of rank {len(dims)}")
    place = axis + len(dims) if axis < 0 else axis
    return [Value(node.dtype(), (product(dims[:place]), product(dims[place:])))]


def _axes(node: Node, slot: int) -> Sequence[int] | None:
    """Axes as attribute (older opsets) or input; None where unknown or left out."""
    given = node.integers("axes")
    return given if given is not None else node.int_list(slot)


@shape_rule("Squeeze", data="any")
def squeeze(node: Node) -> Sequence[Value]:
    """Drop dims of size 1."""
    dims, axes = node.shape(0), _axes(node, 1)
    if dims is None or (axes is None and node.has(1)) or (axes is None and None in dims):
        return [Value(node.dtype(), None)]
    gone = axes_of(axes, len(dims)) if axes is not None else [axis for axis, dim in enumerate(dims) if dim == 1]
    if any(dims[axis] not in (1, None) for axis in gone):
        raise ImpossibleShapeError(f"a dimension of {show(dims)} that is squeezed is not 1")
    return [moved(node, Value(node.dtype(), tuple(dim for axis, dim in enumerate(dims) if axis not in gone)))]


@shape_rule("Unsqueeze", data="any")
def unsqueeze(node: Node) -> Sequence[Value]:
    """Insert dims of size 1."""
    dims, axes = node.shape(0), _axes(node, 1)
    if dims is None or axes is None:
        return [Value(node.dtype(), None)]
    rank = len(dims) + len(axes)
    places = axes_of(axes, rank)
    if len(set(places)) != len(places):
        raise ImpossibleShapeError("an axis is inserted twice")
    rest = iter(dims)
    return [moved(node, Value(node.dtype(), tuple(1 if axis in places else next(rest) for axis in range(rank))))]


@shape_rule("Transpose", data="all")
def transpose(node: Node) -> Sequence[Value]:
    """Permute dims; reversed where ``perm`` is left out."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    order = node.integers("perm") or tuple(reversed(range(len(dims))))
    places = axes_of(order, len(dims))
    if sorted(places) != list(range(len(dims))):
        raise ImpossibleShapeError(f"perm {list(order)} is no permutation of {len(dims)} dimensions")
    result = Value(node.dtype(), tuple(dims[place] for place in places))
    return [folded(result, [node.data(0)], lambda array: array.transpose(places))]


@shape_rule("Expand", data="any")
def expand(node: Node) -> Sequence[Value]:
    """Broadcast to the shape that the second input spells out."""
    dims, wanted = node.shape(0), shape_from(node, 1)
    if dims is None or wanted is None:
        return [Value(node.dtype(), None)]
    if any(dim is not None and dim < 0 for dim in wanted):
        raise ImpossibleShapeError(f"cannot expand to {show(wanted)}")
    result = Value(node.dtype(), broadcast([dims, wanted]))
    return [folded(result, [node.data(0)], lambda array: np.broadcast_to(array, result.shape))]  # type: ignore[arg-type]


@shape_rule("Tile", data="any")
def tile(node: Node) -> Sequence[Value]:
    """Repeat along every axis (opset 6 on), or along one."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)]
    counts = _tile_counts(node, len(dims))
    if counts is None:
        return [Value(node.dtype(), (None,) * len(dims))]
    if len(counts) != len(dims) or min(counts, default=0) < 0:
        raise ImpossibleShapeError(f"repeats {counts} of {show(dims)}")
    result = Value(node.dtype(), tuple(None if d is None else d * n for d, n in zip(dims, counts, strict=True)))
    return [folded(result, [node.data(0)], lambda array: np.tile(array, counts))]


def _tile_counts(node: Node, rank: int) -> list[int] | None:
    if node.version >= 6:
        return node.int_list(1)
    count, axis = node.scalar(1), node.scalar(2)
    if count is None or axis is None:
        return None
    return [count if place == axis_of(axis, rank) else 1 for place in range(rank)]


@shape_rule("ConstantOfShape", data=(0,))
def constant_of_shape(node: Node) -> Sequence[Value]:
    """A tensor filled with ``value``, float32 zero by default."""
    fill = node.attributes.get("value")
    array = np.zeros(1, np.float32) if fill is None else None
    dtype = fill.dtype if isinstance(fill, Weight) else "float32"
    dims = shape_from(node, 0)
    if dims is not None and any(dim is not None and dim < 0 for dim in dims):
        raise ImpossibleShapeError(f"a constant of shape {show(dims)}")
    result = Value(dtype, dims)
    if not keeps(dtype, dims):
        return [result]
    if isinstance(fill, Weight) and fill.elements == 1:
        array = fill.numpy()
    return [folded(result, [array], lambda item: np.full(result.shape, item.ravel()[0]))]  # type: ignore[arg-type]


@shape_rule("Constant")
def constant_node(node: Node) -> Sequence[Value]:
    """A constant held in one of the op's attributes."""
    value = node.attributes.get("value", node.attributes.get("sparse_value"))
    if isinstance(value, Weight):
        small = keeps(value.dtype, value.shape) and "value" in node.attributes
        return [constant(value.numpy(), value.dtype) if small else Value(value.dtype, tuple(value.shape))]
    for name, dtype in (("value_int", "int64"), ("value_float", "float32")):
        if node.given(name):
            return [constant(np.array(node.attributes[name], dtype))]
    for name, dtype in (("value_ints", "int64"), ("value_floats", "float32")):
        if node.given(name):
            return [constant(np.array(node.attributes[name], dtype).reshape(-1))]
    if node.given("value_string"):
        return [Value("string", ())]
    return [Value("string", (node.numbers("value_strings"),))]


@shape_rule("Range", data="all")
def arange(node: Node) -> Sequence[Value]:
    """From start to limit by delta."""
    ends = [node.data(slot) for slot in range(3)]
    if any(end is None for end in ends):
        return [Value(node.dtype(), (None,))]
    start, limit, delta = (end.ravel()[0].item() for end in ends if end is not None)
    if delta == 0:
        raise ImpossibleShapeError("a range with delta 0")
    exact = all(isinstance(number, int) for number in (start, limit, delta))
    count = -((start - limit) // delta) if exact else int(np.ceil((limit - start) / delta))
    result = Value(node.dtype(), (max(count, 0),))
    return [folded(result, ends, lambda a, _, d: a.ravel()[0] + d.ravel()[0] * np.arange(max(count, 0)))]
