"""What an op's stored weight stands for, as a float op would read it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure.forms import constant_weight
from haoline_analysis.quantization.structure.packed import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op, Weight
    from haoline_analysis.quantization.structure.form import Form

_HOPS = 8
_PACKED = ("MatMulNBits", "GatherBlockQuantized")


@dataclass(frozen=True)
class Stored:
    """A weight as it is stored, and which reals its elements are."""

    source: Weight | np.ndarray
    form: Form | None  # None: they are floats
    order: tuple[int, ...] | None = None  # of the stored axes; None: as they are

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape, with the axes in their order."""
        shape = self._own_shape
        return shape if self.order is None else tuple([shape[axis] for axis in self.order])

    @property
    def size(self) -> int:
        """How many elements it has."""
        return prod(self._own_shape)

    @property
    def elements(self) -> np.ndarray:
        """All of them as they are stored.

        Raises:
            ModelError: if the bytes are missing.
        """
        found = self.source if isinstance(self.source, np.ndarray) else self.source.numpy()
        return found if self.order is None else found.transpose(self.order)

    def reals(self) -> NDArray[np.float32]:
        """All of them as reals.

        Raises:
            ModelError: if the bytes are missing.
            Exception: one of ``BAD_GRID``, if the grid does not fit.
        """
        if self.form is not None:
            return self.form.dequantize(self.elements)
        found: NDArray[np.float32] = self.elements.astype(np.float32)
        return found

    def reals_at(self, places: tuple[NDArray[np.intp], ...]) -> NDArray[np.float32]:
        """Some of them as reals, without reading the rest where that can be: their indices, one array per axis.

        Raises:
            ModelError: if the bytes are missing.
            Exception: one of ``BAD_GRID``, if the grid does not fit.
        """
        order = range(len(places)) if self.order is None else self.order
        own = [places[at] for at in np.argsort(order)]
        flat = np.asarray(np.ravel_multi_index(tuple(own), self._own_shape) if own else 0)
        picked = self.source.reshape(-1)[flat] if isinstance(self.source, np.ndarray) else self.source.pick(flat)
        if self.form is not None:
            return self.form.dequantize_at(picked, places)
        found: NDArray[np.float32] = picked.astype(np.float32)
        return found

    def transposed(self, order: Sequence[int] | None = None) -> Stored:
        """With the axes in another order, reversed by default.

        Raises:
            ValueError: if that is no order of the axes.
        """
        rank = len(self._own_shape)
        asked = tuple(range(rank))[::-1] if order is None else tuple(order)
        if sorted(asked) != list(range(rank)):
            raise ValueError(f"{list(asked)} is no order of {rank} axes")
        whole = asked if self.order is None else tuple([self.order[axis] for axis in asked])
        return Stored(self.source, None if self.form is None else self.form.transposed(asked), whole)

    @property
    def _own_shape(self) -> tuple[int, ...]:
        if isinstance(self.source, np.ndarray):
            return self.source.shape
        return self.source.shape if self.source.stored_shape is None else self.source.stored_shape


def stored(model: Model, forms: Mapping[int, Form], row: int, slot: int) -> Stored | None:
    """The weight in an input slot of an op, through casts, transposes and dequantization.

    MatMulNBits' packed [N, blocks, bytes] comes as [K, N], which is what the MatMul it replaces reads. None where the
    operand is computed from inputs, or where its scale is. Elements are read when they are asked for.
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
    except (ModelError, ValueError):  # bytes that are missing, a grid that does not fit the elements
        return None


def _found(model: Model, forms: Mapping[int, Form], tensor: int, hops: int) -> Stored | None:
    found = constant_weight(model, tensor)
    if found is not None:
        return _as_stored(found, model, forms, tensor)
    producer = model.tensors[tensor].producer
    if producer < 0 or not hops:
        return None
    return _through(model, forms, model.ops[producer], hops)


def _as_stored(found: Weight, model: Model, forms: Mapping[int, Form], tensor: int) -> Stored | None:
    form = forms.get(tensor)
    if form is not None:
        return Stored(found, form)
    weight = model.tensors[tensor].weight
    floating = found.dtype != "string" and (weight is None or weight.dtype in dtypes.FLOATS)
    return Stored(found, None) if floating else None


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
