"""The forms in which a capture is shown: text, HTML without script, what a notebook stores, a page of its own."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haoline_analysis.report import bundle, markup
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.model_report import written
from haoline_analysis.report.page import page
from haoline_analysis.runtime import digest
from haoline_analysis.runtime.document import STORED_BITS, STORED_CHANNELS, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.report.view_assets import ViewAssets
    from haoline_analysis.runtime.activation_report import ActivationReport

VIEW = "activations"
TOP = 10
STORED_TENSORS = 100
"""Rows of the static table; the stored container holds all."""
_NAME_WIDTH = 44


def summary(captured: ActivationReport, top: int = TOP) -> str:
    """The capture in some forty lines, without control characters."""
    listed = digest.tensors(captured, top)
    parts = [
        "\n".join([f"Activations of {plain(captured.report.name, 100)}", *_aligned(digest.cards(captured))]),
        _titled("Findings", [line for found in digest.findings(captured) for line in _finding(*found)]),
        _titled("Not captured", [f"  {what}  {ops}".rstrip() for what, ops in digest.gaps(captured)]),
        _titled("Notes", [f"  {note}" for note in digest.notes(captured)]),
        _titled("Tensors worth a look", _columns(listed)),
    ]
    return "\n\n".join(part for part in parts if part)


def _titled(title: str, lines: Sequence[str]) -> str:
    """Lines under a title; empty without lines."""
    return "\n".join([title, *lines]) if lines else ""


def _finding(severity: str, title: str, evidence: str, advice: str) -> list[str]:
    """One finding in up to three lines."""
    return [f"  [{severity}] {title}", *(f"      {line}" for line in (evidence, advice) if line)]


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]


def _columns(listed: digest.Listed) -> list[str]:
    """Tensors as a table of text."""
    if not listed.rows:
        return []
    rows = [list(digest.HEADINGS), *([_short(cell) for cell in row] for row in listed.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rest = [f"  … and {listed.omitted:,} more"] if listed.omitted else []
    return [*(_line(row, widths) for row in rows), *rest]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """One row of a table, numbers to the right."""
    marks = zip(row, widths, digest.NUMERIC, strict=True)
    cells = (cell.rjust(width) if right else cell.ljust(width) for cell, width, right in marks)
    return f"  {'  '.join(cells)}".rstrip()


def _short(text: str) -> str:
    """A long name by its end, which tells it from its siblings."""
    return text if len(text) <= _NAME_WIDTH else "…" + text[1 - _NAME_WIDTH :]


def static_html(captured: ActivationReport, limit: int = STORED_TENSORS) -> str:
    """The capture as one element with its own style: findings, and the tensors worth a look."""
    listed = digest.tensors(captured, limit)
    rest = f"<p>{listed.omitted:,} tensors are left out.</p>" if listed.omitted else ""
    found = markup.table(["", "Finding", "Evidence", "Advice"], digest.findings(captured))
    sections = [
        markup.section("Findings", found),
        markup.section("Tensors", markup.table(digest.HEADINGS, listed.rows, digest.NUMERIC) + rest),
        markup.section("Not captured", markup.table([], digest.gaps(captured))),
        markup.section("Notes", markup.table([], [[note] for note in digest.notes(captured)])),
    ]
    report = captured.report
    return markup.whole(report.id, f"Activations of {report.name}", digest.cards(captured), sections)


def mimebundle(
    captured: ActivationReport,
    state: Mapping[str, Any] | None = None,
    report: bytes | None = None,
    view_id: str = "",
) -> dict[str, Any]:
    """Text, static HTML and the stored containers.

    Args:
        captured: what was captured.
        state: what the view shows (traits that differ from their defaults), the snapshot among them.
        report: the report's container, where it is made already.
        view_id: the live view that a page may show in place of what is stored.
    """
    stored = {
        **bundle.stored(captured.report, report, view_id),
        "view": VIEW,
        "state": dict(state or {}),
        "activations": base64.b64encode(document(captured, STORED_CHANNELS, STORED_BITS)).decode(),
    }
    return {"text/plain": summary(captured), "text/html": static_html(captured), bundle.MIME: stored}


def to_html(
    captured: ActivationReport,
    path: str | Path | None = None,
    *,
    assets: ViewAssets | None = None,
    state: Mapping[str, Any] | None = None,
) -> str:
    """One self-contained page, also written to ``path`` where given; interactive where there is a view bundle.

    Raises:
        ModelError: if the file cannot be written.
    """
    shown = {"view": VIEW, **(state or {})}
    stored = document(captured, STORED_CHANNELS, STORED_BITS)
    text = page(captured.report, assets, shown, activations=stored, fallback=static_html(captured))
    return written(text, path)
