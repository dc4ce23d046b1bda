"""A comparison as the binary container that the divergence view draws (docs/architecture.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.report import container
from haoline_analysis.report.header import SCHEMA
from haoline_analysis.runtime.document import LIVE_BITS, rounded
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport
    from haoline_analysis.quantization.structure import Form
    from haoline_analysis.report import ModelReport

MOST_SAMPLES, MOST_TOKENIZED = 1000, 64
"""Samples that the header names, and those whose tokens it lists; the view asks for the rest."""
MOST_CHANNELS, STORED_CHANNELS = 400_000, 40_000
"""Channels that a live view gets rows of, and that a notebook or a page stores; the worst tensors come first."""
FIGURES = (
    *("sqnr_db", "sqnr_min_db", "sqnr_std_db", "cosine", "mse", "max_abs", "relative"),
    *("local_sqnr_db", "local_cosine", "local_mse", "weight_sqnr_db", "clipped"),
)
CHANNEL_FIGURES = ("sqnr_db", "local_sqnr_db", "mse", "max_abs")
_OUTPUT = ("sqnr_db", "cosine", "mse", "max_abs", "relative", "top1_agreement", "kl")


def document(compared: DivergenceReport, most_channels: int = MOST_CHANNELS, bits: int = LIVE_BITS) -> bytes:
    """The gzipped container; tensors beyond ``most_channels`` rows of channels go without them."""
    places = _Channels(compared, most_channels)
    tables = {"divergence": _tensors(compared, places), "channels": places.table(bits), "bins": _bins(compared)}
    return container.compress(container.encode(header(compared), tables))


def header(compared: DivergenceReport) -> dict[str, Any]:
    """What is said of the comparison as a whole."""
    return {
        "schema": SCHEMA,
        "kind": "divergence",
        "id": compared.id,
        "report_id": compared.report.id,
        "variant_report_id": compared.variant_report.id,
        "model": compared.report.name,
        "variant": compared.variant_report.name,
        "scheme": compared.scheme,
        "provider": compared.provider,
        "synthetic": compared.samples.synthetic,
        "complete": compared.complete,
        "done": compared.done,
        "sample_count": len(compared.samples),
        "samples": _samples(compared),
        "notes": list(dict.fromkeys([*compared.samples.notes, *compared.notes])),
        "gaps": [{"what": gap.what, "ops": list(gap.ops)} for gap in compared.gaps],
        "findings": [{**asdict(finding), "ops": list(finding.ops)} for finding in compared.findings],
        "origin": compared.samples.origin,
        "check": _check(compared),
        "outputs": [_output(compared, str(name)) for name in compared.outputs.index],
        "sizes": dict(compared.sizes),
        "latency": compared.latency,
        "summary": compared.summary(),
        "what_if": compared.what_if,
        "suggestions": compared.suggestions,
    }


def _check(compared: DivergenceReport) -> dict[str, Any] | None:
    """How the variant's outputs with and without capture compare."""
    check = compared.check
    if check is None:
        return None
    names = ("identical", "max_abs_difference", "relative_difference", "note")
    return {name: getattr(check, name) for name in names}


def _samples(compared: DivergenceReport) -> list[dict[str, Any]]:
    """The samples by name, the first ones with their tokens."""
    samples = compared.samples
    listed: list[dict[str, Any]] = [{"label": samples.label(i)} for i in range(min(compared.done, MOST_SAMPLES))]
    if samples.tokenized:
        for i, told in enumerate(listed[:MOST_TOKENIZED]):
            told["tokens"] = list(samples[i].tokens or ())
    return listed


def _output(compared: DivergenceReport, name: str) -> dict[str, Any]:
    """One output, over all samples and for each."""
    row = compared.outputs.iloc[list(compared.outputs.index).index(name)]
    told: dict[str, Any] = {"name": name, "task": row["task"]}
    told |= {column: float(row[column]) for column in _OUTPUT}
    single = compared.output_samples.get(name, {})
    kept = min(compared.done, MOST_SAMPLES)
    told["samples"] = {
        column: [single.get(column, {}).get(index) for index in range(kept)] for column in ("cosine", "sqnr_db")
    }
    return told


def tensor_rows(report: ModelReport, names: Sequence[str], producers: Sequence[int]) -> list[int]:
    """The rows of tensors in a report's table, by name and the op that makes them; -1 where it has none."""
    table = report.tables["tensors"]
    keys = zip(table["producer"].values.tolist(), table["name"].values, strict=True)
    at = {key: row for row, key in reversed(list(enumerate(keys)))}
    return [at.get(key, -1) for key in zip(producers, names, strict=True)]


def _tensors(compared: DivergenceReport, places: _Channels) -> Table:
    """One row per comparable tensor of the float model."""
    frame, names = compared.tensors, list(compared.tensors.index)
    ops = frame["op_row"].to_numpy(np.int32)
    shapes = [shape if isinstance(shape, str) else "" for shape in frame["shape"]]
    ranks = [_rank(shape) if shape else -1 for shape in shapes]
    axes = [_axis(compared.channel_axis(name), rank) for name, rank in zip(names, ranks, strict=True)]
    table = Table(len(frame))
    table.add(
        Column("tensor", np.array(tensor_rows(compared.report, names, ops.tolist()), np.int32)),
        Column("op", ops),
        Column("variant_tensor", np.array(_variant_rows(compared), np.int32)),
        Column("variant_op", frame["variant_op_row"].to_numpy(np.int32)),
        Column("matched", frame["matched"].to_numpy(np.uint8)),
        *(Column(name, [value or "" for value in frame[name]]) for name in ("how", "why")),
        *(Column(name, _words(frame[name])) for name in ("precision", "unit")),
        Column("layout", [compared.layout(name) for name in names]),
        Column("shape", shapes),
        Column("rank", np.array(ranks, np.int32)),
        Column("channel_axis", np.array(axes, np.int32)),
        Column("channels", places.counts),
        Column("first_channel", places.first),
        Column("worst_sample", frame["worst_sample"].fillna(-1).to_numpy(np.int32)),
    )
    table.add(*(_figure(name, frame[name]) for name in FIGURES))
    table.add(*(Column(name, frame[name].fillna(False).to_numpy(np.uint8)) for name in ("exact", "local_exact")))
    table.add(*_grids(compared, names))
    return table


