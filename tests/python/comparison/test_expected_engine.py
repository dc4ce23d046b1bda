"""Fusions that TensorRT's documentation lists, expected of a bare ONNX graph."""

from __future__ import annotations

import pytest
from engine_models import ENGINES, model, resnet18

from haoline_analysis import ModelError, analyze
from haoline_analysis.comparison.engines import expected_engine

CONV = "float[8,8,3,3] w, float[8] b"


def layers(body: str, initializers: str = CONV, **more: str) -> set[str]:
    """Names of the expected layers, ops joined by `` + ``."""
    expected = expected_engine(model(body, initializers=initializers, **more))
    columns = {column.name: column for column in expected.columns()}
    return {name for name in columns["expected_layer"].values if name}


@pytest.mark.parametrize("kind", ["fp32", "fp16"])
def test_resnet_gets_the_very_layers_that_tensorrt_built(tmp_path_factory, kind):
    expected = expected_engine(analyze(resnet18(tmp_path_factory.getbasetemp())))
    built = analyze(ENGINES / f"resnet18-{kind}.graph.json")
    own = ~built.ops["type"].isin(["NoOp", "Reformat"])
    real = set(built.ops["name"][own])
    columns = {column.name: column.values for column in expected.columns()}
    assert set(filter(None, columns["expected_layer"])) == real
    assert expected.layer_count == len(real) == 23
    assert expected.rules == {"convolution and activation": 17, "convolution and elementwise sum, min or max": 8}
    assert expected.fate.count("removed") == 1  # the Flatten


def test_quantized_resnet_gets_as_many_layers_as_tensorrt_built(tmp_path_factory):
    expected = expected_engine(analyze(resnet18(tmp_path_factory.getbasetemp(), quantized=True)))
    built = analyze(ENGINES / "resnet18-qat.graph.json")
    around = built.ops["type"].eq("NoOp") | built.ops["name"].str.startswith("Reformatting")
    assert expected.layer_count == (~around).sum() == 33


def test_batch_norm_and_activation_join_the_convolution():
    assert layers("[c] t = Conv(x, w, b) [n] u = BatchNormalization(t, b, b, b, b) [r] y = Relu(u)") == {"c + n + r"}


def test_a_result_that_others_read_is_no_part_of_a_fusion():
    body = "[c] t = Conv(x, w, b) [r] y = Relu(t) [s] z = Softmax(t)"
    assert layers(body, outputs="float y, float z") == {"c", "r", "s"}


def test_a_result_that_is_an_output_neither():
    assert layers("[c] t = Conv(x, w, b) [r] y = Relu(t)", outputs="float t, float y") == {"c", "r"}


def test_pointwise_ops_run_together():
    assert layers("[a] t = Sigmoid(x) [m] u = Mul(x, t) [e] y = Exp(u)") == {"a + m + e"}


def test_swish_behind_a_convolution_is_a_pointwise_network():
    assert layers("[c] t = Conv(x, w, b) [s] u = Sigmoid(t) [m] y = Mul(t, u)") == {"c", "s + m"}


def test_nothing_follows_the_activation_in_a_convolution():
    assert layers("[c] t = Conv(x, w, b) [r] u = Relu(t) [a] y = Add(u, x)") == {"c + r", "a"}


def test_views_move_nothing():
    body = "[f] t = Flatten(x) [i] u = Identity(t) [r] y = Relu(u)"
    expected = expected_engine(model(body))
    assert expected.fate == ["removed", "removed", "kept"]
    assert expected.layer_count == 1


def test_attention_is_one_layer():
    body = """
        [qk] s = MatMul(q, kt) [scale] t = Mul(s, c) [mask] u = Add(t, m) [soft] p = Softmax(u) [pv] y = MatMul(p, v)
    """
    inputs = "float[1,2,4,8] q, float[1,2,8,4] kt, float[1,2,4,8] v, float[1,1,4,4] m"
    assert layers(body, "float c = {0.5}", inputs=inputs) == {"qk + scale + mask + soft + pv"}


def test_a_bias_joins_a_product_a_residual_does_not():
    weights = "float[8,8] w, float[8] b"
    inputs = "float[4,8] x"
    assert layers("[m] t = MatMul(x, w) [a] u = Add(t, b) [r] y = Relu(u)", weights, inputs=inputs) == {"m + a + r"}
    assert layers("[m] t = MatMul(x, w) [a] y = Add(t, x)", weights, inputs=inputs) == {"m", "a"}


def test_quantizers_join_the_layers_around_them():
    body = """
        [dx] xd = DequantizeLinear(x, s, z) [dw] wd = DequantizeLinear(w, s, z)
        [c] t = Conv(xd, wd, b) [r] u = Relu(t) [q] y = QuantizeLinear(u, s, z)
    """
    weights = "int8[8,8,3,3] w, float[8] b, float s = {0.5}, int8 z = {0}"
    assert layers(body, weights, inputs="int8[1,8,16,16] x", outputs="int8 y") == {"dx + dw + c + r + q"}


def test_what_is_known_before_the_run_is_no_layer():
    expected = expected_engine(model("[s] d = Shape(x) [r] y = Reshape(x, d)"))
    assert expected.fate == ["folded", "removed"]
    assert expected.layer_count == 0


def test_columns_are_marked_as_estimates_and_name_the_source():
    expected = expected_engine(model("[r] y = Relu(x)"))
    assert {column.provenance for column in expected.columns()} == {"estimated"}
    assert expected.source.startswith("https://docs.nvidia.com/")


def test_a_pattern_counts_once_a_layer():
    assert expected_engine(model("[a] t = Sigmoid(x) [m] u = Mul(x, t) [e] y = Exp(u)")).rules == {"pointwise": 1}


def test_ops_only():
    with pytest.raises(ModelError, match="fusions are expected of the ops of a model"):
        expected_engine(analyze(ENGINES / "resnet18-fp32.graph.json"))
