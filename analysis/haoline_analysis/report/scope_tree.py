"""The module tree as nested ``<details>``, repeated blocks folded to one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from haoline_analysis.report.formatting import TIMES, count, known, nbytes, plain
from haoline_analysis.report.repeats import children, runs

if TYPE_CHECKING:
    from haoline_analysis.table import Table

MAX_SCOPES = 300
"""Scopes shown; what lies below is counted instead."""
MAX_DEPTH = 12


def scope_tree(scopes: Table) -> str:
    """The tree below the root; empty for a flat model."""
    if scopes.rows < 2:
        return ""
    return _Tree(scopes).level(0, 0)


class _Tree:
    """Writes a bounded part of the tree."""

    def __init__(self, scopes: Table) -> None:
        self.scopes = scopes
        self.below = children(scopes)
        self.structure = scopes["structure"].values.tolist()
        self.left = MAX_SCOPES

    def level(self, row: int, depth: int) -> str:
        """All runs below a scope."""
        if depth >= MAX_DEPTH:
            return f"<p>… {len(self.below[row])} more levels below</p>"
        parts = []
        folded = runs(self.below[row], self.structure)
        for number, run in enumerate(folded):
            if self.left <= 0:
                parts.append(f"<p>… {len(folded) - number} more</p>")
                break
            self.left -= 1
            parts.append(self._run(run, depth))
        return "".join(parts)

    def _run(self, run: list[int], depth: int) -> str:
        """One scope, or one standing for a run of equals."""
        head = f"{self._name(run)} <small>{escape(self._figures(run[0], len(run)))}</small>"
        if not self.below[run[0]]:
            return f"<p>{head}</p>"
        return f"<details><summary>{head}</summary>{self.level(run[0], depth + 1)}</details>"

    def _name(self, run: list[int]) -> str:
        """Name, class and number of repeats."""
        names, classes = self.scopes["name"].values, self.scopes["class_name"].values
        last = f" … {escape(plain(names[run[-1]]))}" if len(run) > 1 else ""
        times = f" <b>{TIMES}{len(run)}</b>" if len(run) > 1 else ""
        kind = f" <i>{escape(plain(classes[run[0]]))}</i>" if known(classes[run[0]]) and classes[run[0]] else ""
        return f"{escape(plain(names[run[0]]))}{last}{kind}{times}"

    def _figures(self, row: int, times: int) -> str:
        """Ops, parameters, MACs and bytes of one member."""
        words = [
            f"{form(self.scopes[name].values[row])}{unit}"
            for name, form, unit in (
                ("ops", count, " ops" if "macs" in self.scopes else " weights"),
                ("parameters", count, " parameters"),
                ("macs", count, " MACs"),
                ("weight_bytes", nbytes, ""),
            )
            if name in self.scopes
        ]
        return " · ".join(words) + (" each" if times > 1 else "")
