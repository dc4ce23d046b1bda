"""From a model to its report: every analysis in turn, each adding its columns."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.cost import count_parameters, liveness, op_costs
from haoline_analysis.cost.plan import CostPlan
from haoline_analysis.cost.training import can_train, training_table
from haoline_analysis.formats import open_model
from haoline_analysis.hardware.fusion import fused_ops
from haoline_analysis.model import Gap
from haoline_analysis.report import placing
from haoline_analysis.report.attributes import attribute_texts
from haoline_analysis.report.breakdown import of_ops
from haoline_analysis.report.content import Content
from haoline_analysis.report.facts import Binding, describe
from haoline_analysis.report.format_facts import trimmed
from haoline_analysis.report.kinds import analysis_of
from haoline_analysis.report.model_report import ModelReport
from haoline_analysis.report.precisions import precision_columns, transition_column
from haoline_analysis.report.scopes_table import SUMMED, scope_table
from haoline_analysis.report.tables import Tables
from haoline_analysis.report.tensor_table import edge_tables, feed_table, tensor_table, yield_table
from haoline_analysis.report.totals import Totals, total
from haoline_analysis.shapes import Evaluator
from haoline_analysis.shapes.bindings import bind
from haoline_analysis.shapes.known import known_before_run
from haoline_analysis.shapes.symbols import find_symbols
from haoline_analysis.structure import build_scopes, categories
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.cost import Liveness, OpCosts
    from haoline_analysis.cost.parameters import ParameterCount
    from haoline_analysis.findings import Finding
    from haoline_analysis.hardware import HardwareProfile
    from haoline_analysis.model import Model
    from haoline_analysis.report.placing import Choice
    from haoline_analysis.shapes.value import Evaluation
    from haoline_analysis.structure import Scopes

    Progress = Callable[[str, float], None]


def analyze(
    source: Any,
    example_inputs: Any = None,
    *,
    shapes: Mapping[str, Any] | None = None,
    hardware: str | HardwareProfile | None = None,
    precision: str | None = None,
    gpus: int = 1,
    progress: Progress | None = None,
    **options: Any,
) -> ModelReport:
    """What is in a model, what it costs and where it will run.

    Args:
        source: a path of a file or model folder, bytes, an ``onnx.ModelProto``, a PyTorch module or exported
            program, or an opened ``Model``.
        example_inputs: of a PyTorch module: what it is called with, a tuple or a dict of keyword arguments.
        shapes: sizes by dim name, or whole shapes by input name; what is left out gets a stated default.
        hardware: a profile or its name; None: this machine's GPU, else its CPU.
        precision: estimate as if floats were computed and stored so (``fp16``, ``int8``, …); None: as the model is.
        gpus: number of devices.
        progress: told the stage and the fraction done, from 0 to 1.
        options: what the format knows beyond that (docs/formats.md): ``graph``, ``route``, ``profile``, …

    Raises:
        ModelError: if the model, an option, a shape, the hardware or the precision is refused.
    """
    tell = progress or _silent
    choice = placing.choose(hardware, gpus, precision)  # refused before the work rather than after it
    tell("Reading the model", 0.0)
    if example_inputs is not None:
        options["example_inputs"] = example_inputs
    return analysis_of(open_model(source, **options)).report(shapes or {}, choice, tell)


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


class Analysis:
    """One opened model, with what does not depend on the sizes worked out once."""

    def __init__(self, model: Any) -> None:
        """Keep the model; everything else follows on demand."""
        self.model = model
        self._plan = CostPlan(model)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Shapes under any binding."""
        return Evaluator(self.model)

    @cached_property
    def scopes(self) -> Scopes:
        """The module tree."""
        return build_scopes(self.model)

    @cached_property
    def stated(self) -> list[Column]:
        """The op columns that no binding changes."""
        ops = self.model.ops
        return [
            Column("name", [op.name for op in ops], "Op", provenance="declared"),
            Column("type", [op.type for op in ops], "Type", provenance="declared"),
            Column("domain", [op.domain for op in ops], "Domain", provenance="declared"),
            Column("category", list(categories(self.model)), "Category"),
            Column("scope", np.asarray(self.scopes.op_scope, dtype=np.int32), "Scope"),
            Column(
                "parent", np.array([op.parent for op in ops], dtype=np.int32), "Inside", description="control-flow op"
            ),
            Column("attributes", attribute_texts(ops), "Attributes", provenance="declared"),
        ]

    @cached_property
    def fused(self) -> Column:
        """Which ops a runtime merges into the one before."""
        words = "taken to run inside the kernel of the op before"
        return Column("fused", fused_ops(self.model), "Fused", provenance="estimated", description=words)

    def rebind(self, report: ModelReport, shapes: Mapping[str, Any]) -> ModelReport:
        """The report under other sizes; what the user bound before and does not name now stays."""
        newly = bind(find_symbols(self.model), shapes)
        named = newly.sizes.keys() - {item.what.removeprefix("dimension ") for item in newly.assumptions}
        kept = {
            name: size for name, (size, source) in report.bindings.items() if source == "user" and name not in named
        }
        choice = report.hardware.choice if report.hardware else None
        return self.report({**kept, **shapes}, choice, _silent)

    def report(self, shapes: Mapping[str, Any], choice: Choice | None, tell: Progress) -> ModelReport:
        """The report under a binding, on a device."""
        tell("Working out shapes", 0.3)
        evaluation = self.evaluator.evaluate(shapes)
        tell("Counting costs", 0.5)
        count = count_parameters(self.model, evaluation, self._plan)
        costs = op_costs(self.model, evaluation, count)
        live = liveness(self.model, evaluation, count)
        tell("Finding structure", 0.7)
        ops = Table(len(self.model.ops))
        ops.add(*self.stated, *costs.columns, self.fused, _folded(evaluation))
        ops.add(*precision_columns(self.model, evaluation, ops))
        content = Content(
            facts=describe(self.model, evaluation),
            totals=_totals(self.model, ops, costs, live),
            tables=self._tables(ops, evaluation, count, live),
            ranges={name: (low, high) for name, (low, high) in costs.ranges.items() if low != high},
            bindings=_bindings(evaluation),
            assumptions=list(evaluation.assumptions),
            gaps=_merged([*self.model.gaps, *evaluation.gaps, *costs.gaps, *live.gaps]),
            architecture=self.model.architecture,
            format_facts=trimmed(self.model.facts),
        )
        tell("Estimating", 0.85)
        if choice is not None:
            columns, content.placed = placing.place(ops, content.totals, choice)
            ops.add(*columns)
        content.find = partial(self._find, evaluation, live.peak_bytes)
        tell("Done", 1.0)
        return ModelReport(content, self.model, self.rebind)

    def _find(self, evaluation: Evaluation, peak: int, ops: Table) -> list[Finding]:
        """The findings, by the op table as it is now."""
        from haoline_analysis.findings import find, ranked  # only when somebody looks at them: its rules are many

        found = find(self.model, evaluation, ops, self.scopes, peak_activation_bytes=peak)
        return ranked([*self.model.findings, *found])

    def _tables(self, ops: Table, evaluation: Evaluation, count: ParameterCount, live: Liveness) -> Tables:
        """The op table now, the others when somebody looks at them."""
        scopes = self.scopes
        training = {"training": lambda: training_table(self.model, evaluation)} if can_train(self.model) else {}
        made = Tables(
            {
                **training,
                "tensors": lambda: _tensors(self.model, evaluation, count, ops),
                "scopes": lambda: scope_table(
                    scopes.path, scopes.name, scopes.parent.tolist(), scopes.class_name, scopes.structure.tolist(), ops
                ),
                "uses": lambda: edge_tables(self.model)[0],
                "makes": lambda: edge_tables(self.model)[1],
                "feeds": lambda: feed_table(self.model),
                "yields": lambda: yield_table(self.model),
                "memory": lambda: _memory(live),
                "breakdown": lambda: of_ops(self.model, ops, scopes.path, count.elements),
            }
        )
        return made.replaced("ops", ops)


