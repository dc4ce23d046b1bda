"""``--formats``: what can be opened, what each format yields and needs, and what it can be written as."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.formats.reader import FormatInfo

HEADINGS = ("Format", "Suffixes", "Yields", "Needs", "Converts to")
WIDTHS = (26, 16, 48, 30, 24)
"""Characters of each column; longer words are set in several lines."""


def formats_table() -> str:
    """A line per format, those of other packages included."""
    from haoline_analysis.formats import formats

    return "".join(line for row in (HEADINGS, *map(_row, formats())) for line in _lines(row))


def suffixes() -> Sequence[str]:
    """The suffixes of all formats, in lower case."""
    from haoline_analysis.formats import formats

    return sorted({suffix for info in formats() for suffix in info.suffixes})


def _lines(row: tuple[str, ...]) -> Iterator[str]:
    """The lines that a row takes."""
    cells = [textwrap.wrap(text, width) for text, width in zip(row, WIDTHS, strict=True)]
    for parts in zip_longest(*cells, fillvalue=""):
        yield "  ".join(map(str.ljust, parts, WIDTHS)).rstrip() + "\n"


def _row(info: FormatInfo) -> tuple[str, ...]:
    """A format in words; a conversion that is not listed is none."""
    converts = ", ".join(f"{name} ({how})" for name, how in info.converts.items() if how != "none")
    return (info.label, " ".join(info.suffixes), info.yields, info.needs or "nothing", converts or "none")
