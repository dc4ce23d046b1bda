"""A capture as the binary container that the activations view draws (docs/architecture.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.report import container
from haoline_analysis.report.formatting import TIMES
from haoline_analysis.report.header import SCHEMA
from haoline_analysis.report.tensor_table import shape_text
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from haoline_analysis.runtime.activation_report import ActivationReport

MOST_SAMPLES, MOST_TOKENIZED = 1000, 64
"""Samples that the header names, and those whose tokens it lists; the view asks for the rest."""
MOST_CHANNELS = 400_000
"""Channels that a live view gets rows of."""
STORED_CHANNELS = 40_000
"""Channels that a notebook or a page stores rows of; tensors with dead channels come first."""
LIVE_BITS, STORED_BITS = 23, 13
"""Bits of the mantissa of the figures of channels: float32's, and enough to draw and sort by."""
CHANNEL_FIGURES = ("min", "max", "mean", "std", "sparsity")
CHANNEL_MARKS = ("dead", "outlier")
_WORDS = ("op", "op_type", "dtype", "shape")  # columns of the frame that the report has or that travel in another form


def document(captured: ActivationReport, most_channels: int = MOST_CHANNELS, bits: int = LIVE_BITS) -> bytes:
    """The gzipped container; tensors beyond ``most_channels`` rows of channels go without them."""
    places = _Channels(captured, most_channels)
    tables = {"activations": _tensors(captured, places), "channels": places.table(bits), "bins": _bins(captured)}
    return container.compress(container.encode(header(captured), tables))


def header(captured: ActivationReport) -> dict[str, Any]:
    """What is said of the capture as a whole."""
    return {
        "schema": SCHEMA,
        "kind": "activations",
        "id": captured.id,
        "report_id": captured.report.id,
        "model": captured.report.name,
        "mode": captured.mode,
        "provider": captured.provider,
        "synthetic": captured.samples.synthetic,
        "complete": captured.complete,
        "done": captured.done,
        "sample_count": len(captured.samples),
        "samples": _samples(captured),
        "origin": captured.samples.origin,
        "notes": [*captured.samples.notes, *(note for note in captured.notes if note not in captured.samples.notes)],
        "gaps": [{"what": gap.what, "ops": list(gap.ops)} for gap in captured.gaps],
        "findings": [{**asdict(finding), "ops": list(finding.ops)} for finding in captured.findings],
        "check": _check(captured),
    }


def _check(captured: ActivationReport) -> dict[str, Any] | None:
    """How the outputs with and without capture compare."""
    check = captured.check
    if check is None:
        return None
    names = ("identical", "max_abs_difference", "relative_difference", "note")
    return {name: getattr(check, name) for name in names}


def _samples(captured: ActivationReport) -> list[dict[str, Any]]:
    """The samples by name, the first ones with their tokens."""
    samples = captured.samples
    listed: list[dict[str, Any]] = [{"label": samples.label(i)} for i in range(min(captured.done, MOST_SAMPLES))]
    if samples.tokenized:
        for i, told in enumerate(listed[:MOST_TOKENIZED]):
            told["tokens"] = list(samples[i].tokens or ())
    return listed


def _tensors(captured: ActivationReport, places: _Channels) -> Table:
    """One row per captured tensor."""
    frame = captured.tensors
    report, rows = captured.report.tables, tensor_rows(captured)
    shapes = [_shape(value) for value in frame["shape"]] if "shape" in frame else [None] * len(frame)
    axes = [captured.channel_axis(name) for name in frame.index]
    ranks = [-1 if shape is None else len(shape) for shape in shapes]
    table = Table(len(frame))
    table.add(
        Column("tensor", np.array([rows.get(name, -1) for name in frame.index], np.int32)),
        Column("op", _rows(frame["op"], report["ops"]["name"].values)),
        Column("layout", [captured.layout(name) for name in frame.index]),
        Column("shape", [shape_text(shape) for shape in shapes]),
        Column("rank", np.array(ranks, np.int32)),
        Column("channel_axis", np.array([_axis(*pair) for pair in zip(axes, ranks, strict=True)], np.int32)),
        Column("channels", places.counts),
        Column("first_channel", places.first),
    )
    table.add(*(_measured(str(name), frame[name]) for name in frame if name not in (*_WORDS, *table.columns)))
    return table


def tensor_rows(captured: ActivationReport) -> dict[str, int]:
    """The row of each captured tensor in the report's table of tensors; those it does not have are left out."""
    table, frame = captured.report.tables["tensors"], captured.tensors
    keys = zip(table["producer"].values.tolist(), table["name"].values, strict=True)
    at = {key: row for row, key in reversed(list(enumerate(keys)))}
    ops = _rows(frame["op"], captured.report.tables["ops"]["name"].values).tolist()
    # Of two loop bodies that use one name, the second says so with its op.
    found = {
        name: at.get((op, name), at.get((op, name.removeprefix(f"{owner}/")), -1))
        for name, op, owner in zip(frame.index, ops, frame["op"], strict=True)
    }
    return {name: row for name, row in found.items() if row >= 0}


