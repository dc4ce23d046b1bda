"""The attributes of an op as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from haoline_analysis.model import Op

MOST_ITEMS = 12
MOST_CHARACTERS = 80


def attribute_texts(ops: Iterable[Op]) -> list[str]:
    """One ``name = value`` line per attribute for each op; ops that share their attributes share the text."""
    known: dict[int, str] = {}
    texts = []
    for op in ops:
        key = id(op.attributes)
        text = known.get(key)
        if text is None:
            text = known[key] = attribute_text(op.attributes)
        texts.append(text)
    return texts


def attribute_text(attributes: Mapping[str, Any]) -> str:
    """All attributes, a line each; long lists and strings are cut and say how long they are."""
    return "\n".join(f"{name} = {_value(value)}" for name, value in attributes.items())


def _value(value: Any) -> str:
    if isinstance(value, Weight):
        return f"{value.dtype} tensor {'×'.join(map(str, value.shape)) or 'scalar'}"
    if isinstance(value, str | bytes):
        shown = value if isinstance(value, str) else value.hex()
        return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]}… ({len(shown):,} characters)"
    if isinstance(value, float):
        return f"{value:.6g}"
    if not hasattr(value, "__len__"):
        return str(value)
    items = ", ".join(_value(item) for item in value[:MOST_ITEMS])
    return f"[{items}]" if len(value) <= MOST_ITEMS else f"[{items}, … ({len(value):,} in all)]"
