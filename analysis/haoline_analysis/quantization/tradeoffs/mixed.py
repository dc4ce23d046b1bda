"""Keeping float what an accuracy target needs, and nothing more: planned on measurements, then built and run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity import measure_sensitivity
from haoline_analysis.quantization.tradeoffs.building import Builder, Step
from haoline_analysis.quantization.tradeoffs.choosing import with_default
from haoline_analysis.quantization.tradeoffs.constraints import parse_constraint
from haoline_analysis.quantization.tradeoffs.explaining import explained
from haoline_analysis.quantization.tradeoffs.goals import Goal, goal_of
from haoline_analysis.quantization.tradeoffs.islands import costly
from haoline_analysis.quantization.tradeoffs.latencies import measured_times
from haoline_analysis.quantization.tradeoffs.planning import Plan, Problem, plans
from haoline_analysis.quantization.tradeoffs.timing import NOTHING, Choice
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from haoline_analysis.quantization.sensitivity import Sensitivity
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.mixed_result import MixedPrecision

BUILDS = 5
"""Most models that are built on the way."""
SAMPLES = 4
"""Calibration samples that noise is measured on."""


def mixed_precision(
    model: Any,
    calibration: Any,
    *,
    target: str | Constraint = "cosine >= 0.99",
    scheme: str = "static-int8",
    inputs: Any = None,
    hardware: str | None = None,
    fixes: Iterable[str] = ("clip-mask",),
    builds: int = BUILDS,
    output: str | os.PathLike[str] | None = None,
    alternatives: bool = True,
    preprocess: Any = None,
    tokenizer: Any = None,
    limit: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    **options: Any,
) -> MixedPrecision:
    """Quantize as much as a target allows: keep float (or at 16 bits) what costs most for the time it saves.

    Noise is measured per quantizer, time per kernel; every plan is built and run before it counts. Ctrl-C keeps the
    best build so far.

    Args:
        model: the float model: a path, bytes, a ``ModelProto``, a ``Model`` or a ``ModelReport``.
        calibration: data for ranges and for measuring noise.
        target: what is wanted, as :func:`parse_constraint` reads it.
        scheme: a static one.
        inputs: samples to judge on, held out from calibration; None: ``calibration``, which a note says.
        hardware: where it will run, the ``target`` of ``quantize``.
        fixes: changes to the float model that cost nothing and make it quantize better.
        builds: most models to build.
        output: the file to write; None: a temporary one that goes with the result.
        alternatives: also measure dynamic INT8 and INT16 activations.
        preprocess: how pictures become arrays.
        tokenizer: how text becomes ids.
        limit: most samples to calibrate with, and to judge on.
        progress: told the stage and the fraction done.
        **options: more of ``quantize``.

    Raises:
        ModelError: if anything is refused; says what.
    """
    wanted, assumed = with_default(parse_constraint(target))
    if "static" not in scheme and scheme != "tensorrt-int8":
        raise ModelError(
            f"Mixed precision is for static schemes, whose quantizers can be left out one by one, not {scheme}."
        )
    tell = progress or _silent
    fixed = {"scheme": scheme, "target": hardware, "fixes": tuple(fixes), "per_channel": True, **options}
    how = {"preprocess": preprocess, "tokenizer": tokenizer, "limit": limit}
    with TemporaryDirectory(prefix="haoline-mixed-") as folder:
        builder = Builder(model, calibration, inputs, fixed, how, wanted, Path(folder), output)
        search = _Search(builder, goal_of(wanted), max(1, builds), tell)
        complete = search.run()
        if alternatives and complete:
            complete = builder.alternatives(tell)
        return explained(builder, search.found, assumed, complete=complete)


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


@dataclass
class Found:
    """What the search learned."""

    sensitivity: Sensitivity | None = None
    islands: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # plans that could not be built, and why


class _Search:
    """Plan, build, run, and plan again with what that taught."""

    def __init__(self, builder: Builder, goal: Goal, builds: int, tell: Callable[[str, float], None]) -> None:
        self.found = Found()
        self._builder, self._goal, self._builds, self._tell = builder, goal, builds, tell

    def run(self) -> bool:
        """Whether it was not interrupted.

        Raises:
            KeyboardInterrupt: if it was before anything was built.
        """
        try:
            self._tell("Quantizing everything", 0.0)
            base = self._builder.build("everything quantized", (), ())
            if not base.meets:
                self._refine(base)
        except KeyboardInterrupt:
            if not self._builder.steps:
                raise
            return False
        return True

    def _refine(self, base: Step) -> None:
        self._tell("Measuring each quantizer alone", 0.1)
        builder = self._builder
        found = measure_sensitivity(
            builder.model, builder.calibration, variant=base.model.path, limit=SAMPLES, progress=self._part(0.1, 0.4)
        )
        self.found.sensitivity = found
        if not found.complete:  # interrupted: it keeps what it has measured
            raise KeyboardInterrupt
        self._tell("Timing kernels", 0.5)
        problem = self._problem(found, base)
        goal = self._goal.noise(found, problem, base.outcome)
        starts = _starts(found, problem)
        tried = {NOTHING}  # the base, which did not do
        for at in range(self._builds):
            plan = plans(problem, goal, starts)[0]
            if plan.choice in tried:
                break
            step = self._built(plan, at, tried)
            after = None if step is None else self._goal.after(step, goal)
            if after is None:
                break
            goal = after
        others = [plan for plan in plans(problem, goal, starts) if plan.reached and plan.choice not in tried]
        if others and len(tried) < self._builds:  # predictions of time are rough: see whether the next one is faster
            self._built(others[0], len(tried), tried)
        self._point_out(problem, goal)

    def _built(self, plan: Plan, at: int, tried: set[Choice]) -> Step | None:
        """A plan, made and run; None where it cannot be, which costs nothing of what was built before."""
        self._tell("Building what is planned", 0.55 + 0.4 * at / self._builds)
        tried.add(plan.choice)
        assert self.found.sensitivity is not None
        predicted = self.found.sensitivity.predict(plan.keep_float, plan.int16)
        try:
            return self._builder.build(f"plan {at + 1}", plan.keep_float, plan.int16, predicted, plan.us)
        except ModelError as error:
            self.found.refused.append(f"A plan with {len(plan.keep_float)} ops kept float cannot be built: {error}")
            return None

    def _point_out(self, problem: Problem, goal: float) -> None:
        best = self._builder.best()
        opened = self._builder.opened
        types = {op.name: op.type for op in opened.ops}
        self.found.islands = costly(
            opened, problem, Choice(frozenset(best.keep_float), frozenset(best.int16)), goal, types
        )

    def _part(self, start: float, length: float) -> Callable[[str, float], None]:
        return lambda stage, fraction: self._tell(stage, start + length * fraction)

    def _problem(self, found: Sensitivity, base: Step) -> Problem:
        builder = self._builder
        second = source_of(base.model.path)[0]
        times = interruptible(
            lambda stop, _: measured_times(builder.source, builder.opened, second, found.sites, builder.samples, stop),
            lambda *_: None,
        )
        grown = [float(before - after) for before, after in map(found.unit_bytes, found.additive.units)]
        limit = min((_bytes(term, base) for term in builder.wanted.terms if "size" in term.metric), default=math.inf)
        wide = builder.options["scheme"] == "static-int8" and builder.options["target"] not in _NO_INT16
        size, float_size = base.outcome.size_bytes, base.outcome.float_bytes
        return Problem(found.additive, times, grown, size, float_size, limit, wide)


def _bytes(term: Any, base: Step) -> float:
    return float(term.bound * (base.outcome.float_bytes if term.metric == "size_share" else 1))


def _starts(found: Sensitivity, problem: Problem) -> Mapping[str, Iterable[str]]:
    """From where plans set out: nothing, what has no integer kernel, all that has no weights."""
    units = found.additive.units
    every = {op for unit in units for op in unit.ops}
    heavy = {op for unit in units if found.unit_bytes(unit)[1] > _HEAVY for op in unit.ops}
    times = problem.times
    slow = {op for op in every if times is not None and not times.runs_integer(op, NOTHING)}
    return {"everything": (), "integer kernels": slow, "weights": every - heavy}


_NO_INT16 = frozenset({"cuda", "tensorrt"})
_HEAVY = 4096
"""Bytes of quantized weights from which on they are worth integers by themselves."""
