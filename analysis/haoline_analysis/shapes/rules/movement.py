"""Ops that select, join or move elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.constants import fold_inputs, folded, shape_from
from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, add, axes_of, axis_of, div, merge, mul, show
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENDLESS = 1 << 31


@shape_rule("Concat", data="all")
@shape_rule("ConcatTraining", domain="com.microsoft", data="all")
@shape_rule("QLinearConcat", domain="com.microsoft")
def concat(node: Node) -> Sequence[Value]:
    """Join inputs along one axis; ConcatTraining also tells their lengths."""
    quantized = node.op.type == "QLinearConcat"
    slots = range(2, len(node.inputs), 3) if quantized else range(len(node.inputs))
    shapes = [node.shape(slot) for slot in slots]
    dtype = node.dtype(slots[0]) if len(slots) else ""
    ranked = [dims for dims in shapes if dims is not None]
    if not ranked:
        return [Value(dtype, None)]
    place = node.axis(len(ranked[0]), 1 if node.version < 4 else 0)
    result = Value(dtype, _joined(ranked, place, complete=len(ranked) == len(shapes)))
    if quantized:
        return [result]
    joined = fold_inputs(node, result, lambda *arrays: np.concatenate(arrays, place))
    return [joined, Value("int64", (len(shapes),))]


def _joined(shapes: Sequence[Shape], place: int, *, complete: bool) -> Shape:
    first = list(shapes[0])
    for dims in shapes[1:]:
        if len(dims) != len(first):
            raise ImpossibleShapeError(f"{show(shapes[0])} and {show(dims)} differ in rank")
        for axis, dim in enumerate(dims):
            first[axis] = add(first[axis], dim) if axis == place else merge(first[axis], dim)
    if not complete:
        first[place] = None
    return tuple(first)


@shape_rule("Split", data="any")
def split(node: Node) -> Sequence[Value]:
    """Cut along one axis, evenly unless sizes are given."""
    dims = node.shape(0)
    if dims is None:
        return [Value(node.dtype(), None)] * node.outputs
    place = node.axis(len(dims))
    sizes = _split_sizes(node, dims[place])
    results, start = [], 0
    for length in sizes:
        result = Value(node.dtype(), (*dims[:place], length, *dims[place + 1 :]))
        window = None if length is None else slice(start, start + length)
        results.append(_taken(node, result, place, window))
        start += length or 0
    return results


def _split_sizes(node: Node, dim: Dim) -> Sequence[Dim]:
    count = node.outputs
    sizes: Sequence[Dim] | None = node.integers("split")
    if sizes is None and node.has(1):
        sizes = node.int_list(1) or (None,) * count
    if sizes is None:
        parts = node.integer("num_outputs", count)
        if parts < 1:
            raise ImpossibleShapeError(f"split into {parts}")
        chunk = div(add(dim, parts - 1), parts)
        last = None if chunk is None or dim is None else dim - chunk * (parts - 1)
        sizes = (*(chunk,) * (parts - 1), last)
    if len(sizes) < count or any(size is not None and size < 0 for size in sizes):
        raise ImpossibleShapeError(f"sizes {list(sizes)} for {count} outputs")
    if dim is not None and None not in sizes and sum(sizes) != dim:  # type: ignore[arg-type]
        raise ImpossibleShapeError(f"sizes {list(sizes)} do not sum to {dim}")
    return sizes[:count]


def _taken(node: Node, result: Value, place: int, window: slice | None) -> Value:
    if window is None:
        return result
    return folded(result, [node.data(0)], lambda array: array[(slice(None),) * place + (window,)])


@shape_rule("Slice", data="any")
def slice_(node: Node) -> Sequence[Value]:
    """Slice by starts, ends, axes and steps, as attributes before opset 10 and as inputs since."""
    dims = node.shape(0)
    if node.version < 10:
        starts, ends, axes, steps = node.integers("starts"), node.integers("ends"), node.integers("axes"), None
        if starts is None or ends is None:
            raise ImpossibleShapeError("starts or ends are missing")
    else:
        node.require(2)
        starts, ends, axes, steps = (node.int_list(slot) for slot in range(1, 5))  # type: ignore[assignment]
    if dims is None:
        return [Value(node.dtype(), None)]
    if node.has(3) and axes is None:
        return [Value(node.dtype(), (None,) * len(dims))]
    if starts is None or ends is None or (node.has(4) and steps is None):
        count = node.length(1)
        touched = axes if axes is not None else range(len(dims) if count is None else count)
        places = axes_of(touched, len(dims))
        return [Value(node.dtype(), tuple(None if axis in places else dim for axis, dim in enumerate(dims)))]
    return [_sliced(node, dims, _windows(dims, starts, ends, axes, steps))]


def _windows(
    dims: Shape,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None,
    steps: Sequence[int] | None,
) -> list[slice]:
    places = axes_of(range(len(starts)) if axes is None else axes, len(dims))
    strides = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(places) == len(strides) or 0 in strides:
        raise ImpossibleShapeError("starts, ends, axes and steps do not match, or a step is 0")
    windows = [slice(None)] * len(dims)
    for start, end, place, stride in zip(starts, ends, places, strides, strict=True):
        size = dims[place]
        # a backward slice to before the first element ends at -size - 1, which Python spells None
        stop = None if stride < 0 and end < -(_ENDLESS if size is None else size) else end
        windows[place] = slice(start, stop, stride)
    return windows


def _sliced(node: Node, dims: Shape, windows: Sequence[slice]) -> Value:
    shape = tuple(_window_length(dim, window) for dim, window in zip(dims, windows, strict=True))
    return folded(Value(node.dtype(), shape), [node.data(0)], lambda array: array[tuple(windows)])


def _window_length(dim: Dim, window: slice) -> Dim:
    if window == slice(None) or dim == 0:
        return dim
    if dim is None:
        full = window.start == 0 and window.step == 1 and window.stop is not None and window.stop >= _ENDLESS - 1
        return None if not full else dim
    return len(range(*window.indices(dim)))


@shape_rule("Gather", data="all")
def gather(node: Node) -> Sequence[Value]:
    """Replace one dim by the shape of the indices."""
    dims, indices = node.shape(0), node.shape(1)
    if dims is None or indices is None:
        return [Value(node.dtype(), None)]
    place = node.axis(len(dims))
    result = Value(node.dtype(), dims[:place] + indices + dims[place + 1 :])
    return [fold_inputs(node, result, lambda array, at: np.take(array, at, place))]


@shape_rule("GatherElements", data="all")
def gather_elements(node: Node) -> Sequence[Value]:
    """Shaped like the indices."""
    dims = node.shape(0)
    result = Value(node.dtype(), node.shape(1))
    if dims is None or not dims:
        return [result]
    place = node.axis(len(dims))
    return [fold_inputs(node, result, lambda array, at: _picked(array, at, place))]


def _picked(array: np.ndarray, at: np.ndarray, place: int) -> np.ndarray:
    """Elements along ``place``; unlike numpy's, the indices may cover only part of the other axes."""
    where: list[np.ndarray] = list(np.indices(at.shape, sparse=True))
    where[place] = at
    return np.asarray(array[tuple(where)])


