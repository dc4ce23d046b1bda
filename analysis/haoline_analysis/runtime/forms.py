"""Element type and shape of every tensor for one sample, worked out before the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.shapes import Evaluator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.shapes.value import Evaluation

Signature = tuple[tuple[str, tuple[int, ...]], ...]
"""Input names with their shapes."""


class Form(NamedTuple):
    """What a tensor is made of; ``shape`` is None where only the run can tell."""

    dtype: str
    shape: tuple[int, ...] | None

    @property
    def nbytes(self) -> int | None:
        """Bytes, None where unknown."""
        return dtypes.nbytes(self.dtype, self.shape) if self.dtype else None


UNKNOWN = Form("", None)


def signature(feeds: Mapping[str, np.ndarray]) -> Signature:
    """What decides the shapes of a sample's tensors, as far as data does not."""
    return tuple((name, tuple(array.shape)) for name, array in feeds.items())


class Forms:
    """Forms of all tensors under any input shapes; the latest are kept."""

    def __init__(self, model: Model) -> None:
        """Prepare for ``model``."""
        self._model = model
        self._evaluator: Evaluator | None = None
        self._latest: tuple[Signature, list[Form]] | None = None
        self.evaluation: Evaluation | None = None
        """The latest, with everything else it found; None where the shapes contradict the file."""

    def of(self, feeds: Mapping[str, np.ndarray]) -> list[Form]:
        """One form per tensor of the model; stacked tensors of loops are those of one iteration."""
        asked = signature(feeds)
        if self._latest is None or self._latest[0] != asked:
            self._latest = asked, self._evaluated(asked)
        return self._latest[1]

    def _evaluated(self, asked: Signature) -> list[Form]:
        if self._evaluator is None:
            self._evaluator = Evaluator(self._model)
        try:
            found = self.evaluation = self._evaluator.evaluate(dict(asked))
        except ModelError:  # sizes that the file's own declarations contradict; the run decides
            self.evaluation = None
            return [Form(tensor.dtype or "", None) for tensor in self._model.tensors]
        values = [Form(value.dtype, _whole(value.shape)) for value in found.values]
        return [values[at] if at >= 0 else UNKNOWN for at in found.tensor_values.tolist()]


def _whole(shape: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
    if shape is None or any(dim is None for dim in shape):
        return None
    return tuple(dim for dim in shape if dim is not None)
