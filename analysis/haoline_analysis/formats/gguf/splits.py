"""Models in several files: ``name-00001-of-00003.gguf``. Any part finds the others beside it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE)


def part_names(path: Path) -> list[str] | None:
    """What all the parts should be called, in order; None for a name that is not a part's."""
    match = _PART.fullmatch(path.name)
    if match is None:
        return None
    count = int(match["count"])
    if not 1 <= int(match["number"]) <= count:
        return None
    return [f"{match['stem']}-{part:05d}-of-{match['count']}{match['suffix']}" for part in range(1, count + 1)]


def beside(path: Path) -> set[str]:
    """Names of the files in the same folder; a name may promise more parts than one should look for one by one.

    Raises:
        ModelError: if the folder cannot be listed.
    """
    try:
        return set(os.listdir(path.parent))  # noqa: PTH208 - names are all that is needed, of maybe very many files
    except OSError as error:
        raise ModelError(f"the other parts cannot be looked for: {error.strerror or error}") from error


def model_name(path: Path) -> str:
    """The file's name without suffix and part number."""
    match = _PART.fullmatch(path.name)
    return match["stem"] if match is not None else path.stem
