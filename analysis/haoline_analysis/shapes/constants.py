"""Small constants: which are kept, how they are folded, and bounds on both."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.onnx_types import NUMPY
from haoline_analysis.shapes.value import MAX_KNOWN_ELEMENTS, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.shapes.dims import Dim, Shape
    from haoline_analysis.shapes.node import Node

MAX_KNOWN_FLOATS = 64
"""Floats steer shapes only as scales, regions and range limits: few elements."""

_SAFE = float(2**62)


def keeps(dtype: str, shape: Sequence[Dim] | None) -> bool:
    """Whether constants of this type and shape are small enough to carry along."""
    if shape is None or None in shape or dtype not in NUMPY:
        return False
    limit = MAX_KNOWN_FLOATS if dtype.startswith("float") else MAX_KNOWN_ELEMENTS
    return prod(shape) <= limit  # type: ignore[arg-type]


def constant(array: np.ndarray, dtype: str | None = None) -> Value:
    """A value that holds ``array``, without the elements where they are too many."""
    name = dtype or str(array.dtype)
    shape = tuple(int(dim) for dim in array.shape)
    if not keeps(name, shape):
        return Value(name, shape)
    return Value(name, shape, np.ascontiguousarray(array, NUMPY[name]).reshape(shape))


def dims_constant(dims: Sequence[Dim], dtype: str = "int64") -> Value:
    """Dims as a 1-D constant; only its length where one is unknown or beyond int64."""
    shape = (len(dims),)
    if None in dims or any(dim >= 1 << 63 for dim in dims if dim is not None):
        return Value(dtype, shape)
    return Value(dtype, shape, np.array(dims, np.int64))


def folded(
    result: Value, arrays: Sequence[np.ndarray | None], compute: Callable[..., np.ndarray], *, exact: bool = True
) -> Value:
    """``result`` with its elements computed, where all ``arrays`` are known and it is small.

    ``exact=False`` marks arithmetic, whose elements are dropped where 64-bit integers would wrap.
    """
    if any(array is None for array in arrays) or not keeps(result.dtype, result.shape):
        return result
    with np.errstate(all="ignore"):
        if not exact and _wraps(arrays, compute):
            return result
        array = np.asarray(compute(*arrays))
        stored = np.ascontiguousarray(array.astype(NUMPY[result.dtype], copy=False))
    return Value(result.dtype, result.shape, stored.reshape(result.shape))  # type: ignore[arg-type]


def _wraps(arrays: Sequence[np.ndarray | None], compute: Callable[..., np.ndarray]) -> bool:
    """Whether integers leave 62 bits: the same computation in floating point tells."""
    floats = [array.astype(np.float64) for array in arrays if array is not None and array.dtype.kind in "iu"]
    return len(floats) == len(arrays) and not bool(np.all(np.abs(compute(*floats)) < _SAFE))


def fold_inputs(node: Node, result: Value, compute: Callable[..., np.ndarray], *, exact: bool = True) -> Value:
    """``result`` with the elements that ``compute`` makes of all inputs, where they are known."""
    return folded(result, [node.data(slot) for slot in range(len(node.inputs))], compute, exact=exact)


def shape_from(node: Node, slot: int) -> Shape | None:
    """The shape an input spells out: its elements, else as many unknown dims as it has elements."""
    dims = node.int_list(slot)
    if dims is not None:
        return tuple(dims)
    length = node.length(slot)
    return None if length is None or length > MAX_RANK else (None,) * length


MAX_RANK = 64
"""No tensor has more dims: a bound on what a broken file can make us spell out."""
