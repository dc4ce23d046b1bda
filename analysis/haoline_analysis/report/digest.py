"""The report cut down to rows of text, which the text, Markdown and HTML exporters set in their own way.

Nothing here is escaped: names come from model files and are untrusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from haoline_analysis.report import totals as figures
from haoline_analysis.report.container import numeric
from haoline_analysis.report.engine_text import CARDS as ENGINE_CARDS
from haoline_analysis.report.engine_text import COLUMNS as ENGINE_COLUMNS
from haoline_analysis.report.engine_text import engine_rows
from haoline_analysis.report.formatting import TIMES, UNKNOWN, count, duration, known, nbytes, number, percent, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Gap
    from haoline_analysis.report.facts import Port
    from haoline_analysis.report.model_report import ModelReport

CARDS = ("parameters", "macs", "flops", "weight_bytes", "peak_activation_bytes")
STORED_CARDS = ("parameters", "weight_bytes", "bits_per_weight", "tensors")
"""Of a model without ops: what only ops could tell is not listed as unknown, a gap says it once."""
STORED_COLUMNS = (
    "name",
    "shape",
    "role",
    "parameters",
    "weight_bytes",
    "weight_precision",
    "bits_per_weight",
    "quantization",
)
LAYER_COLUMNS = (
    "name",
    "type",
    "category",
    "parameters",
    "macs",
    "flops",
    "weight_bytes",
    "activation_bytes",
    "precision",
    "estimated_us",
    "bound",
)

ROWS = {"ops": "Ops", "weights": "Weights", "layers": "Layers"}
"""What the rows of a report are called."""
COSTLIEST = {"ops": "Costliest ops", "weights": "Largest weights", "layers": "Costliest layers"}

MAX_ROWS = 100
"""Inputs, outputs, assumptions and gaps that are listed; JSON and the document hold all."""

Rows = list[tuple[str, str]]


class Layers(NamedTuple):
    """The costliest ops as text, and how many are left out."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    omitted: int


def cards(report: ModelReport, *, exact: bool = False) -> Rows:
    """The headline figures; ``exact`` adds all digits of the counts."""
    names = [name for name in headline(report) if name in report.totals]
    rows = [(figures.label(name), _total(report, name)) for name in names]
    if exact:
        numbers = [report.totals[name] for name in names]
        rows = [(name, f"{text}{_all_digits(value)}") for (name, text), value in zip(rows, numbers, strict=True)]
    estimate = _estimate(report)
    if estimate and report.holds == "ops":
        rows.append(("Estimated time", duration(estimate.get("time_us"))))
    return rows


def headline(report: ModelReport) -> tuple[str, ...]:
    """The names of the headline figures of what the model holds."""
    return {"weights": STORED_CARDS, "layers": ENGINE_CARDS}.get(report.holds, CARDS)


def _all_digits(value: Any) -> str:
    """A count in full, where rounding hides any of it."""
    return f" ({value:,})" if isinstance(value, int) and value >= 1000 else ""


def _total(report: ModelReport, name: str) -> str:
    """A total, with its range where an If leaves it open."""
    text = figures.text(name, report.totals[name])
    bounds = report.ranges.get(name)
    return text if bounds is None else f"{text} (from {figures.text(name, bounds[0])})"


def facts(report: ModelReport) -> Rows:
    """Format, producer, versions, size, inputs and outputs."""
    stated = report.facts
    opsets = ", ".join(f"{domain} {version}" for domain, version in stated.opsets.items())
    rows = [
        ("Format", f"{stated.format}, IR {stated.ir_version}" if stated.ir_version else stated.format),
        ("Producer", stated.producer),
        ("Opsets", opsets),
        ("File", nbytes(stated.file_bytes) if stated.file_bytes else ""),
        (ROWS.get(report.holds, "Ops"), count(report.totals.get("ops"))),
    ]
    rows += engine_rows(report) + _ports("Input", stated.inputs) + _ports("Output", stated.outputs)
    return [(name, plain(value)) for name, value in rows if value]


def _ports(kind: str, ports: tuple[Port, ...]) -> Rows:
    """Inputs or outputs, of very many the first."""
    rows = [(kind, str(port)) for port in ports[:MAX_ROWS]]
    return rows + ([("…", more)] if (more := _more(ports)) else [])


def _more(items: Sequence[Any]) -> str:
    """How many are left out of a list; empty where none is."""
    return f"{len(items) - MAX_ROWS:,} more" if len(items) > MAX_ROWS else ""


def more_totals(report: ModelReport) -> Rows:
    """The totals that are no headline figures."""
    listed = (*headline(report), "ops")
    rest = [name for name in report.totals if name not in listed and known(report.totals[name])]
    rest = [name for name in rest if report.totals[name] or not name.startswith("unused")]
    return [(figures.label(name), _total(report, name)) for name in rest]


def assumptions(report: ModelReport) -> list[tuple[str, str, str]]:
    """What is assumed, its value, and why."""
    found = report.assumptions
    rows = [(plain(item.what), plain(item.value), plain(item.why)) for item in found[:MAX_ROWS]]
    return rows + ([("…", more, "not listed here")] if (more := _more(found)) else [])


def user_bindings(report: ModelReport) -> Rows:
    """The dims the user bound."""
    chosen = [(name, binding) for name, binding in report.bindings.items() if binding.source == "user"]
    return [(plain(name), str(binding.size)) for name, binding in chosen]


