"""Variants as text, Markdown and HTML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.tradeoffs.constraints import show
from haoline_analysis.report import markup
from haoline_analysis.report.formatting import duration, nbytes, plain
from haoline_analysis.report.model_report import written as _written

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from haoline_analysis.quantization.tradeoffs.variants_result import Variants

HEADINGS = ("Variant", "Size", "Share", "Cosine", "SQNR", "Top-1", "p50", "p95", "Of float", "")
NUMERIC = (False, True, True, True, True, True, True, True, True, False)


def rows(found: Variants) -> list[list[str]]:
    """The table as text, the marks last."""
    return [[plain(str(name)), *_cells(row), _marks(str(name), row, found)] for name, row in found.table.iterrows()]


def _cells(row: Any) -> list[str]:
    return [
        nbytes(row["size_bytes"]),
        _share(row["size_share"]),
        show("cosine", row["cosine"]),
        show("sqnr_db", row["sqnr_db"]),
        _share(row["top1"]),
        duration(row["p50_us"]),
        duration(row["p95_us"]),
        _share(row["latency_share"]),
    ]


def _share(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def _marks(name: str, row: Any, found: Variants) -> str:
    marks = []
    if name == found.recommended:
        marks.append("recommended")
    if row["front"]:
        marks.append("front")
    if not row["meets"]:
        marks.append("breaks the constraint")
    return ", ".join(marks)


def _facts(found: Variants) -> list[str]:
    """What is said below the table."""
    failed = [f"{name} failed: {why}" for name, why in found.failed.items()]
    interrupted = [] if found.complete else ["Interrupted: these are the variants that were finished."]
    return [plain(each, 2000) for each in (found.why, *interrupted, *failed, *found.notes)]


def text(found: Variants) -> str:
    """For a terminal."""
    lines = [list(HEADINGS), *rows(found)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    table = [_line(line, widths) for line in lines]
    return "\n".join([f"Variants of {plain(found.name, 100)}", *table, "", *_facts(found)])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = zip(cells, widths, NUMERIC, strict=True)
    return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in parts).rstrip()


def markdown(found: Variants) -> str:
    """For a file or a chat."""
    marks = ["---:" if right else "---" for right in NUMERIC]
    body = [list(HEADINGS), marks, *[[cell.replace("|", "\\|") for cell in row] for row in rows(found)]]
    table = [f"| {' | '.join(line)} |" for line in body]
    return "\n".join([f"## Variants of {plain(found.name, 100)}", "", *table, "", *_facts(found), ""])


def html(found: Variants) -> str:
    """For a notebook."""
    facts = markup.table([], [[each] for each in _facts(found)])
    sections = [markup.section("Variants", markup.table(HEADINGS, rows(found), NUMERIC)), markup.section("Why", facts)]
    cards = [("Recommended", found.recommended or "none"), ("Constraint", str(found.constraint))]
    return markup.whole("variants", f"Variants of {found.name}", cards, sections)


def written(content: str, path: str | os.PathLike[str] | None) -> str:
    """The content, also in a file where asked.

    Raises:
        ModelError: if it cannot be written.
    """
    return _written(content, path)  # type: ignore[arg-type]
