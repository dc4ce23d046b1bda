"""Models in several files: ``name-00001-of-00003.gguf``. Any part finds the others beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE)


def part_paths(path: Path) -> list[Path] | None:
    """Where all the parts should be, in order; None for a name that is not a part's."""
    match = _PART.fullmatch(path.name)
    if match is None:
        return None
    count = int(match["count"])
    if not 1 <= int(match["number"]) <= count:
        return None
    return [
        path.with_name(f"{match['stem']}-{part:05d}-of-{match['count']}{match['suffix']}")
        for part in range(1, count + 1)
    ]


def model_name(path: Path) -> str:
    """The file's name without suffix and part number."""
    match = _PART.fullmatch(path.name)
    return match["stem"] if match is not None else path.stem
