"""Pieces of HTML without script: figures, tables, sections. What is given is text and is escaped here, once."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    from collections.abc import Sequence


def text(value: object) -> str:
    """Text that HTML shows as it is, in an element or a quoted attribute."""
    return escape(plain(value), quote=True)


@lru_cache
def style() -> str:
    """The style sheet, scoped to the report's class, which is doubled to outweigh a notebook's own rules."""
    return files("haoline_analysis.report").joinpath("static.css").read_text(encoding="utf-8").replace("\n", "")


def whole(report_id: str, title: str, figures: Sequence[tuple[str, str]], sections: Sequence[str]) -> str:
    """Headline figures and sections as one element with its own scoped style."""
    return (
        f'<div class="haoline-static" data-haoline-report="{text(report_id)}"><style>{style()}</style>'
        f"<h2>{text(title)}</h2>{cards(figures)}{''.join(sections)}</div>"
    )


def section(title: str, body: str) -> str:
    """A titled part; empty without a body."""
    return f"<section><h3>{text(title)}</h3>{body}</section>" if body else ""


def cards(rows: Sequence[tuple[str, str]]) -> str:
    """Headline figures."""
    return f"<dl>{''.join(f'<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>' for name, value in rows)}</dl>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> str:
    """A table; empty without rows."""
    if not rows:
        return ""
    marks = [' class="n"' if right else "" for right in numeric] or [""] * len(rows[0])
    head = "".join(f"<th{mark}>{text(name)}</th>" for name, mark in zip(headings, marks, strict=False))
    head = f"<thead><tr>{head}</tr></thead>" if headings else ""
    lines = ("".join(f"<td{m}>{text(cell)}</td>" for cell, m in zip(row, marks, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="hl-scroll"><table>{head}<tbody>{body}</tbody></table></div>'
