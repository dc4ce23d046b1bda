"""What a report stores, as comparing sees it: one entry per weight, read from the tables alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.comparison.weights.names import dotted
from haoline_analysis.model import CONTAINERS
from haoline_analysis.report.formatting import known
from haoline_analysis.structure.roles import role, role_of_op

if TYPE_CHECKING:
    from haoline_analysis.report import ModelReport
    from haoline_analysis.table import Table


@dataclass(slots=True, eq=False)
class Entry:
    """One logical weight."""

    name: str
    module: str  # where it is used, as a dotted name of a weight; "" where that is not known
    role: str
    scope: int  # row of the scope table
    shape: tuple[int, ...] | None
    dtype: str | None
    quantization: str | None
    parameters: int
    weight_bytes: int
    aliases: tuple[str, ...] = ()  # other names of the same storage

    @property
    def bits(self) -> float | None:
        """Stored bits per parameter; None of what has none."""
        return 8 * self.weight_bytes / self.parameters if self.parameters else None

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """The sizes of its axes in ascending order, ones left out: what transposing leaves alone."""
        return None if self.shape is None else tuple(sorted(dim for dim in self.shape if dim != 1))

    @property
    def elements(self) -> int:
        """Parameters, of a buffer its elements."""
        return self.parameters or (prod(self.shape) if self.shape is not None else 0)


def entries(report: ModelReport) -> list[Entry]:
    """The weights of a report, in the order in which they are used or read."""
    return _of_rows(report) if report.holds == "weights" else _of_tensors(report)


def _of_rows(report: ModelReport) -> list[Entry]:
    """A row of the table each; a second name of the same storage is an alias."""
    ops = report.tables["ops"]
    columns = {name: list(ops[name].values) for name in ("name", "shape", "weight_precision", "quantization", "role")}
    figures = {name: np.asarray(ops[name].values).tolist() for name in ("scope", "parameters", "weight_bytes")}
    texts = list(ops["attributes"].values)
    found: list[Entry] = []
    by_name: dict[str, Entry] = {}
    for row in range(ops.rows):
        name, owner = columns["name"][row], _shared_with(texts[row])
        if owner in by_name and not figures["weight_bytes"][row]:
            by_name[owner].aliases += (name,)
            continue
        entry = Entry(
            name=name,
            module="",
            role=_text(columns["role"][row]) or "other",
            scope=figures["scope"][row],
            shape=_shape(columns["shape"][row]),
            dtype=_text(columns["weight_precision"][row]),
            quantization=_text(columns["quantization"][row]),
            parameters=figures["parameters"][row],
            weight_bytes=figures["weight_bytes"][row],
        )
        found.append(entry)
        by_name[name] = entry
    return found


def _shared_with(attributes: Any) -> str:
    """The name after ``shares = `` in the attributes of a row."""
    for line in str(attributes or "").split("\n"):
        if line.startswith("shares = "):
            return line.removeprefix("shares = ")
    return ""


def _of_tensors(report: ModelReport) -> list[Entry]:
    """A stored tensor each that some op reads, in the order of their first use."""
    tensors, ops = report.tables["tensors"], report.tables["ops"]
    workers = _Workers(report)
    paths = list(report.tables["scopes"]["path"].values)
    kinds = list(ops["weight_precision"].values) if "weight_precision" in ops else [None] * ops.rows
    scopes, categories = ops["scope"].values.tolist(), list(ops["category"].values)
    columns = {
        name: list(tensors[name].values) for name in ("name", "kind", "shape", "dtype", "quantization", "nbytes")
    }
    parameters = np.asarray(tensors["parameters"].values).tolist()
    found: list[Entry] = []
    rest: list[int] = []
    for tensor in sorted(workers.first, key=lambda tensor: workers.first[tensor]):
        if columns["kind"][tensor] not in ("initializer", "constant", "buffer"):
            continue
        op = workers.of(tensor)
        if not parameters[tensor] and not _MODULE.fullmatch(columns["name"][tensor]):
            rest.append(int(columns["nbytes"][tensor]) if known(columns["nbytes"][tensor]) else 0)
            continue
        path, name, size = paths[scopes[op]], columns["name"][tensor], columns["nbytes"][tensor]
        shape = _shape(columns["shape"][tensor])
        leaf = (
            "bias"
            if shape is not None and len(shape) == 1 and categories[op] in ("residual", "elementwise")
            else "weight"
        )
        told = role(name, shape)
        packing, dtype = _text(columns["quantization"][tensor]), _text(columns["dtype"][tensor])
        if packing and dtype in CONTAINERS:
            dtype = _text(kinds[op]) or dtype  # what is packed, not what it is packed in
        found.append(
            Entry(
                name=name,
                module=f"{dotted(path)}.{leaf}" if path else "",
                role=told if told != "other" else role_of_op(categories[op], path, name),
                scope=scopes[op],
                shape=shape,
                dtype=dtype,
                quantization=packing,
                parameters=parameters[tensor],
                weight_bytes=int(size) if known(size) else 0,
            )
        )
    if rest:
        found.append(Entry(f"other constants ({len(rest):,})", "", "other", 0, None, None, None, 0, sum(rest)))
    return found


_MODULE = re.compile(r"[A-Za-z_]\w{0,200}(\.\w{1,200}){1,40}")
"""Names that a module gives its buffers, and no exporter makes up."""


class _Workers:
    """Which op works with a weight: behind a DequantizeLinear or a Transpose, the one that reads its result."""

    def __init__(self, report: ModelReport) -> None:
        """Read the edges once."""
        self.types = list(report.tables["ops"]["type"].values)
        self.first = _first(report.tables["uses"], "tensor", "op")
        self.made = _first(report.tables["makes"], "op", "tensor")

    def of(self, tensor: int) -> int:
        """The op, by its row."""
        op = self.first[tensor]
        for _ in range(_LONGEST_WAY):
            if self.types[op] not in _CARRIERS or op not in self.made or self.made[op] not in self.first:
                return op
            op = self.first[self.made[op]]
        return op


_CARRIERS = frozenset({"DequantizeLinear", "QuantizeLinear", "Transpose", "Cast", "Identity"})
_LONGEST_WAY = 4


def _first(edges: Table, by: str, get: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for key, value in zip(edges[by].values.tolist(), edges[get].values.tolist(), strict=True):
        found.setdefault(key, value)
    return found


def _shape(text: Any) -> tuple[int, ...] | None:
    """Sizes from their text; None where one is not known."""
    if not isinstance(text, str):
        return None
    if text == "scalar":
        return ()
    parts = text.split("×")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
