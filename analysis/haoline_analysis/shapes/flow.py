"""Control flow: evaluate the bodies of If, Loop, Scan and SequenceMap and tell what leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.shapes.dims import ImpossibleShapeError, Shape, axis_of, join
from haoline_analysis.shapes.node import UNKNOWN, Node, RuleEntry
from haoline_analysis.shapes.onnx_types import parse_type
from haoline_analysis.shapes.value import Assumption, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.model import Body
    from haoline_analysis.shapes.walk import Walk

MAX_ROUNDS = 4
"""Passes over a body until its carried shapes settle; then what still changes is unknown."""

MAX_REPEATED_LOOPS = 2
"""Loops nested deeper are passed over once, so that nesting does not multiply the passes without bound."""

MAX_NESTING = 64
"""Bodies nested deeper are not entered."""


def evaluate_flow(walk: Walk, index: int, entry: RuleEntry | None) -> Sequence[Value]:
    """Outputs of an op that has bodies, after evaluating them."""
    op = walk.plan.ops[index]
    handler = HANDLERS.get((op.domain, op.type))
    if handler is not None:
        return handler(walk, index)
    for body in op.bodies:
        _run(walk, index, body, [_declared(walk, tensor) for tensor in body.inputs])
    if entry is None:
        raise ImpossibleShapeError("no shape rule; shapes after it are unknown")
    return entry.rule(Node(op, [walk.value(tensor) for tensor in op.inputs]))


def _declared(walk: Walk, tensor: int) -> Value:
    told = walk.plan.tensors[tensor]
    shape = None if told.shape is None else tuple([walk.resolve(dim) for dim in told.shape])
    return parse_type(told.dtype or "", shape)


def _run(walk: Walk, index: int, body: Body, inputs: Sequence[Value]) -> list[Value]:
    """Evaluate a body on ``inputs`` and return its outputs.

    Raises:
        ImpossibleShapeError: if bodies nest too deep.
    """
    if walk.nesting >= MAX_NESTING:
        raise ImpossibleShapeError(f"bodies nest deeper than {MAX_NESTING} levels")
    for tensor, value in zip(body.inputs, inputs, strict=False):
        walk.tensors[tensor] = walk.intern(value)
    walk.nesting += 1
    try:
        walk.level(index, body.start)
    finally:
        walk.nesting -= 1
    return [walk.value(tensor) or UNKNOWN for tensor in body.outputs]


def _body(walk: Walk, index: int) -> Body:
    bodies = walk.plan.ops[index].bodies
    if len(bodies) != 1:
        raise ImpossibleShapeError(f"expected one body, found {len(bodies)}")
    return bodies[0]


def _if(walk: Walk, index: int) -> Sequence[Value]:
    op = walk.plan.ops[index]
    results = {body.attribute: _run(walk, index, body, ()) for body in op.bodies}
    condition = Node(op, [walk.value(tensor) for tensor in op.inputs]).data(0)
    if condition is not None and condition.size == 1:
        branch = "then_branch" if bool(condition.ravel()[0]) else "else_branch"
        if branch in results:
            walk.taken[index] = branch
            return results[branch]
    return [_either(values) for values in zip(*results.values(), strict=False)]


def _either(values: Sequence[Value]) -> Value:
    result = values[0]
    for value in values[1:]:
        result = joined(result, value)
    return result


def joined(one: Value, other: Value) -> Value:
    """A value that is either of two: what they have in common."""
    dtype = one.dtype if one.dtype == other.dtype else ""
    element = None
    if one.element is not None and other.element is not None:
        element = joined(one.element, other.element)
    same = one.data is not None and other.data is not None and one.data.tobytes() == other.data.tobytes()
    shape = _joined_shape(one.shape, other.shape)
    return Value(dtype, shape, one.data if same and one.shape == other.shape and dtype else None, element)


def _joined_shape(one: Shape | None, other: Shape | None) -> Shape | None:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple([join(a, b) for a, b in zip(one, other, strict=True)])


def _settle(walk: Walk, index: int, carried: list[Value], inputs: Callable[[list[Value]], list[Value]]) -> list[Value]:
    """Evaluate a body until what it carries keeps its shape; returns all its outputs."""
    body = _body(walk, index)
    skip = 1 if walk.plan.ops[index].type == "Loop" else 0
    outputs: list[Value] = []
    for _ in range(MAX_ROUNDS if walk.loops < MAX_REPEATED_LOOPS else 1):
        walk.loops += 1
        try:
            outputs = _run(walk, index, body, inputs(carried))
        finally:
            walk.loops -= 1
        following = [_without_data(value) for value in outputs[skip : skip + len(carried)]]
        wider = [joined(a, b) for a, b in zip(carried, following, strict=False)]
        if [walk.intern(value) for value in wider] == [walk.intern(value) for value in carried]:
            break
        carried[: len(wider)] = wider
    return outputs


def _without_data(value: Value) -> Value:
    return value._replace(data=None)


def _loop(walk: Walk, index: int) -> Sequence[Value]:
    op = walk.plan.ops[index]
    node = Node(op, [walk.value(tensor) for tensor in op.inputs])
    limit, condition = node.scalar(0), node.data(1)
    goes_on = not node.has(1) or (condition is not None and bool(condition.ravel()[:1].all()))
    initial = [_without_data(node.value(slot)) for slot in range(2, len(op.inputs))]
    carried = list(initial)
    counter, flag = _loop_scalars(walk, index, goes_on=goes_on)
    outputs = _settle(walk, index, carried, lambda values: [counter, flag, *values])
    trips = _trips(node, limit, goes_on, outputs[0] if outputs else UNKNOWN)
    _count(walk, index, trips)
    final = carried if trips is None else initial if trips == 0 else carried
    scans = [_stacked(value, trips, 0) for value in outputs[1 + len(carried) :]]
    return [*final, *scans]


def _loop_scalars(walk: Walk, index: int, *, goes_on: bool) -> tuple[Value, Value]:
    """Iteration number and condition as the body sees them: scalars, or of shape (1,) where it declares so."""
    told = [walk.plan.tensors[tensor].shape for tensor in _body(walk, index).inputs[:2]]
    shapes: list[Shape] = [(1,) if shape is not None and len(shape) == 1 else () for shape in told]
    counter, flag = (*shapes, (), ())[:2]
    return Value("int64", counter), Value("bool", flag, np.ones(flag, np.bool_) if goes_on else None)  # type: ignore[arg-type]


def _trips(node: Node, limit: int | None, goes_on: bool, last: Value) -> int | None:
    """Iterations of a Loop, where neither the limit nor the condition depends on data."""
    condition = node.data(1)
    if condition is not None and not goes_on:
        return 0
    constant = goes_on and last.data is not None
    if not constant:
        return 0 if limit == 0 else None
    if not bool(last.data.ravel()[:1].all()):  # type: ignore[union-attr]
        return 1 if limit is None else min(1, max(limit, 0))
    return None if limit is None else max(limit, 0)


def _count(walk: Walk, index: int, trips: int | None) -> None:
    """Record how often a body runs; once where that depends on data, as a stated assumption."""
    name = walk.plan.ops[index].name
    walk.trip_counts[index] = 1 if trips is None else trips
    if trips is None:
        walk.assumptions[index] = Assumption(f"iterations of {name}", 1, "the number of iterations depends on the data")


def _stacked(value: Value, trips: int | None, axis: int) -> Value:
    """A scan output: one slice per iteration along ``axis``."""
    if value.shape is None:
        return _without_data(value)
    place = axis_of(axis, len(value.shape) + 1)
    return Value(value.dtype, (*value.shape[:place], trips, *value.shape[place:]))


def _scan(walk: Walk, index: int) -> Sequence[Value]:
    op = walk.plan.ops[index]
    node = Node(op, [walk.value(tensor) for tensor in op.inputs])
    legacy = op.version == 8  # batched, with sequence lengths in front
    first, scans = int(legacy), node.integer("num_scan_inputs")
    states = len(op.inputs) - first - scans
    if scans < 1 or states < 0:
        raise ImpossibleShapeError(f"{scans} scan inputs of {len(op.inputs)} inputs")
    axes = node.integers("scan_input_axes") or (0,) * scans
    batch, slices, trips = _slices(node, first + states, axes, legacy)
    initial = [_without_data(node.value(first + slot)) for slot in range(states)]
    carried = [_unbatched(value) if legacy else value for value in initial]
    outputs = _settle(walk, index, carried, lambda values: [*values, *slices])
    _count(walk, index, trips)
    out_axes = node.integers("scan_output_axes") or (0,) * max(0, len(outputs) - states)
    stacked = [_stacked(value, trips, axis) for value, axis in zip(outputs[states:], out_axes, strict=True)]
    return [_batched(value, batch) if legacy else value for value in (*carried, *stacked)]


def _slices(node: Node, first: int, axes: Sequence[int], legacy: bool) -> tuple[int | None, list[Value], int | None]:
    """What the body sees of each scan input, the batch size (opset 8) and the number of iterations."""
    trips: int | None = None
    batch: int | None = None
    slices = []
    for slot, axis in enumerate(axes, first):
        value = node.value(slot)
        if value.shape is None:
            slices.append(value._replace(data=None))
            continue
        shape = value.shape[1:] if legacy else value.shape
        batch = value.shape[0] if legacy else None
        place = axis_of(axis, len(shape))
        trips = shape[place] if trips is None else trips
        slices.append(Value(value.dtype, shape[:place] + shape[place + 1 :]))
    return batch, slices, trips


def _unbatched(value: Value) -> Value:
    return value if value.shape is None else value._replace(shape=value.shape[1:])


def _batched(value: Value, batch: int | None) -> Value:
    return value if value.shape is None else value._replace(shape=(batch, *value.shape))


def _sequence_map(walk: Walk, index: int) -> Sequence[Value]:
    op = walk.plan.ops[index]
    values = [walk.value(tensor) or UNKNOWN for tensor in op.inputs]
    length = values[0].shape
    inputs = [value.element or UNKNOWN if value.dtype == "sequence" else _without_data(value) for value in values]
    outputs = _run(walk, index, _body(walk, index), inputs)
    _count(walk, index, None if length is None else length[0])
    return [Value("sequence", length, None, _without_data(value)) for value in outputs]


HANDLERS = {
    ("", "If"): _if,
    ("", "Loop"): _loop,
    ("", "Scan"): _scan,
    ("", "SequenceMap"): _sequence_map,
}
