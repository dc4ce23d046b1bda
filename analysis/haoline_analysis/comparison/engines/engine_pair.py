"""Two engines side by side: the same ops of a model, in which layers, in which precision, how long."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.comparison.engines import forms
from haoline_analysis.comparison.engines.layer_table import LayerTable
from haoline_analysis.formats.tensorrt.source_names import REFORMAT

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.report import ModelReport

SAME, PRECISION, FUSION, ADDED, REMOVED = "same", "precision", "fusion", "added", "removed"
"""How a unit differs: not, in precision, in what is fused with what, or it is in one engine only."""

BY_NAME, BY_ORDER = "named", "inferred"


@dataclass(frozen=True)
class Unit:
    """Layers of both engines that were made from the same ops."""

    first: tuple[int, ...]
    second: tuple[int, ...]
    confidence: str


@dataclass(eq=False)
class EngineComparison:
    """Which layers of two engines do the same work, and what it costs in each."""

    first: ModelReport
    second: ModelReport
    units: list[Unit]
    _sides: tuple[LayerTable, LayerTable] = field(repr=False)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per unit: layers, time, precision and fusion in each engine, and the change."""
        import pandas as pd

        return pd.DataFrame([self._row(unit) for unit in self.units])

    def _row(self, unit: Unit) -> dict[str, Any]:
        a, b = self._sides
        us, other = a.time(unit.first), b.time(unit.second)
        both = us is not None and other is not None
        return {
            "layer": _names(a, unit.first),
            "other_layer": _names(b, unit.second),
            "measured_us": us if us is not None else math.nan,
            "other_us": other if other is not None else math.nan,
            "delta_us": other - us if both and us is not None and other is not None else math.nan,
            "speedup": us / other if us is not None and other else math.nan,
            "precision": _precision(a, unit.first),
            "other_precision": _precision(b, unit.second),
            "change": self.change(unit),
            "confidence": unit.confidence,
        }

    def change(self, unit: Unit) -> str:
        """The greatest difference of a unit."""
        a, b = self._sides
        if not unit.first or not unit.second:
            return REMOVED if unit.first else ADDED
        own, others = _own(a, unit.first), _own(b, unit.second)
        if unit.confidence == BY_NAME and len(own) != len(others):
            return FUSION
        if unit.confidence == BY_NAME and _fused(a, own) != _fused(b, others):
            return FUSION
        return SAME if _precision(a, unit.first) == _precision(b, unit.second) else PRECISION

    @cached_property
    def totals(self) -> dict[str, Any]:
        """Layers, time (microseconds), reformats, their time and precisions of both engines; units by change."""
        return {
            "first": _summary(self._sides[0]),
            "second": _summary(self._sides[1]),
            "speedup": _ratio(*(side.time(range(side.count)) for side in self._sides)),
            "changes": dict(Counter(self.change(unit) for unit in self.units)),
        }

    @cached_property
    def counterparts(self) -> tuple[np.ndarray, np.ndarray]:
        """The row of each layer's partner in the other engine, -1 without; int32. One of its name, else the slowest."""
        a, b = self._sides
        found = np.full(a.count, -1, np.int32), np.full(b.count, -1, np.int32)
        for unit in self.units:
            for rows, others, into, own, side in (
                (unit.first, unit.second, found[0], a, b),
                (unit.second, unit.first, found[1], b, a),
            ):
                named = {side.names[row]: row for row in others}
                partners = _own(side, others)
                slowest = max(partners, key=side.cost, default=-1)
                for row in rows:
                    into[row] = named.get(own.names[row], slowest)
        return found

    def to_document(self) -> bytes:
        """Both reports in one container, as :meth:`haoline_analysis.comparison.Comparison.to_document` makes it."""
        words: tuple[list[str | None], list[str | None]] = tuple([None] * side.count for side in self._sides)  # type: ignore[assignment]
        for unit in self.units:
            told = self._words(unit)
            for rows, into in ((unit.first, words[0]), (unit.second, words[1])):
                for row in rows:
                    into[row] = told
        pairs = [forms.Counterparts(rows, text) for rows, text in zip(self.counterparts, words, strict=True)]
        return forms.pair_document(self.first, self.second, (pairs[0].columns(REMOVED), pairs[1].columns(ADDED)))

    def _words(self, unit: Unit) -> str | None:
        if not unit.first or not unit.second:
            return None
        row = self._row(unit)
        parts = []
        if row["precision"] != row["other_precision"]:
            parts.append(f"{row['precision'] or 'unknown'} → {row['other_precision'] or 'unknown'}")
        if row["change"] == FUSION:
            parts.append("other fusion")
        if parts and not math.isnan(row["delta_us"]):
            parts.append(f"{row['measured_us']:.0f} → {row['other_us']:.0f} us")
        return "; ".join(parts)

    def to_markdown(self) -> str:
        """A summary and the units whose time differs most."""
        return forms.markdown(self._told())

    def to_json(self) -> str:
        """Totals and units as JSON."""
        return forms.as_json("engine comparison", self.first, self.second, self.totals, {"layers": self.layers})

    def _told(self) -> forms.Told:
        totals = self.totals
        lines = [
            _line(report.name, totals[key])
            for report, key in zip((self.first, self.second), ("first", "second"), strict=True)
        ]
        if totals["speedup"] is not None:
            lines.append(f"{totals['speedup']:.2f}× as fast")
        lines.append(", ".join(f"{count:,} {kind}" for kind, count in totals["changes"].items()))
        frame = self.layers
        order = frame["delta_us"].abs().sort_values(ascending=False, kind="stable", na_position="last").index
        return forms.Told(f"{self.first.name} against {self.second.name}", lines, frame.loc[order], frame)

    def __repr__(self) -> str:
        """The summary."""
        return forms.text(self._told())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """Text and a table for any notebook front end."""
        return forms.bundle(self._told())


