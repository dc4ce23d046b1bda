"""Which ops to keep float or at 16 bits: the most noise removed for the time and size it costs, until the goal is met.

A knapsack in which items depend on one another: a quantizer goes only when all ops that ask for it are float, so what
is weighed is always the set of ops that is still missing for one. Greedy by ratio, then what is not needed is undone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.quantization.tradeoffs.timing import Choice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from haoline_analysis.quantization.sensitivity.additive import Additive
    from haoline_analysis.quantization.tradeoffs.timing import Times

_SIZE_WEIGHT = 1.0
"""Share of a run's time that the whole float file counts as much as."""
_LEAST_GAIN = 1e-12


@dataclass(frozen=True)
class Plan:
    """A choice, with what is predicted of it."""

    choice: Choice
    noise: float
    us: float  # NaN without a time model
    bytes: float
    start: str  # from where the search set out
    reached: bool  # whether the goal is predicted to be met

    @property
    def keep_float(self) -> tuple[str, ...]:
        """Names of ops, in order."""
        return tuple(sorted(self.choice.floats))

    @property
    def int16(self) -> tuple[str, ...]:
        """Names of ops, in order."""
        return tuple(sorted(self.choice.wide))


@dataclass
class Problem:
    """All that a plan is weighed by."""

    additive: Additive
    times: Times | None
    unit_bytes: Sequence[float]  # that a unit grows by when it goes float
    size: float  # bytes of the variant with everything quantized
    float_size: float
    size_limit: float = math.inf
    wide: bool = False  # whether 16 bits may be chosen
    by_op: dict[str, list[int]] = field(init=False)  # units that an op asks for

    def __post_init__(self) -> None:
        """Index units by op."""
        self.by_op = {}
        for at, unit in enumerate(self.additive.units):
            for op in unit.ops:
                self.by_op.setdefault(op, []).append(at)

    def noise(self, chosen: Choice) -> float:
        """Predicted noise."""
        known = self.by_op.keys()
        return self.additive.predict(chosen.floats & known, chosen.wide & known).noise

    def of_unit(self, at: int, chosen: Choice) -> float:
        """Noise of one unit."""
        unit = self.additive.units[at]
        if unit.floats(chosen.floats):
            return 0.0
        wide = chosen.wide and unit.wide(chosen.floats, chosen.wide)
        return self.additive.wide[at] if wide else self.additive.noise[at]

    def us(self, chosen: Choice) -> float:
        """Predicted time; NaN without a time model."""
        return math.nan if self.times is None else self.times.total(chosen)

    def bytes(self, chosen: Choice) -> float:
        """Predicted size."""
        units = zip(self.additive.units, self.unit_bytes, strict=True)
        return self.size + sum(more for unit, more in units if unit.floats(chosen.floats))

    def price(self, us: float, grown: float) -> float:
        """Time and size as one figure, in microseconds; size counts by its share of the float file."""
        return us + _SIZE_WEIGHT * self.scale * grown / max(self.float_size, 1.0)

    @property
    def scale(self) -> float:
        """Microseconds of a run with everything quantized; 1 where unknown."""
        return self.times.variant_us if self.times is not None and self.times.variant_us > 0 else 1.0


def plans(problem: Problem, goal: float, starts: Mapping[str, Iterable[str]]) -> list[Plan]:
    """One plan per start, those that are predicted to reach the goal first, the cheapest of them first.

    Args:
        problem: what it is weighed by.
        goal: the most noise.
        starts: ops kept float to begin with, by name.
    """
    known = problem.by_op.keys()
    found = [
        _Search(problem, goal, name, Choice(frozenset(ops).intersection(known))).plan() for name, ops in starts.items()
    ]
    unique = {each.choice: each for each in reversed(found)}
    return sorted(unique.values(), key=lambda plan: _order(plan, problem))


def _order(plan: Plan, problem: Problem) -> tuple[bool, float, float]:
    price = problem.price(plan.us if math.isfinite(plan.us) else 0.0, plan.bytes)
    fits = plan.bytes <= problem.size_limit
    return not (plan.reached and fits), 0.0 if plan.reached else plan.noise, price


class _Move(NamedTuple):
    """A set of ops to choose otherwise, and what that is worth: noise removed per cost."""

    worth: float
    ops: frozenset[str]
    wide: bool
    grown: float = 0.0  # bytes the file grows by

    def on(self, chosen: Choice) -> Choice:
        return chosen.with_wide(self.ops) if self.wide else chosen.with_floats(self.ops)


