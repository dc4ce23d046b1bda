"""What a matched op does otherwise than its counterpart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.comparison.side import TRANSPARENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.comparison.side import Side

ARROW = " → "


def changes(first: Side, second: Side, there: Sequence[int]) -> list[str | None]:
    """Per op of ``first``: what differs in its counterpart, "" for nothing, None without a counterpart."""
    return [_change(first, i, second, j, there) if j >= 0 else None for i, j in enumerate(there)]


def _change(a: Side, i: int, b: Side, j: int, there: Sequence[int]) -> str:
    words = []
    if a.types[i] != b.types[j]:
        words.append(f"{a.types[i]}{ARROW}{b.types[j]}")
    elif (a.attributes[i] or "") != (b.attributes[j] or ""):
        words.append("attributes")
    if a.shape(i) != b.shape(j):
        words.append(f"output {_word(a.shape(i))}{ARROW}{_word(b.shape(j))}")
    computed, stored = (_dtypes(side, op) for side, op in ((a, i), (b, j)))
    if computed != stored:
        words.append(f"{computed}{ARROW}{stored}")
    if _rewired(a, i, b, j, there):
        words.append("inputs")
    return "; ".join(words)


def _word(text: str | None) -> str:
    return "unknown" if text is None else text


def _dtypes(side: Side, op: int) -> str:
    """What an op works on, with what a Q/DQ pair around it makes of it: ``float32``, ``int8 weights``."""
    value = _coat(side, side.reads[op][0]) if side.reads[op] else None
    weight = side.weight(op)
    made = side.dtypes[side.makes[op][0]] if side.makes[op] else None
    data = _word(value or made)
    kept = side.dtypes[weight] if weight >= 0 else None
    return data if kept is None or kept == data else f"{data}, {kept} weights"


def _coat(side: Side, tensor: int) -> str | None:
    """The type a value was last stored in: behind a DequantizeLinear the quantized one."""
    producer = side.producer[tensor]
    if producer >= 0 and side.types[producer] == "DequantizeLinear" and side.reads[producer]:
        return side.dtypes[side.reads[producer][0]]
    return side.dtypes[tensor]


def _rewired(a: Side, i: int, b: Side, j: int, there: Sequence[int]) -> bool:
    """Whether it works on results of other ops; ops without a counterpart in between do not count as another."""
    if a.types[i] in TRANSPARENT:
        return False
    known = [there[source] for source in a.sources[i] if source >= 0]
    other = set(b.sources[j])
    return len(a.sources[i]) == len(other) and any(row >= 0 and row not in other for row in known)
