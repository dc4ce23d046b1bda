"""Forms in which the command line writes results: text, Markdown, pages, JSON, CSV."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def lines(text: str) -> str:
    """A text that ends with its last line."""
    return text if text.endswith("\n") else text + "\n"


def as_json(told: Mapping[str, Any]) -> str:
    """JSON of plain values, numpy's numbers and frames; what is unknown is null, an infinite number a word."""
    return json.dumps(_plain(told), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame; a named index is a column like any other."""
    whole = frame.reset_index() if frame.index.name is not None else frame
    return [dict(zip(map(str, whole.columns), row, strict=True)) for row in whole.itertuples(index=False, name=None)]


def _plain(value: Any) -> Any:
    """What JSON holds of a value."""
    if hasattr(value, "itertuples"):
        return [_plain(row) for row in records(value)]
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist") and getattr(value, "ndim", None) == 0:
        return _plain(value.tolist())
    if isinstance(value, float):
        return _number(value)
    return value if value is None or isinstance(value, bool | int | str) else _other(value)


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _other(value: Any) -> Any:
    """Pandas' NA and arrays; anything else in its own words."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return _plain(value.tolist()) if hasattr(value, "tolist") else str(value)
