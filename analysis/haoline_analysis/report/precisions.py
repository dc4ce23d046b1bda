"""What ops take, add up in and hand on: activation and accumulation precision, and where precision changes on the way.

Only what follows from the file is said. In what fp16 and bf16 products are added up is the runtime's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.cost.precision import short_name
from haoline_analysis.report.container import numeric
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation
    from haoline_analysis.table import Table

CONVERTING = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast", "CastLike", "_to_copy", "to", "Identity"}
)
"""Ops that only change how a value is held."""
MOVING = frozenset(
    {"Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice", "Split", "Gather", "Concat", "Expand"}
) | frozenset(
    {"view", "reshape", "transpose", "permute", "unsqueeze", "squeeze", "slice", "expand", "t", "cat", "clone"}
)
"""Ops that move values and compute nothing: what they pass on is as precise as what they got."""

_ACCURACY_LEVELS = {1: "fp32", 2: "fp16", 3: "bf16", 4: "int32"}
"""``accuracy_level`` of com.microsoft's MatMulNBits: the least that it computes with; 0 leaves it to the runtime."""
_ACCUMULATED = {"int8": "int32", "int4": "int32", "int2": "int32", "fp32": "fp32", "fp64": "fp64"}
"""Integer products are added up in int32 (ONNX MatMulInteger, ConvInteger, QLinearMatMul, QLinearConv)."""
_REAL = ("fp", "bf", "int8", "int4", "int2", "q", "iq", "mxfp", "nvfp")
_LONGEST_WAY = 16


def precision_columns(model: Model, evaluation: Evaluation, ops: Table) -> list[Column]:
    """``activation_precision`` and ``accumulation_precision`` of the ops that multiply and add; None elsewhere."""
    macs = numeric(ops["macs"].values)
    multiplying = np.flatnonzero(np.nan_to_num(macs) > 0).tolist() if macs is not None else []
    taken, summed = np.full(ops.rows, None, object), np.full(ops.rows, None, object)
    computed = list(ops["precision"].values)
    for row in multiplying:
        taken[row] = _activation(model, evaluation, row)
        summed[row] = _accumulation(model.ops[row], computed[row])
    if not multiplying:
        return []
    words = "in which the activations that it multiplies are held"
    sums = "in which its products are added up, where the file settles that"
    return [
        Column("activation_precision", taken, "Activation type", description=words),
        Column("accumulation_precision", summed, "Accumulation type", description=sums),
    ]


def _activation(model: Model, evaluation: Evaluation, row: int) -> str | None:
    """The type of the first computed operand, before it is dequantized."""
    for tensor in model.ops[row].inputs:
        if tensor < 0 or model.tensors[tensor].weight is not None:
            continue
        if _of_weight(model, tensor):
            continue
        held = _before(model, tensor, frozenset({"DequantizeLinear"}) | MOVING)
        value = evaluation.value(held)
        dtype = value.dtype if value is not None and value.dtype else model.tensors[held].dtype
        return short_name(dtype) if dtype else None
    return None


def _of_weight(model: Model, tensor: int) -> bool:
    """Whether a tensor is a stored one, converted or moved."""
    return model.tensors[_before(model, tensor, CONVERTING | MOVING)].weight is not None


def _before(model: Model, tensor: int, through: frozenset[str]) -> int:
    """The tensor that ops of these kinds were given, followed back along their first operands.

    Moving ops are only followed as far as something is dequantized before them.
    """
    found = tensor
    for _ in range(_LONGEST_WAY):
        producer = model.tensors[tensor].producer
        op = model.ops[producer] if producer >= 0 else None
        if op is None or op.type not in through or not op.inputs or op.inputs[0] < 0:
            break
        tensor = op.inputs[0]
        if op.type in CONVERTING:
            found = tensor
    return tensor if through >= CONVERTING else found


def _accumulation(op: Op, precision: str | None) -> str | None:
    """What the standard or an attribute says; None where the runtime decides."""
    if op.type == "MatMulNBits":
        return _ACCURACY_LEVELS.get(op.integer("accuracy_level"), "fp32" if precision == "fp32" else None)
    return _ACCUMULATED.get(precision or "")


def transition_column(model: Model, ops: Table) -> Column | None:
    """Where precision changes: on the tensor that leaves one precision, ``fp32 → int8``; None where it never does."""
    computed = [_precision(value) for value in ops["precision"].values]
    settled = [None if _passes(op) else computed[row] for row, op in enumerate(model.ops)]
    texts: list[str | None] = [None] * len(model.tensors)
    for row, op in enumerate(model.ops):
        own = settled[row]
        if own is None:
            continue
        for tensor in op.outputs:
            if tensor >= 0:
                others = [kind for kind in _readers(model, settled, tensor) if kind != own]
                if others:
                    texts[tensor] = f"{own} → {', '.join(dict.fromkeys(others))}"
    if not any(texts):
        return None
    words = "where what comes next computes in another precision"
    return Column("precision_change", np.array(texts, object), "Precision changes", description=words)


def _precision(value: object) -> str | None:
    """A precision of real numbers; those of sizes, indices and masks do not count."""
    return value if isinstance(value, str) and value.startswith(_REAL) else None


def _passes(op: Op) -> bool:
    return op.type in CONVERTING or op.type in MOVING or bool(op.bodies)


def _readers(model: Model, settled: list[str | None], tensor: int) -> Iterable[str]:
    """The precisions of the ops that compute with a tensor, seen through what only converts and moves it."""
    waiting, seen = [(tensor, 0)], {tensor}
    while waiting:
        held, steps = waiting.pop()
        for row in model.tensors[held].consumers:
            kind = settled[row]
            if kind is not None:
                yield kind
            elif _passes(model.ops[row]) and not model.ops[row].bodies and steps < _LONGEST_WAY:
                made = [out for out in model.ops[row].outputs[:1] if out >= 0 and out not in seen]
                seen.update(made)
                waiting += [(out, steps + 1) for out in made]