@shape_rule("GatherND", data="all")
def gather_nd(node: Node) -> Sequence[Value]:
    """The indices' leading dims, then what their last dim leaves of the data."""
    dims, indices, batch = node.shape(0), node.shape(1), node.integer("batch_dims")
    if dims is None or indices is None or not indices or indices[-1] is None:
        return [Value(node.dtype(), None)]
    depth = batch + indices[-1]
    if depth > len(dims) or batch < 0:
        raise ImpossibleShapeError(f"indices {show(indices)} into {show(dims)}")
    result = Value(node.dtype(), indices[:-1] + dims[depth:])
    if batch:
        return [result]
    return [fold_inputs(node, result, lambda array, at: array[tuple(np.moveaxis(at, -1, 0))])]


@shape_rule("ScatterElements", "Scatter")
def scatter(node: Node) -> Sequence[Value]:
    """Shaped like the data."""
    return [node.same()]


@shape_rule("ScatterND", data="all")
def scatter_nd(node: Node) -> Sequence[Value]:
    """Shaped like the data, with rows replaced."""
    if node.string("reduction", "none") != "none":
        return [node.same()]
    return [fold_inputs(node, node.same(), _scattered)]


def _scattered(data: np.ndarray, indices: np.ndarray, updates: np.ndarray) -> np.ndarray:
    result = data.copy()
    result[tuple(np.moveaxis(indices, -1, 0))] = updates
    return result


@shape_rule("Trilu", data="any")
def trilu(node: Node) -> Sequence[Value]:
    """A triangle of each matrix."""
    if node.has(1) and node.data(1) is None:
        return [node.same()]
    offset, cut = node.scalar(1) or 0, np.triu if node.integer("upper", 1) else np.tril
    offset = max(min(offset, _ENDLESS), -_ENDLESS)
    return [folded(node.same(), [node.data(0)], lambda array: cut(array, offset))]


@shape_rule("Pad", data="any")
def pad(node: Node) -> Sequence[Value]:
    """Add (or, where negative, take away) elements on both sides of axes."""
    dims = node.shape(0)
    name = "paddings" if node.version < 2 else "pads"
    pads: Sequence[int] | None = node.integers(name) if node.version < 11 else node.int_list(1)
    if dims is None:
        return [Value(node.dtype(), None)]
    axes = node.int_list(3)
    if pads is None or (node.has(3) and axes is None):
        return [Value(node.dtype(), (None,) * len(dims))]
    places = axes_of(range(len(dims)) if axes is None else axes, len(dims))
    if len(pads) != 2 * len(places):
        raise ImpossibleShapeError(f"{len(pads)} pads for {len(places)} axes")
    sizes = list(dims)
    for place, before, after in zip(places, pads[: len(places)], pads[len(places) :], strict=True):
        sizes[place] = add(sizes[place], before, after)
    return [Value(node.dtype(), tuple(sizes))]


