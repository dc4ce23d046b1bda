"""Which ops to keep float: the most noise removed for the time and size it costs, until the goal is met.

A knapsack in which items depend on one another: a quantizer goes only when all ops that ask for it are float, so what
is weighed is always the set of ops that is still missing for one. Greedy by ratio, then what is not needed is undone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from haoline_analysis.quantization.sensitivity.additive import Additive
    from haoline_analysis.quantization.tradeoffs.timing import Times

_SIZE_WEIGHT = 0.5
"""Share of a run's time that the whole float file counts as much as."""
_LEAST_GAIN = 1e-12


@dataclass(frozen=True)
class Plan:
    """A choice, with what is predicted of it."""

    keep_float: tuple[str, ...]
    int16: tuple[str, ...]
    noise: float  # predicted
    us: float  # predicted; NaN without a time model
    bytes: float  # predicted
    start: str  # from where the search set out
    reached: bool  # whether the goal is predicted to be met


@dataclass
class Problem:
    """All that a plan is weighed by."""

    additive: Additive
    times: Times | None
    unit_bytes: Sequence[float]  # that a unit grows by when it goes float
    size: float  # bytes of the variant with everything quantized
    float_size: float
    size_limit: float = math.inf
    wide: bool = False  # whether 16 bits may be chosen where float takes too much room
    by_op: dict[str, list[int]] = field(init=False)  # units that an op asks for

    def __post_init__(self) -> None:
        """Index units by op."""
        self.by_op = {}
        for at, unit in enumerate(self.additive.units):
            for op in unit.ops:
                self.by_op.setdefault(op, []).append(at)

    def noise(self, kept: Collection[str], wide: Collection[str] = ()) -> float:
        """Predicted noise."""
        return self.additive.predict(kept, wide).noise

    def us(self, kept: Collection[str]) -> float:
        """Predicted time; NaN without a time model."""
        return math.nan if self.times is None else self.times.total(kept)

    def bytes(self, kept: set[str]) -> float:
        """Predicted size."""
        units = zip(self.additive.units, self.unit_bytes, strict=True)
        return self.size + sum(more for unit, more in units if unit.floats(kept))


def plans(problem: Problem, goal: float, starts: Mapping[str, Iterable[str]]) -> list[Plan]:
    """One plan per start, those that are predicted to reach the goal first, the fastest of them first.

    Args:
        problem: what it is weighed by.
        goal: the most noise.
        starts: ops kept float to begin with, by name.
    """
    known = set(problem.by_op)
    found = [_Search(problem, goal, name, set(ops) & known).plan() for name, ops in starts.items()]
    unique = {(each.keep_float, each.int16): each for each in reversed(found)}
    return sorted(
        unique.values(),
        key=lambda plan: (not plan.reached, plan.noise if not plan.reached else 0, _cost(plan, problem)),
    )


def _cost(plan: Plan, problem: Problem) -> float:
    """Time and size as one figure."""
    us = plan.us if math.isfinite(plan.us) else 0.0
    scale = problem.times.variant_us if problem.times is not None else 1.0
    return us + _SIZE_WEIGHT * scale * plan.bytes / max(problem.float_size, 1.0)


class _Search:
    """Greedy from one start."""

    def __init__(self, problem: Problem, goal: float, name: str, start: set[str]) -> None:
        self._problem, self._goal, self._name = problem, goal, name
        self._kept = set(start)
        self._wide: set[str] = set()
        self._added: list[frozenset[str]] = []
        self._known: dict[int, tuple[float, frozenset[str]] | None] = {}

    def plan(self) -> Plan:
        """Add until the goal is met, take back what it does not need."""
        problem = self._problem
        while problem.noise(self._kept) > self._goal and self._add():
            pass
        if problem.wide and problem.noise(self._kept) > self._goal:
            self._widen()
        self._take_back()
        noise = problem.noise(self._kept, self._wide)
        return Plan(
            keep_float=tuple(sorted(self._kept)),
            int16=tuple(sorted(self._wide)),
            noise=noise,
            us=problem.us(self._kept),
            bytes=problem.bytes(self._kept),
            start=self._name,
            reached=noise <= self._goal,
        )

    def _add(self) -> bool:
        """Keep the ops that are worth most; False where nothing is left."""
        best: tuple[float, frozenset[str]] | None = None
        for at in range(len(self._problem.additive.units)):
            if at not in self._known:
                self._known[at] = self._worth(at)
            found = self._known[at]
            if found is not None and (best is None or found[0] > best[0]):
                best = found
        if best is None:
            return False
        self._kept |= best[1]
        self._added.append(best[1])
        self._forget(best[1])
        return True

    def _forget(self, ops: Iterable[str]) -> None:
        """Values that may be others now: of units that share an op, or a tensor, with what was added."""
        times = self._problem.times
        touched = set(ops)
        if times is not None:
            touched |= {op for name in times.near(ops) for op in times.around(name)}
        for op in touched:
            for at in self._problem.by_op.get(op, ()):
                self._known.pop(at, None)

    def _worth(self, at: int) -> tuple[float, frozenset[str]] | None:
        """Noise per cost of freeing a unit; None where it is free, brings nothing or does not fit."""
        problem = self._problem
        missing = frozenset(op for op in problem.additive.units[at].ops if op not in self._kept)
        if not missing:
            return None
        new = self._kept | missing
        freed = [
            each
            for each in {u for op in missing for u in problem.by_op[op]}
            if problem.additive.units[each].floats(new)
        ]
        gain = sum(problem.additive.noise[each] for each in freed)
        grown = sum(problem.unit_bytes[each] for each in freed)
        if gain < _LEAST_GAIN or problem.bytes(self._kept) + grown > problem.size_limit:
            return None
        return gain / self._price(missing, grown), missing

    def _price(self, missing: frozenset[str], grown: float) -> float:
        """Microseconds, size counted in; never quite nothing."""
        times = self._problem.times
        scale = times.variant_us if times is not None and times.variant_us > 0 else 1.0
        size = _SIZE_WEIGHT * scale * grown / max(self._problem.float_size, 1.0)
        change = times.change(self._kept, missing) if times is not None else 1.0 * len(missing)
        return max(change + size, 1e-4 * scale)

    def _widen(self) -> None:
        """16 bits for the ops that gain most by it, where float does not fit."""
        additive = self._problem.additive
        gains: dict[str, float] = {}
        for unit, noise, wide in zip(additive.units, additive.noise, additive.wide, strict=True):
            for op in unit.ops:
                if op not in self._kept:
                    gains[op] = gains.get(op, 0.0) + max(0.0, noise - wide)
        for op in sorted(gains, key=gains.__getitem__, reverse=True):
            if self._problem.noise(self._kept, self._wide) <= self._goal:
                return
            self._wide.add(op)

    def _take_back(self) -> None:
        """Undo additions that the goal does not need, the latest first."""
        if self._problem.noise(self._kept, self._wide) > self._goal:
            return
        for ops in reversed(self._added):
            fewer = self._kept - ops
            if self._problem.noise(fewer, self._wide) <= self._goal:
                self._kept = fewer
