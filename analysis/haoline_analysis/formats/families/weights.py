"""The weights of a checkpoint by row, their scales and zeros counted as part of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Weight


class Weights:
    """One ``Weight`` per row, the same object whenever it is asked for."""

    def __init__(self, model: Model) -> None:
        """Take the checkpoint."""
        self._model = model
        self._made: dict[int, Weight] = {}

    def weight(self, row: int) -> Weight:
        """What a row stands for; where it is stored in parts, its bytes are those of all of them."""
        first, *parts = self._model.ops[row].inputs
        carrier = self._model.tensors[first].weight
        assert carrier is not None
        if id(carrier) not in self._made:
            self._made[id(carrier)] = self._whole(carrier, parts) if parts else carrier
        return self._made[id(carrier)]

    def name(self, row: int) -> str:
        """What the checkpoint calls it."""
        return self._model.ops[row].name

    def _whole(self, carrier: Weight, parts: list[int]) -> Weight:
        held = [self._model.tensors[part].weight for part in parts]
        sizes = [carrier.nbytes, *(weight.nbytes for weight in held if weight is not None)]
        total = None if None in sizes else sum(size for size in sizes if size is not None)
        return replace(carrier, stored_bytes=total)
