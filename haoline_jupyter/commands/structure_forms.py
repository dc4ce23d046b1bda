"""Forms of two graphs compared op by op, where they are not drawn: text, Markdown, JSON, CSV, a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.report.formatting import plain
from haoline_jupyter.commands import forms

if TYPE_CHECKING:
    from haoline_analysis.comparison import Comparison

TOP = 40
HEADINGS = ("Change", "Op", "In the other", "What differs")


def text(compared: Comparison) -> str:
    """What changed, a line per op."""
    rows, more = differing(compared)
    lines = [plain(repr(compared), 500)]
    if rows:
        table = [list(HEADINGS), *rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(HEADINGS))]
        lines += ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)]
    return "\n".join([*lines, *([f"… and {more:,} more"] if more else [])]) + "\n"


def markdown(compared: Comparison) -> str:
    """The same as a table of Markdown."""
    from haoline_analysis.report.markdown import escape

    rows, more = differing(compared)
    lines = [f"# {escape(plain(repr(compared), 500))}"]
    if rows:
        lines += ["", f"| {' | '.join(HEADINGS)} |", "| --- | --- | --- | --- |"]
        lines += [f"| {' | '.join(map(escape, row))} |" for row in rows]
    return "\n".join([*lines, *(["", f"… and {more:,} more"] if more else [])]) + "\n"


def as_json(compared: Comparison) -> str:
    """Counts and every op of either model."""
    return forms.as_json(
        {
            "kind": "haoline.comparison.graphs",
            "first": compared.first.name,
            "second": compared.second.name,
            "counts": compared.counts,
            "ops": compared.ops,
        }
    )


def page(compared: Comparison) -> str:
    """Both graphs side by side, for which the front end must be built."""
    from haoline_analysis.report.page import page as made
    from haoline_jupyter import assets

    state = {"view": "graph"}
    return made(compared.first, assets.views(), state, compared.to_document(), fallback=static(compared))


def static(compared: Comparison) -> str:
    """Counts and what differs as HTML without script."""
    from haoline_analysis.report import markup

    rows, _ = differing(compared)
    figures = [(kind, f"{count:,}") for kind, count in compared.counts.items()]
    return markup.whole(compared.first.id, repr(compared), figures, [markup.table(HEADINGS, rows)])


def mimebundle(compared: Comparison) -> dict[str, Any]:
    """What a notebook shows where there is no kernel to draw the graphs."""
    return {"text/plain": text(compared), "text/html": static(compared)}


def differing(compared: Comparison, top: int = TOP) -> tuple[list[list[str]], int]:
    """Rows of the ops that are not the same, and how many are left out."""
    frame = compared.ops
    frame = frame[frame["change"] != "same"]
    shown: list[dict[Any, Any]] = frame.head(top).to_dict("records")
    rows = [[_word(row[name]) for name in ("change", "op", "other_op", "changed")] for row in shown]
    return rows, max(len(frame) - top, 0)


def _word(value: Any) -> str:
    """Text of a cell; empty where there is nothing."""
    return plain(value) if isinstance(value, str) else ""
