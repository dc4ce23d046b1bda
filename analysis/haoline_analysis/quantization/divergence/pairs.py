"""Which tensors are compared, and under which names each of the sessions hands them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.quantization.divergence.metrics.jobs import Grid

if TYPE_CHECKING:
    from haoline_analysis.quantization.matching import Match
    from haoline_analysis.quantization.structure import Form


@dataclass(frozen=True)
class Pair:
    """A tensor of the float model and what the variant has for it."""

    name: str  # of the float tensor
    output: str  # of the float session
    tensor: int  # row in the float model
    op: int  # row of the op that makes it
    captured: str  # output of the variant's session
    form: Form | None  # of the captured integers
    transpose: tuple[int, ...] | None
    how: str
    variant_tensor: int  # row in the variant as given, -1 where it has none
    variant_op: int

    @property
    def grid(self) -> Grid:
        """How to read what is captured."""
        return Grid(self.form, self.transpose)


def pair_of(match: Match, name: str, output: str, op: int, captured: str, row: int | None) -> Pair:
    """A match with the names that sessions know; ``row``: the variant's tensor of the captured one's name."""
    of_variant = row if row is not None and match.form is None else match.variant_tensor
    return Pair(
        name=name,
        output=output,
        tensor=match.tensor,
        op=op,
        captured=captured,
        form=match.form,
        transpose=match.transpose,
        how=match.how,
        variant_tensor=-1 if of_variant is None else of_variant,
        variant_op=-1 if match.variant_op is None else match.variant_op,
    )