def _estimate(report: ModelReport) -> dict[str, Any]:
    """The estimate as data, empty where there is none."""
    placed = report.hardware
    return (placed.as_dict().get("estimate") or {}) if placed else {}


def hardware_title(report: ModelReport) -> str:
    """Device, number and precision; empty before a choice."""
    if not report.hardware:
        return ""
    data = report.hardware.as_dict()
    times = f"{data['count']} {TIMES} " if data["count"] > 1 else ""
    precision = f", {data['precision']}" if data["precision"] else ""
    here = " (this machine)" if data["profile"]["id"] == data["detected"] else ""
    return plain(f"{times}{data['profile']['name']}{precision}{here}")


def hardware(report: ModelReport) -> Rows:
    """The estimate in rows; every figure in it is estimated."""
    estimate = _estimate(report)
    if not estimate:
        return []
    data = report.hardware.as_dict() if report.hardware else {}
    fits = {True: "fits", False: "does not fit", None: ""}[estimate.get("fits")]
    memory = data["profile"].get("memory_bytes")
    whole = f" of {nbytes(memory * data['count'])}" if known(memory) else ""
    needed = f"{nbytes(estimate.get('memory_needed_bytes'))}{whole}"
    rows = [
        ("Estimated time", duration(estimate.get("time_us"))),
        ("Compute", duration(estimate.get("compute_us"))),
        ("Memory traffic", duration(estimate.get("memory_us"))),
        ("Bound by", str(estimate.get("bound") or UNKNOWN)),
        ("Utilisation", percent(estimate.get("utilisation"))),
    ]
    if report.holds != "ops":
        rows = []  # nothing is known about time
    rows.append(("Memory needed", f"{needed}: {fits}" if fits else needed))
    parts = estimate.get("memory_parts") or {}
    rows += [(f"… {plain(name)}", nbytes(size)) for name, size in parts.items() if rows[1:] or known(size)]
    return rows + [("Note", plain(note)) for note in estimate.get("notes") or []]


def findings(report: ModelReport) -> list[tuple[str, str, str, str]]:
    """Severity, title with the first op concerned, evidence and advice."""
    return told(report.findings, report)


def told(found: Sequence[Finding], report: ModelReport) -> list[tuple[str, str, str, str]]:
    """Findings about the ops of a report as text."""
    names = report.tables["ops"]["name"].values if found else []
    return [_finding(item, names) for item in found]


def _finding(item: Finding, names: Any) -> tuple[str, str, str, str]:
    """One finding as text."""
    where = ""
    if item.ops:
        more = f" and {len(item.ops) - 1} more" if len(item.ops) > 1 else ""
        where = f" ({names[item.ops[0]]}{more})"
    return item.severity, plain(f"{item.title}{where}"), evidence(item.evidence), plain(item.advice)


def evidence(value: Any) -> str:
    """The numbers behind a finding, in one line."""
    if isinstance(value, dict):
        return plain(", ".join(f"{key.replace('_', ' ')}: {item}" for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return plain(", ".join(str(item) for item in value))
    return plain(value or "")


def gaps(report: ModelReport) -> Rows:
    """What is not known, and how many ops it concerns."""
    return unknown(report.gaps)


def unknown(found: Sequence[Gap]) -> Rows:
    """Gaps as text."""
    rows = [(plain(gap.what), f"{len(gap.ops)} ops" if gap.ops else "") for gap in found[:MAX_ROWS]]
    return rows + ([("…", more)] if (more := _more(found)) else [])


_MIXED = (
    ("ops", "Ops", count),
    ("macs", "MACs", count),
    ("parameters", "Parameters", count),
    ("weight_bytes", "Weights", nbytes),
)


def precisions(report: ModelReport) -> tuple[list[str], list[list[str]]]:
    """Per precision: ops, MACs, parameters and bytes, as far as they are known; the headings, and the rows."""
    mixed = report.precision_mix
    there = [item for item in _MIXED if item[0] in mixed]
    rows = [[plain(name), *(form(row[key]) for key, _, form in there)] for name, row in mixed.iterrows()]
    return ["Precision", *(heading for _, heading, _ in there)], rows


def layers(report: ModelReport, limit: int) -> Layers:
    """The ops with the most FLOPs, of a checkpoint the largest weights, of an engine by time; unknown ones last."""
    ops = report.tables["ops"]
    names = {"weights": STORED_COLUMNS, "layers": ENGINE_COLUMNS}.get(report.holds, LAYER_COLUMNS)
    columns = [ops[name] for name in (*names, *report.content.user_columns) if name in ops]
    order = ("measured_us", "flops", "weight_bytes") if report.holds == "layers" else ("flops", "weight_bytes")
    measure = next((name for name in order if name in ops), None)
    sizes = numeric(ops[measure].values) if measure else None
    cost = np.nan_to_num(np.asarray(sizes, dtype=float), nan=-1.0) if sizes is not None else np.zeros(ops.rows)
    top = np.argsort(-cost, kind="stable")[:limit]
    texts = [[_cell(column.values[row], column.unit) for row in top.tolist()] for column in columns]
    return Layers(
        headings=[plain(column.label or column.name) for column in columns],
        numeric=[numeric(column.values) is not None for column in columns],
        rows=[list(row) for row in zip(*texts, strict=True)],
        omitted=ops.rows - len(top),
    )


def _cell(value: Any, unit: str) -> str:
    """One value of a table."""
    if isinstance(value, str):
        return plain(value)
    return number(value, unit) if known(value) else ("" if value is None else UNKNOWN)
