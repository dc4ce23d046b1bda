"""What each op computes in: the type of its operands, and of its weights where they are stored in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis import dtypes
from haoline_analysis.cost.slots import key
from haoline_analysis.quantization.structure import slots
from haoline_analysis.quantization.structure.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model, Op
    from haoline_analysis.quantization.structure.form import Form

_CONTRACTIONS = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "Attention", "LSTM", "GRU", "RNN"])
_JOINING = frozenset({"Add", "Mul", "Sub", "Div", "Concat", "Sum", "MatMul", "Max", "Min", "Where"})
_FOLDED = ("Relu", "Clip", "LeakyRelu")
_QUANTIZERS = frozenset({"QuantizeLinear", "DequantizeLinear"})
_DYNAMIC = {"MatMulInteger": (0, 1), "ConvInteger": (0, 1), "DynamicQuantizeMatMul": (-1, 1)}
_PACKED = ("MatMulNBits", "GatherBlockQuantized", "MatMulBnb4", "MatMulFpQ4", "QMoE")


def precisions(model: Model, reading: Reading | None = None, *, executed: bool = False) -> list[str]:
    """Per op: "int8", "int16×int8" (activations × weights), "int8 weights", "int4 weights", "float16", "float32", ….

    Signs are left out, as they make no difference to the speed; "" is shape arithmetic and unknown. What lies between
    dequantized operands and a quantizer counts as computed on the integers, as runtimes execute it.

    Args:
        model: the graph.
        reading: its forms and types, if they are known already.
        executed: the graph is what really runs: what is dequantized in it is computed in float.
    """
    read = reading or Reading(model)
    teller = _Teller(model, read.forms, read.types, executed=executed)
    return [teller.tell(op) for op in model.ops]


class _Teller:
    def __init__(self, model: Model, found: Mapping[int, Form], types: Sequence[str], *, executed: bool) -> None:
        self.model, self.forms, self.types = model, found, types
        self.executed = executed

    def tell(self, op: Op) -> str:
        if op.type in _QUANTIZERS:
            return self._quantizer(op)
        if op.type in _PACKED and op.domain == slots.MICROSOFT:
            return f"int{op.integer('bits', op.integer('expert_weight_bits', 4))} weights"
        if op.type in _DYNAMIC:
            return self._dynamic(op)
        if slots.inputs(op):
            return self._integers(op)
        return self._carried(op) or self._between(op) or self._weight_only(op) or self._float(op)

    def _quantizer(self, op: Op) -> str:
        held = op.outputs if op.type == "QuantizeLinear" else op.inputs
        return _short(self._type(held, 0))

    def _type(self, tensors: Sequence[int], at: int) -> str:
        """Element type of one of several tensors; "" where it is left out or unknown."""
        tensor = tensors[at] if at < len(tensors) else -1
        if tensor in self.forms:
            return self.forms[tensor].dtype
        return self.types[tensor] if tensor >= 0 else ""

    def _dynamic(self, op: Op) -> str:
        activation, weight = _DYNAMIC[op.type]
        first = self._type(op.inputs, activation) if activation >= 0 else ""
        return _product(first or "uint8", self._type(op.inputs, weight) or "int8")

    def _integers(self, op: Op) -> str:
        types = [self._type(op.inputs, slot.data) for slot in slots.inputs(op)]
        return _product(types[0], types[1] if len(types) > 1 else "")

    def _carried(self, op: Op) -> str:
        """Movement of integers."""
        source = op.inputs[0] if op.inputs else -1
        return _short(self.forms[source].dtype) if op.type in slots.CARRIERS and source in self.forms else ""

    def _between(self, op: Op) -> str:
        """An op on dequantized operands that contracts them or hands its result to a quantizer."""
        if self.executed or op.bodies or op.domain not in ("", "ai.onnx"):
            return ""
        count = 2 if op.type in _CONTRACTIONS else len(op.inputs) if op.type in _JOINING else 1
        data = [tensor for tensor in op.inputs[:count] if tensor >= 0 and not _is_condition(op, tensor)]
        found = [self._dequantized(tensor) for tensor in data]
        if not found or not all(found) or not (op.type in _CONTRACTIONS or self._quantized_after(op)):
            return ""
        return _product(found[0], found[1] if op.type in _CONTRACTIONS and len(found) > 1 else "")

    def _dequantized(self, tensor: int) -> str:
        """Type of the integers behind reals, through movements; "" where there are none."""
        for _ in range(8):
            producer = self.model.tensors[tensor].producer
            if producer < 0:
                return ""
            op = self.model.ops[producer]
            source = op.inputs[0] if op.inputs else -1
            if source < 0:
                return ""
            if op.type == "DequantizeLinear":
                return self._type(op.inputs, 0)
            if op.type not in slots.CARRIERS:
                return ""
            tensor = source
        return ""

    def _quantized_after(self, op: Op) -> bool:
        """Whether the result goes into a quantizer, possibly through an activation that is fused with the op."""
        rows = list(self.model.tensors[op.outputs[0]].consumers) if op.outputs and op.outputs[0] >= 0 else []
        after = [self.model.ops[row] for row in rows]
        kept = [tensor for other in after if other.type in _FOLDED for tensor in other.outputs[:1] if tensor >= 0]
        rows += [row for tensor in kept for row in self.model.tensors[tensor].consumers]
        return any(self.model.ops[row].type == "QuantizeLinear" for row in rows)

    def _weight_only(self, op: Op) -> str:
        """An op on reals whose stored weight is dequantized."""
        if key(op)[0] != "" or op.type not in _CONTRACTIONS | {"Gather"}:
            return ""
        slot = 0 if op.type == "Gather" else 1
        tensor = op.inputs[slot] if slot < len(op.inputs) else -1
        producer = self.model.tensors[tensor].producer if tensor >= 0 else -1
        maker = self.model.ops[producer] if producer >= 0 else None
        stored = maker.inputs[0] if maker is not None and maker.type == "DequantizeLinear" and maker.inputs else -1
        if stored < 0 or self.model.tensors[stored].weight is None:
            return ""
        return f"{_short(self.types[stored])} weights"

    def _float(self, op: Op) -> str:
        """The first float type among what is made, else among what is read; "" for integers and truth values."""
        made = [self.types[tensor] for tensor in op.outputs if tensor >= 0]
        read = [self.types[tensor] for tensor in op.inputs if tensor >= 0]
        if not any(kind in dtypes.FLOATS for kind in made):
            return "" if any(made) else next((kind for kind in read if kind in dtypes.FLOATS), "")
        return next(kind for kind in made if kind in dtypes.FLOATS)


def _is_condition(op: Op, tensor: int) -> bool:
    return op.type == "Where" and tensor == op.inputs[0]


def _short(dtype: str) -> str:
    """An integer type without its sign."""
    return dtype.removeprefix("u")


def _product(activations: str, weights: str) -> str:
    first, second = _short(activations), _short(weights)
    return first if not second or first == second else f"{first}×{second}"
