"""How often each op runs in one run of the model: loop trips, and the branch of an If that counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from haoline_analysis.cost.plan import CostPlan
    from haoline_analysis.model import Body, Op
    from haoline_analysis.shapes.value import Evaluation


@dataclass(slots=True, eq=False)
class Executions:
    """Runs per op, and what another choice of branches would have made of the totals."""

    counts: np.ndarray  # int64 [ops]; 0 in a branch that does not count
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)  # only where an If leaves a choice


def count_executions(plan: CostPlan, evaluation: Evaluation, work: dict[str, np.ndarray]) -> Executions:
    """Multiply trip counts and choose the dearer branch by the first array of ``work``, then the next.

    ``work`` holds int64 [ops] arrays of work per execution, by name.
    """
    model, counts = plan.model, np.ones(len(plan.model.ops), np.int64)
    for index in plan.owners:  # outer before inner: an op's own factor comes after its owner's
        trips = evaluation.trip_counts.get(index, 1) if model.ops[index].type in ("Loop", "Scan", "SequenceMap") else 1
        for body in model.ops[index].bodies:
            counts[body.start : body.stop] *= max(trips, 0)
    choices = [index for index in plan.owners if model.ops[index].type == "If" and len(model.ops[index].bodies) > 1]
    if not choices:
        return Executions(counts)
    open_choice = False
    ranges = {name: _Range(counts * values) for name, values in work.items()}
    for index in reversed(choices):  # inner first: a branch's cost is known when its owner is judged
        op, taken = model.ops[index], evaluation.taken.get(index)
        open_choice = open_choice or taken is None
        kept = _kept_branch(op, taken, ranges)
        for body in op.bodies:
            if body is not kept:
                counts[body.start : body.stop] = 0
        for bounds in ranges.values():
            bounds.decide(op.bodies, kept, known=taken is not None)
    return Executions(counts, {name: bounds.total() for name, bounds in ranges.items()} if open_choice else {})


def _kept_branch(op: Op, taken: str | None, ranges: dict[str, _Range]) -> Body:
    """The branch known to run, or the dearer one."""
    known = [body for body in op.bodies if body.attribute == taken]
    if known:
        return known[0]
    return max(op.bodies, key=lambda body: tuple(bounds.most(body) for bounds in ranges.values()))


class _Range:
    """Least and most work per op under the choices made so far."""

    def __init__(self, work: np.ndarray) -> None:
        self.low = work.astype(object)
        self.high = work.astype(object)

    def most(self, body: Body) -> int:
        """Work of a branch if dearer branches run inside it."""
        return int(self.high[body.start : body.stop].sum())

    def decide(self, bodies: tuple[Body, ...], kept: Body, *, known: bool) -> None:
        """Leave only the kept branch in the upper bound, and the cheapest possible one in the lower."""
        least = kept if known else min(bodies, key=lambda body: self.low[body.start : body.stop].sum())
        most = kept if known else max(bodies, key=self.most)
        for body in bodies:
            if body is not least:
                self.low[body.start : body.stop] = 0
            if body is not most:
                self.high[body.start : body.stop] = 0

    def total(self) -> tuple[int, int]:
        """(least, most) work of the model."""
        return int(self.low.sum()), int(self.high.sum())
