"""Carry marks through the ops: forwards from those that make channels, then backwards to what feeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics.axes.facts import KEEPS
from haoline_analysis.runtime.statistics.axes.layers import weight_slot
from haoline_analysis.runtime.statistics.axes.marks import MAPS, Mark, Seen, last, second
from haoline_analysis.runtime.statistics.axes.moves import permuted
from haoline_analysis.runtime.statistics.axes.rules import rule_of

if TYPE_CHECKING:
    from haoline_analysis.model import Body, Op
    from haoline_analysis.runtime.statistics.axes.facts import Facts

_UNTOLD = frozenset({"int64", "uint64", "uint32", "string"})
_FRONT = frozenset({"BatchNormalization", "Conv", "ConvInteger", "ConvTranspose", "FusedConv", "QLinearConv"})
_PRODUCTS = frozenset({"MatMul", "MatMulInteger", "QLinearMatMul"})
_BACK = _PRODUCTS | {"Gemm", "LayerNormalization", "MatMulNBits", "QGemm", "RMSNormalization"}


def marks_of(facts: Facts) -> list[Mark | None]:
    """A mark for every tensor of the model whose channels are known."""
    marks: list[Mark | None] = [None] * len(facts.model.tensors)
    passes = 2 if any(op.bodies for op in facts.model.ops) else 1  # what leaves a body is known after it
    for _ in range(passes):
        for index, op in enumerate(facts.model.ops):
            _forward(index, op, facts, marks)
    for index in reversed(range(len(facts.model.ops))):
        _backward(index, facts, marks)
    return [mark if _fits(tensor, mark, facts) else None for tensor, mark in enumerate(marks)]


def _fits(tensor: int, mark: Mark | None, facts: Facts) -> bool:
    rank = facts.rank(tensor)
    return mark is not None and rank is not None and mark.axis < rank and facts.dtype(tensor) not in _UNTOLD


def _forward(index: int, op: Op, facts: Facts, marks: list[Mark | None]) -> None:
    for body in op.bodies:
        _enter(op, body, marks)
    rule = rule_of(op, facts.categories[index])
    found = rule(Seen(op, facts, marks)) if rule else _leave(op, marks)
    for tensor, mark in zip(op.outputs, found, strict=False):
        if tensor >= 0 and mark is not None and facts.dtype(tensor) not in _UNTOLD:
            marks[tensor] = mark


def _enter(op: Op, body: Body, marks: list[Mark | None]) -> None:
    """A loop hands its carried tensors to its body."""
    if op.type == "Loop":
        for tensor, inner in zip(op.inputs[2:], body.inputs[2:], strict=False):
            if tensor >= 0 and inner >= 0:
                marks[inner] = marks[tensor]


def _leave(op: Op, marks: list[Mark | None]) -> list[Mark | None]:
    """What an If or a Loop hands on: the branch's tensors, carried ones, and stacks with one more axis in front."""
    if op.type == "If":
        branches = [[marks[tensor] if tensor >= 0 else None for tensor in body.outputs] for body in op.bodies]
        return [_agreed(same) for same in zip(*branches, strict=False)]
    if op.type != "Loop" or not op.bodies:
        return []
    carried = max(len(op.inputs) - 2, 0)
    found = [marks[tensor] if tensor >= 0 else None for tensor in op.bodies[0].outputs[1:]]
    stacked = [mark and mark._replace(axis=mark.axis + 1) for mark in found[carried:]]
    return [*found[:carried], *stacked]


def _agreed(marks: tuple[Mark | None, ...]) -> Mark | None:
    known = [mark for mark in marks if mark is not None]
    return known[0] if len({mark.axis for mark in known}) == 1 else None


def _backward(index: int, facts: Facts, marks: list[Mark | None]) -> None:
    """Tell an op's inputs what it takes them for, where nothing made that sure before."""
    op = facts.model.ops[index]
    seen = Seen(op, facts, marks)
    if not op.inputs or op.bodies:
        return
    if op.type in _FRONT:
        _tell(seen, 0, second(seen.rank()))
    elif op.type in _BACK:
        if op.type not in _PRODUCTS or seen.static(weight_slot(op)):
            _tell(seen, 0, last(seen.rank()))
    elif op.type == "Transpose":
        _tell_before_transpose(seen)
    elif facts.categories[index] in KEEPS:
        for slot in range(len(op.inputs)):
            if seen.shape(slot) == seen.made():
                _tell(seen, slot, marks[op.outputs[0]])


def _tell_before_transpose(seen: Seen) -> None:
    mark, rank = seen.marks[seen.op.outputs[0]], seen.rank()
    if mark is not None and rank is not None:
        axis = permuted(seen.op.attributes.get("perm") or list(range(rank))[::-1], mark.axis)
        _tell(seen, 0, None if axis is None else mark._replace(axis=axis))


def _tell(seen: Seen, slot: int, mark: Mark | None) -> None:
    """Mark an input that has no mark yet, or whose channels a convolution shows to be those of maps."""
    tensor = seen.input(slot)
    if tensor < 0 or mark is None or seen.static(slot):
        return
    before = seen.marks[tensor]
    if before is None or (before.axis == mark.axis and mark.role == MAPS):
        seen.marks[tensor] = mark