def _variant_rows(compared: DivergenceReport) -> list[int]:
    """Rows in the variant's report; what onnxruntime's graph alone has is none of them."""
    rows = compared.tensors["variant_row"].fillna(-1).to_numpy(np.int64)
    model = compared.variant_report.model
    if model is None:
        return [-1] * len(rows)
    there = [model.tensors[row] if row >= 0 else None for row in rows]
    names = ["" if tensor is None else tensor.name for tensor in there]
    return tensor_rows(compared.variant_report, names, [-2 if one is None else one.producer for one in there])


def _words(values: pd.Series) -> list[str]:
    return [value if isinstance(value, str) else "" for value in values]


def _rank(shape: str) -> int:
    from haoline_analysis.report.formatting import TIMES

    return 0 if shape == "scalar" else len(shape.split(TIMES))


def _axis(axis: int | None, rank: int) -> int:
    """A channel axis counted from the front; -1 where there is none."""
    return axis % rank if axis is not None and rank > 0 and -rank <= axis < rank else -1


def _figure(name: str, values: pd.Series) -> Column:
    """A column of figures; what is infinite or unknown is missing."""
    return Column(name, rounded(values.to_numpy(dtype=float, na_value=np.nan)), provenance="measured")


def _grids(compared: DivergenceReport, names: Sequence[str]) -> list[Column]:
    """What the variant's integers can stand for; NaN per channel."""
    rows = [_grid(compared.forms.get(name)) for name in names]
    columns = ("scale", "zero_point", "grid_low", "grid_high", "bits")
    return [Column(name, np.array([row[at] for row in rows], float)) for at, name in enumerate(columns)]


def _grid(form: Form | None) -> tuple[float, float, float, float, float]:
    if form is None:
        return (np.nan,) * 5
    if not form.per_tensor:
        return (*(np.nan,) * 4, float(form.bits))
    low, high = (float(side.reshape(-1)[0]) for side in form.low_high())
    return float(form.scale.reshape(-1)[0]), float(form.zero_point.reshape(-1)[0]), low, high, float(form.bits)


class _Channels:
    """Which rows of the channel frame travel, and where those of each tensor begin."""

    def __init__(self, compared: DivergenceReport, most: int) -> None:
        self.frame = compared.channels
        names = list(compared.tensors.index)
        spans = _spans(self.frame)
        self.counts = np.array([spans.get(name, (0, 0))[1] for name in names], np.int32)
        self.first = np.full(len(names), -1, np.int32)
        self.kept: list[np.ndarray] = []
        taken = 0
        for row in np.argsort(compared.tensors["sqnr_db"].to_numpy(float), kind="stable").tolist():
            start, count = spans.get(names[row], (0, 0))
            if count and taken + count <= most:
                self.first[row] = taken
                self.kept.append(np.arange(start, start + count))
                taken += count

    def table(self, bits: int) -> Table:
        """The rows that travel."""
        rows = np.concatenate(self.kept) if self.kept else np.array([], np.int64)
        table = Table(len(rows))
        for name in CHANNEL_FIGURES:
            values = self.frame[name].to_numpy(dtype=float)[rows]
            table.add(Column(name, rounded(values, bits), provenance="measured"))
        return table


def _spans(frame: pd.DataFrame) -> Mapping[str, tuple[int, int]]:
    """First row and number of rows of each tensor; rows of one tensor lie together."""
    names = frame["tensor"].to_numpy()
    if len(names) == 0:
        return {}
    starts = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    stops = np.append(starts[1:], len(names))
    return {names[start]: (int(start), int(stop - start)) for start, stop in zip(starts, stops, strict=True)}


def _bins(compared: DivergenceReport) -> Table:
    """The histograms one below the other, without their empty bins at either end."""
    parts: dict[str, list[np.ndarray]] = {"row": [], "low": [], "high": [], "float_count": [], "variant_count": []}
    for row, name in enumerate(compared.tensors.index):
        counted = compared.bins.get(name)
        if counted is None:
            continue
        edges, counts = counted.edges, counted.scaled()
        filled = np.flatnonzero(counts.sum(axis=0))
        if len(filled):
            there = slice(filled[0], filled[-1] + 1)
            rows = np.full(filled[-1] + 1 - filled[0], row, np.int32)
            values = (rows, edges[:-1][there], edges[1:][there], counts[0][there], counts[1][there])
            for column, part in zip(parts.values(), values, strict=True):
                column.append(part)
    columns = {name: np.concatenate(held) if held else np.zeros(0) for name, held in parts.items()}
    table = Table(len(columns["row"]))
    table.add(Column("row", columns.pop("row").astype(np.int32)))
    table.add(*(Column(name, rounded(held), provenance="measured") for name, held in columns.items()))
    return table
