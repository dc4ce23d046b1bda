"""A model as quantization reads it: what is worked out of the whole graph, once."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, repeat
from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.forms import forms
from haoline_analysis.shapes import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.structure.form import Form
    from haoline_analysis.shapes import Evaluation


class Reading:
    """A model with its forms, types and shapes, each worked out when it is first asked for."""

    def __init__(self, model: Model, evaluation: Evaluation | None = None) -> None:
        """Take a model, and its shapes and types if they are known already."""
        self.model = model
        if evaluation is not None:
            self.evaluation = evaluation

    @cached_property
    def forms(self) -> dict[int, Form]:
        """How integers stand for reals, by tensor row."""
        return forms(self.model)

    @cached_property
    def evaluation(self) -> Evaluation | None:
        """Shapes and types under default sizes, None where the file contradicts itself."""
        try:
            return evaluate(self.model)
        except ModelError:
            return None

    @property
    def types(self) -> list[str]:
        """Element type per tensor, "" where unknown."""
        if self.evaluation is None:  # what the file declares has to do
            return [(tensor.weight.dtype if tensor.weight else tensor.dtype) or "" for tensor in self.model.tensors]
        values = [value.dtype for value in self.evaluation.values]
        return [
            tensor.weight.dtype if tensor.weight is not None else (values[at] if at >= 0 else "") or tensor.dtype or ""
            for tensor, at in zip(self.model.tensors, self._places(), strict=False)
        ]

    @property
    def shapes(self) -> list[tuple[int | None, ...] | None]:
        """Shape per tensor, None where unknown."""
        if self.evaluation is None:
            return [None] * len(self.model.tensors)
        known = [value.shape for value in self.evaluation.values]
        places = zip(self.model.tensors, self._places(), strict=False)
        return [known[at] if at >= 0 else None for _, at in places]

    def _places(self) -> Iterator[int]:
        """Where each tensor's value is; -1 for tensors that the model got since."""
        assert self.evaluation is not None
        return chain(self.evaluation.tensor_values.tolist(), repeat(-1))
