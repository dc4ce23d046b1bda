"""The table of scopes: each holds the sums over its whole subtree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMED = ("parameters", "macs", "flops", "weight_bytes")


def subtree_sums(values: Any, scope_of: np.ndarray, parents: Sequence[int]) -> Any:
    """Sums per scope over its subtree; missing where the known values below a scope sum to zero and some are unknown.

    Args:
        values: one number per op, missing ones masked or NaN.
        scope_of: the scope of each op.
        parents: the parent of each scope, -1 for the root; children follow parents.
    """
    import pandas as pd

    known = ~np.asarray(pd.isna(values), dtype=bool)
    exact = np.asarray(getattr(values, "dtype", np.asarray(values).dtype).kind in "iub")
    numbers = np.asarray(values[known]).tolist()
    sums: list[Any] = [0] * len(parents)
    counts = [0] * len(parents)
    for scope, value in zip(scope_of[known].tolist(), numbers, strict=True):
        sums[scope] += value
        counts[scope] += 1
    asked = np.bincount(scope_of, minlength=len(parents)).tolist()
    for scope in range(len(parents) - 1, 0, -1):
        above = parents[scope]
        sums[above] += sums[scope]
        counts[above] += counts[scope]
        asked[above] += asked[scope]
    filled = [value if value or have == want else None for value, have, want in zip(sums, counts, asked, strict=True)]
    return pd.array(filled, dtype="Int64" if exact and _fits(sums) else "Float64")


def _fits(sums: list[Any]) -> bool:
    """Whether all sums are 64-bit integers."""
    return all(isinstance(value, int) and abs(value) < 2**63 for value in sums)


def op_counts(scope_of: np.ndarray, parents: Sequence[int]) -> np.ndarray:
    """Number of ops in each subtree."""
    counts = np.bincount(scope_of, minlength=len(parents)).astype(np.int32)
    for scope in range(len(parents) - 1, 0, -1):
        counts[parents[scope]] += counts[scope]
    return counts


def scope_table(
    paths: Sequence[str],
    names: Sequence[str],
    parents: Sequence[int],
    class_names: Sequence[str | None],
    structure: Sequence[int],
    ops: Table,
) -> Table:
    """The scope table from the tree and the op table's sums."""
    scope_of = np.asarray(ops["scope"].values)
    table = Table(len(paths))
    table.add(
        Column("path", list(paths), "Scope", provenance="declared"),
        Column("name", list(names), "Name", provenance="declared"),
        Column("parent", np.asarray(parents, dtype=np.int32), "Parent"),
        Column("class_name", [name or None for name in class_names], "Class", provenance="declared"),
        Column("ops", op_counts(scope_of, parents), "Ops", aggregate="sum"),
    )
    for name in SUMMED:
        if name not in ops:
            continue
        source = ops[name]
        sums = subtree_sums(source.values, scope_of, parents)
        table.add(Column(name, sums, source.label, source.unit, source.provenance, "sum", source.description))
    table.add(
        Column("structure", np.asarray(structure, dtype=np.int32), "Structure", description="equal: same structure")
    )
    return table