class _Search:
    """Greedy from one start."""

    def __init__(self, problem: Problem, goal: float, name: str, start: Choice) -> None:
        self._problem, self._goal, self._name, self._chosen = problem, goal, name, start
        self._noise = [problem.of_unit(at, start) for at in range(len(problem.additive.units))]
        self._bytes = problem.bytes(start)
        self._made: list[_Move] = []
        self._known: dict[int, list[_Move]] = {}

    def plan(self) -> Plan:
        """Add until the goal is met, take back what it does not need."""
        problem = self._problem
        while problem.noise(self._chosen) > self._goal and self._step():
            pass
        self._take_back()
        noise = problem.noise(self._chosen)
        size = problem.bytes(self._chosen)
        return Plan(self._chosen, noise, problem.us(self._chosen), size, self._name, noise <= self._goal)

    def _step(self) -> bool:
        """Make the move that is worth most; False where none is left."""
        best: _Move | None = None
        for at in range(len(self._noise)):
            if self._noise[at] <= _LEAST_GAIN:
                continue
            if at not in self._known:
                self._known[at] = self._moves(at)
            for move in self._known[at]:
                if self._fits(move.grown) and (best is None or move.worth > best.worth):
                    best = move
        if best is None:
            return False
        self._make(best)
        return True

    def _make(self, move: _Move) -> None:
        self._chosen = move.on(self._chosen)
        self._made.append(move)
        self._bytes = self._problem.bytes(self._chosen)
        for at in self._units(move.ops):
            self._noise[at] = self._problem.of_unit(at, self._chosen)
        times = self._problem.times
        touched = set(move.ops)
        if times is not None:
            touched |= {op for name in times.near(move.ops) for op in times.around(name)}
        for at in self._units(touched):
            self._known.pop(at, None)

    def _units(self, ops: Iterable[str]) -> set[int]:
        return {at for op in ops for at in self._problem.by_op.get(op, ())}

    def _moves(self, at: int) -> list[_Move]:
        """What can be done about a unit: keep its ops float, or raise them to 16 bits."""
        ops = self._problem.additive.units[at].ops
        ways = [(frozenset(op for op in ops if op not in self._chosen.floats), False)]
        if self._problem.wide:
            narrow = (op for op in ops if op not in self._chosen.floats and op not in self._chosen.wide)
            ways.append((frozenset(narrow), True))
        found = (self._move(each, wide=wide) for each, wide in ways if each)
        return [move for move in found if move is not None]

    def _move(self, ops: frozenset[str], *, wide: bool) -> _Move | None:
        """What a move is worth; None where it brings nothing or does not fit."""
        problem = self._problem
        after = _Move(0.0, ops, wide).on(self._chosen)
        units = self._units(ops)
        gain = sum(self._noise[at] - problem.of_unit(at, after) for at in units)
        grown = 0.0 if wide else sum(problem.unit_bytes[at] for at in self._freed(units, after.floats))
        if gain < _LEAST_GAIN or not self._fits(grown):
            return None
        us = (
            0.01 * problem.scale * len(ops) if problem.times is None else problem.times.change(self._chosen, after, ops)
        )
        return _Move(gain / max(problem.price(us, grown), 1e-4 * problem.scale), ops, wide, grown)

    def _fits(self, grown: float) -> bool:
        """Whether there is room; what fitted when a move was weighed may be taken by now."""
        return self._bytes + grown <= self._problem.size_limit

    def _freed(self, units: Iterable[int], floats: Collection[str]) -> list[int]:
        """Units that are float now and were not before."""
        every = self._problem.additive.units
        return [at for at in units if every[at].floats(floats) and not every[at].floats(self._chosen.floats)]

    def _take_back(self) -> None:
        """Undo what the goal does not need: moves, the latest first, then single ops of them, the costliest first."""
        if self._problem.noise(self._chosen) > self._goal:
            return
        for move in reversed(self._made):
            self._do_without(move.ops)
        left = {op for move in self._made for op in move.ops} & (self._chosen.floats | self._chosen.wide)
        for op in sorted(left, key=lambda op: (-self._cost(op), op)):
            self._do_without({op})

    def _do_without(self, ops: Collection[str]) -> None:
        fewer = self._chosen.without(ops)
        if self._problem.noise(fewer) <= self._goal:
            self._chosen = fewer

    def _cost(self, op: str) -> float:
        """What time and size it takes that an op is not at 8 bits."""
        problem, fewer = self._problem, self._chosen.without({op})
        us = 0.0 if problem.times is None else problem.times.change(fewer, self._chosen, [op])
        return problem.price(us, problem.bytes(self._chosen) - problem.bytes(fewer))
