"""The form of every tensor whose elements stand for reals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.cost.slots import key
from haoline_analysis.dtypes import BITS, ONNX_CODES
from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.structure import slots
from haoline_analysis.quantization.structure.form import Form
from haoline_analysis.quantization.structure.packed import packed_forms

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op, Weight

_HOPS = 64


def forms(model: Model) -> dict[int, Form]:
    """By tensor row: activations that quantizers and quantized ops make, and the integers that such ops read.

    Left out is what only a run can tell: tensors whose scale is computed, as DynamicQuantizeLinear does.
    """
    return _Finder(model).run()


def constant(model: Model, tensor: int) -> np.ndarray | None:
    """The elements of a constant, behind Identity too; None where there is none or it cannot be read."""
    weight = constant_weight(model, tensor)
    try:
        return None if weight is None else weight.numpy()
    except ModelError:
        return None


def constant_weight(model: Model, tensor: int) -> Weight | None:
    """A constant that nothing has been read of yet, behind Identity too."""
    for _ in range(_HOPS):
        if tensor < 0:
            return None
        found = model.tensors[tensor]
        if found.weight is not None:
            return found.weight
        op = model.ops[found.producer] if found.producer >= 0 else None
        if op is None or op.type != "Identity" or not op.inputs:
            return None
        tensor = op.inputs[0]
    return None


class _Finder:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.found: dict[int, Form] = {}
        self._loaded: dict[int, np.ndarray | None] = {}

    def run(self) -> dict[int, Form]:
        for op in self.model.ops:
            self._read(op)
            self._made(op)
        for op in reversed(self.model.ops):
            self._back(op)
        return self.found

    def _read(self, op: Op) -> None:
        """Integers that the op reads: constants and inputs of the model, unless something said what they are."""
        for slot in slots.inputs(op):
            tensor = _at(op, slot.data)
            if tensor >= 0 and tensor not in self.found:
                form = self._form(op, slot, tensor)
                if form is not None:
                    self.found[tensor] = form
        self._bias(op)
        if op.type in ("MatMulInteger", "ConvInteger"):
            self._integer(op)
        for tensor, form in packed_forms(self.model, op):
            self.found.setdefault(tensor, form)

    def _made(self, op: Op) -> None:
        made = op.outputs[0] if op.outputs else -1
        if made < 0:
            return
        slot = slots.output(op)
        if slot is not None:
            form = self._form(op, slot, made)
        elif op.type in slots.CARRIERS or op.type == "Concat":
            form = self._carried(op)
        else:
            return
        if form is not None:
            for output in op.outputs[:1] if op.type != "Split" else op.outputs:
                self.found.setdefault(output, form)

    def _carried(self, op: Op) -> Form | None:
        data = [self.found.get(tensor) for tensor in (op.inputs if op.type == "Concat" else op.inputs[:1])]
        if not data or data[0] is None or not all(other is not None and data[0].same_grid(other) for other in data):
            return None
        form = data[0]
        if form.per_tensor or op.type in slots.SAME_AXES:
            return form
        return _turned(form, op) if op.type == "Transpose" else None

    def _back(self, op: Op) -> None:
        """What is reshaped before it is read as reals stands for them before, too."""
        if op.type not in slots.CARRIERS or not op.inputs or not op.outputs or op.inputs[0] < 0:
            return
        form = self.found.get(op.outputs[0])
        if form is not None and (form.per_tensor or op.type in slots.SAME_AXES):
            self.found.setdefault(op.inputs[0], form)

    def _bias(self, op: Op) -> None:
        """Bias of QLinearConv and QGemm: 32 bits, with the product of the operands' scales."""
        at = {"QLinearConv": 8, "QGemm": 6}.get(op.type, -1)
        tensor = _at(op, at)
        if tensor < 0 or tensor in self.found:
            return
        scales = [self._load(_at(op, slot)) for slot in (1, 4)]
        if scales[0] is not None and scales[1] is not None:
            scale = np.asarray(scales[0] * scales[1]).reshape(-1)
            axis = None if scale.size == 1 else 0
            self.found[tensor] = Form("int32", _shaped(scale), np.zeros((), np.int32), axis)

    def _integer(self, op: Op) -> None:
        """Weights of MatMulInteger and ConvInteger, whose scale is multiplied afterwards."""
        tensor = _at(op, 1)
        if tensor < 0 or tensor in self.found or self.model.tensors[tensor].weight is None:
            return
        scale = self._later_scale(op)
        if scale is None:
            return
        dtype = self._dtype(tensor)
        zero = self._load(_at(op, 3))
        zero = np.zeros((), dtype) if zero is None else zero
        axis = 0 if op.type == "ConvInteger" else len(self.model.tensors[tensor].weight.shape) - 1  # type: ignore[union-attr]
        self.found[tensor] = Form(dtype, _shaped(scale), _shaped(zero), axis if scale.size > 1 else None)

    def _later_scale(self, op: Op) -> np.ndarray | None:
        """The constant factor of ``Cast(integer product) * (scale of activations * scale of weights)``."""
        tensor = op.outputs[0] if op.outputs else -1
        for _ in range(4):
            readers = self.model.tensors[tensor].consumers if tensor >= 0 else []
            if len(readers) != 1:
                return None
            after = self.model.ops[readers[0]]
            if after.type == "Mul":
                return self._factor(next((other for other in after.inputs if other != tensor), -1))
            if after.type not in ("Cast", "Add", "Reshape"):
                return None
            tensor = after.outputs[0] if after.outputs else -1
        return None

    def _factor(self, tensor: int) -> np.ndarray | None:
        constant = self._load(tensor)
        if constant is not None:
            return constant
        producer = self.model.tensors[tensor].producer if tensor >= 0 else -1
        product = self.model.ops[producer] if producer >= 0 else None
        if product is None or product.type != "Mul":
            return None
        return next((found for found in map(self._load, product.inputs) if found is not None), None)

    def _form(self, op: Op, slot: slots.Slot, tensor: int) -> Form | None:
        scale, zero_row = self._load(_at(op, slot.scale)), _at(op, slot.zero)
        zero = self._load(zero_row)
        if scale is None or (zero_row >= 0 and zero is None):
            return None
        dtype = self._type(op, tensor, zero_row, made=tensor in op.outputs)
        if dtype not in BITS or scale.size == 0:
            return None
        zero = np.zeros((), _held(dtype)) if zero is None else zero
        block = op.integer("block_size") if slot.axis == "attribute" else 0
        if block and scale.ndim:
            axis: int | None = op.integer("axis", 1)
            return Form(dtype, scale.astype(np.float32), zero, axis, block)
        axis = self._axis(op, slot, tensor) if scale.size > 1 else None
        return Form(dtype, _shaped(scale.astype(np.float32)), _shaped(zero), axis)

    def _axis(self, op: Op, slot: slots.Slot, tensor: int) -> int:
        shape = self.model.tensors[tensor].weight.shape if self.model.tensors[tensor].weight else ()  # type: ignore[union-attr]
        shape = shape or tuple(self.model.tensors[tensor].shape or ())
        if slot.axis == "attribute":
            axis = op.integer("axis", 1)
        elif slot.axis == "columns":
            axis = 0 if op.integer("transB") else 1
        else:
            axis = 0 if slot.axis == "first" else -1
        return axis % len(shape) if shape else axis

    def _type(self, op: Op, tensor: int, zero_row: int, *, made: bool) -> str:
        """Of the zero point, of the elements, or what the attribute says; uint8 by default (ONNX, QuantizeLinear)."""
        if zero_row >= 0:
            found = self._dtype(zero_row)
        elif made and key(op)[1] == "QuantizeLinear":
            found = ONNX_CODES.get(op.integer("output_dtype"), "") or "uint8"
        else:
            found = self._dtype(tensor)
        return found or "uint8"

    def _dtype(self, tensor: int) -> str:
        found = self.model.tensors[tensor]
        return (found.weight.dtype if found.weight is not None else found.dtype) or ""

    def _load(self, tensor: int) -> np.ndarray | None:
        if tensor not in self._loaded:
            self._loaded[tensor] = constant(self.model, tensor)
        return self._loaded[tensor]


def _at(op: Op, slot: int) -> int:
    return op.inputs[slot] if 0 <= slot < len(op.inputs) else -1


def _shaped(values: np.ndarray) -> np.ndarray:
    """A scalar for one element, else a vector."""
    return values.reshape(()) if values.size == 1 else values.reshape(-1)


def _held(dtype: str) -> str:
    """How numpy holds a type."""
    return dtype if dtype in ("int8", "uint8", "int16", "uint16", "int32") else "int32"


def _turned(form: Form, op: Op) -> Form | None:
    """The form of what a Transpose makes of a tensor with one scale per channel."""
    order = op.attributes.get("perm")
    if not isinstance(order, (list, tuple)) or form.axis is None:
        return None
    try:
        return form.transposed(order)
    except ValueError:  # no order of the axes
        return None
