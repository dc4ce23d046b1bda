"""A graph as matching sees it: values instead of tensors, operations instead of ops.

One value is everything that stands for the same reals: what an op makes, the integers that a quantizer makes of it,
what is dequantized again, casts, copies, other memory layouts. A quantizer whose grid starts at zero may do the work
of a ReLU as well, so what it makes is a value of its own, ``rectified`` from the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.model import OMITTED
from haoline_analysis.quantization.deployed.blocked import blocked, written_as_convolution
from haoline_analysis.quantization.matching.constants import Constants
from haoline_analysis.quantization.matching.families import COMMUTATIVE, SHAPED, family, operand_slots
from haoline_analysis.quantization.matching.layouts import Layouts
from haoline_analysis.quantization.structure import slots
from haoline_analysis.quantization.structure.forms import constant

if TYPE_CHECKING:
    from collections.abc import Hashable

    from haoline_analysis.model import Op
    from haoline_analysis.quantization.structure import Form, Reading

_COPIES = frozenset({"Identity", "Dropout", "QuantizeLinear", "DequantizeLinear", "ReorderInput", "ReorderOutput"})
_JOINING = frozenset({"Concat", "Sum", "Max", "Min", "Mean"})
"""Ops that copy where they are given one tensor."""
_NEUTRAL = {"Mul": 1, "Div": 1, "Add": 0, "Sub": 0}
"""Numbers that change nothing: as the second operand, or as either where it does not matter."""
_RANDOM = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "RandomNormalLike", "RandomUniformLike")
_INTEGER_PRODUCTS = ("MatMulInteger", "ConvInteger")
SMALL = 8
"""Elements up to which a constant is compared exactly."""


@dataclass(slots=True, eq=False)
class Value:
    """Tensors that stand for the same reals."""

    op: int  # row of the op that computes it; -1: an input or a constant
    slot: int = 0  # which output of the op
    members: list[int] = field(default_factory=list)  # tensors that hold it, in execution order
    readers: list[int] = field(default_factory=list)  # ops that work on it
    fixed: bool = False  # it is the same for every input
    rectified: int = -1  # the value that a quantizer, whose grid starts at zero, made it of


@dataclass(slots=True, eq=False)
class Node:
    """An op that does something."""

    row: int
    family: str
    operands: tuple[int, ...]  # values; -1 left out
    outputs: tuple[int, ...]  # values; -1 left out
    slots: tuple[int, ...]  # the input slots of the operands


class Graph:
    """A model in values and nodes."""

    def __init__(self, reading: Reading) -> None:
        """Take a model as it is read; constants are loaded as far as they are small."""
        self.model = model = reading.model
        self.forms: dict[int, Form] = reading.forms
        self.types, self.shapes = reading.types, reading.shapes
        self.blocked = blocked(model)
        self.layouts = Layouts(model, self.shapes)
        self.constants = Constants(self)
        self.values: list[Value] = []
        self.of = [-1] * len(model.tensors)  # value of each tensor
        self.unscaled: set[int] = set()  # tensors that lack a factor of their value
        self.nodes: dict[int, Node] = {}
        self._known: dict[Hashable, tuple[int, ...]] = {}
        self._scales: set[int] = set()
        self._start()
        for row, op in enumerate(model.ops):
            if op.parent < 0:
                self._visit(row, op)

    def value_of(self, tensor: int) -> int:
        """The value that a tensor holds, -1 for one left out."""
        return self.of[tensor] if tensor >= 0 else -1

    def producer(self, value: int) -> Node | None:
        """The node that computes a value."""
        return self.nodes.get(self.values[value].op) if value >= 0 else None

    def readers(self, value: int) -> list[Node]:
        """Nodes that work on a value."""
        return [self.nodes[row] for row in self.values[value].readers]

    def data(self, node: Node) -> int:
        """The only operand of a node that is not fixed, -1 where there are others or none."""
        varying = {value for value in node.operands if value >= 0 and not self.values[value].fixed}
        return varying.pop() if len(varying) == 1 else -1

    def op(self, node: Node) -> Op:
        """The op behind a node."""
        return self.model.ops[node.row]

    def names(self, value: int) -> list[str]:
        """What its tensors are called."""
        return [self.model.tensors[tensor].name for tensor in self.values[value].members]

    def _start(self) -> None:
        for row, tensor in enumerate(self.model.tensors):
            if tensor.weight is not None:
                self._add(row, self._stored(row), fixed=True)
            elif tensor.producer < 0:
                self._add(row, None)

    def _stored(self, row: int) -> Hashable:
        """What makes two small constants one value."""
        weight = self.model.tensors[row].weight
        if weight is None or weight.elements > SMALL or weight.dtype == "string" or row in self.forms:
            return None  # equal integers of two scales are two values
        found = constant(self.model, row)
        return None if found is None else ("constant", weight.dtype, weight.shape, found.tobytes())

    def _add(self, tensor: int, key: Hashable, *, fixed: bool = False) -> None:
        known = self._known.get(key) if key is not None else None
        if known is None:
            self.values.append(Value(-1, fixed=fixed))
            known = (len(self.values) - 1,)
            if key is not None:
                self._known[key] = known
        self._join(tensor, known[0])

    def _join(self, tensor: int, value: int) -> None:
        if tensor != OMITTED:
            self.of[tensor] = value
            self.values[value].members.append(tensor)

    def _visit(self, row: int, op: Op) -> None:
        if op.outputs and all(tensor < 0 or self.of[tensor] >= 0 for tensor in op.outputs):
            return  # a Constant
        source = self._copied(op)
        if source >= 0:
            self._copy(op, source)
            return
        self._compute(row, op)

    def _copied(self, op: Op) -> int:
        """The tensor whose reals the op hands on; -1 where it does something to them."""
        first = op.inputs[0] if op.inputs else -1
        if first < 0:
            return -1
        if op.type in _JOINING and len(op.inputs) == 1:
            return first
        if op.type in _COPIES or op.type == "DynamicQuantizeLinear" or self.layouts.is_layout(op):
            return first
        if op.type in ("Cast", "CastLike"):
            return first if self._is_float_cast(op, first) else -1
        scaled = self._scaled(op) if op.type == "Mul" else -1
        return scaled if scaled >= 0 else self._unchanged(op)

    def _is_float_cast(self, op: Op, first: int) -> bool:
        target = ONNX_CODES.get(op.integer("to"), "") if op.type == "Cast" else self.types[op.outputs[0]]
        return target in dtypes.FLOATS and (self.types[first] in dtypes.FLOATS or first in self.unscaled)

    def _unchanged(self, op: Op) -> int:
        """The tensor that an op multiplies by one or adds nothing to, which onnxruntime leaves out; -1 for others."""
        neutral = _NEUTRAL.get(op.type)
        if neutral is None or len(op.inputs) != 2 or min(op.inputs) < 0:
            return -1
        data, other = op.inputs
        for source, number in ((data, other), (other, data)) if op.type in COMMUTATIVE else ((data, other),):
            found = self.constants.numbers(self.of[number])
            if found is not None and found.ndim == 0 and found == neutral and not self.values[self.of[source]].fixed:
                return source
        return -1

    def _scaled(self, op: Op) -> int:
        """The integer product, cast to float, that a Mul gives its scale; -1 for any other Mul."""
        if len(op.inputs) != 2 or min(op.inputs) < 0:
            return -1
        for product, scale in (op.inputs, op.inputs[::-1]):
            if product in self.unscaled and (scale in self._scales or self.values[self.of[scale]].fixed):
                return product
        return -1

    def _copy(self, op: Op, source: int) -> None:
        value, made = self.of[source], op.outputs[0]
        if op.type == "QuantizeLinear" and self._may_rectify(made, value):
            value = self._rectified(value)
        self._join(made, value)
        if source in self.unscaled and op.type != "Mul":
            self.unscaled.add(made)
        for other in op.outputs[1:]:
            if other != OMITTED:
                self._add(other, None)
        if op.type == "DynamicQuantizeLinear":
            self._scales.update(op.outputs[1:2])

    def _may_rectify(self, made: int, value: int) -> bool:
        """Whether nothing below zero comes through a quantizer, but may come to it."""
        form = self.forms.get(made)
        if form is None or form.dtype in dtypes.FLOATS:
            return False
        if self.values[value].fixed or self.values[value].rectified >= 0:
            return False
        low, high = form.low_high()
        return bool(np.all(low >= 0) and np.any(high > 0))

    def _rectified(self, value: int) -> int:
        key = ("rectified", value)
        if key not in self._known:
            self.values.append(Value(self.values[value].op, self.values[value].slot, rectified=value))
            self._known[key] = (len(self.values) - 1,)
        return self._known[key][0]

    def _compute(self, row: int, op: Op) -> None:
        places = operand_slots(op)
        operands = tuple(self.value_of(op.inputs[slot]) for slot in places)
        kind = "GlobalAveragePool" if self._is_global_pool(op) else written_as_convolution(self.model, op) or family(op)
        if op.type == "Mul" and any(tensor in self._scales for tensor in op.inputs):
            self._scales.update(op.outputs)
        key = self._key(op, kind, operands)
        known = self._known.get(key) if key is not None else None
        if known is not None:
            for tensor, value in zip(op.outputs, known, strict=False):
                if value >= 0:
                    self._join(tensor, value)
            return
        self._new(row, op, Node(row, kind, operands, (), places), key)

    def _is_global_pool(self, op: Op) -> bool:
        """Whether an op is the mean of whole maps, which exporters write in two ways."""
        shape = self.shapes[op.inputs[0]] if op.type == "ReduceMean" and op.inputs and op.inputs[0] >= 0 else None
        if shape is None or len(shape) < 3 or op.integer("keepdims", 1) != 1:
            return False
        stored = constant(self.model, op.inputs[1]) if len(op.inputs) > 1 else None
        axes = op.attributes.get("axes", ()) if stored is None else stored.reshape(-1).tolist()
        return sorted(axis % len(shape) for axis in axes) == list(range(2, len(shape)))

    def _new(self, row: int, op: Op, node: Node, key: Hashable) -> None:
        fixed = not op.bodies and op.type not in _RANDOM and op.type not in ("Shape", "Size")
        fixed = fixed and all(value < 0 or self.values[value].fixed for value in node.operands)
        made: list[int] = []
        for slot, tensor in enumerate(op.outputs):
            if tensor == OMITTED:
                made.append(-1)
                continue
            self.values.append(Value(row, slot, fixed=fixed))
            made.append(len(self.values) - 1)
            clipped = slots.output(op) is not None and self._may_rectify(tensor, made[-1])
            self._join(tensor, self._rectified(made[-1]) if clipped else made[-1])
        node.outputs = tuple(made)
        self.nodes[row] = node
        for value in dict.fromkeys(node.operands):
            if value >= 0:
                self.values[value].readers.append(row)
        if op.type in _INTEGER_PRODUCTS:
            self.unscaled.update(op.outputs)
        if key is not None:
            self._known[key] = tuple(self.value_of(tensor) for tensor in op.outputs)

    def _key(self, op: Op, kind: str, operands: tuple[int, ...]) -> Hashable:
        """What makes the results of two ops one value."""
        if op.bodies or op.type in _RANDOM or not operands or slots.output(op) is not None:
            return None
        attributes = tuple(sorted((name, _frozen(value)) for name, value in op.attributes.items()))
        return kind, op.type, op.domain, attributes, operands, len(op.outputs)


def is_moving(node: Node) -> bool:
    """Whether only the first operand of a node is data."""
    return node.family in SHAPED


def _frozen(value: Any) -> Hashable:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    return value if isinstance(value, (int, float, str, bytes)) else id(value)
