"""The channel axis of a tensor, and what an op is seen to work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from haoline_analysis.model import Op
    from haoline_analysis.runtime.statistics.axes.facts import Facts

MAPS = "maps"  # channels of pictures or signals
TOKENS = "tokens"  # features of the members of a sequence
FEATURES = "features"  # features of whole samples
ATTENTION = "attention"  # heads of scores or probabilities
HEADS = "heads"  # heads of anything else


class Mark(NamedTuple):
    """Where channels are: ``axis`` counts from the front; ``role`` says what they are channels of."""

    axis: int
    role: str


Marks = Sequence[Mark | None]
Rule = Callable[["Seen"], Marks]
"""From an op and the marks of its inputs to those of its outputs; trailing ones may be left out."""


class Seen:
    """One op with what is known of its tensors."""

    __slots__ = ("facts", "marks", "op")

    def __init__(self, op: Op, facts: Facts, marks: list[Mark | None]) -> None:
        """See ``op``; ``marks`` holds the marks so far by tensor."""
        self.op, self.facts, self.marks = op, facts, marks

    def mark(self, slot: int = 0) -> Mark | None:
        """Mark of an input, None where it is omitted."""
        tensor = self.input(slot)
        return self.marks[tensor] if tensor >= 0 else None

    def input(self, slot: int) -> int:
        """Tensor index of an input, -1 where it is omitted."""
        return self.op.inputs[slot] if slot < len(self.op.inputs) else -1

    def static(self, slot: int) -> bool:
        """Whether an input follows from weights alone."""
        tensor = self.input(slot)
        return tensor >= 0 and self.facts.static[tensor]

    def shape(self, slot: int = 0) -> tuple[int | None, ...] | None:
        """Shape of an input, None where its rank is unknown."""
        return self.facts.shape(self.input(slot))

    def rank(self, slot: int = 0) -> int | None:
        """Rank of an input."""
        return self.facts.rank(self.input(slot))

    def made(self, slot: int = 0) -> tuple[int | None, ...] | None:
        """Shape of an output, None where its rank is unknown."""
        return self.facts.shape(self.op.outputs[slot]) if slot < len(self.op.outputs) else None

    def made_rank(self, slot: int = 0) -> int | None:
        """Rank of an output."""
        shape = self.made(slot)
        return None if shape is None else len(shape)

    def integers(self, slot: int, name: str) -> list[int] | None:
        """A list of integers that older opsets hold in an attribute and newer ones in an input."""
        told = self.op.attributes.get(name)
        if told is not None:
            return [int(one) for one in told] if isinstance(told, (list, tuple)) else None
        data = self.facts.data(self.input(slot))
        return None if data is None else [int(one) for one in data.reshape(-1)]


def last(rank: int | None, role: str | None = None) -> Mark | None:
    """Features along the last axis."""
    if not rank:
        return None
    return Mark(rank - 1, role or (TOKENS if rank > 2 else FEATURES))


def second(rank: int | None) -> Mark | None:
    """Channels along axis 1."""
    if rank is None or rank < 2:
        return None
    return Mark(1, MAPS if rank > 2 else FEATURES)
