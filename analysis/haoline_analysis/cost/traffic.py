"""Bytes of an op's operands and results, and the bytes it really moves."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.cost import aten
from haoline_analysis.cost.operands import source
from haoline_analysis.cost.registry import MAX_COUNT

if TYPE_CHECKING:
    from haoline_analysis.cost.parameters import ParameterCount
    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Op
    from haoline_analysis.shapes.value import Evaluation, Value

VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "ExpandDims"})
"""Ops that only relabel a buffer."""

STILL = VIEWS | {"Shape", "Size", "Constant", "If", "Loop", "Scan", "SequenceMap"}
"""Ops that move no bytes themselves (the rows of a body move theirs)."""

SELECTED: dict[str, tuple[int, ...]] = {
    "EmbedLayerNormalization": (2, 3, 4),
    "Gather": (0,),
    "GatherBlockQuantized": (0,),
    "GatherElements": (0,),
    "GatherND": (0,),
    "QEmbedLayerNormalization": (2, 3, 4),
    "Slice": (0,),
    "Split": (0,),
    "TorchEmbedding": (0,),
    **aten.SELECTED,
}
"""Inputs of which an op reads only the elements it hands on."""


class Traffic(NamedTuple):
    """Bytes per op and execution, float64 [ops]; NaN where a size is not known."""

    inputs: np.ndarray  # activations read
    outputs: np.ndarray
    moved: np.ndarray  # activations and constants read, results written


def value_bytes(value: Value) -> float:
    """Bytes of a value, a sequence being unknown; NaN where unknown."""
    nbytes = dtypes.nbytes(value.dtype, value.shape)
    return float("nan") if nbytes is None or nbytes > MAX_COUNT else float(nbytes)


def tensor_bytes(plan: CostPlan, evaluation: Evaluation) -> np.ndarray:
    """Bytes per tensor, float64 [tensors]: true storage of constants, sizes under the binding of the rest."""
    sizes = np.array([value_bytes(value) for value in evaluation.values] + [np.nan])
    evaluated = sizes[evaluation.tensor_values]  # -1, unknown, is the NaN at the end
    return np.where(plan.is_stored, plan.stored_bytes, evaluated)


def traffic(plan: CostPlan, evaluation: Evaluation, count: ParameterCount, sizes: np.ndarray) -> Traffic:
    """Bytes read and written by each op; ``sizes`` are :func:`tensor_bytes`."""
    ops, (readers, read), (makers, made) = len(plan.model.ops), plan.reads, plan.makes
    constant = count.weights[read]
    inputs = np.bincount(readers[~constant], sizes[read[~constant]], ops)
    constants = np.bincount(readers[constant], sizes[read[constant]], ops)
    outputs = np.bincount(makers, sizes[made], ops)
    moved = inputs + constants + outputs
    moved[plan.rows(STILL)] = 0.0
    moved[plan.aten_views] = 0.0
    for index in plan.rows(frozenset(SELECTED)):
        op = plan.model.ops[index]
        moved[index] -= _unread(evaluation, op, SELECTED[op.type], sizes)
    for index in plan.rows(frozenset(aten.GROUPED)):
        moved[index] -= _idle_groups(evaluation, plan.model.ops[index], sizes)
    for index in plan.rows(frozenset({"MoE", "QMoE"})):
        moved[index] -= _idle_experts(evaluation, plan.model.ops[index], count, sizes)
    return Traffic(inputs, outputs, moved)


def _unread(evaluation: Evaluation, op: Op, slots: tuple[int, ...], sizes: np.ndarray) -> float:
    """Bytes of selected-from inputs beyond the elements that the outputs hold."""
    handed_on = sum(_elements(evaluation, output) for output in op.outputs if output >= 0)
    unread = 0.0
    for slot in slots:
        origin = source(op, slot)
        total = _elements(evaluation, origin) if origin >= 0 else 0.0
        if total and handed_on < total:
            unread += sizes[origin] * (1 - handed_on / total)
    return unread


def _elements(evaluation: Evaluation, tensor: int) -> float:
    value = evaluation.value(tensor)
    if value is None or value.shape is None or None in value.shape:
        return float("nan")
    return float(prod(value.shape))  # type: ignore[arg-type]


def _idle_experts(evaluation: Evaluation, op: Op, count: ParameterCount, sizes: np.ndarray) -> float:
    """Bytes of the weights of experts that no token can choose: at most tokens x k of them are active."""
    routing = evaluation.value(source(op, 1))
    if routing is None or not routing.shape or None in routing.shape:
        return float("nan")
    experts = float(routing.shape[-1] or 1)
    tokens = float(prod(routing.shape[:-1]))  # type: ignore[arg-type]
    active = min(tokens * op.integer("k", 1), experts)
    weights = sum(sizes[tensor] for tensor in op.inputs if tensor >= 0 and count.weights[tensor])
    return float(weights * (1 - active / experts))


def _idle_groups(evaluation: Evaluation, op: Op, sizes: np.ndarray) -> float:
    """Bytes of the matrices of groups that cannot have a row: there are at most as many groups as rows."""
    slot, slots = aten.GROUPED[op.type]
    rows = evaluation.value(source(op, slot))
    idle = 0.0
    for matrices in (source(op, index) for index in slots):
        groups = evaluation.value(matrices)
        if rows is None or groups is None or not rows.shape or not groups.shape or None in rows.shape:
            return float("nan")
        count, held = prod(rows.shape[: 1 + slot]), groups.shape[0]  # type: ignore[arg-type]
        if held and len(groups.shape) > 2:
            idle += float(sizes[matrices]) * (1 - min(count, held) / held)
    return idle
