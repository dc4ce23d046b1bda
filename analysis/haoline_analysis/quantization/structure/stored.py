"""The reals that an op's stored weight stands for, as a float op would read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.forms import constant
from haoline_analysis.quantization.structure.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.model import Model, Op
    from haoline_analysis.quantization.structure.form import Form

_HOPS = 8
_PACKED = ("MatMulNBits", "GatherBlockQuantized")


def stored_reals(model: Model, forms: Mapping[int, Form], row: int, slot: int) -> np.ndarray | None:
    """The weight in an input slot of an op, float32, through casts, transposes and dequantization.

    MatMulNBits' packed [N, blocks, bytes] comes as [K, N], which is what the MatMul it replaces reads. None where the
    operand is computed from inputs, where its scale is, or where its bytes are missing.
    """
    op = model.ops[row]
    if slot >= len(op.inputs) or op.inputs[slot] < 0:
        return None
    tensor = op.inputs[slot]
    try:
        if op.type in _PACKED and tensor in forms and slot == (1 if op.type == "MatMulNBits" else 0):
            reals = forms[tensor].dequantize(unpacked(model, op))
            return reals.T if op.type == "MatMulNBits" else reals
        return _reals(model, forms, tensor, _HOPS)
    except (ModelError, ValueError):
        return None


def _reals(model: Model, forms: Mapping[int, Form], tensor: int, hops: int) -> np.ndarray | None:
    found = constant(model, tensor)
    if found is not None:
        return _decoded(found, model, forms, tensor)
    producer = model.tensors[tensor].producer
    if producer < 0 or not hops:
        return None
    return _through(model, forms, model.ops[producer], hops)


def _decoded(found: np.ndarray, model: Model, forms: Mapping[int, Form], tensor: int) -> np.ndarray | None:
    form = forms.get(tensor)
    if form is not None:
        return form.dequantize(found)
    weight = model.tensors[tensor].weight
    floating = weight is None or weight.dtype in dtypes.FLOATS
    return found.astype(np.float32) if floating and found.dtype != object else None


def _through(model: Model, forms: Mapping[int, Form], op: Op, hops: int) -> np.ndarray | None:
    """What an op makes of a constant."""
    if op.type not in ("DequantizeLinear", "QuantizeLinear", "Cast", "Identity", "Transpose") or not op.inputs:
        return None
    found = _reals(model, forms, op.inputs[0], hops - 1)
    if found is None or op.type in ("Identity", "DequantizeLinear", "Cast"):
        return found
    if op.type == "Transpose":
        order = op.attributes.get("perm")
        return found.transpose(order) if isinstance(order, (list, tuple)) else found.transpose()
    form = forms.get(op.outputs[0]) if op.outputs else None
    if form is None or form.dtype in dtypes.FLOATS:
        return None
    return form.dequantize(form.quantize(found))
