"""What a report holds, apart from the ways to change and export it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.architecture import Architecture
    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Gap
    from haoline_analysis.report.facts import Binding, ModelFacts
    from haoline_analysis.report.placing import Placed
    from haoline_analysis.report.tables import Tables
    from haoline_analysis.report.totals import Totals
    from haoline_analysis.shapes.value import Assumption
    from haoline_analysis.table import Column, Table


def new_id() -> str:
    """An identity for a report: 32 hexadecimal digits."""
    return uuid.uuid4().hex


@dataclass(eq=False)
class Content:
    """What a report holds; plain data, none of it tied to the model file."""

    facts: ModelFacts
    totals: Totals
    tables: Tables
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    assumptions: list[Assumption] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    found: list[Finding] | None = None  # None: not looked for yet
    find: Callable[[Table], list[Finding]] | None = None  # looks at the op table; None once the model is gone
    placed: Placed | None = None
    architecture: Architecture | None = None
    format_facts: dict[str, Any] = field(default_factory=dict)  # JSON-like, what only its format states, trimmed
    user_columns: tuple[str, ...] = ()
    user_tensor_columns: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)

    @property
    def findings(self) -> list[Finding]:
        """What the rules find, looked for on first use."""
        if self.found is None:
            self.found = self.find(self.tables["ops"]) if self.find else []
        return self.found

    def forget_findings(self) -> None:
        """Have them looked for anew, where the model is still there."""
        if self.find is not None:
            self.found = None

    @property
    def own(self) -> dict[str, tuple[str, ...]]:
        """Names of the user's columns by table."""
        return {"ops": self.user_columns, "tensors": self.user_tensor_columns}

    def put_own(self, table: str, *columns: Column) -> None:
        """Add columns of the user's to a table, replacing those of the same name."""
        self.tables[table].add(*columns)
        names = [column.name for column in columns]
        self._set_own(table, (*(name for name in self.own[table] if name not in names), *names))

    def drop_own(self, table: str, name: str) -> None:
        """Take a column of the user's away."""
        del self.tables[table].columns[name]
        self._set_own(table, tuple(own for own in self.own[table] if own != name))

    def own_of(self, other: Content) -> None:
        """Take over the user's columns of a report of the same model."""
        for table, names in other.own.items():
            self.put_own(table, *(other.tables[table][name] for name in names))

    def _set_own(self, table: str, names: tuple[str, ...]) -> None:
        if table == "ops":
            self.user_columns = names
        else:
            self.user_tensor_columns = names
