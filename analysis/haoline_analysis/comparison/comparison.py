"""Two reports compared op by op. The result is columns, one set for each op table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.comparison.changes import changes
from haoline_analysis.comparison.matching import match
from haoline_analysis.comparison.side import Side
from haoline_analysis.table import Column

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.report import ModelReport

SAME, CHANGED, ADDED, REMOVED = "same", "changed", "added", "removed"


@dataclass(eq=False)
class Comparison:
    """Which ops of two models are each other's counterparts, and how they differ."""

    first: ModelReport
    second: ModelReport
    counterpart: NDArray[np.int32]  # [ops of first] row in second, -1 without
    changed: list[str | None]  # [ops of first] what differs, "" for nothing, None without a counterpart

    @cached_property
    def reverse(self) -> NDArray[np.int32]:
        """The row in ``first`` of each op of ``second``, -1 without; int32 [ops of second]."""
        rows = np.full(self.second.tables["ops"].rows, -1, np.int32)
        there = self.counterpart >= 0
        rows[self.counterpart[there]] = np.flatnonzero(there)
        return rows

    @cached_property
    def ops(self) -> pd.DataFrame:
        """One row per op of either model: rows and names on both sides, ``change`` and what ``changed``."""
        import pandas as pd

        names, others = self.first.tables["ops"]["name"].values, self.second.tables["ops"]["name"].values
        rows: list[tuple[Any, ...]] = [
            (i, names[i], j if j >= 0 else None, others[j] if j >= 0 else None, kind, words or None)
            for i, (j, kind, words) in enumerate(
                zip(self.counterpart.tolist(), self._kinds(REMOVED), self.changed, strict=True)
            )
        ]
        rows += [(None, None, j, others[j], ADDED, None) for j in np.flatnonzero(self.reverse < 0).tolist()]
        frame = pd.DataFrame(rows, columns=["row", "op", "other_row", "other_op", "change", "changed"])
        return frame.astype({"row": "Int64", "other_row": "Int64"})

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many ops are the same, changed, added and removed."""
        kinds = self._kinds(REMOVED)
        return {
            SAME: kinds.count(SAME),
            CHANGED: kinds.count(CHANGED),
            ADDED: int((self.reverse < 0).sum()),
            REMOVED: kinds.count(REMOVED),
        }

    def columns(self) -> tuple[list[Column], list[Column]]:
        """``counterpart``, ``change`` and ``changed`` for the op table of each model."""
        back = self.reverse.tolist()
        words = [self.changed[i] if i >= 0 else None for i in back]
        kinds = [ADDED if text is None else CHANGED if text else SAME for text in words]
        return (
            _columns(self.counterpart, self._kinds(REMOVED), self.changed),
            _columns(self.reverse, kinds, words),
        )

    def to_document(self) -> bytes:
        """Both reports in one container: the second's tables are ``other/ops`` and so on, its header is ``other``."""
        from haoline_analysis.report.document import pack, parts

        (head, tables), (other_head, other_tables) = parts(self.first), parts(self.second)
        for table, columns in zip((tables["ops"], other_tables["ops"]), self.columns(), strict=True):
            table.add(*columns)
        beside = {f"other/{name}": table for name, table in other_tables.items()}
        return pack({**head, "other": other_head}, {**tables, **beside})

    def _kinds(self, alone: str) -> list[str]:
        return [alone if text is None else CHANGED if text else SAME for text in self.changed]

    def __repr__(self) -> str:
        """How many ops are what."""
        parts = ", ".join(f"{count:,} {kind}" for kind, count in self.counts.items() if count)
        return f"{self.first.name} against {self.second.name}: {parts or 'no ops'}"


def compare(first: ModelReport, second: ModelReport) -> Comparison:
    """Match the ops of two models and say what changed from the first to the second.

    Structural: names, weights, wiring, shapes and types are looked at, never the values. About linear in ops.
    """
    a, b = Side(first), Side(second)
    counterpart = match(a, b)
    return Comparison(first, second, counterpart, changes(a, b, counterpart.tolist()))


def _columns(counterpart: NDArray[np.int32], kinds: list[str], words: list[str | None]) -> list[Column]:
    return [
        Column("counterpart", counterpart, "Counterpart", description="row of the same op in the other model"),
        Column("change", kinds, "Change", description="against the other model"),
        Column("changed", [text or None for text in words], "Changed", description="what differs in the other model"),
    ]
