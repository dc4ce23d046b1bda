"""The tables that whole-number inputs index: how many rows the embedding has that reads the ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation

_PASSING = frozenset({"Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Flatten", "Expand", "Transpose", "Clip",
                      "Concat", "Slice", "Tile"})  # fmt: skip
_MAX_STEPS = 64


class Table(NamedTuple):
    """What an input indexes."""

    rows: int
    name: str  # of the weight


def table_of(model: Model, evaluation: Evaluation, tensor: int) -> Table | None:
    """The smallest table that tensor ``tensor`` indexes, through casts and reshapes; None where it indexes none."""
    found = [table for op, at in _readers(model, tensor) if (table := _indexed(model, evaluation, op, at))]
    return min(found, default=None)


def _readers(model: Model, tensor: int) -> Iterator[tuple[Op, int]]:
    """Ops that read a tensor or a reshaped form of it, with the form they read."""
    waiting, seen = [tensor], {tensor}
    while waiting and len(seen) <= _MAX_STEPS:
        at = waiting.pop()
        for index in model.tensors[at].consumers:
            op = model.ops[index]
            yield op, at
            forms = op.outputs[:1] if op.type in _PASSING and at in _data_inputs(op) else ()
            fresh = [form for form in forms if form >= 0 and form not in seen]
            seen.update(fresh)
            waiting.extend(fresh)


def _data_inputs(op: Op) -> tuple[int, ...]:
    return op.inputs if op.type == "Concat" else op.inputs[:1]


def _indexed(model: Model, evaluation: Evaluation, op: Op, tensor: int) -> Table | None:
    """The table of an op that uses ``tensor`` as indices, if it does."""
    slots = [slot for slot, each in enumerate(op.inputs) if each == tensor]
    if op.type in {"Gather", "GatherBlockQuantized"} and 1 in slots:
        axis = op.integer("gather_axis" if op.type == "GatherBlockQuantized" else "axis")
        return _rows(model, evaluation, op.inputs[0], axis)
    if op.type == "EmbedLayerNormalization" and slots and slots[0] in (0, 1):
        return _rows(model, evaluation, op.inputs[2 if slots[0] == 0 else 4], 0)
    if op.type == "OneHot" and 0 in slots:
        depth = evaluation.value(op.inputs[1])
        known = depth is not None and depth.data is not None and depth.data.size == 1
        return Table(int(depth.data.reshape(-1)[0]), op.name) if known and depth is not None else None  # type: ignore[union-attr]
    size = op.integer("vocab_size") if slots == [0] else 0
    return Table(size, op.name) if size > 0 else None


def _rows(model: Model, evaluation: Evaluation, data: int, axis: int) -> Table | None:
    value = evaluation.value(data)
    if value is None or not value.shape or not -len(value.shape) <= axis < len(value.shape):
        return None
    rows = value.shape[axis]
    return Table(rows, model.tensors[data].name) if rows else None
