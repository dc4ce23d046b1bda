"""An engine laid over the ONNX model it was built from: which layer runs which ops, and how long."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.comparison.engines import forms
from haoline_analysis.comparison.engines.layer_table import LayerTable
from haoline_analysis.comparison.engines.resolving import INFERRED, RANK, Resolver
from haoline_analysis.comparison.side import Side
from haoline_analysis.errors import ModelError
from haoline_analysis.table import Column

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.report import ModelReport

KEPT, FUSED, REMOVED, REFORMATTED = "kept", "fused", "removed", "reformatted"
"""What became of an op: a layer of its own, part of one, none at all, a change of layout."""


@dataclass(eq=False)
class EngineMapping:
    """Which layers of an engine were made from which ops of a model."""

    first: ModelReport  # the model
    second: ModelReport  # the engine
    held: list[dict[int, str]]  # [layers] the ops it was made from, and how each was found
    served: list[dict[int, str]]  # [layers] the ops that a reformat or copy works for
    _layers: LayerTable = field(repr=False)

    @cached_property
    def main(self) -> list[int]:
        """The op of each layer that does most of its work, -1 where none is known; int [layers]."""
        work = _flops(self.first)
        found = []
        for held, served in zip(self.held, self.served, strict=True):
            candidates = held or served
            found.append(max(candidates, key=lambda op: (work[op], -op)) if candidates else -1)
        return found

    @cached_property
    def layer_of(self) -> list[int]:
        """The layer of each op, -1 without; of several the one that takes most time, else the first; int [ops]."""
        found = [-1] * self.first.tables["ops"].rows
        us = [0.0 if math.isnan(value) else value for value in self._layers.us]
        for row, held in enumerate(self.held):
            for op in held:
                if found[op] < 0 or us[row] > us[found[op]]:
                    found[op] = row
        return found

    @cached_property
    def ops(self) -> pd.DataFrame:
        """One row per op of the model: its layer, fate, time, precision in both, and how it was found."""
        import pandas as pd

        names = self.first.tables["ops"]["name"].values
        before = _precisions(self.first)
        rows = []
        for op, row in enumerate(self.layer_of):
            after = self._layers.precision[row] if row >= 0 else None
            rows.append(
                {
                    "op": names[op],
                    "layer": self._layers.names[row] if row >= 0 else None,
                    "fate": self.fates[op],
                    "engine_us": self._times[0][op],
                    "precision": before[op],
                    "engine_precision": after,
                    "re_precisioned": None if None in (before[op], after) else before[op] != after,
                    "confidence": self.held[row][op] if row >= 0 else None,
                }
            )
        return pd.DataFrame(rows).astype({"re_precisioned": "boolean"})

    @cached_property
    def layers(self) -> pd.DataFrame:
        """One row per layer: the ops it was made from or works for, what it is to them, its time."""
        import pandas as pd

        names = self.first.tables["ops"]["name"].values
        rows = []
        for row, (held, served) in enumerate(zip(self.held, self.served, strict=True)):
            ops = held or served
            rows.append(
                {
                    "layer": self._layers.names[row],
                    "type": self._layers.types[row],
                    "fate": self._layer_fate(row),
                    "ops": ", ".join(names[op] for op in ops) or None,
                    "op_count": len(held),
                    "main_op": names[self.main[row]] if self.main[row] >= 0 else None,
                    "measured_us": self._layers.us[row],
                    "precision": self._layers.precision[row],
                    "confidence": min(ops.values(), key=RANK.__getitem__) if ops else None,
                }
            )
        return pd.DataFrame(rows)

    def _layer_fate(self, row: int) -> str | None:
        if self.held[row]:
            return FUSED if len(self.held[row]) > 1 else KEPT
        return REFORMATTED if self._layers.around[row] or self._layers.types[row] == "Reformat" else None

    @cached_property
    def fates(self) -> list[str]:
        """What became of each op; [ops]."""
        found = []
        for row in self.layer_of:
            if row < 0:
                found.append(REMOVED)
            elif len(self.held[row]) > 1:
                found.append(FUSED)
            else:
                found.append(REFORMATTED if self._layers.types[row] == "Reformat" else KEPT)
        return found

    @cached_property
    def _times(self) -> tuple[np.ndarray, np.ndarray]:
        """Microseconds per op, on the main op of each layer, and the part of them that is reformatting; NaN: none."""
        ops = self.first.tables["ops"].rows
        whole, around = np.full(ops, np.nan), np.full(ops, np.nan)
        for row, op in enumerate(self.main):
            time = self._layers.us[row]
            if op < 0 or math.isnan(time):
                continue
            whole[op] = np.nansum([whole[op], time])
            if not self.held[row]:
                around[op] = np.nansum([around[op], time])
        return whole, around

    @cached_property
    def totals(self) -> dict[str, Any]:
        """Counts of ops by fate and of layers, and how much time has an op; microseconds."""
        all_us = self._layers.time(range(self._layers.count))
        mapped = self._layers.time([row for row, op in enumerate(self.main) if op >= 0])
        return {
            "ops": len(self.layer_of),
            "layers": self._layers.count,
            **{fate: self.fates.count(fate) for fate in (KEPT, FUSED, REMOVED, REFORMATTED)},
            "mapped_layers": sum(op >= 0 for op in self.main),
            "inferred": sum(how == INFERRED for held in self.held for how in held.values()),
            "measured_us": all_us,
            "mapped_us": mapped,
        }

    def columns(self) -> list[Column]:
        """Columns for the op table of the model: layer, time, precision, fate, confidence."""
        layer = self.layer_of
        names = [self._layers.names[row] if row >= 0 else None for row in layer]
        found = [self.held[row][op] if row >= 0 else None for op, row in enumerate(layer)]
        precision = [self._layers.precision[row] if row >= 0 else None for row in layer]
        whole, around = self._times
        made = [
            Column("engine_layer", names, "Engine layer", provenance="declared", description="the layer that runs it"),
            Column("engine_precision", precision, "Engine precision", provenance="declared", scale="categorical"),
            Column("fate", list(self.fates), "Fate", description="what became of it in the engine"),
            Column("confidence", found, "Mapped by", description="how its layer was found"),
        ]
        if self._layers.timed:
            words = "on the op that does most of its layer's work, reformatting around it included"
            made.insert(1, Column("engine_us", whole, "Engine time", "us", "measured", "sum", words))
            if not np.isnan(around).all():
                part = "part of the engine time that goes into changing layouts and types"
                made.insert(2, Column("engine_reformat_us", around, "… reformatting", "us", "measured", "sum", part))
        return made

    def to_document(self) -> bytes:
        """Both reports in one container, as :meth:`haoline_analysis.comparison.Comparison.to_document` makes it."""
        return forms.pair_document(self.first, self.second, self._pair_columns())

    def _pair_columns(self) -> tuple[list[Column], list[Column]]:
        there = np.asarray(self.layer_of, np.int32)
        back = np.asarray(self.main, np.int32)
        pairs = (
            forms.Counterparts(there, self._op_changes()),
            forms.Counterparts(back, self._layer_changes()),
        )
        first, second = (pair.columns(alone) for pair, alone in zip(pairs, ("removed", "added"), strict=True))
        return [*self.columns(), *first], second

    def _op_changes(self) -> list[str | None]:
        """What the engine does otherwise per op, "" for nothing, None where no layer runs it."""
        before = _precisions(self.first)
        words: list[str | None] = []
        for op, row in enumerate(self.layer_of):
            if row < 0:
                words.append(None)
                continue
            parts = [] if self.fates[op] == KEPT else [f"{self.fates[op]}: {self._layers.names[row]}"]
            after = self._layers.precision[row]
            if before[op] and after and before[op] != after:
                parts.append(f"{before[op]} → {after}")
            words.append("; ".join(parts))
        return words

    def _layer_changes(self) -> list[str | None]:
        names = self.first.tables["ops"]["name"].values
        words: list[str | None] = []
        for held, op in zip(self.held, self.main, strict=True):
            if op < 0 or not held:
                words.append(None)
            else:
                words.append(f"fuses {', '.join(names[i] for i in held)}" if len(held) > 1 else "")
        return words

    def to_markdown(self) -> str:
        """A summary and the layers that take most time."""
        return forms.markdown(self._told())

    def to_json(self) -> str:
        """Totals and both frames as JSON."""
        return forms.as_json(
            "engine mapping", self.first, self.second, self.totals, {"layers": self.layers, "ops": self.ops}
        )

    def _told(self) -> forms.Told:
        totals = self.totals
        fates = ", ".join(f"{totals[fate]:,} {fate}" for fate in (KEPT, FUSED, REMOVED, REFORMATTED) if totals[fate])
        lines = [f"{totals['ops']:,} ops became {totals['layers']:,} layers: {fates}"]
        if totals["measured_us"] is not None:
            part = (totals["mapped_us"] or 0.0) / totals["measured_us"] if totals["measured_us"] else 1.0
            lines.append(f"measured {totals['measured_us']:,.0f} us, of which {part:.1%} is of known ops")
        if totals["inferred"]:
            lines.append(f"{totals['inferred']:,} ops were found by what lies around them rather than by name")
        shown = self.layers.sort_values("measured_us", ascending=False, kind="stable", na_position="last")
        columns = ["layer", "type", "ops", "fate", "measured_us", "precision", "confidence"]
        return forms.Told(f"{self.first.name} as built into {self.second.name}", lines, shown[columns], self.layers)

    def __repr__(self) -> str:
        """The summary."""
        return forms.text(self._told())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """Text and a table for any notebook front end."""
        return forms.bundle(self._told())


def map_engine(report: ModelReport, engine: ModelReport) -> EngineMapping:
    """Map the layers of an engine to the ops of the model it was built from.

    Args:
        report: of the model: its rows are ops.
        engine: of the engine: its rows are layers.

    Raises:
        ModelError: if either is something else, or no layer bears the name of any op: another model.
    """
    if report.holds != "ops":
        raise ModelError(f"{report.name} holds {report.holds}; an engine is laid over the ops of a model")
    layers = LayerTable(engine)
    resolver = Resolver(Side(report), layers)
    resolver.run()
    if not any(resolver.of_layer) and not any(resolver.served):
        raise ModelError(
            f"no layer of {engine.name} names an op of {report.name}: the engine was built from another model, "
            "or states no names"
        )
    return EngineMapping(report, engine, resolver.of_layer, resolver.served, layers)


def _flops(report: ModelReport) -> list[float]:
    """FLOPs per op, unknown ones 0."""
    from haoline_analysis.report.container import numeric

    ops = report.tables["ops"]
    values = numeric(ops["flops"].values) if "flops" in ops else None
    return [0.0] * ops.rows if values is None else np.nan_to_num(np.asarray(values, float)).tolist()


def _precisions(report: ModelReport) -> list[str | None]:
    ops = report.tables["ops"]
    if "precision" not in ops:
        return [None] * ops.rows
    return [value if isinstance(value, str) and value else None for value in ops["precision"].values]
