"""From a checkpoint to its report: what is stored, where, in which type; nothing about computing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import BindingError
from haoline_analysis.model import Gap
from haoline_analysis.report import placing, stored_columns
from haoline_analysis.report.breakdown import of_weights
from haoline_analysis.report.content import Content
from haoline_analysis.report.facts import describe_stored
from haoline_analysis.report.format_facts import trimmed
from haoline_analysis.report.model_report import ModelReport
from haoline_analysis.report.scopes_table import scope_table
from haoline_analysis.report.tables import Tables
from haoline_analysis.report.tensor_table import edge_tables, feed_table, yield_table
from haoline_analysis.report.totals import Totals, total
from haoline_analysis.structure.stored import stored_scopes
from haoline_analysis.structure.stored_order import in_reading_order
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Model
    from haoline_analysis.report.placing import Choice
    from haoline_analysis.structure import Scopes

NO_OPS = "a checkpoint holds weights but no ops: compute, activations and data flow are not known"

NO_WEIGHTS = "this file holds neither weights nor ops: only what its metadata state is known"


class StoredAnalysis:
    """One opened checkpoint."""

    def __init__(self, model: Model) -> None:
        """Keep the model, its rows in reading order."""
        self.model = in_reading_order(model)

    @cached_property
    def scopes(self) -> Scopes:
        """The module tree, from the names."""
        return stored_scopes(self.model)

    @cached_property
    def counts(self) -> stored_columns.Counts:
        """Parameters and bytes per row."""
        return stored_columns.count(self.model)

    def report(
        self, shapes: Mapping[str, Any], choice: Choice | None, tell: Callable[[str, float], None]
    ) -> ModelReport:
        """The report; ``choice`` only says what the weights must fit into.

        Raises:
            BindingError: if shapes are given: there are no inputs to bind.
        """
        if shapes:
            raise BindingError(f"{self.model.name}: a checkpoint has no inputs whose shapes could be bound")
        tell("Counting weights", 0.5)
        ops = stored_columns.op_table(self.model, self.scopes, self.counts)
        content = Content(
            facts=describe_stored(self.model),
            totals=_totals(self.model, ops),
            tables=self._tables(ops),
            gaps=[Gap(NO_OPS if self.model.ops else NO_WEIGHTS), *self.model.gaps, *self._uncounted()],
            architecture=self.model.architecture,
            format_facts=trimmed(self.model.facts),
        )
        if choice is not None:
            content.placed = placing.place_weights(content.totals, choice)
        content.find = self._find
        tell("Done", 1.0)
        return ModelReport(content, self.model)

    def _uncounted(self) -> list[Gap]:
        """The weights whose size cannot be told."""
        rows = self.counts.uncounted
        return [Gap("the size of these weights is not known, and they are not counted", tuple(rows))] if rows else []

    def _find(self, ops: Table) -> list[Finding]:
        """What the reader found, and what the rules find."""
        from haoline_analysis.findings import find_stored  # only when somebody looks at them

        return find_stored(self.model, ops)

    def _tables(self, ops: Table) -> Tables:
        """The op table now, the others when somebody looks at them."""
        scopes = self.scopes
        made = Tables(
            {
                "tensors": lambda: stored_columns.tensor_table(self.model, self.counts),
                "scopes": lambda: scope_table(
                    scopes.path, scopes.name, scopes.parent.tolist(), scopes.class_name, scopes.structure.tolist(), ops
                ),
                "uses": lambda: edge_tables(self.model)[0],
                "makes": lambda: edge_tables(self.model)[1],
                "feeds": lambda: feed_table(self.model),
                "yields": lambda: yield_table(self.model),
                "memory": _no_memory,
                "breakdown": lambda: of_weights(self.model, ops),
            }
        )
        return made.replaced("ops", ops)


def _no_memory() -> Table:
    """A liveness curve without ops."""
    table = Table(0)
    table.add(
        Column("op", np.zeros(0, np.int32), "Op"),
        Column("live_bytes", np.zeros(0), "Live activations", "B", aggregate="max"),
    )
    return table


def _totals(model: Model, ops: Table) -> Totals:
    """Sums over rows; what only ops could tell is None."""
    parameters, size = total(ops["parameters"].values), total(ops["weight_bytes"].values)
    return Totals(
        {
            "parameters": parameters,
            "macs": None,
            "flops": None,
            "weight_bytes": size,
            "bits_per_weight": 8 * size / parameters if parameters and size is not None else None,
            "peak_activation_bytes": None,
            "ops": len(model.ops),
            "tensors": len(model.tensors),
        }
    )
