"""Sequences and optionals. A sequence's shape is its length, ``(n,)``; its element what all items share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, add, axis_of, mul
from haoline_analysis.shapes.flow import joined
from haoline_analysis.shapes.node import UNKNOWN, Node, shape_rule
from haoline_analysis.shapes.onnx_types import parse_type
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


def sequence(length: Dim, element: Value) -> Value:
    """A sequence of ``length`` items."""
    return Value("sequence", (length,), None, element._replace(data=None))


def _length(value: Value) -> Dim:
    return value.shape[0] if value.shape else None


def _element(value: Value) -> Value:
    if value.dtype not in {"sequence", "optional", ""}:
        raise ImpossibleShapeError(f"a {value.dtype} tensor where a sequence is expected")
    return value.element or UNKNOWN


@shape_rule("SequenceConstruct")
def construct(node: Node) -> Sequence[Value]:
    """A sequence of all inputs."""
    node.require(0)
    element = node.value(0)._replace(data=None)
    for slot in range(1, len(node.inputs)):
        element = joined(element, node.value(slot)._replace(data=None))
    return [sequence(len(node.inputs), element)]


@shape_rule("SequenceEmpty")
def empty(node: Node) -> Sequence[Value]:
    """A sequence without items."""
    return [sequence(0, Value(node.type_attribute("dtype", "float32"), None))]


@shape_rule("SequenceInsert")
def insert(node: Node) -> Sequence[Value]:
    """One item more."""
    target, item = node.value(0), node.value(1)._replace(data=None)
    length = _length(target)
    element = item if length == 0 else joined(_element(target), item)
    return [sequence(add(length, 1), element)]


@shape_rule("SequenceErase")
def erase(node: Node) -> Sequence[Value]:
    """One item less."""
    length = _length(node.value(0))
    if length == 0:
        raise ImpossibleShapeError("erasing from an empty sequence")
    return [sequence(add(length, -1), _element(node.value(0)))]


@shape_rule("SequenceAt")
def at(node: Node) -> Sequence[Value]:
    """One item."""
    return [_element(node.value(0))]


@shape_rule("SequenceLength")
def length_of(node: Node) -> Sequence[Value]:
    """The number of items."""
    length = _length(node.value(0))
    return [Value("int64", (), None if length is None else np.array(length, np.int64))]


@shape_rule("SplitToSequence", data=(1,))
def split_to_sequence(node: Node) -> Sequence[Value]:
    """Chunks of one axis; slices without the axis where no sizes are given and ``keepdims`` is 0."""
    dims = node.shape(0)
    if dims is None:
        return [sequence(None, Value(node.dtype(), None))]
    place = node.axis(len(dims))
    if not node.has(1):
        middle: Shape = (1,) if node.integer("keepdims", 1) else ()
        return [sequence(dims[place], Value(node.dtype(), dims[:place] + middle + dims[place + 1 :]))]
    count, chunk = _chunks(node, dims[place])
    return [sequence(count, Value(node.dtype(), (*dims[:place], chunk, *dims[place + 1 :])))]


def _chunks(node: Node, dim: Dim) -> tuple[Dim, Dim]:
    """How many chunks, and their common size (None where they differ)."""
    sizes, shape = node.int_list(1), node.shape(1)
    if sizes is None:
        return (shape[0] if shape else None), None
    if shape:
        return len(sizes), sizes[0] if len(set(sizes)) == 1 else None
    if sizes[0] < 1:
        raise ImpossibleShapeError(f"chunks of {sizes[0]}")
    if dim is None:
        return None, None
    return -(-dim // sizes[0]), sizes[0] if dim % sizes[0] == 0 else None


@shape_rule("ConcatFromSequence")
def concat_from_sequence(node: Node) -> Sequence[Value]:
    """All items joined along an axis, which is new where ``new_axis`` is set."""
    value, element = node.value(0), _element(node.value(0))
    if element.shape is None:
        return [Value(element.dtype, None)]
    rank, fresh = len(element.shape), bool(node.integer("new_axis"))
    place = axis_of(node.integer("axis"), rank + fresh)
    if fresh:
        return [Value(element.dtype, (*element.shape[:place], _length(value), *element.shape[place:]))]
    joint = mul(_length(value), element.shape[place])
    return [Value(element.dtype, (*element.shape[:place], joint, *element.shape[place + 1 :]))]


@shape_rule("Optional")
def optional(node: Node) -> Sequence[Value]:
    """An optional that holds its input, or nothing of the stated type."""
    if node.has(0):
        return [Value("optional", (1,), None, node.value(0)._replace(data=None))]
    return [Value("optional", (0,), None, parse_type(node.string("type"), None))]


@shape_rule("OptionalGetElement")
def get_element(node: Node) -> Sequence[Value]:
    """What an optional holds; anything else passes through."""
    value = node.value(0)
    return [(value.element or UNKNOWN) if value.dtype == "optional" else value._replace(data=None)]


@shape_rule("OptionalHasElement")
def has_element(node: Node) -> Sequence[Value]:
    """Whether there is an element: known unless the optional comes from outside."""
    value = node.value(0)
    if not node.has(0):
        present: Dim = 0
    elif value.dtype == "optional":
        present = _length(value)
    else:
        present = 1 if value.dtype else None
    return [Value("bool", (), None if present is None else np.array(bool(present)))]
