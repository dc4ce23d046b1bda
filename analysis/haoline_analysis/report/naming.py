"""Refusing a name: which one, and what may have been meant."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMED = 3
_MOST_COMPARED = 4000
"""Comparing a word with a hundred thousand names would take seconds."""


def few(names: Iterable[object], total: int | None = None) -> str:
    """The first few names, quoted, and how many more there are: ``'a', 'b' and 7 more``."""
    listed = list(names)
    shown = ", ".join(repr(plain(name, 80)) for name in listed[:MOST_NAMED])
    rest = (len(listed) if total is None else total) - min(len(listed), MOST_NAMED)
    return f"{shown} and {rest} more" if rest > 0 else shown


def offer(word: object, names: Iterable[str]) -> str:
    """The names nearest to a word as the end of a sentence; empty where none is near."""
    wanted = str(word).casefold()
    listed = list(names)
    if len(wanted) > MOST_NAMED:
        held = list(islice((name for name in listed if wanted in name.casefold()), MOST_NAMED))
        if held:
            return f"; did you mean {few(held)}?"
    lower = {name.casefold(): name for name in islice(listed, _MOST_COMPARED)}
    close = [lower[match] for match in get_close_matches(wanted, lower, MOST_NAMED)]
    return f"; did you mean {few(close)}?" if close else ""
