"""Experts that a checkpoint stores one by one, as the one tensor that an op on all of them reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, eq=False)
class StackedSource:
    """Weights of one shape along a new first axis."""

    weights: Sequence[Weight]

    def load(self) -> np.ndarray:
        """The stored elements of all, stacked.

        Raises:
            ModelError: if bytes are missing or too short.
        """
        return np.stack([weight.numpy() for weight in self.weights])

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of weights ``start:stop``.

        Raises:
            ModelError: if bytes are missing, or the scheme cannot be dequantized here.
        """
        shape = self.weights[0].shape
        if start >= stop:
            return np.empty((0, *shape), np.float32)
        return np.stack([weight.values() for weight in self.weights[start:stop]])


def stacked(weights: Sequence[Weight]) -> Weight:
    """One weight of all; a fact that they do not share is left out."""
    first = weights[0]
    sizes = [weight.nbytes for weight in weights]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    same = all(weight.packing == first.packing for weight in weights)
    return Weight(
        first.dtype,
        (len(weights), *first.shape),
        StackedSource(weights),
        stored_bytes=total,
        packing=first.packing if same else None,
        stored_shape=None if first.stored_shape is None else (len(weights), *first.stored_shape),
    )