def _tensors(model: Model, evaluation: Evaluation, count: ParameterCount, ops: Table) -> Table:
    """The tensor table, with where precision changes if it does."""
    table = tensor_table(model, evaluation, count)
    change = transition_column(model, ops)
    if change is not None:
        table.add(change)
    return table


def _folded(evaluation: Evaluation) -> Column:
    """Which ops a runtime can work out before the run."""
    words = "its result follows from the sizes alone: a constant or shape arithmetic"
    return Column("folded", known_before_run(evaluation), "Known before the run", description=words)


def _memory(live: Liveness) -> Table:
    """The liveness curve over the execution order."""
    table = Table(len(live.curve))
    table.add(
        Column("op", np.arange(len(live.curve), dtype=np.int32), "Op"),
        Column("live_bytes", np.asarray(live.curve, dtype=np.float64), "Live activations", "B", aggregate="max"),
    )
    return table


def _totals(model: Any, ops: Table, costs: OpCosts, live: Liveness) -> Totals:
    """Whole-model figures: sums over ops, the peak, and what is counted apart."""
    unused = costs.count.unused_initializers
    figures: dict[str, Any] = {name: total(ops[name].values) for name in SUMMED}
    figures |= {
        "peak_activation_bytes": live.peak_bytes if live.peak_bytes or not live.unknown else None,
        "peak_op": model.ops[live.peak_op].name if live.peak_op >= 0 else None,
        "activation_bytes": total(ops["output_bytes"].values),
        "ops": len(model.ops),
        "tensors": len(model.tensors),
        "unused_initializer_elements": sum(item.elements for item in unused),
        "unused_initializer_bytes": sum(item.nbytes for item in unused),
    }
    if "macs_all_experts" in ops:
        figures["macs_all_experts"] = total(ops["macs_all_experts"].values)
    return Totals(figures)


def _bindings(evaluation: Evaluation) -> dict[str, Binding]:
    """Sizes of the symbolic dims; those assumed are by default, the others the user's."""
    assumed = {assumption.what for assumption in evaluation.assumptions}
    return {
        name: Binding(size, "default" if f"dimension {name}" in assumed else "user")
        for name, size in evaluation.bindings.items()
    }


def _merged(gaps: list[Gap]) -> list[Gap]:
    """Gaps with equal words made one."""
    together: dict[str, dict[int, None]] = {}
    for gap in gaps:
        together.setdefault(gap.what, {}).update(dict.fromkeys(gap.ops))
    return [Gap(what, tuple(sorted(rows))) for what, rows in together.items()]
