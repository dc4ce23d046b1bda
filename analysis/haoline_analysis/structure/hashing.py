"""64-bit mixing for arrays and ints, and the local identity of ops.

Hashes are splitmix64 finalisers (Steele, Lea and Flood, OOPSLA 2014) summed with their
positions. Equal hashes are taken for equal structure: among a million distinct blocks of
an honest file the chance of one collision is about 3e-8.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op, Weight

MASK = (1 << 64) - 1
MAX_SHAPE_ELEMENTS = 8
SLOT = np.uint64(0x9E3779B97F4A7C15)
FROM = np.uint64(0xC2B2AE3D27D4EB4F)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit values, elementwise."""
    out = values + SLOT
    out ^= out >> np.uint64(30)
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    return out ^ (out >> np.uint64(31))


def mix_int(value: int) -> int:
    """Scramble one value the way ``mix`` does."""
    value = (value + int(SLOT)) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


class Wiring:
    """The graph as flat arrays: one row per input that is not left out."""

    def __init__(self, model: Model) -> None:
        """Flatten inputs and outputs; linear in their number."""
        ops, tensors = model.ops, model.tensors
        flat, owner, slot = _flatten([op.inputs for op in ops])
        made, maker, made_slot = _flatten([op.outputs for op in ops])
        out_slot = np.zeros(len(tensors), np.int64)
        out_slot[made] = made_slot
        self.ops = len(ops)
        self.made, self.maker = made, maker
        self.tensor, self.consumer, self.slot = flat, owner, slot
        producers = np.array([tensor.producer for tensor in tensors], np.int64)
        self.producer = producers[flat]
        self.producer_slot = out_slot[flat]
        self.tensor_class = weight_classes(model)
        self.heads = _heads(ops, self.tensor_class)

    def op_hashes(self, *, weights: bool = True) -> NDArray[np.uint64]:
        """Per op: type, attributes, which inputs are given and, with ``weights``, the shapes of constant ones."""
        kinds = self.tensor_class[self.tensor]
        if not weights:
            kinds = np.minimum(kinds, 1)
        terms = mix(self.slot.astype(np.uint64) * SLOT + kinds.astype(np.uint64))
        total = mix(self.heads)
        np.add.at(total, self.consumer, terms)
        return mix(total)


def _heads(ops: list[Op], tensor_class: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A number per distinct type, domain, attributes and number of outputs; constants count as what they make."""
    ids: dict[tuple[str, str, int, int], int] = {}
    keys = [
        (op.type, op.domain, id(op.attributes), len(op.outputs))
        if op.type != "Constant" or not op.outputs
        else (op.type, op.domain, int(tensor_class[op.outputs[0]]), 1)
        for op in ops
    ]
    return np.array([ids.setdefault(key, len(ids)) for key in keys], np.uint64)


def weight_classes(model: Model) -> NDArray[np.int64]:
    """Per tensor: 0 for activations, else a number for each distinct (dtype, shape) of constants."""
    ids: dict[object, int] = {}
    out = np.zeros(len(model.tensors), np.int64)
    weights = [(index, tensor.weight) for index, tensor in enumerate(model.tensors) if tensor.weight is not None]
    for index, weight in weights:
        out[index] = ids.setdefault((weight.dtype, weight.shape), len(ids) + 1)
    for op in model.ops:
        if op.type == "ConstantOfShape" and not op.domain:
            shape = _constant_shape(model, op)
            if shape is not None:  # "weights" of the kind the onnx light models have
                out[op.outputs[0]] = ids.setdefault(("filled", shape), len(ids) + 1)
    return out


def _constant_shape(model: Model, op: Op) -> tuple[int, ...] | None:
    if not op.inputs or op.inputs[0] < 0 or not op.outputs or op.outputs[0] < 0:
        return None
    weight: Weight | None = model.tensors[op.inputs[0]].weight
    if weight is None or weight.dtype != "int64" or weight.elements > MAX_SHAPE_ELEMENTS:
        return None
    try:
        return tuple(int(dim) for dim in weight.numpy().ravel())
    except ModelError:  # unreadable bytes: whoever needs the value reports it; shape stays unknown here
        return None


def _flatten(rows: list[tuple[int, ...]]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Tensor, row and slot of each entry that is not left out."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    total = int(counts.sum())
    flat = np.fromiter(chain.from_iterable(rows), np.int64, total)
    owner = np.repeat(np.arange(len(rows)), counts)
    slot = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    given = flat >= 0
    return flat[given], owner[given], slot[given]
