"""The sums of both sides over the modules of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_analysis.comparison.weights.aligning import Pair
    from haoline_analysis.comparison.weights.entries import Entry
    from haoline_analysis.comparison.weights.result import WeightsComparison
    from haoline_analysis.table import Table

_SUMS = (
    "parameters",
    "other_parameters",
    "weight_bytes",
    "other_weight_bytes",
    "tensors",
    *("changed", "added", "removed"),
)


def scope_rows(comparison: WeightsComparison) -> list[dict[str, Any]]:
    """A row per module of the side with the better tree: path, parent, sums of both, types, and a class for folding."""
    from haoline_analysis.comparison.weights.result import kind_of

    scopes, mine = _tree(comparison)
    paths, names, parents = list(scopes["path"].values), list(scopes["name"].values), scopes["parent"].values.tolist()
    rows: list[dict[str, Any]] = [
        {"path": path, "name": name, "parent": parent, **dict.fromkeys(_SUMS, 0)}
        for path, name, parent in zip(paths, names, parents, strict=True)
    ]
    kinds: list[list[tuple[str | None, str | None]]] = [[] for _ in rows]
    looks: list[list[object]] = [[] for _ in rows]
    by_path = {path: row for row, path in enumerate(paths)}
    for pair in comparison.pairs:
        row = _place(pair, mine, by_path)
        kind = kind_of(pair)
        _add(rows[row], pair, kind)
        kinds[row].append((_types(pair.first), _types(pair.second)))
        looks[row].append((kind, *(_figures(side) for side in (pair.first, pair.second))))
    _fold(rows, kinds, looks)
    for made, found in zip(rows, kinds, strict=True):
        made["dtype"], made["other_dtype"] = (_listed([pair[side] for pair in found]) for side in (0, 1))
        for name in ("parameters", "weight_bytes"):
            made[f"{name}_delta"] = made[f"other_{name}"] - made[name]
    return rows


def _tree(comparison: WeightsComparison) -> tuple[Table, bool]:
    """The scope table to sum over, and whether it is the first model's: the other's where the first has none."""
    first, second = comparison.first.tables["scopes"], comparison.second.tables["scopes"]
    return (second, False) if first.rows < 2 <= second.rows else (first, True)


def _place(pair: Pair, mine: bool, by_path: dict[str, int]) -> int:
    """The row of a pair: where the side that owns the tree has it, else the module of its name, else the root."""
    own, other = (pair.first, pair.second) if mine else (pair.second, pair.first)
    if own:
        return own[0].scope
    parts = other[0].name.split(".")
    for stop in range(len(parts) - 1, 0, -1):
        row = by_path.get(".".join(parts[:stop]))
        if row is not None:
            return row
    return 0


def _add(row: dict[str, Any], pair: Pair, kind: str) -> None:
    row["tensors"] += 1
    if kind != "same":
        row[kind] += 1
    for name in ("parameters", "weight_bytes"):
        row[name] += sum(getattr(entry, name) for entry in pair.first)
        row[f"other_{name}"] += sum(getattr(entry, name) for entry in pair.second)


def _figures(side: tuple[Entry, ...]) -> tuple[object, ...]:
    return tuple((entry.dtype, entry.shape, entry.weight_bytes) for entry in side)


def _types(side: tuple[Entry, ...]) -> str | None:
    return side[0].dtype if side else None


def _fold(
    rows: list[dict[str, Any]], kinds: list[list[tuple[str | None, str | None]]], looks: list[list[object]]
) -> None:
    """Sum up from the leaves, and number modules so that equal numbers look the same on both sides."""
    known: dict[object, int] = {}
    inner: list[list[object]] = [[] for _ in rows]
    for index in range(len(rows) - 1, -1, -1):  # children follow their parents
        row = rows[index]
        row["structure"] = known.setdefault((tuple(looks[index]), tuple(inner[index])), len(known))
        parent = row["parent"]
        if parent >= 0:
            inner[parent].append(row["structure"])
            kinds[parent] += kinds[index]
            for name in _SUMS:
                rows[parent][name] += row[name]


def _listed(types: list[str | None]) -> str | None:
    """Distinct types, the commonest first."""
    found = [kind for kind in types if kind]
    distinct = sorted(set(found), key=lambda kind: (-found.count(kind), kind))
    more = f" and {len(distinct) - 3} more" if len(distinct) > 3 else ""
    return ", ".join(distinct[:3]) + more if distinct else None