def _rows(names: Any, known: Sequence[str]) -> np.ndarray:
    """The row of each name, int32; -1 where there is none."""
    at = {name: row for row, name in reversed(list(enumerate(known)))}
    return np.array([at.get(name, -1) for name in names], np.int32)


def _shape(value: Any) -> tuple[int | str | None, ...] | None:
    """A shape given as sizes or as text; None where it is unknown."""
    if isinstance(value, str):
        sizes = [] if value in ("", "scalar") else value.split(TIMES)
        return tuple(int(size) if size.isdecimal() else None for size in sizes)
    return tuple(value) if isinstance(value, (tuple, list)) else None


def _axis(axis: int | None, rank: int) -> int:
    """A channel axis counted from the front; -1 where there is none."""
    if axis is None or rank <= 0 or not -rank <= axis < rank:
        return -1
    return axis % rank


def _measured(name: str, values: pd.Series) -> Column:
    """A column of statistics, in the precision that is drawn."""
    numbers = container.numeric(values.array if hasattr(values.array, "to_numpy") else values.to_numpy())
    if numbers is None:
        numbers = container.numeric(values.to_numpy(dtype=object))
    held = [None if value != value else value for value in values] if numbers is None else numbers
    return Column(name, held, provenance="measured")


def rounded(values: np.ndarray, bits: int = LIVE_BITS) -> np.ndarray:
    """Numbers with so many bits after the first and the range of float64: they take less room once zipped."""
    held = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    step = np.uint64(2 ** (52 - bits))
    nearest = ((held + step // np.uint64(2)) & ~(step - np.uint64(1))).view(np.float64)
    return np.where(np.isfinite(values) & np.isfinite(nearest), nearest, values)


class _Channels:
    """Which rows of the channel frame travel, and where those of each tensor begin."""

    def __init__(self, captured: ActivationReport, most: int) -> None:
        self.frame = captured.channels
        self.names = list(captured.tensors.index)
        spans = _spans(self.frame)
        self.counts = np.array([spans.get(name, (0, 0))[1] for name in self.names], np.int32)
        self.first = np.full(len(self.names), -1, np.int32)
        self.kept: list[np.ndarray] = []
        taken = 0
        for row in self._order(captured.tensors):
            start, count = spans.get(self.names[row], (0, 0))
            if count and taken + count <= most:
                self.first[row] = taken
                self.kept.append(np.arange(start, start + count))
                taken += count

    def _order(self, tensors: pd.DataFrame) -> list[int]:
        """The rows of tensors, those with dead channels first."""
        alive = ~(tensors["dead_channels"].to_numpy(dtype=float, na_value=0) > 0)
        return [int(row) for row in np.argsort(alive, kind="stable")]

    def table(self, bits: int) -> Table:
        """The rows that travel."""
        rows = np.concatenate(self.kept) if self.kept else np.array([], np.int64)
        table = Table(len(rows))
        for name in CHANNEL_FIGURES:
            values = self.frame[name].to_numpy(dtype=float)[rows]
            table.add(Column(name, rounded(values, bits), provenance="measured"))
        for name in CHANNEL_MARKS:
            table.add(Column(name, self.frame[name].to_numpy(dtype=np.uint8)[rows], provenance="measured"))
        return table


def _spans(frame: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """First row and number of rows of each tensor; rows of one tensor lie together."""
    names = frame["tensor"].to_numpy()
    if len(names) == 0:
        return {}
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    stops = np.append(starts[1:], len(names))
    return {names[start]: (int(start), int(stop - start)) for start, stop in zip(starts, stops, strict=True)}


def _bins(captured: ActivationReport) -> Table:
    """The histograms one below the other, without their empty bins at either end."""
    parts: dict[str, list[np.ndarray]] = {"activation": [], "low": [], "high": [], "count": []}
    for row, name in enumerate(captured.tensors.index):
        histogram = captured.histogram(name)
        low, high, count = (np.asarray(getattr(histogram, side), float) for side in ("low", "high", "count"))
        filled = np.flatnonzero(count)
        if len(filled):
            there = slice(filled[0], filled[-1] + 1)
            values = (np.full(filled[-1] + 1 - filled[0], row, np.int32), low[there], high[there], count[there])
            for column, part in zip(parts.values(), values, strict=True):
                column.append(part)
    columns = {name: np.concatenate(held) if held else np.array([]) for name, held in parts.items()}
    table = Table(len(columns["count"]))
    table.add(Column("activation", columns["activation"].astype(np.int32)))
    table.add(*(Column(name, rounded(columns[name]), provenance="measured") for name in ("low", "high")))
    table.add(Column("count", columns["count"], provenance="measured"))
    return table
