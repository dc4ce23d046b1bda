"""Small models for the cost tests, and the counts of a report on them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.cost import Liveness, OpCosts, liveness, op_costs
from haoline_analysis.formats import open_model
from haoline_analysis.model import Model
from haoline_analysis.shapes import evaluate
from haoline_analysis.shapes.value import Evaluation

MS = "com.microsoft"


class Counted(NamedTuple):
    model: Model
    evaluation: Evaluation
    costs: OpCosts
    live: Liveness

    @property
    def macs(self) -> int:
        return self.costs.totals["macs"]

    @property
    def flops(self) -> int:
        return self.costs.totals["flops"]

    @property
    def parameters(self) -> int:
        return self.costs.totals["parameters"]

    @property
    def weight_bytes(self) -> int:
        return self.costs.totals["weight_bytes"]

    def column(self, name: str) -> list:
        return list(next(column.values for column in self.costs if column.name == name))

    def of(self, op_type: str, name: str):
        """The column's value at the only op of a type."""
        rows = [index for index, op in enumerate(self.model.ops) if op.type == op_type]
        assert len(rows) == 1
        return self.column(name)[rows[0]]


def count(source, shapes=None) -> Counted:
    model = open_model(source)
    evaluation = evaluate(model, shapes)
    return Counted(model, evaluation, op_costs(model, evaluation), liveness(model, evaluation))


def tensor(name: str, shape, dtype: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def weight(name: str, shape, dtype: int = TensorProto.FLOAT) -> onnx.TensorProto:
    """An initializer of zeros, packed as the type demands."""
    if dtype in (TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1):
        raw = bytes((int(np.prod(shape)) + 1) // 2)
    else:
        raw = bytes(int(np.prod(shape)) * np.dtype(helper.tensor_dtype_to_np_dtype(dtype)).itemsize)
    return helper.make_tensor(name, dtype, shape, raw, raw=True)


def ints(name: str, *values: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def proto(nodes, inputs, weights=(), outputs=("y",), *, functions=(), opset: int = 21) -> onnx.ModelProto:
    """A model whose outputs' types are left to inference."""
    graph = helper.make_graph(list(nodes), "g", list(inputs), [], list(weights))
    for name in outputs:
        graph.output.append(onnx.ValueInfoProto(name=name))
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(MS, 1), helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=10)


def one_op(op_type: str, inputs: dict, weights: dict | None = None, *, domain: str = "", outputs=1, opset=21, **attrs):
    """Count a model of one op; inputs and weights map names to shapes or (shape, type), in the op's input order."""
    made = [tensor(name, *_typed(spec)) for name, spec in inputs.items()]
    stored = [weight(name, *_typed(spec)) for name, spec in (weights or {}).items() if spec is not None]
    names = [*inputs, *(name if spec is not None else "" for name, spec in (weights or {}).items())]
    results = ["y", *(f"y{index}" for index in range(1, outputs))]
    node = helper.make_node(op_type, names, results, domain=domain, **attrs)
    return count(proto([node], made, stored, results, opset=opset))


def _typed(spec):
    if isinstance(spec, tuple) and len(spec) == 2 and isinstance(spec[0], list):
        return spec
    return spec, TensorProto.FLOAT
