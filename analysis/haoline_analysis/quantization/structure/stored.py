"""What an op's stored weight stands for, as a float op would read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.forms import constant
from haoline_analysis.quantization.structure.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op
    from haoline_analysis.quantization.structure.form import Form

_HOPS = 8
_PACKED = ("MatMulNBits", "GatherBlockQuantized")


class Stored(NamedTuple):
    """Elements of a weight as they are stored, and which reals they are."""

    elements: np.ndarray
    form: Form | None  # None: they are floats

    def reals(self) -> NDArray[np.float32]:
        """All of them as reals."""
        if self.form is not None:
            return self.form.dequantize(self.elements)
        found: NDArray[np.float32] = self.elements.astype(np.float32)
        return found

    def reals_at(self, places: tuple[NDArray[np.intp], ...]) -> NDArray[np.float32]:
        """Some of them as reals: ``places`` are their indices, one array per axis."""
        if self.form is not None:
            return self.form.dequantize_at(self.elements, places)
        found: NDArray[np.float32] = self.elements[places].astype(np.float32)
        return found

    def transposed(self, order: Sequence[int] | None = None) -> Stored:
        """With the axes in another order, reversed by default."""
        order = range(self.elements.ndim)[::-1] if order is None else order
        return Stored(self.elements.transpose(order), None if self.form is None else self.form.transposed(order))


def stored(model: Model, forms: Mapping[int, Form], row: int, slot: int) -> Stored | None:
    """The weight in an input slot of an op, through casts, transposes and dequantization.

    MatMulNBits' packed [N, blocks, bytes] comes as [K, N], which is what the MatMul it replaces reads. None where the
    operand is computed from inputs, where its scale is, or where its bytes are missing.
    """
    op = model.ops[row]
    if slot >= len(op.inputs) or op.inputs[slot] < 0:
        return None
    tensor = op.inputs[slot]
    try:
        if op.type in _PACKED and tensor in forms and slot == (1 if op.type == "MatMulNBits" else 0):
            found = Stored(unpacked(model, op), forms[tensor])
            return found.transposed() if op.type == "MatMulNBits" else found
        return _found(model, forms, tensor, _HOPS)
    except (ModelError, ValueError):
        return None


def stored_reals(model: Model, forms: Mapping[int, Form], row: int, slot: int) -> NDArray[np.float32] | None:
    """The reals of :func:`stored`."""
    found = stored(model, forms, row, slot)
    try:
        return None if found is None else found.reals()
    except ValueError:  # a grid that does not fit the elements
        return None


def _found(model: Model, forms: Mapping[int, Form], tensor: int, hops: int) -> Stored | None:
    found = constant(model, tensor)
    if found is not None:
        return _as_stored(found, model, forms, tensor)
    producer = model.tensors[tensor].producer
    if producer < 0 or not hops:
        return None
    return _through(model, forms, model.ops[producer], hops)


def _as_stored(found: np.ndarray, model: Model, forms: Mapping[int, Form], tensor: int) -> Stored | None:
    form = forms.get(tensor)
    if form is not None:
        return Stored(found, form)
    weight = model.tensors[tensor].weight
    floating = weight is None or weight.dtype in dtypes.FLOATS
    return Stored(found, None) if floating and found.dtype != object else None


def _through(model: Model, forms: Mapping[int, Form], op: Op, hops: int) -> Stored | None:
    """What an op makes of a constant."""
    if op.type not in ("DequantizeLinear", "QuantizeLinear", "Cast", "Identity", "Transpose") or not op.inputs:
        return None
    found = _found(model, forms, op.inputs[0], hops - 1)
    if found is None or op.type in ("Identity", "DequantizeLinear", "Cast"):
        return found
    if op.type == "Transpose":
        order = op.attributes.get("perm")
        return found.transposed(order if isinstance(order, (list, tuple)) else None)
    form = forms.get(op.outputs[0]) if op.outputs else None
    if form is None or form.dtype in dtypes.FLOATS:
        return None
    return Stored(form.quantize(found.reals()), form)
