"""What each op costs: parameters, MACs, FLOPs, bytes, precision and peak memory (docs/conventions.md)."""

from __future__ import annotations

from haoline_analysis.cost.columns import OpCosts, op_columns, op_costs
from haoline_analysis.cost.liveness import Liveness, liveness
from haoline_analysis.cost.parameters import ParameterCount, count_parameters
from haoline_analysis.cost.plan import CostPlan
from haoline_analysis.cost.registry import Cost, cost_of, cost_rule, has_rule

__all__ = [
    "Cost",
    "CostPlan",
    "Liveness",
    "OpCosts",
    "ParameterCount",
    "cost_of",
    "cost_rule",
    "count_parameters",
    "has_rule",
    "liveness",
    "op_columns",
    "op_costs",
]
