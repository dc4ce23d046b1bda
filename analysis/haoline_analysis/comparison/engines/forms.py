"""The forms of comparisons with engines: text, a static table, Markdown, JSON and the container for two graphs."""

from __future__ import annotations

import json
import math
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from haoline_analysis.report.container import finite
from haoline_analysis.report.formatting import plain
from haoline_analysis.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from haoline_analysis.report import ModelReport

ROWS = 30
"""Rows that are shown; JSON holds all."""
WIDTH = 56
"""Characters of one cell in text and Markdown."""
SCHEMA = 1

_STYLE = "font:13px/1.5 system-ui,sans-serif"
_TABLE = "border-collapse:collapse;font-variant-numeric:tabular-nums"
_CELL = "padding:2px 10px 2px 0;text-align:{};vertical-align:top;border-bottom:1px solid rgba(128,128,128,.25)"


class Told(NamedTuple):
    """What a comparison says, before it is set."""

    title: str
    lines: list[str]
    shown: pd.DataFrame  # the rows that matter most, first
    whole: pd.DataFrame


class Counterparts(NamedTuple):
    """The partner of each row, -1 without, and what differs: "" for nothing, None without a partner."""

    rows: np.ndarray
    words: list[str | None]

    def columns(self, alone: str) -> list[Column]:
        """The columns by which two graphs follow each other; ``alone`` is the change of a row without a partner."""
        kinds = [alone if text is None else "changed" if text else "same" for text in self.words]
        return [
            Column("counterpart", self.rows, "Counterpart", description="row of its partner in the other model"),
            Column("change", kinds, "Change", description="against the other model"),
            Column("changed", [text or None for text in self.words], "Changed", description="what differs there"),
        ]


def pair_document(first: ModelReport, second: ModelReport, columns: tuple[list[Column], list[Column]]) -> bytes:
    """Both reports in one container: the second's tables are ``other/ops`` and so on, its header is ``other``."""
    from haoline_analysis.report.document import pack, parts

    (head, tables), (other_head, other_tables) = parts(first), parts(second)
    for table, added in zip((tables["ops"], other_tables["ops"]), columns, strict=True):
        table.add(*added)
    beside = {f"other/{name}": table for name, table in other_tables.items()}
    return pack({**head, "other": other_head}, {**tables, **beside})


def text(told: Told) -> str:
    """A headline, sentences and an aligned table."""
    rows = _cells(told.shown)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    more = _more(told)
    return "\n".join([plain(told.title), *(f"  {line}" for line in told.lines), "", *table, *([more] if more else [])])


def markdown(told: Told) -> str:
    """The same as Markdown."""
    rows = _cells(told.shown)
    rows[1:1] = [["---"] * len(rows[0])]
    table = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines = [f"- {line}" for line in told.lines]
    more = _more(told)
    return "\n".join([f"# {_marked(told.title)}", "", *lines, "", *table, *(["", more] if more else []), ""])


def _marked(title: str) -> str:
    return plain(title).replace("\n", " ").replace("<", "&lt;")


def bundle(told: Told) -> dict[str, str]:
    """Text and static HTML; everything from a file is escaped."""
    names, *rows = _cells(told.shown, WIDTH * 3)
    aligned = ["right" if told.shown[name].dtype.kind == "f" else "left" for name in names]
    head = "".join(_cell("th", name, side) for name, side in zip(names, aligned, strict=True))
    body = "".join(
        f"<tr>{''.join(_cell('td', cell, side) for cell, side in zip(row, aligned, strict=True))}</tr>" for row in rows
    )
    lines = "".join(f"<div>{escape(line)}</div>" for line in told.lines)
    more = _more(told)
    html = (
        f'<div style="{_STYLE}"><strong>{escape(plain(told.title))}</strong>{lines}'
        f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"{f'<div>{escape(more)}</div>' if more else ''}</div>"
    )
    return {"text/plain": text(told), "text/html": html}


def _cell(tag: str, words: str, side: str) -> str:
    return f'<{tag} style="{_CELL.format(side)}">{escape(words)}</{tag}>'


def _more(told: Told) -> str:
    left = len(told.whole) - min(len(told.shown), ROWS)
    return f"… {left:,} more" if left > 0 else ""


def _cells(frame: pd.DataFrame, width: int = WIDTH) -> list[list[str]]:
    """The headings and the first rows as text without control characters."""
    rows = frame.head(ROWS).astype(object).to_numpy().tolist()
    return [[str(name) for name in frame.columns], *([_cut(_word(value), width) for value in row] for row in rows)]


def _word(value: Any) -> str:
    if value is None or value != value or type(value).__name__ == "NAType":
        return ""
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
    return plain(str(value)).replace("\n", " ")


def _cut(words: str, width: int) -> str:
    return words if len(words) <= width else f"{words[: width - 1]}…"


def as_json(
    kind: str, first: ModelReport, second: ModelReport, totals: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]
) -> str:
    """Totals and frames as JSON, missing values null."""
    data = {
        "schema": SCHEMA,
        "kind": kind,
        "first": first.name,
        "second": second.name,
        "totals": dict(totals),
        **{name: [_plain(row) for row in frame.to_dict("records")] for name, frame in frames.items()},
    }
    return json.dumps(finite(data), allow_nan=False)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): None if _missing(value) else value for key, value in row.items()}


def _missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))
