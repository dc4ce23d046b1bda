"""Every op has a category; context refines it."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from haoline_analysis.formats import open_model
from haoline_analysis.structure import categories, category
from haoline_analysis.structure.categories import CATEGORIES, CONTRIB, CUSTOM

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"


def test_every_standard_op_has_a_category():
    schemas = onnx.defs.get_all_schemas_with_history()
    assert {schema.name for schema in schemas if category(schema.name, schema.domain) == CUSTOM} == set()


def test_every_contrib_op_has_a_category():
    state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    names = {schema.name for schema in state.get_all_operator_schema() if schema.domain == "com.microsoft"}
    assert {name for name in names if category(name, "com.microsoft") == CUSTOM} == set()


@pytest.mark.parametrize("table", [CATEGORIES, CONTRIB])
def test_no_op_is_in_two_categories(table):
    counts = Counter(op_type for types in table.values() for op_type in types.split())
    assert [op_type for op_type, times in counts.items() if times > 1] == []


@pytest.mark.parametrize(
    ("op_type", "domain", "expected"),
    [
        ("Conv", "", "conv"),
        ("Conv", "ai.onnx", "conv"),
        ("GroupQueryAttention", "com.microsoft", "attention"),
        ("TreeEnsemble", "ai.onnx.ml", "ml"),
        ("Conv", "somebody", "custom"),
        ("NoSuchOp", "", "custom"),
    ],
)
def test_category_of_a_type(op_type, domain, expected):
    assert category(op_type, domain) == expected


def _model(nodes, inputs, outputs, weights=()):
    value = lambda spec: helper.make_tensor_value_info(spec[0], spec[2] if len(spec) > 2 else 1, spec[1])  # noqa: E731
    graph = helper.make_graph(nodes, "g", [value(i) for i in inputs], [value(o) for o in outputs], list(weights))
    return open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10))


def _weight(name, *shape):
    return helper.make_tensor(name, 1, shape, bytes(4 * prod(shape)), raw=True)


def test_every_shortcut_of_resnet_is_a_residual():
    model = open_model(LIGHT / "light_resnet50.onnx")
    found = [kind for op, kind in zip(model.ops, categories(model), strict=True) if op.type == "Sum"]
    assert found == ["residual"] * 16  # four of them through a projection


def test_biases_masks_and_plain_sums_are_not_residuals():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Add", ["h", "b"], ["p"]),  # a bias
        helper.make_node("Neg", ["p"], ["n"]),
        helper.make_node("Add", ["p", "n"], ["s"]),  # arithmetic, no layer in between
        helper.make_node("MatMul", ["s", "w"], ["q"]),
        helper.make_node("Add", ["q", "s"], ["y"]),  # skips a layer
    ]
    model = _model(nodes, [("x", [2, 4])], [("y", [2, 4])], [_weight("w", 4, 4), _weight("b", 4)])
    assert categories(model) == ["linear", "elementwise", "elementwise", "elementwise", "linear", "residual"]


def test_gathers_from_tables_are_embeddings_and_others_slices():
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Gather", ["e", "zero"], ["y"], axis=1),
    ]
    zero = helper.make_tensor("zero", TensorProto.INT64, [], [0])
    model = _model(nodes, [("ids", [3], TensorProto.INT64)], [("y", [3])], [_weight("table", 9, 4), zero])
    assert categories(model) == ["embed", "slice"]


def test_a_join_of_past_and_present_is_a_cache():
    nodes = [
        helper.make_node("Concat", ["past", "k"], ["present"], axis=2),
        helper.make_node("Concat", ["k", "k"], ["y"], axis=2),
    ]
    model = _model(
        nodes, [("past", [1, 2, "p", 4]), ("k", [1, 2, 1, 4])], [("present", [1, 2, "t", 4]), ("y", [1, 2, 2, 4])]
    )
    assert categories(model) == ["kv_cache", "concat"]
