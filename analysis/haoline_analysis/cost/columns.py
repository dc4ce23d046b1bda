"""The cost columns of the op table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.cost.executions import Executions, count_executions
from haoline_analysis.cost.parameters import ParameterCount, count_parameters
from haoline_analysis.cost.precision import compute_precision, weight_precision
from haoline_analysis.cost.registry import MAX_COUNT, OPAQUE, cost_of, has_rule
from haoline_analysis.cost.rules.mixture import experts
from haoline_analysis.cost.slots import key
from haoline_analysis.cost.traffic import Traffic, tensor_bytes, traffic
from haoline_analysis.model import Gap
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Model
    from haoline_analysis.shapes.value import Evaluation

UNKNOWN = -1


@dataclass(slots=True, eq=False)
class OpCosts:
    """Cost columns with what belongs beside them; iterating yields the columns."""

    columns: list[Column]
    totals: dict[str, int]  # macs, flops, parameters, weight_bytes of one run of the model
    ranges: dict[str, tuple[int, int]]  # macs and flops, where an If leaves a choice
    count: ParameterCount
    gaps: list[Gap] = field(default_factory=list)

    def __iter__(self) -> Iterator[Column]:
        """The columns."""
        return iter(self.columns)


def op_columns(model: Model, evaluation: Evaluation) -> list[Column]:
    """The cost columns of the op table."""
    return op_costs(model, evaluation).columns


def op_costs(model: Model, evaluation: Evaluation, count: ParameterCount | None = None) -> OpCosts:
    """Count every op once per distinct signature and spread the counts over the table.

    ``count`` may hand in parameters counted before; without it they are counted here.
    """
    count = count or count_parameters(model, evaluation)
    plan = count.plan
    once = _per_signature(evaluation)[:, evaluation.op_signatures]  # int64 [2, ops] per execution
    known = once[0] != UNKNOWN
    work = {"macs": np.where(known, once[0], 0), "flops": np.where(known, once[1], 0)}
    executions = count_executions(plan, evaluation, work)
    totals = {name: _per_run(values, executions.counts) for name, values in work.items()}
    overflow = (totals["flops"] < 0) & known
    moved = traffic(plan, evaluation, count, tensor_bytes(plan, evaluation))
    known &= ~overflow
    columns = [
        *_count_columns(totals, known, count),
        *_byte_columns(moved, executions, totals["flops"], known),
        *_precision_columns(plan, evaluation, count),
        Column(
            "executions", executions.counts, "Executions", "", "counted", None, "Runs of the op per run of the model"
        ),
    ]
    columns += _expert_columns(plan, evaluation, executions)
    sums = {name: int(values[known].astype(object).sum()) for name, values in totals.items()}
    sums |= {"parameters": count.total, "weight_bytes": count.total_bytes}
    gaps = [*count.gaps, *_gaps(model, known, overflow)]
    return OpCosts(columns, sums, executions.ranges, count, gaps)


def _per_signature(evaluation: Evaluation) -> np.ndarray:
    """int64 [2, signatures]: MACs and FLOPs of one execution, UNKNOWN where they cannot be told."""
    costs = np.full((2, len(evaluation.signatures)), UNKNOWN, np.int64)
    for index, signature in enumerate(evaluation.signatures):
        cost = cost_of(signature)
        if cost is not None:
            costs[:, index] = cost
    return costs


def _per_run(once: np.ndarray, executions: np.ndarray) -> np.ndarray:
    """Work of all executions; -1 where the product is beyond 64 bits."""
    large = once.astype(np.float64) * executions > MAX_COUNT
    return np.where(large, -1, np.where(large, 0, once) * np.where(large, 0, executions))


def _integers(values: np.ndarray, known: np.ndarray | None = None) -> Any:
    """A nullable pandas Int64 array; what is not known (or NaN) is missing."""
    import pandas as pd

    missing = np.isnan(values) if known is None else ~known
    return pd.arrays.IntegerArray(np.where(missing, 0, values).astype(np.int64), missing)


def _count_columns(totals: dict[str, np.ndarray], known: np.ndarray, count: ParameterCount) -> list[Column]:
    flops = "2 per MAC, plus elementwise, normalisation and activation operations"
    return [
        Column("parameters", count.parameters, "Parameters", "", "counted", "sum", "Logical weight elements"),
        Column("macs", _integers(totals["macs"], known), "MACs", "MAC", "counted", "sum", "Multiply-accumulates"),
        Column("flops", _integers(totals["flops"], known), "FLOPs", "FLOP", "counted", "sum", flops),
        Column("weight_bytes", count.weight_bytes, "Weights", "B", "counted", "sum", "Stored constants"),
    ]


def _byte_columns(moved: Traffic, executions: Executions, flops: np.ndarray, known: np.ndarray) -> list[Column]:
    per_run = moved.moved * executions.counts
    with np.errstate(divide="ignore", invalid="ignore"):
        intensity = np.where(known & (per_run > 0), flops / per_run, np.nan)
    both = moved.inputs + moved.outputs
    return [
        Column("input_bytes", _integers(_bounded(moved.inputs)), "Inputs", "B", "counted", "sum", "Activations read"),
        Column("output_bytes", _integers(_bounded(moved.outputs)), "Outputs", "B", "counted", "sum", "Results"),
        Column("activation_bytes", _integers(_bounded(both)), "Activations", "B", "counted", "sum", "Inputs + outputs"),
        Column("bytes_moved", _integers(_bounded(per_run)), "Moved", "B", "counted", "sum", "Read and written per run"),
        Column("intensity", intensity, "Intensity", "FLOP/B", "counted", None, "FLOPs per byte moved"),
    ]


def _bounded(values: np.ndarray) -> np.ndarray:
    """Sizes beyond 64 bits are not known."""
    return np.where(values > MAX_COUNT, np.nan, values)


def _precision_columns(plan: CostPlan, evaluation: Evaluation, count: ParameterCount) -> list[Column]:
    compute, weights = compute_precision(plan, evaluation), weight_precision(plan.model, count)
    return [
        Column("precision", compute, "Precision", "", "counted", None, "In which the op computes"),
        Column("weight_precision", weights, "Weight type", "", "counted", None, "In which its weights are stored"),
    ]


def _expert_columns(plan: CostPlan, evaluation: Evaluation, executions: Executions) -> list[Column]:
    """MACs if every expert were active, beside those of the active ones; only where there are experts."""
    rows = plan.rows(frozenset({"MoE", "QMoE", "moe_experts"}))
    dense = np.full(len(plan.model.ops), np.nan)
    for index in rows:
        signature = evaluation.signatures[evaluation.op_signatures[index]]
        cost = cost_of(signature)
        if cost is not None:
            active, total = experts(signature)
            dense[index] = cost.macs * executions.counts[index] * total // max(active, 1)
    if not rows:
        return []
    return [
        Column("macs_all_experts", _integers(dense), "MACs, all experts", "MAC", "counted", "sum", "Were all active")
    ]


def _gaps(model: Model, known: np.ndarray, overflow: np.ndarray) -> list[Gap]:
    """One gap per kind of op whose cost is not known."""
    groups: dict[str, list[int]] = {}
    for index in np.flatnonzero(~known):
        groups.setdefault(_why(model, int(index), bool(overflow[index])), []).append(int(index))
    return [Gap(what, tuple(rows)) for what, rows in groups.items()]


def _why(model: Model, index: int, overflow: bool) -> str:
    domain, kind = key(model.ops[index])
    name = f"{domain}::{kind}" if domain else kind
    if (domain, kind) in OPAQUE:
        return f"the cost of {name} is not counted: it {OPAQUE[domain, kind]}"
    if not has_rule(kind, domain):
        return f"there is no cost rule for {name}"
    if overflow:
        return f"the cost of {name} is too large to count"
    return f"the cost of {name} needs sizes that are not known"
