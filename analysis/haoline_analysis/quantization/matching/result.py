"""What matching finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from haoline_analysis.quantization.structure import Form


@dataclass(frozen=True, eq=False)
class Match:
    """A tensor of the float model and the one that holds it when the variant runs."""

    tensor: int  # row in the float model's tensors
    captured: int  # row in the deployed model's tensors
    form: Form | None  # None: already float (32 or 16 bits)
    variant_tensor: int | None  # row in the raw variant's tensors
    variant_op: int | None  # row in the raw variant's ops of the op that computes it (not the quantizer behind it)
    how: str  # "provenance" | "name" | "weights" | "structure" | "values"
    transpose: tuple[int, ...] | None = None  # brings the captured tensor into the float tensor's axes
    similarity: float | None = None  # cosine of both on the samples that were run; None: not run

    def reals(self, captured: np.ndarray) -> np.ndarray:
        """What the captured elements stand for, in the float tensor's axes; float32."""
        found = captured.astype(np.float32, copy=False) if self.form is None else self.form.dequantize(captured)
        return found if self.transpose is None else found.transpose(self.transpose)


@dataclass(frozen=True, eq=False)
class Unmatched:
    """A tensor of the float model that the running variant does not have."""

    tensor: int  # row in the float model's tensors
    why: str  # "folded into the quantizer of relu_3", "fused into LayerNormalization", "no counterpart"
    fused: bool = False  # it is inside of an op that the variant runs as one


@dataclass
class Matching:
    """Every comparable tensor of the float model: matched, or not and why."""

    matches: list[Match] = field(default_factory=list)  # in the float model's execution order
    unmatched: list[Unmatched] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)  # the float model's input names -> the variant's
    outputs: dict[str, str] = field(default_factory=dict)  # the float model's output names -> the variant's
    weights: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(op row, slot) of a large stored operand in the float model -> the same in the raw variant."""
    ops: dict[int, int] = field(default_factory=dict)
    """Float op row -> row in the deployed model of the op that does its work."""
    notes: list[str] = field(default_factory=list)