def compare_engines(first: ModelReport, second: ModelReport) -> EngineComparison:
    """Pair the layers of two engines: by the ops they were made from, then by what they compute, in order.

    Raises:
        ModelError: if either is no engine.
    """
    a, b = LayerTable(first), LayerTable(second)
    units = _by_names(a, b)
    units = sorted(_by_order(a, b, units), key=lambda unit: (unit.first or (a.count,), unit.second))
    return EngineComparison(first, second, units, (a, b))


def _by_names(a: LayerTable, b: LayerTable) -> list[Unit]:
    """Layers joined through the ops they name; layers of other optimization profiles stay apart."""
    parent: dict[Any, Any] = {}

    def root(item: Any) -> Any:
        while parent.setdefault(item, item) != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for number, side in enumerate((a, b)):
        for row, names in enumerate(side.sources):
            ends = [*names.names, *(end for region in names.regions for end in region)] or [side.names[row]]
            for name in ends[:1] if side.around[row] else ends:
                parent[root((number, row))] = root((names.profile, name))
            root((number, row))
    groups: dict[Any, tuple[list[int], list[int]]] = {}
    for number, side in enumerate((a, b)):
        for row in range(side.count):
            groups.setdefault(root((number, row)), ([], []))[number].append(row)
    return [Unit(tuple(rows), tuple(others), BY_NAME) for rows, others in groups.values()]


def _by_order(a: LayerTable, b: LayerTable, units: list[Unit]) -> list[Unit]:
    """Units of one engine paired with those of the other that compute the same, in the order of execution."""
    lone_a = [unit for unit in units if not unit.second]
    lone_b = [unit for unit in units if not unit.first]
    keys_a = [_signature(a, unit.first) for unit in lone_a]
    keys_b = [_signature(b, unit.second) for unit in lone_b]
    paired = [unit for unit in units if unit.first and unit.second]
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    for block in SequenceMatcher(None, keys_a, keys_b, autojunk=False).get_matching_blocks():
        for step in range(block.size):
            i, j = block.a + step, block.b + step
            if keys_a[i] is not None:
                paired.append(Unit(lone_a[i].first, lone_b[j].second, BY_ORDER))
                taken_a.add(i)
                taken_b.add(j)
    paired += [unit for i, unit in enumerate(lone_a) if i not in taken_a]
    return paired + [unit for j, unit in enumerate(lone_b) if j not in taken_b]


def _signature(side: LayerTable, rows: tuple[int, ...]) -> tuple[Any, ...] | None:
    """What a unit's main layer computes: category, stored elements without biases, shape of its result."""
    own = _own(side, rows)
    row = max(own, key=lambda row: 0 if math.isnan(side.flops[row]) else side.flops[row], default=-1)
    if row < 0 or side.types[row] in ("NoOp", "Reformat"):
        return None
    made = side.makes[row]
    shape = side.shapes[made[0]] if made else None
    return (side.categories[row], side.parameters[row], shape.removesuffix("×1×1") if shape else None)


def _own(side: LayerTable, rows: tuple[int, ...]) -> list[int]:
    """The layers that are of the model rather than around another."""
    return [row for row in rows if not side.around[row]]


def _fused(side: LayerTable, rows: list[int]) -> set[frozenset[str]]:
    return {frozenset(side.sources[row].names) for row in rows}


def _names(side: LayerTable, rows: tuple[int, ...]) -> str | None:
    own = _own(side, rows) or list(rows)
    return ", ".join(side.names[row] for row in own) or None


def _precision(side: LayerTable, rows: tuple[int, ...]) -> str | None:
    """Precision of the layers of the model among these; several with a slash."""
    found = [side.precision[row] for row in _own(side, rows) or rows]
    return "/".join(dict.fromkeys(word for word in found if word)) or None


def _summary(side: LayerTable) -> dict[str, Any]:
    reformats = [row for row in range(side.count) if side.sources[row].kind == REFORMAT]
    own = [names for names, around in zip(side.sources, side.around, strict=True) if not around]
    return {
        "layers": side.count,
        "measured_us": side.time(range(side.count)),
        "reformats": len(reformats),
        "reformat_us": side.time(reformats),
        "fusions": sum(len(names.names) > 1 or bool(names.regions) for names in own),
        "precision": dict(Counter(word for word in side.precision if word).most_common()),
    }


def _line(name: str, summary: dict[str, Any]) -> str:
    words = f"{name}: {summary['layers']:,} layers"
    if summary["measured_us"] is not None:
        words += f", {summary['measured_us']:,.0f} us"
    words += f", {summary['reformats']:,} reformats"
    if summary["reformat_us"] is not None:
        words += f" ({summary['reformat_us']:,.0f} us)"
    return f"{words}, {', '.join(f'{count:,} in {kind}' for kind, count in summary['precision'].items())}"


def _ratio(first: float | None, second: float | None) -> float | None:
    return first / second if first is not None and second else None
