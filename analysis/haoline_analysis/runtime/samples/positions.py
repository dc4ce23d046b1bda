"""How many positions a model knows: a table of them that is read by numbers which count along a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.shapes.value import Evaluation

_PASSING = frozenset({"Add", "Cast", "Expand", "Identity", "Reshape", "Slice", "Squeeze", "Sub", "Unsqueeze"})
_MAX_STEPS = 16


def most_positions(model: Model, evaluation: Evaluation) -> int | None:
    """Rows of the smallest table that a Range indexes; None where there is none."""
    found = [
        rows
        for op in model.ops
        if op.type == "Gather" and len(op.inputs) == 2 and op.integer("axis") == 0 and _counts(model, op.inputs[1])
        if (rows := _rows(model, evaluation, op.inputs[0]))
    ]
    return min(found, default=None)


def _counts(model: Model, tensor: int) -> bool:
    """Whether a tensor comes from a Range, perhaps moved or reshaped."""
    for _ in range(_MAX_STEPS):
        producer = model.tensors[tensor].producer if tensor >= 0 else -1
        if producer < 0:
            return False
        op = model.ops[producer]
        if op.type == "Range":
            return True
        if op.type not in _PASSING or not op.inputs:
            return False
        tensor = op.inputs[0]
    return False


def _rows(model: Model, evaluation: Evaluation, table: int) -> int | None:
    value = evaluation.value(table)
    stored = table >= 0 and model.tensors[table].weight is not None
    return value.shape[0] if stored and value is not None and value.shape else None
