"""Normalisations of a graph, be they one op or written out in several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.quantization.linter.facts import DQ, Q

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts

NORMS = (
    "LayerNormalization",
    "RMSNormalization",
    "SimplifiedLayerNormalization",
    "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "GroupNormalization",
    "InstanceNormalization",
)
PASSING = (Q, DQ, "Cast")
"""Ops between those of a normalisation that leave the values what they are, or nearly."""


@dataclass(frozen=True)
class Normalisation:
    """One op, or all that compute one: mean, square, root, quotient, gain and shift."""

    rows: tuple[int, ...]  # ascending
    root: int  # the row that stands for it: the op, or its square root
    source: int  # the tensor it normalises

    @property
    def is_written_out(self) -> bool:
        """Whether it takes several ops."""
        return len(self.rows) > 1


def normalisations(facts: LintFacts) -> list[Normalisation]:
    """All of a graph, in execution order."""
    found = [Normalisation((row,), row, facts.source(row)) for row in facts.anywhere(*NORMS)]
    found += [made for row in facts.of("Sqrt") if (made := _written_out(facts, row)) is not None]
    return sorted(found, key=lambda each: each.root)


def _written_out(facts: LintFacts, root: int) -> Normalisation | None:
    """What belongs to a square root of a mean of squares that something is divided by; None for any other root."""
    rows = [root]
    mean = maker(facts, facts.source(root))
    if _is(facts, mean, "Add"):
        rows.append(mean)
        mean = next((at for at in _makers(facts, mean) if _is(facts, at, "ReduceMean")), -1)
    square = maker(facts, facts.source(mean)) if _is(facts, mean, "ReduceMean") else -1
    after = list(_behind(facts, root))
    if not _is(facts, square, "Pow", "Mul") or not after:
        return None
    rows += [mean, square, *after]
    centred = maker(facts, facts.source(square))
    source = facts.source(centred) if _is(facts, centred, "Sub") else facts.source(square)
    if _is(facts, centred, "Sub"):
        rows += [centred, *(at for at in _makers(facts, centred) if _is(facts, at, "ReduceMean"))]
    return Normalisation(tuple(sorted(set(rows))), root, source)


def _behind(facts: LintFacts, root: int) -> Iterator[int]:
    """Quotients by a root, or products with its reciprocal, and the gains and shifts that follow."""
    for quotient in _after(facts, root, "Div", "Reciprocal"):
        yield quotient
        inverse = _is(facts, quotient, "Reciprocal") or facts.is_weight(facts.source(quotient))
        scaled = _after(facts, quotient, "Mul") if inverse else [quotient]
        yield from scaled if inverse else ()
        for row in scaled:
            for gain in _after(facts, row, "Mul", stored=True):
                yield gain
                yield from _after(facts, gain, "Add", stored=True)


def _is(facts: LintFacts, row: int, *types: str) -> bool:
    """Whether there is such a row, of one of these types."""
    return row >= 0 and facts.op(row).type in types


def maker(facts: LintFacts, tensor: int) -> int:
    """The row that makes a tensor, quantizers and casts left aside; -1 where none does."""
    row = facts.producer(tensor)
    while _is(facts, row, *PASSING):
        row = facts.producer(facts.source(row))
    return row


def _makers(facts: LintFacts, row: int) -> list[int]:
    return [maker(facts, tensor) for tensor in facts.op(row).inputs if tensor >= 0]


def _after(facts: LintFacts, row: int, *types: str, stored: bool = False) -> list[int]:
    """Rows of these types that read the result; ``stored``: those whose other operand is stored."""
    found, waiting = [], [row]
    while waiting:
        for reader in facts.readers(facts.op(waiting.pop())):
            if _is(facts, reader, *PASSING):
                waiting.append(reader)
            elif _is(facts, reader, *types) and (not stored or any(map(facts.is_weight, facts.op(reader).inputs))):
                found.append(reader)
    return found
