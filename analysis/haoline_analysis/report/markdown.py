"""The report as Markdown, for issues, pull requests and model cards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.report import cards, digest
from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.report.model_report import ModelReport

TOP = 50
_BREAKDOWN_RIGHT = (False, False, False, True, True, True, True, True)
# Characters that start markup anywhere in a line, pipes of tables and what begins raw HTML or an entity.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$^@]|(?<![\w ])-)")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def escape(text: object) -> str:
    """Text that Markdown shows as it is: no markup, HTML, table cell or link comes out of it."""
    escaped = _SPECIAL.sub(r"\\\1", plain(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _AUTOLINK.sub(lambda found: f"{found[1]}&#{ord(found[2])};", escaped)


def to_markdown(report: ModelReport, top: int = TOP) -> str:
    """The whole report; the layer table holds the ``top`` costliest ops."""
    title = digest.hardware_title(report)
    sections = [
        f"# {escape(report.name)}\n",
        _table(["Figure", "Value"], digest.cards(report, exact=True) + digest.more_totals(report)),
        _titled("Model", _table(["Fact", "Value"], digest.facts(report))),
        _titled("Architecture", _table(["Fact", "Value"], cards.architecture(report))),
        _titled("Bound by the user", _table(["Dim", "Size"], digest.user_bindings(report))),
        _titled("Assumptions", _table(["What", "Value", "Why"], digest.assumptions(report))),
        _titled(f"Estimated on {escape(title)}", _table(["Figure", "Value"], digest.hardware(report))),
        _titled("Findings", _findings(report)),
        _titled("Not known", _table(["What", "Ops"], digest.gaps(report))),
        _titled("Weights by role", _table(cards.HEADINGS, cards.breakdown(report), _BREAKDOWN_RIGHT)),
        _titled("Precisions", _precisions(report)) if report.holds != "weights" else "",
        _titled(digest.COSTLIEST.get(report.holds, "Costliest"), _layers(report, top)),
    ]
    return "\n".join(section for section in sections if section)


def _titled(title: str, body: str) -> str:
    """A section; empty without a body."""
    return f"## {title}\n\n{body}" if body else ""


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> str:
    """A table; empty without rows."""
    if not rows:
        return ""
    marks = ["--:" if right and right[i] else "---" for i in range(len(headings))]
    lines = [_row([escape(cell) for cell in headings]), _row(marks)]
    return "\n".join([*lines, *(_row([escape(cell) for cell in row]) for row in rows)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def _findings(report: ModelReport) -> str:
    """Findings as a list."""
    lines = []
    for severity, title, evidence, advice in digest.findings(report):
        details = " ".join(f"{escape(text)}" for text in (evidence, advice) if text)
        lines.append(f"- **{escape(severity)}**: {escape(title)}. {details}".rstrip())
    return "\n".join(lines) + "\n" if lines else ""


def _precisions(report: ModelReport) -> str:
    """The precision mix."""
    headings, rows = digest.precisions(report)
    return _table(headings, rows, [False, *[True] * (len(headings) - 1)])


def _layers(report: ModelReport, top: int) -> str:
    """The costliest ops."""
    layers = digest.layers(report, top)
    table = _table(layers.headings, layers.rows, layers.numeric)
    return f"{table}\n{layers.omitted} more {report.holds} are left out.\n" if layers.omitted else table