@shape_rule("DepthToSpace")
@shape_rule("DepthToSpace", domain="com.ms.internal.nhwc")
def depth_to_space(node: Node) -> Sequence[Value]:
    """Blocks of channels become pixels."""
    dims, block = node.ranked(0, 4), node.integer("blocksize")
    if dims is None:
        return [Value(node.dtype(), (None,) * 4)]
    n, c, h, w = _channels_first(node, dims)
    shape = (n, _exact(c, block * block), mul(h, block), mul(w, block))
    return [Value(node.dtype(), _as_layout(node, shape))]


@shape_rule("SpaceToDepth")
@shape_rule("SpaceToDepth", domain="com.ms.internal.nhwc")
def space_to_depth(node: Node) -> Sequence[Value]:
    """Blocks of pixels become channels."""
    dims, block = node.ranked(0, 4), node.integer("blocksize")
    if dims is None:
        return [Value(node.dtype(), (None,) * 4)]
    n, c, h, w = _channels_first(node, dims)
    shape = (n, mul(c, block * block), _exact(h, block), _exact(w, block))
    return [Value(node.dtype(), _as_layout(node, shape))]


def _channels_first(node: Node, dims: Shape) -> Shape:
    return (dims[0], dims[3], dims[1], dims[2]) if "nhwc" in node.op.domain else dims


def _as_layout(node: Node, dims: Shape) -> Shape:
    return (dims[0], dims[2], dims[3], dims[1]) if "nhwc" in node.op.domain else dims


def _exact(dim: Dim, by: int) -> Dim:
    if dim is not None and (by == 0 or dim % by):
        raise ImpossibleShapeError(f"dimension {dim} is not a multiple of {by}")
    return div(dim, by)


@shape_rule("NonZero", data=(0,))
def non_zero(node: Node) -> Sequence[Value]:
    """Indices of non-zero elements: how many depends on the data."""
    data, dims = node.data(0), node.shape(0)
    if data is not None:
        found = np.array(np.nonzero(np.atleast_1d(data)), np.int64)
        return [folded(Value("int64", tuple(found.shape)), [found], lambda array: array)]
    if dims is None:
        return [Value("int64", (None, None))]
    return [Value("int64", (max(len(dims), 1), 0 if 0 in dims else None))]


@shape_rule("Compress", data=(1,))
def compress(node: Node) -> Sequence[Value]:
    """Slices where the condition holds: how many depends on the data."""
    dims, chosen = node.shape(0), node.data(1)
    count = None if chosen is None else int(np.count_nonzero(chosen))
    if not node.given("axis"):
        return [Value(node.dtype(), (count,))]
    if dims is None:
        return [Value(node.dtype(), None)]
    place = node.axis(len(dims))
    return [Value(node.dtype(), (*dims[:place], count, *dims[place + 1 :]))]


@shape_rule("Unique")
def unique(node: Node) -> Sequence[Value]:
    """Distinct elements or slices: how many depends on the data."""
    dims = node.shape(0)
    lists = [Value("int64", (None,))] * 3
    if not node.given("axis"):
        total = None if dims is None else mul(*dims)
        return [Value(node.dtype(), (None,)), lists[0], Value("int64", (total,)), lists[2]]
    if dims is None:
        return [Value(node.dtype(), None), *lists]
    place = node.axis(len(dims))
    values = Value(node.dtype(), (*dims[:place], None, *dims[place + 1 :]))
    return [values, lists[0], Value("int64", (dims[place],)), lists[2]]


@shape_rule("OneHot", data=(1,))
def one_hot(node: Node) -> Sequence[Value]:
    """A new axis of size ``depth``."""
    dims, data = node.shape(0), node.data(1)
    if dims is None:
        return [Value(node.dtype(2), None)]
    depth = None if data is None else int(data.ravel()[0])
    place = axis_of(node.integer("axis", -1), len(dims) + 1)
    return [Value(node.dtype(2), (*dims[:place], depth, *dims[place:]))]


@shape_rule("CenterCropPad", data=(1,))
def center_crop_pad(node: Node) -> Sequence[Value]:
    """Some axes get the sizes that the second input spells out."""
    dims, wanted = node.shape(0), shape_from(node, 1)
    if dims is None:
        return [Value(node.dtype(), None)]
    axes = node.integers("axes")
    places = axes_of(range(len(dims)) if axes is None else axes, len(dims))
    if wanted is None:
        wanted = (None,) * len(places)
    if len(wanted) != len(places):
        raise ImpossibleShapeError(f"{len(wanted)} sizes for {len(places)} axes")
    sizes = dict(zip(places, wanted, strict=True))
    return [Value(node.dtype(), tuple(sizes.get(axis, dim) for axis, dim in enumerate(dims)))]
