"""The forms in which a comparison is shown: text, Markdown, HTML without script, what a notebook stores, a page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.divergence import digest
from haoline_analysis.quantization.divergence.document import STORED_CHANNELS, document
from haoline_analysis.report import bundle, markup
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.model_report import written
from haoline_analysis.report.page import page
from haoline_analysis.runtime.document import STORED_BITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport
    from haoline_analysis.report.view_assets import ViewAssets

__all__ = ["VIEW", "document", "mimebundle", "pair_document", "static_html", "summary", "to_html", "to_markdown"]

VIEW = "divergence"
TOP = 10
STORED_OPS = 100
"""Rows of the static table; the stored container holds all."""
_NAME_WIDTH = 44


def pair_document(compared: DivergenceReport) -> bytes:
    """Both reports in one container, each op with its counterpart in the other."""
    return compared.comparison.to_document()


def summary(compared: DivergenceReport, top: int = TOP) -> str:
    """The comparison in some forty lines, without control characters."""
    listed = digest.ops(compared, top)
    parts = [
        compared.summary(),
        "\n".join(_aligned(digest.cards(compared))),
        _titled("Outputs", _columns(digest.OUTPUTS, digest.outputs(compared))),
        _titled("Findings", [line for found in digest.findings(compared) for line in _finding(*found)]),
        _titled("Ops that make the most error", _columns(digest.HEADINGS, listed.rows, listed.omitted)),
        _titled("Not compared", [f"  {what}  {ops}".rstrip() for what, ops in digest.gaps(compared)]),
        _titled("Notes", [f"  {note}" for note in digest.notes(compared)]),
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


def _columns(headings: Sequence[str], found: Sequence[Sequence[str]], omitted: int = 0) -> list[str]:
    """Rows as a table of text, the first column to the left."""
    if not found:
        return []
    rows = [list(headings), *([_short(cell) for cell in row] for row in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  " + "  ".join(cell.rjust(width) if at > 1 else cell.ljust(width) for at, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return [*(line.rstrip() for line in lines), *([f"  … and {omitted:,} more"] if omitted else [])]


def _short(text: str) -> str:
    """A long name by its end, which tells it from its siblings."""
    return text if len(text) <= _NAME_WIDTH else "…" + text[1 - _NAME_WIDTH :]


def to_markdown(compared: DivergenceReport, path: str | Path | None = None, top: int = 25) -> str:
    """The comparison as Markdown, also written to ``path`` where given.

    Raises:
        ModelError: if the file cannot be written.
    """
    listed = digest.ops(compared, top)
    found = [
        f"- **{title}** ({severity}): {evidence}. {advice}"
        for severity, title, evidence, advice in digest.findings(compared)
    ]
    parts = [
        f"# {_cell(compared.variant_report.name)} against {_cell(compared.report.name)}",
        compared.summary(),
        _table(("", ""), digest.cards(compared)),
        "## Outputs\n\n" + _table(digest.OUTPUTS, digest.outputs(compared)),
        "## Findings\n\n" + "\n".join(found) if found else "",
        "## Ops that make the most error\n\n" + _table(digest.HEADINGS, listed.rows),
        "## Notes\n\n" + "\n".join(f"- {note}" for note in digest.notes(compared)) if digest.notes(compared) else "",
    ]
    return written("\n\n".join(part for part in parts if part) + "\n", path)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """Text that does not end a cell."""
    return plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def static_html(compared: DivergenceReport, limit: int = STORED_OPS) -> str:
    """The comparison as one element with its own style."""
    listed = digest.ops(compared, limit)
    rest = f"<p>{listed.omitted:,} ops are left out.</p>" if listed.omitted else ""
    sections = [
        f"<p>{markup.text(compared.summary())}</p>",
        markup.section("Outputs", markup.table(digest.OUTPUTS, digest.outputs(compared))),
        markup.section("Findings", markup.table(["", "Finding", "Evidence", "Advice"], digest.findings(compared))),
        markup.section(
            "Ops that make the most error", markup.table(digest.HEADINGS, listed.rows, digest.NUMERIC) + rest
        ),
        markup.section("Not compared", markup.table([], digest.gaps(compared))),
        markup.section("Notes", markup.table([], [[note] for note in digest.notes(compared)])),
    ]
    title = f"{compared.variant_report.name} against {compared.report.name}"
    return markup.whole(compared.report.id, title, digest.cards(compared), sections)


def mimebundle(
    compared: DivergenceReport,
    state: Mapping[str, Any] | None = None,
    pair: bytes | None = None,
    view_id: str = "",
) -> dict[str, Any]:
    """Text, static HTML and the stored containers.

    Args:
        compared: what was compared.
        state: what the view shows (traits that differ from their defaults), the snapshot among them.
        pair: the container of both reports, where it is made already.
        view_id: the live view that a page may show in place of what is stored.
    """
    stored = {
        **bundle.stored(compared.report, pair or pair_document(compared), view_id),
        "view": VIEW,
        "state": dict(state or {}),
        "divergence": base64.b64encode(document(compared, STORED_CHANNELS, STORED_BITS)).decode(),
    }
    return {"text/plain": summary(compared), "text/html": static_html(compared), bundle.MIME: stored}


def to_html(
    compared: DivergenceReport,
    path: str | Path | None = None,
    *,
    assets: ViewAssets | None = None,
    state: Mapping[str, Any] | None = None,
) -> str:
    """One self-contained page, also written to ``path`` where given; interactive where there is a view bundle.

    Raises:
        ModelError: if the file cannot be written.
    """
    text = page(
        compared.report,
        assets,
        {"view": VIEW, **(state or {})},
        document=pair_document(compared),
        divergence=document(compared, STORED_CHANNELS, STORED_BITS),
        fallback=static_html(compared),
    )
    return written(text, path)
