"""The report as plain text for terminals and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report import cards, digest
from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.report.model_report import ModelReport

TOP = 10
_NAME_WIDTH = 44
_WORDS = 2  # last of the columns of a breakdown that hold words


def summary(report: ModelReport, top: int = TOP) -> str:
    """The whole report in some fifty lines."""
    sections = [
        _section(f"HaoLine report: {plain(report.name, 100)}", digest.cards(report, exact=True)),
        _section("Model", digest.facts(report)),
        _section("Architecture", cards.architecture(report)),
        _section("Bound by you", digest.user_bindings(report)),
        _section("Assumed", [(what, f"{value}  ({why})") for what, value, why in digest.assumptions(report)]),
        _section(f"Estimated on {digest.hardware_title(report)}", digest.hardware(report)),
        _findings(report),
        _section("Not known", [(what, ops) for what, ops in digest.gaps(report)]),
        _breakdown(report),
        _layers(report, top),
    ]
    return "\n\n".join(section for section in sections if section)


def _section(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A title with aligned rows; empty without rows."""
    if not rows:
        return ""
    width = min(max(len(name) for name, _ in rows), _NAME_WIDTH)
    return "\n".join([title, *(f"  {name:<{width}}  {value}".rstrip() for name, value in rows)])


def _findings(report: ModelReport) -> str:
    """Findings with evidence and advice."""
    lines = []
    for severity, title, evidence, advice in digest.findings(report):
        lines.append(f"  [{severity}] {title}")
        lines += [f"      {line}" for line in (evidence, advice) if line]
    return "\n".join(["Findings", *lines]) if lines else ""


def _breakdown(report: ModelReport) -> str:
    """What a checkpoint stores by role and type; empty for others."""
    rows = cards.breakdown(report)
    if not rows:
        return ""
    shown = [list(cards.HEADINGS), *([_short(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in shown) for i in range(len(cards.HEADINGS))]
    lines = [
        "  " + "  ".join(_set(cell, width, i > _WORDS) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in shown
    ]
    return "\n".join(["Weights by role", *(line.rstrip() for line in lines)])


def _layers(report: ModelReport, top: int) -> str:
    """The costliest ops as a table."""
    layers = digest.layers(report, top)
    if not layers.rows:
        return ""
    rows = [layers.headings, *([_short(cell) for cell in row] for row in layers.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(layers.headings))]
    lines = ["  " + "  ".join(_set(*cell) for cell in zip(row, widths, layers.numeric, strict=True)) for row in rows]
    rest = [f"  … and {layers.omitted:,} more {report.holds}"] if layers.omitted else []
    return "\n".join([digest.COSTLIEST.get(report.holds, "Costliest"), *(line.rstrip() for line in lines), *rest])


def _set(text: str, width: int, right: bool) -> str:
    """Text in a cell, numbers to the right."""
    return text.rjust(width) if right else text.ljust(width)


def _short(text: str) -> str:
    """A long name by its end, which tells it from its siblings."""
    return text if len(text) <= _NAME_WIDTH else "…" + text[1 - _NAME_WIDTH :]
