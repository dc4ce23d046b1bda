"""Hostile and huge graphs: no crash, no waiting."""

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lint_cases import CASES
from lint_models import Net, normal
from onnx import TensorProto, helper

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import TARGETS, lint
from haoline_analysis.quantization.linter.facts import LintFacts


def blocks(count, quantized):
    net = Net(x=[1, 8])
    shared = net.weight(normal(8, 8))
    made = "x"
    for _ in range(count):
        if quantized:
            made = net.q(net.op("MatMul", net.q(made), net.stored(normal(8, 8), 1)))
        else:
            product = net.op("MatMul", made, shared)
            made = net.op("Add", net.op("Mul", product, net.op("Sigmoid", product)), made)
            made = net.op("Softmax", made)
    return net.model()


@pytest.fixture
def looked_at(monkeypatch):
    """How often the rules look at an op, a producer or the readers of a tensor while a model is linted."""

    def counted(model):
        looks = 0

        def counting(method):
            def look(self, *arguments):
                nonlocal looks
                looks += 1
                return method(self, *arguments)

            return look

        with monkeypatch.context() as patch:
            for name in ("op", "producer", "readers"):
                patch.setattr(LintFacts, name, counting(getattr(LintFacts, name)))
            lint(model)
        return looks

    return counted


@pytest.mark.parametrize("quantized", [False, True])
def test_work_grows_with_the_graph(looked_at, quantized):
    few, many = (looked_at(blocks(count, quantized)) for count in (100, 1000))
    assert many < 10.5 * few
    assert many < 60 * len(blocks(1000, quantized).graph.node)


def test_work_grows_with_the_edges_of_a_dense_web(looked_at):
    def web(size):
        net = Net(x=[1, 8])
        grid = net.weight(np.float32(0.1)), net.weight(np.uint8(0))
        source = net.op("QuantizeLinear", "x", *grid)
        hubs = [net.op("DequantizeLinear", source, *grid) for _ in range(size)]
        gates = [net.op("Sigmoid", hub) for hub in hubs]
        for gate in gates:
            for hub in hubs:
                net.op("Mul", gate, hub)
        return net.model()

    few, many = looked_at(web(10)), looked_at(web(40))
    assert many < 20 * few  # sixteen times the edges


@pytest.mark.parametrize("target", TARGETS)
def test_every_model_of_the_cases_on_every_target(target):
    for positive, negative, _ in CASES.values():
        for model in (positive(), negative()):
            assert 0 <= lint(model, target=target).score <= 100


def test_quantizers_without_operands_or_with_strange_ones():
    for inputs in ([], ["x"], ["x", ""], ["x", "s"], ["x", "s", "s"], ["", "s"], ["s", "s", "s"]):
        for kind in ("QuantizeLinear", "DequantizeLinear", "Conv", "MatMul", "Gemm", "QLinearConv", "Where", "Softmax"):
            nodes = [helper.make_node(kind, inputs, ["a"]), helper.make_node("DequantizeLinear", ["a", "s"], ["b"])]
            nodes += [
                helper.make_node("MatMul", ["b", "b"], ["c"]),
                helper.make_node("QuantizeLinear", ["c", "s"], ["d"]),
            ]
            ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "d")]
            scale = helper.make_tensor("s", TensorProto.FLOAT, [2], [0.1, float("nan")])
            graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [scale])
            lint(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), target="tensorrt")


def test_a_weight_that_is_missing_is_no_reason_to_fail(tmp_path):
    net = Net(x=[4, 8])
    net.op("Softmax", net.op("MatMul", "x", net.weight(normal(8, 8))))
    model = net.model()
    onnx.external_data_helper.convert_model_to_external_data(model, location="w.bin", size_threshold=0)
    onnx.save(model, tmp_path / "m.onnx")
    (tmp_path / "w.bin").unlink()
    assert lint(tmp_path / "m.onnx").score <= 100


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CASES)), st.data())
def test_a_file_with_a_wrong_byte_is_refused_or_judged(name, data):
    stored = bytearray(CASES[name][0]().SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    try:
        report = lint(bytes(stored))
    except ModelError:
        return
    assert 0 <= report.score <= 100
    report.to_html()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CASES)), st.sampled_from(sorted(TARGETS)), st.data())
def test_graphs_that_make_no_sense(name, target, data):
    """Operands dropped, exchanged or left out, axes beyond all ranks, other op types."""
    model = CASES[name][0]()
    nodes = model.graph.node
    tensors = [made for node in nodes for made in node.output] + [stored.name for stored in model.graph.initializer]
    for _ in range(data.draw(st.integers(1, 4))):
        node = nodes[data.draw(st.integers(0, len(nodes) - 1))]
        change = data.draw(st.sampled_from(["drop", "omit", "swap", "axis", "type", "silent"]))
        if change == "drop" and node.input:
            del node.input[data.draw(st.integers(0, len(node.input) - 1))]
        elif change in ("omit", "swap") and node.input:
            chosen = "" if change == "omit" else data.draw(st.sampled_from(tensors))
            node.input[data.draw(st.integers(0, len(node.input) - 1))] = chosen
        elif change == "axis":
            node.attribute.append(
                helper.make_attribute(data.draw(st.sampled_from(AXES)), data.draw(st.sampled_from(FAR)))
            )
        elif change == "type":
            node.op_type = data.draw(st.sampled_from([other.op_type for other in nodes] + ["Softmax", "QLinearConv"]))
        elif change == "silent":
            node.output[:] = []
    try:
        report = lint(model.SerializeToString(), target=target)
    except ModelError:
        return
    assert 0 <= report.score <= 100


AXES, FAR = ("axis", "block_size", "group", "transB"), (99, -99, 0, 2)


def test_weights_that_cannot_be_read_are_said_not_to_have_been(tmp_path):
    net = Net(x=[4, 8])
    net.op("MatMul", "x", net.weight(normal(8, 8)))
    model = net.model()
    onnx.external_data_helper.convert_model_to_external_data(model, location="w.bin", size_threshold=0)
    onnx.save(model, tmp_path / "m.onnx")
    assert lint(tmp_path / "m.onnx").gaps == []
    (tmp_path / "w.bin").unlink()
    assert "1 weight could not be read" in lint(tmp_path / "m.onnx").gaps[0]


def test_what_has_no_ops_is_not_called_ready(tmp_path):
    numpy_file = pytest.importorskip("safetensors.numpy")
    numpy_file.save_file({"w": normal(8, 8)}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="no graph"):
        lint(tmp_path / "w.safetensors")
