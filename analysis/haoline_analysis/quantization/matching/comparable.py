"""Which tensors of a float model are worth comparing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.shapes import evaluate

if TYPE_CHECKING:
    from haoline_analysis.model import Model
    from haoline_analysis.shapes import Evaluation


def comparable(model: Model, evaluation: Evaluation | None = None) -> list[int]:
    """Tensor rows, in execution order: what ops of the main graph make of the inputs, as float values.

    Constants and what follows from them or from sizes alone are left out.

    Args:
        model: the float model.
        evaluation: its shapes and types, if they are known already.
    """
    types = tensor_types(model, evaluation)
    varying = _varying(model)
    return [
        tensor
        for op in model.ops
        if op.parent < 0 and not op.call_path
        for tensor in op.outputs
        if tensor in varying and types[tensor] in dtypes.FLOATS
    ]


def evaluated(model: Model) -> Evaluation | None:
    """Shapes and types under default sizes, None where the file contradicts itself."""
    try:
        return evaluate(model)
    except ModelError:
        return None


def tensor_types(model: Model, evaluation: Evaluation | None = None) -> list[str]:
    """Element type per tensor, "" where unknown."""
    evaluation = evaluated(model) if evaluation is None else evaluation
    if evaluation is None:  # what the file declares has to do
        return [(tensor.weight.dtype if tensor.weight else tensor.dtype) or "" for tensor in model.tensors]
    values = [value.dtype for value in evaluation.values]
    places = evaluation.tensor_values.tolist()
    return [
        tensor.weight.dtype if tensor.weight is not None else (values[at] if at >= 0 else "") or tensor.dtype or ""
        for tensor, at in zip(model.tensors, places, strict=True)
    ]


def tensor_shapes(model: Model, evaluation: Evaluation | None) -> list[tuple[int | None, ...] | None]:
    """Shape per tensor under an evaluation, None where unknown."""
    if evaluation is None:
        return [None] * len(model.tensors)
    known = [value.shape for value in evaluation.values]
    return [known[at] if at >= 0 else None for at in evaluation.tensor_values.tolist()]


def _varying(model: Model) -> set[int]:
    """Tensors that depend on the elements of an input, not on its shape alone."""
    found = {row for row, tensor in enumerate(model.tensors) if tensor.producer < 0 and tensor.weight is None}
    for op in model.ops:
        if op.type not in ("Shape", "Size") and (op.bodies or not found.isdisjoint(op.inputs)):
            found.update(tensor for tensor in op.outputs if tensor >= 0)
    return found
