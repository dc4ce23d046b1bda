"""Weights of few bits that ops unpack themselves: MatMulNBits and GatherBlockQuantized (docs/ContribOperators.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.form import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Op

_MATMUL, _GATHER = "MatMulNBits", "GatherBlockQuantized"


def packed_forms(model: Model, op: Op) -> Iterator[tuple[int, Form]]:
    """The packed operand of an op, and the form of its *unpacked* elements (see :func:`unpacked`)."""
    if op.domain != "com.microsoft" or op.type not in (_MATMUL, _GATHER):
        return
    data, scales, zeros = (1, 2, 3) if op.type == _MATMUL else (0, 2, 3)
    if len(op.inputs) <= scales or min(op.inputs[data], op.inputs[scales]) < 0:
        return
    if model.tensors[op.inputs[data]].weight is None:
        return
    try:
        yield op.inputs[data], _form(model, op, op.inputs[scales], op.inputs[zeros] if len(op.inputs) > zeros else -1)
    except (ModelError, ValueError):  # bytes that are not there, or do not fit the attributes
        return


def _form(model: Model, op: Op, scales: int, zeros: int) -> Form:
    weight = model.tensors[scales].weight
    if weight is None:
        raise ValueError("the scales are computed")
    scale = weight.numpy().astype(np.float32)
    bits, block = op.integer("bits", 4), max(op.integer("block_size", 128), 1)
    if op.type == _MATMUL:
        rows, depth = op.integer("N"), op.integer("K")
        scale = scale.reshape(rows, -(-depth // block))
        axis = 1
    else:
        axis = op.integer("quantize_axis", 1) % max(scale.ndim, 1)
    return Form(f"uint{bits}", scale, _zero_points(model, op, zeros, scale, bits), axis, block)


def _zero_points(model: Model, op: Op, tensor: int, scale: np.ndarray, bits: int) -> np.ndarray:
    """One per block, of the shape of ``scale``: packed along the last axis, or reals, or the middle by default."""
    weight = model.tensors[tensor].weight if tensor >= 0 else None
    if weight is None:
        default = 0 if op.type == _GATHER and not _is_uint8(model, op) else 1 << (bits - 1)
        return np.full(scale.shape, default, np.uint8)
    stored = weight.numpy()
    if stored.dtype != np.uint8 or bits == 8:
        return stored.reshape(scale.shape)
    packed = stored.reshape(*scale.shape[:-1], -1)
    return bits_of(packed, bits)[..., : scale.shape[-1]]


def _is_uint8(model: Model, op: Op) -> bool:
    weight = model.tensors[op.inputs[0]].weight
    return weight is not None and weight.dtype == "uint8"


def bits_of(packed: np.ndarray, bits: int) -> np.ndarray:
    """Elements of ``bits`` bits each from bytes, the lowest bits first; the last axis grows 8/bits-fold."""
    if bits == 8:
        return packed
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    units = (packed[..., None] >> shifts) & np.uint8((1 << bits) - 1)
    return units.reshape(*packed.shape[:-1], -1)


def unpacked(model: Model, op: Op) -> np.ndarray:
    """The elements of a packed operand: [N, K] of MatMulNBits, the table of GatherBlockQuantized.

    Raises:
        ModelError: if the bytes are missing.
        ValueError: if they do not fit the attributes.
    """
    slot = 1 if op.type == _MATMUL else 0
    weight = model.tensors[op.inputs[slot]].weight
    if weight is None:
        raise ValueError("the weight is computed")
    stored, bits = weight.numpy(), op.integer("bits", 4)
    if op.type == _MATMUL:
        rows, depth = op.integer("N"), op.integer("K")
        return bits_of(stored.reshape(rows, -1), bits)[:, :depth]
    return bits_of(stored, bits) if weight.dtype == "uint8" else stored
