"""How much noise a target leaves room for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.quantization.sensitivity.noise import noise_of
from haoline_analysis.quantization.tradeoffs.timing import Choice

if TYPE_CHECKING:
    from haoline_analysis.quantization.sensitivity import Sensitivity
    from haoline_analysis.quantization.tradeoffs.building import Step
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome
    from haoline_analysis.quantization.tradeoffs.planning import Problem

_MARGIN = 0.9
"""Of the noise that a target allows, since predictions are not exact."""
_LOOSE = 0.6
"""Share of the allowed noise below which there is room for a faster plan."""
_FIRST = 0.25
"""Of the noise of everything quantized, where a target cannot be told as noise (top-1)."""


@dataclass
class Goal:
    """The most noise, learned from what was built."""

    allowed: float  # NaN where the target does not say
    constraint: Constraint
    tried_looser: bool = False

    def noise(self, found: Sensitivity, problem: Problem, base: Outcome) -> float:
        """What to plan for first."""
        if self.constraint.within_db is not None:
            self.allowed = _least(found, problem) * 10 ** (self.constraint.within_db / 10)
        if math.isnan(self.allowed):
            return _FIRST * found.base.noise
        # What is held out may be noisier than the samples that noise was measured on.
        here = 10 ** (-base.sqnr_db / 10)
        return _MARGIN * self.allowed * min(1.0, found.base.noise / here if 0 < here < math.inf else 1.0)

    def after(self, step: Step, goal: float) -> float | None:
        """What to plan for next; None where the last build will do."""
        measured = 10 ** (-step.outcome.sqnr_db / 10)
        if not 0 < measured < math.inf:
            return None if step.meets else goal / 4
        if step.meets:
            room = self.allowed / measured if not math.isnan(self.allowed) else 0.0
            if self.tried_looser or room < 1 / _LOOSE:
                return None
            self.tried_looser = True
            planned = goal if step.prediction is None else step.prediction.noise
            return max(goal, planned * room * _MARGIN)  # a plan may be better than was asked for
        if math.isnan(self.allowed):
            return goal / 2
        return goal * min(_MARGIN, _MARGIN * self.allowed / measured)


def goal_of(wanted: Constraint) -> Goal:
    """From the bounds on cosine and SQNR; the tightest counts."""
    allowed = []
    for term in wanted.terms:
        if term.metric == "cosine" and term.bound > 0:
            allowed.append(noise_of(term.bound))
        elif term.metric == "sqnr_db":
            allowed.append(10 ** (-term.bound / 10))
    return Goal(min(allowed, default=math.nan), wanted)


def _least(found: Sensitivity, problem: Problem) -> float:
    """The noise that is left where only ops with weights are quantized: the best that integers give here."""
    heavy = {op for unit in found.additive.units if found.unit_bytes(unit)[1] > 0 for op in unit.ops}
    return problem.noise(Choice(frozenset(problem.by_op) - heavy))
