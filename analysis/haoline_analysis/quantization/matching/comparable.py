"""Which tensors of a float model are worth comparing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis import dtypes
from haoline_analysis.quantization.structure import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model


def comparable(model: Model, types: Sequence[str] | None = None) -> list[int]:
    """Tensor rows, in execution order: what ops of the main graph make of the inputs, as float values.

    Constants, what follows from them or from sizes alone, and what nobody reads are left out.

    Args:
        model: the float model.
        types: element types by tensor, if they are known already.
    """
    types = Reading(model).types if types is None else types
    varying, results = _varying(model), set(model.outputs)
    return [
        tensor
        for op in model.ops
        if op.parent < 0 and not op.call_path
        for tensor in op.outputs
        if tensor in varying
        and types[tensor] in dtypes.FLOATS
        and (model.tensors[tensor].consumers or tensor in results)
    ]


def _varying(model: Model) -> set[int]:
    """Tensors that depend on the elements of an input, not on its shape alone."""
    found = {row for row, tensor in enumerate(model.tensors) if tensor.producer < 0 and tensor.weight is None}
    for op in model.ops:
        if op.type not in ("Shape", "Size") and (op.bodies or not found.isdisjoint(op.inputs)):
            found.update(tensor for tensor in op.outputs if tensor >= 0)
    return found
