"""What only one format states, cut to what a report carries."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 64 * 1024
"""JSON of all facts together."""
MAX_TEXT = 20_000
"""Characters of one text."""
MAX_ITEMS = 256
"""Items of one list or entries of one mapping."""
MAX_DEPTH = 8


def trimmed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-like facts of bounded size: long texts and lists are cut, and the largest go where all is too much."""
    kept = {str(key): _cut(value, 0) for key, value in facts.items()}
    sizes = {key: len(json.dumps(value)) for key, value in kept.items()}
    while sum(sizes.values()) > MAX_BYTES:
        largest = max(sizes, key=lambda key: sizes[key])
        kept[largest] = f"… ({sizes.pop(largest):,} characters, left out)"
        sizes[largest] = len(kept[largest]) if len(kept[largest]) < MAX_BYTES // 16 else 0
    return kept


def _cut(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, (bool, int)) or value is None:
        return value
    if isinstance(value, np.generic):
        return _cut(value.item(), depth)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())
        more = {"…": f"{len(items) - MAX_ITEMS:,} more"} if len(items) > MAX_ITEMS else {}
        return {str(key)[:MAX_TEXT]: _cut(item, depth + 1) for key, item in items[:MAX_ITEMS]} | more
    if isinstance(value, (list, tuple)):
        more_items = [f"… {len(value) - MAX_ITEMS:,} more"] if len(value) > MAX_ITEMS else []
        return [_cut(item, depth + 1) for item in value[:MAX_ITEMS]] + more_items
    return _cut(str(value), depth)
