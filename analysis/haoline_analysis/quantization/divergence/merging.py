"""What may be merged into the weights of an op: the batch normalisations and products that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.structure.stored import stored_reals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op, Weight

_CONVOLUTIONS = {"Conv": 0, "ConvTranspose": 1}
_PRODUCTS = frozenset({"Gemm", "MatMul"})
_EPSILON = 1e-5  # where a batch normalisation says nothing else


def factors(model: Model, row: int, slot: int, weight: Weight) -> Iterator[NDArray[np.float32]]:
    """By what a weight is multiplied where one, two or more of the ops behind are merged into it.

    Args:
        model: the float model.
        row: the op that reads the weight.
        slot: where it reads it.
        weight: the weight.
    """
    axis = _axis(model.ops[row], slot, len(weight.shape))
    if axis is None:
        return
    shape = [-1 if at == axis else 1 for at in range(len(weight.shape))]
    whole = np.ones(weight.shape[axis], np.float32)
    while (row := _next(model, row)) >= 0:
        found = _factor(model, row)
        if found is None or found.size not in (1, whole.size):
            return
        whole = whole * found
        if model.ops[row].type != "Add":
            yield whole.reshape(shape)


def _axis(op: Op, slot: int, rank: int) -> int | None:
    """The axis of a weight along which its op's output channels are; None where it has none."""
    if slot != 1 or rank < 2:
        return None
    if op.type in _PRODUCTS:
        return rank - 2 if op.attributes.get("transB") else rank - 1
    return _CONVOLUTIONS.get(op.type)


def _next(model: Model, row: int) -> int:
    """The only op that reads what an op makes; -1 where there is none, or it is an output of the model too."""
    made = model.ops[row].outputs[0]
    readers = model.tensors[made].consumers
    return readers[0] if len(readers) == 1 and made not in model.outputs else -1


def _factor(model: Model, row: int) -> NDArray[np.float32] | None:
    """By what an op multiplies each channel; None where it is no op that could be merged."""
    op = model.ops[row]
    if op.type == "BatchNormalization":
        scale, variance = (stored_reals(model, {}, row, slot) for slot in (1, 4))
        epsilon = op.attributes.get("epsilon", _EPSILON)
        if scale is None or variance is None or not isinstance(epsilon, float):
            return None
        found: NDArray[np.float32] = scale / np.sqrt(variance + np.float32(epsilon))
        return found
    if op.type not in ("Add", "Mul"):
        return None
    constants = [held for held in (stored_reals(model, {}, row, slot) for slot in (0, 1)) if held is not None]
    if len(constants) != 1:
        return None
    return np.ones(1, np.float32) if op.type == "Add" else constants[0].reshape(-1)
