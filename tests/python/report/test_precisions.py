"""What ops take and add up in, where the file settles it, and the edges on which precision changes."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from report_models import mlp

from haoline_analysis import analyze


def number(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.array(value, dtype), name)


def quantized():
    """Two int8 layers between quantizers, then a softmax in floats."""
    weights = [number("s", 0.1), number("z", 0, np.int8)]
    weights += [numpy_helper.from_array(np.ones((4, 4), np.int8), name) for name in ("w0", "w1")]

    def layer(i, given):
        return [
            helper.make_node("QuantizeLinear", [given, "s", "z"], [f"q{i}"]),
            helper.make_node("DequantizeLinear", [f"q{i}", "s", "z"], [f"d{i}"]),
            helper.make_node("DequantizeLinear", [f"w{i}", "s", "z"], [f"dw{i}"]),
            helper.make_node("MatMul", [f"d{i}", f"dw{i}"], [f"m{i}"]),
        ]

    nodes = [*layer(0, "x"), *layer(1, "m0"), helper.make_node("Softmax", ["m1"], ["y"])]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 4]) for name in ("x", "y")]
    return helper.make_model(helper.make_graph(nodes, "g", ports[:1], ports[1:], weights))


def test_integer_layers_take_integers_and_add_up_in_int32():
    ops = analyze(quantized()).ops
    layers = ops[ops["type"] == "MatMul"]
    for name, expected in (("weight_precision", "int8"), ("activation_precision", "int8")):
        assert set(layers[name]) == {expected}
    assert set(layers["accumulation_precision"]) == {"int32"}
    assert ops[ops["type"] == "Softmax"]["activation_precision"].isna().all()


def test_precision_changes_where_a_layer_hands_on_to_another_precision_and_nowhere_between_equals():
    changes = analyze(quantized()).tensors.set_index("name")["precision_change"].dropna()
    assert changes.to_dict() == {"m1": "int8 → fp32"}


def test_a_model_of_one_precision_has_no_changes():
    report = analyze(mlp())
    assert "precision_change" not in report.tensors
    layers = report.ops[report.ops["type"] == "MatMul"]
    assert set(layers["activation_precision"]) == set(layers["accumulation_precision"]) == {"fp32"}


@pytest.mark.parametrize(("level", "expected"), [(0, "fp32"), (1, "fp32"), (4, "int32")])
def test_weights_in_four_bits_say_what_they_compute_with(level, expected):
    weights = [
        numpy_helper.from_array(np.zeros((8, 2, 16), np.uint8), "w"),
        numpy_helper.from_array(np.ones(16, np.float32), "s"),
    ]
    keys = {"K": 64, "N": 8, "bits": 4, "block_size": 32, "accuracy_level": level}
    nodes = [helper.make_node("MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", **keys)]
    ports = [helper.make_tensor_value_info("x", 1, [2, 64]), helper.make_tensor_value_info("y", 1, [2, 8])]
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], weights)
    report = analyze(helper.make_model(graph, opset_imports=opsets))
    (op,) = report.ops.to_dict("records")
    assert (op["weight_precision"], op["activation_precision"]) == ("int4", "fp32")
    assert op["accumulation_precision"] == expected
    assert report.tensors.set_index("name").loc["w", "bits"] == 4


def test_what_the_runtime_decides_is_not_said():
    weights = [numpy_helper.from_array(np.ones((4, 4), np.float16), "w")]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT16, [2, 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ports[:1], ports[1:], weights)
    (op,) = analyze(helper.make_model(graph)).ops.to_dict("records")
    assert op["activation_precision"] == "fp16"
    assert op["accumulation_precision"] is None or op["accumulation_precision"] != op["accumulation_precision"]
