"""The report as HTML without script: what a notebook shows where nothing else can.

Every string of the model is escaped here, once, in ``_text``.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from haoline_analysis.report import digest
from haoline_analysis.report.curve import memory_svg
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.scope_tree import scope_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.report.model_report import ModelReport

MAX_LAYERS = 200


def _text(value: object) -> str:
    """Text that HTML shows as it is, in an element or a quoted attribute."""
    return escape(plain(value), quote=True)


@lru_cache
def style() -> str:
    """The style sheet, scoped to the report's class, which is doubled to outweigh a notebook's own rules."""
    return files("haoline_analysis.report").joinpath("static.css").read_text(encoding="utf-8").replace("\n", "")


def static_html(report: ModelReport, max_layers: int = MAX_LAYERS) -> str:
    """The whole report as one element with its own scoped style; the layer table holds the costliest ops."""
    title = digest.hardware_title(report)
    estimated = "Hardware (estimated)" if not title else f"Estimated on {title}"
    sections = [
        _section("Findings", _table(["", "Finding", "Evidence", "Advice"], digest.findings(report))),
        _section("Bound by you", _table([], digest.user_bindings(report))),
        _section("Assumptions", _table([], digest.assumptions(report))),
        _section(estimated, _table([], digest.hardware(report))),
        _section("Modules", scope_tree(report.tables["scopes"])),
        _section("Memory", memory_svg(report)),
        _section("Precisions", _precisions(report)),
        _section("Layers", _layers(report, max_layers)),
        _section("Not known", _table([], digest.gaps(report))),
        _section("Model", _table([], digest.facts(report) + digest.more_totals(report))),
    ]
    return _whole(report, sections)


def static_graph(report: ModelReport) -> str:
    """What stands for the graph where no script runs: the module tree."""
    return _whole(report, [_section("Modules", scope_tree(report.tables["scopes"]))])


def _whole(report: ModelReport, sections: Sequence[str]) -> str:
    """Headline figures and sections as one element."""
    return (
        f'<div class="haoline-static" data-haoline-report="{_text(report.id)}"><style>{style()}</style>'
        f"<h2>{_text(report.name)}</h2>{_cards(digest.cards(report))}{''.join(sections)}</div>"
    )


def _section(title: str, body: str) -> str:
    """A titled part; empty without a body."""
    return f"<section><h3>{_text(title)}</h3>{body}</section>" if body else ""


def _cards(rows: Sequence[tuple[str, str]]) -> str:
    """Headline figures."""
    return f"<dl>{''.join(f'<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>' for name, value in rows)}</dl>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> str:
    """A table; empty without rows."""
    if not rows:
        return ""
    marks = [' class="n"' if right else "" for right in numeric] or [""] * len(rows[0])
    head = "".join(f"<th{mark}>{_text(name)}</th>" for name, mark in zip(headings, marks, strict=False))
    head = f"<thead><tr>{head}</tr></thead>" if headings else ""
    lines = ("".join(f"<td{m}>{_text(cell)}</td>" for cell, m in zip(row, marks, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="hl-scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _precisions(report: ModelReport) -> str:
    """The precision mix."""
    headings = ["Precision", "Ops", "MACs", "Parameters", "Weights"]
    return _table(headings, digest.precisions(report), [False, True, True, True, True])


def _layers(report: ModelReport, limit: int) -> str:
    """The costliest ops."""
    layers = digest.layers(report, limit)
    rest = f"<p>{layers.omitted} ops of lower cost are left out.</p>" if layers.omitted else ""
    return _table(layers.headings, layers.rows, layers.numeric) + rest
