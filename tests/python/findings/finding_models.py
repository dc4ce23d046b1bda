"""Small models for the rules, and the call that analyses them as a report does."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.cost import op_columns
from haoline_analysis.findings import find
from haoline_analysis.formats import open_model
from haoline_analysis.hardware import estimate, find_profile
from haoline_analysis.shapes import evaluate
from haoline_analysis.table import Column, Table

F = TensorProto.FLOAT


def node(kind, inputs, outputs, **attributes):
    return helper.make_node(kind, inputs, [outputs] if isinstance(outputs, str) else outputs, **attributes)


def proto(nodes, inputs=None, weights=None, opset=21, outputs=None, domains=()):
    """A ModelProto; inputs are name -> shape or (shape, type), weights name -> array or shape."""
    infos = []
    for name, shape in (inputs or {"x": [1, 8]}).items():
        dims, kind = shape if isinstance(shape, tuple) else (shape, F)
        infos.append(helper.make_tensor_value_info(name, kind, dims))
    stored = {
        name: value if isinstance(value, np.ndarray) else np.zeros(value, np.float32)
        for name, value in (weights or {}).items()
    }
    initializers = [numpy_helper.from_array(value, name) for name, value in stored.items()]
    ends = [helper.make_tensor_value_info(name, F, None) for name in outputs or nodes[-1].output[:1]]
    graph = helper.make_graph(nodes, "g", infos, ends, initializers)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets)


def findings(source, shapes=None, peak=None, hardware=None):
    """All findings of a model or path, by id."""
    model = open_model(source)
    evaluation = evaluate(model, shapes)
    table = Table(len(model.ops))
    table.add(Column("name", [op.name for op in model.ops]), Column("type", [op.type for op in model.ops]))
    table.add(*op_columns(model, evaluation))
    if hardware:
        table.add(*estimate(table, find_profile(hardware)).columns)
    found = find(model, evaluation, table, peak_activation_bytes=peak)
    assert all(finding.title and finding.advice and finding.evidence for finding in found)
    assert all(0 <= row < len(model.ops) for finding in found for row in finding.ops)
    return {finding.id: finding for finding in found}
