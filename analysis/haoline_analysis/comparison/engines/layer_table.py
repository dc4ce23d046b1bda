"""An engine's report as lists, one entry per layer; works on one restored from JSON too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.tensorrt.source_names import COPY, HELPER, REFORMAT, SourceNames, source_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.report import ModelReport
    from haoline_analysis.table import Table

AROUND = (REFORMAT, COPY, HELPER)
"""Kinds of layers that serve another one: they are of no op of their own."""


class LayerTable:
    """What matching looks at."""

    def __init__(self, report: ModelReport) -> None:
        """Read the tables of a report.

        Raises:
            ModelError: if it is not of an engine.
        """
        if report.holds != "layers":
            raise ModelError(f"{report.name} is no engine: its rows are {report.holds}, not layers")
        ops, tensors = report.tables["ops"], report.tables["tensors"]
        self.report = report
        self.names: list[str] = list(ops["name"].values)
        self.types: list[str] = list(ops["type"].values)
        self.categories: list[str] = list(ops["category"].values)
        self.count = len(self.names)
        self.sources = _sources(report)
        self.around = [names.kind in AROUND for names in self.sources]
        self.us = _numbers(ops, "measured_us")
        self.flops = _numbers(ops, "flops")
        self.parameters = _numbers(ops, "parameters")
        self.precision = _words(ops, "precision", self.count)
        self.tensor_names: list[str] = list(tensors["name"].values)
        self.shapes: list[str | None] = list(tensors["shape"].values)
        self.reads = _by_layer(report, "uses", self.count)
        self.makes = _by_layer(report, "makes", self.count)

    @property
    def timed(self) -> bool:
        """Whether any layer has a measured time."""
        return any(not math.isnan(value) for value in self.us)

    def time(self, rows: Sequence[int]) -> float | None:
        """The sum of the known times, microseconds; None where none is known."""
        known = [self.us[row] for row in rows if not math.isnan(self.us[row])]
        return math.fsum(known) if known else None

    def cost(self, row: int) -> float:
        """The time of a layer, 0 where it is not known."""
        return 0.0 if math.isnan(self.us[row]) else self.us[row]


def _sources(report: ModelReport) -> list[SourceNames]:
    """As read from the file; from a report alone, by names and the column that lists what metadata named."""
    model: Any = report.model
    if model is not None and hasattr(model, "sources"):
        return list(model.sources)
    ops = report.tables["ops"]
    found = []
    for name, text in zip(ops["name"].values, ops["source_ops"].values, strict=True):
        names = source_names(name)
        stated = tuple(part for part in (text or "").split(", ") if part and " … " not in part and part[0] != "…")
        found.append(names._replace(names=stated) if stated and not names.regions else names)
    return found


def _numbers(table: Table, name: str) -> list[float]:
    """A numeric column, NaN where unknown or absent."""
    from haoline_analysis.report.container import numeric

    values = numeric(table[name].values) if name in table else None
    return [math.nan] * table.rows if values is None else np.asarray(values, np.float64).tolist()


def _words(table: Table, name: str, rows: int) -> list[str | None]:
    if name not in table:
        return [None] * rows
    return [value if isinstance(value, str) else None for value in table[name].values]


def _by_layer(report: ModelReport, table: str, count: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(count)]
    edges = report.tables[table]
    for op, tensor in zip(edges["op"].values.tolist(), edges["tensor"].values.tolist(), strict=True):
        rows[op].append(tensor)
    return rows
