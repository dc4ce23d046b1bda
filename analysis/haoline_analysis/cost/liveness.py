"""Peak activation memory by liveness over the execution order.

A result is allocated before the op's inputs are freed, a tensor is freed after its last
reader, outputs of the model stay to the end. Inputs that the caller owns and constants
are not counted; docs/conventions.md states every rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.cost.buffers import share_buffers
from haoline_analysis.cost.operands import source
from haoline_analysis.cost.parameters import ParameterCount, count_parameters
from haoline_analysis.cost.traffic import tensor_bytes
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.cost.lifetimes import Spans
    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Body, Model
    from haoline_analysis.shapes.value import Evaluation


@dataclass(slots=True, eq=False)
class Liveness:
    """Live activation bytes over the execution order."""

    peak_bytes: int
    peak_op: int  # where the peak is first reached; -1 in a model without ops
    curve: np.ndarray  # float64 [ops]
    unknown: list[int] = field(default_factory=list)  # tensors whose size is not known, left out
    gaps: list[Gap] = field(default_factory=list)


def liveness(model: Model, evaluation: Evaluation, count: ParameterCount | None = None) -> Liveness:
    """The curve of live bytes and its peak; tensors of unknown size are left out and named in a gap."""
    if not model.ops:
        return Liveness(0, -1, np.zeros(0))
    count = count or count_parameters(model, evaluation)
    plan, sizes = count.plan, tensor_bytes(count.plan, evaluation)
    counted = _counted(plan, evaluation, count)
    unknown = np.flatnonzero(counted & np.isnan(sizes)).tolist()
    spans = plan.spans
    roots = share_buffers(plan, sizes, ~counted | _kept(plan))
    held = np.where(counted, np.nan_to_num(sizes), 0.0)
    held[_aliases(plan)] = 0.0  # a view may be larger than its buffer, where it repeats elements
    curve = live_curve(spans, roots, held, len(model.ops))
    peak = int(np.argmax(curve))
    return Liveness(int(curve[peak]), peak, curve, unknown, _gaps(model, unknown))


def live_curve(spans: Spans, roots: np.ndarray, sizes: np.ndarray, ops: int) -> np.ndarray:
    """Sum of the sizes of the buffers alive at each op, float64 [ops].

    A buffer is as large as its largest tensor, and alive from the first to the last span of the tensors in it.
    """
    first, last, largest = spans.first.copy(), spans.last.copy(), np.zeros(len(sizes))
    np.minimum.at(first, roots, spans.first)
    np.maximum.at(last, roots, spans.last)
    np.maximum.at(largest, roots, np.where(sizes[roots] > 0, sizes, 0.0))
    owners = np.flatnonzero((roots == np.arange(len(roots))) & (largest > 0))
    change = np.zeros(ops + 1)
    np.add.at(change, first[owners], largest[owners])
    np.add.at(change, last[owners] + 1, -largest[owners])
    return np.cumsum(change)[:ops]


def _counted(plan: CostPlan, evaluation: Evaluation, count: ParameterCount) -> np.ndarray:
    """Bool [tensors]: computed during the run, in a branch that may run."""
    model = plan.model
    made: np.ndarray = plan.is_made & ~plan.is_stored & ~count.weights
    for index in plan.owners:
        op = model.ops[index]
        for body in op.bodies:
            if op.type in ("Loop", "SequenceMap") and evaluation.trip_counts.get(index, 1) > 1:
                made[list(_carried(body))] = True  # the previous iteration's results
            if index in evaluation.taken and body.attribute != evaluation.taken[index]:
                made[[o for inner in model.ops[body.start : body.stop] for o in inner.outputs if o >= 0]] = False
    return made


def _carried(body: Body) -> tuple[int, ...]:
    """Loop-carried tensors of a Loop body: its inputs after the iteration number and condition."""
    return body.inputs[2:]


def _kept(plan: CostPlan) -> np.ndarray:
    """Bool [tensors]: outputs of the model and of bodies, which have buffers of their own."""
    kept = np.zeros(len(plan.model.tensors), bool)
    kept[list(plan.model.outputs)] = True
    for index in plan.owners:
        for body in plan.model.ops[index].bodies:
            kept[list(body.outputs)] = True
    return kept


def _aliases(plan: CostPlan) -> list[int]:
    """Results of ATen ops that lie in their first input's buffer."""
    ops = (plan.model.ops[index] for index in plan.aten_sharers)
    return [tensor for op in ops if source(op) >= 0 for tensor in op.outputs if tensor >= 0]


def _gaps(model: Model, unknown: list[int]) -> list[Gap]:
    if not unknown:
        return []
    producers = sorted({model.tensors[tensor].producer for tensor in unknown if model.tensors[tensor].producer >= 0})
    return [Gap(f"peak memory leaves out {len(unknown)} tensors whose size is not known", tuple(producers))]
