"""Ops of the variant that are the float model's own: fed alike, they make no error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.model import OMITTED
from haoline_analysis.quantization.divergence.local.names import producers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.model import Model, Op
    from haoline_analysis.quantization.divergence.pairs import Pair

_EXACT = ("DequantizeLinear",)


class Sameness:
    """Compares single nodes of the deployed graph with the float model's ops."""

    def __init__(self, graph: Any, model: Model, pairs: Sequence[Pair]) -> None:
        """Take the graph as it is before it is rewired."""
        self._model = model
        self._made_by = producers(graph)
        self._weights = {entry.name: entry for entry in graph.initializer}
        self._stands_for = {pair.captured: pair.tensor for pair in pairs if pair.form is None and not pair.transpose}
        for pair in pairs:  # what a quantizer reads is the tensor too
            node = self._made_by.get(pair.captured)
            if pair.form is not None and node is not None and node.op_type == "QuantizeLinear":
                self._stands_for.setdefault(node.input[0], pair.tensor)
        self._inputs = {model.tensors[at].name: at for at in model.inputs}

    def of(self, pair: Pair) -> bool:
        """Whether the pair's tensor, before it is quantized, is made by the same op of the same float tensors."""
        node = self._made_by.get(pair.captured)
        if node is not None and pair.form is not None:
            node = self._made_by.get(node.input[0]) if node.op_type == "QuantizeLinear" else None
        if node is None or pair.transpose is not None or node.op_type in _EXACT:
            return False
        op = self._model.ops[pair.op]
        if (node.op_type, node.domain or "") != (op.type, op.domain) or len(node.input) != len(op.inputs):
            return False
        return _attributes_agree(node, op) and self._fed_alike(node, op)

    def _fed_alike(self, node: Any, op: Op) -> bool:
        return all(self._alike(name, tensor) for name, tensor in zip(node.input, op.inputs, strict=True))

    def _alike(self, name: str, tensor: int) -> bool:
        """Whether an input of the node is the float tensor itself."""
        if not name or tensor == OMITTED:
            return not name and tensor == OMITTED
        if self._stands_for.get(name) == tensor or self._inputs.get(name) == tensor:
            return True
        entry, weight = self._weights.get(name), self._model.tensors[tensor].weight
        return entry is not None and weight is not None and _equal(entry, weight)


def _equal(entry: Any, weight: Any) -> bool:
    """Whether an initializer has the elements of a weight."""
    from onnx import TensorProto, numpy_helper

    if tuple(entry.dims) != tuple(weight.shape) or entry.data_location == TensorProto.EXTERNAL:
        return False
    values, others = numpy_helper.to_array(entry), weight.numpy()
    return values.dtype == others.dtype and bool(np.array_equal(values, others))


def _attributes_agree(node: Any, op: Op) -> bool:
    """Whether a node's attributes are the op's."""
    from onnx import helper

    if op.bodies:
        return False
    given = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    names = given.keys() | op.attributes.keys()
    return all(
        name in given and name in op.attributes and _value(given[name]) == _value(op.attributes[name]) for name in names
    )


def _value(value: Any) -> Any:
    """An attribute's value in one form."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return [_value(item) for item in value]
    return float(np.float32(value)) if isinstance(value, float) else value
