"""Properties: rebinding forgets nothing, nonsense never raises, repetition costs no rule calls."""

from __future__ import annotations

import copy

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from shape_models import model_of

from haoline_analysis import open_model
from haoline_analysis.model import Model, Op
from haoline_analysis.shapes import Evaluation, Evaluator, evaluate
from haoline_analysis.shapes.expressions import evaluate_expression
from haoline_analysis.shapes.node import RULES, Node
from haoline_analysis.shapes.plan import Plan
from haoline_analysis.shapes.value import Value
from haoline_analysis.shapes.walk import Walk

BLOCK = """
g (float[batch, seq, 16] x, float[16, 16] w) => (y) {
  s = Shape(x)
  h = MatMul(x, w)
  r = Reshape(h, s)
  y = Add(r, x)
}"""


def facts(evaluation: Evaluation) -> list[object]:
    return [None if v < 0 else evaluation.values[v][:2] for v in evaluation.tensor_values]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 64), st.integers(0, 4096)), min_size=1, max_size=4))
def test_rebinding_equals_a_fresh_evaluation(sizes: list[tuple[int, int]]) -> None:
    model = model_of(BLOCK)
    evaluator = Evaluator(model)
    for batch, seq in sizes:
        shapes = {"batch": batch, "seq": seq}
        assert facts(evaluator.evaluate(shapes)) == facts(evaluate(model, shapes))


def stacked(layers: int) -> Model:
    """Equal layers, each with its own scales and names."""
    nodes, weights, last = [], [], "x"
    for layer in range(layers):
        scale = helper.make_tensor(f"scale{layer}", TensorProto.FLOAT, [], [1.0 + layer])
        weights.append(scale)
        nodes.append(helper.make_node("QuantizeLinear", [last, f"scale{layer}"], [f"q{layer}"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"q{layer}", f"scale{layer}"], [f"d{layer}"]))
        nodes.append(helper.make_node("Softmax", [f"d{layer}"], [f"s{layer}"], axis=-1))
        last = f"s{layer}"
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])]
    graph = helper.make_graph(nodes, "g", inputs, [onnx.ValueInfoProto(name=last)], weights)
    return open_model(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)]))


def test_rule_calls_do_not_grow_with_repetition() -> None:
    calls = []
    for layers in (2, 50):
        evaluator = Evaluator(stacked(layers))
        evaluation = evaluator.evaluate()
        calls.append((evaluator.rule_calls, len(evaluation.signatures)))
    assert calls[0] == calls[1]
    assert calls[0][0] == 3


NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-4, 8))
NONSENSE = st.one_of(
    NUMBERS,
    st.floats(allow_nan=True),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.lists(NUMBERS, max_size=5),
    st.lists(st.text(max_size=3), max_size=2),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "axis",
            "axes",
            "perm",
            "pads",
            "strides",
            "dilations",
            "kernel_shape",
            "group",
            "auto_pad",
            "shape",
            "to",
            "dtype",
            "k",
            "keepdims",
            "num_heads",
            "kv_num_heads",
            "q_num_heads",
            "equation",
            "blocksize",
            "hidden_size",
            "layout",
            "direction",
            "split",
            "num_outputs",
            "K",
            "N",
            "mode",
            "scales",
            "output_shape",
            "batch_dims",
            "ceil_mode",
            "value",
            "allowzero",
            "num_scan_inputs",
            "transA",
            "transB",
            "channels_last",
        ]
    ),
    NONSENSE,
    max_size=5,
)
DIMS = st.lists(st.one_of(st.integers(0, 9), st.sampled_from([2**31, 2**62, None])), max_size=5).map(tuple)


@st.composite
def values(draw: st.DrawFn) -> Value | None:
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return None
    if kind == 1:
        numbers = draw(st.lists(NUMBERS, max_size=6))
        return Value("int64", (len(numbers),), np.array(numbers, np.int64))
    if kind == 2:
        return Value("sequence", (draw(st.integers(0, 3)),), None, Value("float32", draw(DIMS)))
    return Value(draw(st.sampled_from(["float32", "int64", "uint8", "string", ""])), draw(DIMS))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(RULES)),
    st.integers(1, 28),
    ATTRIBUTES,
    st.lists(values(), max_size=7),
    st.integers(1, 4),
)
def test_nonsense_becomes_gaps_and_never_raises(
    key: tuple[str, str], version: int, attributes: dict[str, object], inputs: list[Value | None], outputs: int
) -> None:
    domain, name = key
    slots = tuple(-1 if value is None else slot for slot, value in enumerate(inputs))
    op = Op("op", name, domain, version, slots, tuple(range(outputs)), attributes, {})
    walk = Walk(Plan(Model("m", "onnx", [], [], (), ()), ()), lambda _: None)
    found, complaint = walk._checked(op, lambda: RULES[key].rule(Node(op, inputs)))
    assert len(found) == outputs
    for number in found:
        value = walk.known(number)
        if complaint or value is None or value.shape is None:
            continue
        assert all(dim is None or 0 <= dim < 2**63 for dim in value.shape)
        assert value.data is None or (value.data.shape == value.shape and value.data.size <= 1024)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab0123456789+-*/() ,maxin.%_", max_size=40))
def test_dim_expressions_never_raise(text: str) -> None:
    size = evaluate_expression(text, {"a": 3, "b": 2**40})
    assert size is None or 0 <= size <= 2**62


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a + b", 7),
        ("(((a + 7)//8))+1", 2),
        ("Max(1, a)", 3),
        ("a**2 - b/2", 7),
        ("ceiling(a/2)", 2),
        ("-a", None),
        ("a ** b ** 99", None),
        ("c", None),
        ("__import__('os')", None),
        ("a.b", None),
    ],
)
def test_dim_expressions(text: str, size: int | None) -> None:
    assert evaluate_expression(text, {"a": 3, "b": 4}) == size


def test_evaluation_leaves_the_model_as_it_was() -> None:
    model = model_of(BLOCK)
    before = copy.deepcopy([(tensor.name, tensor.dtype, tensor.shape) for tensor in model.tensors])
    evaluate(model, {"batch": 3})
    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in model.tensors] == before
