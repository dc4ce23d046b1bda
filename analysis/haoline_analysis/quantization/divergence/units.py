"""Ops of the float model that the variant runs as one: between them there is nothing to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.divergence.pairs import Pair

MOST_NAMED = 4


def units(model: Model, pairs: Sequence[Pair], alone: Collection[int]) -> dict[str, str]:
    """By matched tensor, the names of the ops that its local error is of; "" where that is one op.

    Args:
        model: the float model.
        pairs: the matched tensors.
        alone: comparable tensors without a counterpart.
    """
    hidden = set(alone)
    found: dict[str, str] = {}
    for pair in pairs:
        rows = _unit(model, pair.op, hidden)
        found[pair.name] = _label([model.ops[row].name for row in sorted(rows)]) if len(rows) > 1 else ""
    return found


def _unit(model: Model, row: int, hidden: set[int]) -> set[int]:
    """The op and those before it whose outputs are hidden."""
    rows, waiting = {row}, [row]
    while waiting:
        for tensor in model.ops[waiting.pop()].inputs:
            producer = model.tensors[tensor].producer if tensor in hidden else -1
            if producer >= 0 and producer not in rows:
                rows.add(producer)
                waiting.append(producer)
    return rows


def _label(names: Sequence[str]) -> str:
    shown = [*names[:MOST_NAMED], *(["…"] if len(names) > MOST_NAMED else [])]
    return " + ".join(shown)
