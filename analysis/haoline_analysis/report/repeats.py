"""Runs of neighbouring scopes of one structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report.facts import Repeat

if TYPE_CHECKING:
    from haoline_analysis.table import Table


def children(scopes: Table) -> list[list[int]]:
    """The child rows of each scope, in order."""
    below: list[list[int]] = [[] for _ in range(scopes.rows)]
    for row, parent in enumerate(scopes["parent"].values.tolist()):
        if parent >= 0:
            below[parent].append(row)
    return below


def runs(rows: list[int], structure: list[int]) -> list[list[int]]:
    """Siblings cut into runs of neighbours of one structure."""
    grouped: list[list[int]] = []
    for row in rows:
        if grouped and structure[grouped[-1][0]] == structure[row]:
            grouped[-1].append(row)
        else:
            grouped.append([row])
    return grouped


def repeats(scopes: Table) -> list[Repeat]:
    """All runs of two or more; inside a run only its first member is looked into."""
    if not scopes.rows:
        return []
    below, structure = children(scopes), scopes["structure"].values.tolist()
    found: list[list[int]] = []
    queue = [0]
    while queue:
        for run in runs(below[queue.pop(0)], structure):
            queue.append(run[0])
            if len(run) > 1:
                found.append(run)
    return [_repeat(scopes, run) for run in found]


def _repeat(scopes: Table, run: list[int]) -> Repeat:
    """A run by name."""
    paths, classes, ops = (scopes[name].values for name in ("path", "class_name", "ops"))
    return Repeat(str(paths[run[0]]), str(paths[run[-1]]), len(run), classes[run[0]], int(ops[run[0]]))
