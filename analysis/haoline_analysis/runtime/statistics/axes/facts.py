"""What is known of tensors before any rule is asked: shapes, small constants, what follows from weights alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.evaluate import evaluate
from haoline_analysis.structure.categories import category

if TYPE_CHECKING:
    import numpy as np

    from haoline_analysis.model import Model, Op
    from haoline_analysis.shapes.value import Evaluation, Value

KEEPS = frozenset({"activation", "cast", "elementwise", "logic", "quantize", "random"})
"""Categories of ops that work element by element."""

_THROUGH = frozenset({"Reshape", "Identity", "Dropout"})


class Facts:
    """Shapes under default sizes, constants, and which tensors lead where."""

    def __init__(self, model: Model, evaluation: Evaluation | None = None) -> None:
        """Evaluate the shapes of ``model`` unless that was done already."""
        self.model = model
        self._values = evaluation or evaluate(model)
        self.categories = [category(op.type, op.domain) for op in model.ops]
        self.static = self._follow_weights()
        self.scores = self._lead_to_softmax()
        self.batch = min((shape[0] for shape in map(self.shape, model.inputs) if shape and shape[0]), default=1)

    def value(self, tensor: int) -> Value | None:
        """What the evaluation says of a tensor."""
        return self._values.value(tensor)

    def shape(self, tensor: int) -> tuple[int | None, ...] | None:
        """Shape of a tensor, None where its rank is unknown."""
        value = self.value(tensor)
        if value is not None and value.shape is not None:
            return value.shape
        told = self.model.tensors[tensor].shape if tensor >= 0 else None
        return None if told is None else tuple(dim if isinstance(dim, int) else None for dim in told)

    def rank(self, tensor: int) -> int | None:
        """Rank of a tensor."""
        shape = self.shape(tensor)
        return None if shape is None else len(shape)

    def dtype(self, tensor: int) -> str:
        """Element type of a tensor, "" where unknown."""
        value = self.value(tensor)
        return (value.dtype if value is not None else "") or self.model.tensors[tensor].dtype or ""

    def data(self, tensor: int) -> np.ndarray | None:
        """Elements of a small constant."""
        value = self.value(tensor)
        return None if value is None else value.data

    def _follow_weights(self) -> list[bool]:
        static = [tensor.weight is not None for tensor in self.model.tensors]
        for op, kind in zip(self.model.ops, self.categories, strict=True):
            if not op.bodies and kind != "random" and all(tensor < 0 or static[tensor] for tensor in op.inputs):
                for tensor in op.outputs:
                    if tensor >= 0:
                        static[tensor] = True
        return static

    def _lead_to_softmax(self) -> set[int]:
        """Tensors from which a softmax along the last axis is reached element by element."""
        leading: set[int] = set()
        for op, kind in zip(reversed(self.model.ops), reversed(self.categories), strict=True):
            onwards = kind in KEEPS or op.type in _THROUGH
            if self._is_softmax(op) or (onwards and not leading.isdisjoint(op.outputs)):
                leading.update(tensor for tensor in op.inputs if tensor >= 0)
        return leading

    def _is_softmax(self, op: Op) -> bool:
        if op.type not in ("Softmax", "BiasSoftmax", "QLinearSoftmax") or not op.inputs:
            return False
        rank = self.rank(op.inputs[0])
        axis = op.integer("axis", -1 if op.version >= 13 else 1)
        return rank is not None and axis in (-1, rank - 1)
