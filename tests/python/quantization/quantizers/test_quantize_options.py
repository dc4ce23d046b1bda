"""What is asked for is done or refused, never ignored."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from quantizer_models import (
    DIGITS,
    attention,
    attention_feeds,
    deployed,
    digits,
    floats,
    matrix,
    model_of,
    pictures,
    sqnr,
    types,
)

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import quantize


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheme": "int8"}, "no scheme 'int8'"),
        ({"scheme": "static-int"}, "did you mean 'static-int8'"),
        ({"scheme": "dynamic-int8", "method": "entropy"}, "takes no method='entropy'"),
        ({"scheme": "dynamic-int8", "calibration": np.zeros((1, 1, 8, 8), "f4")}, "takes no calibration"),
        ({"scheme": "fp16", "per_channel": True}, "takes no per_channel"),
        ({"scheme": "static-int8-qoperator", "int16": ["node_linear"]}, "takes no int16"),
        ({"scheme": "static-int8"}, "needs calibration data"),
        ({"target": "tpu"}, "no target 'tpu'"),
        ({"method": "mean"}, "no calibration method 'mean'"),
        ({"method": "minmax", "percentile": 99.0}, "goes with method='percentile'"),
        ({"percentile": 12}, "above 50"),
        ({"per_channel": "yes"}, "True or False"),
        ({"scheme": "weights-int4", "block_size": 24}, "power of two"),
        ({"scheme": "weights-int4", "algorithm": "awq"}, "no algorithm 'awq'"),
        ({"scheme": "weights-int4", "algorithm": "hqq", "symmetric": True}, "not symmetric"),
        ({"scheme": "weights-int4", "calibration": np.zeros((1, 1, 8, 8), "f4")}, "takes no calibration data"),
        ({"keep_float": ["node_linera"]}, "did you mean 'node_linear'"),
        ({"keep_float": 3}, "list of names"),
        ({"int16": [3]}, "list of names"),
        ({"fixes": ["clip"]}, "no fix 'clip'"),
        ({"output": "/nowhere/at/all/model.onnx"}, "no such folder"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options, message):
    data = {} if "scheme" in options else {"calibration": digits(2)}
    with pytest.raises(ModelError, match=message) as caught:
        quantize(DIGITS, **{**data, **options})
    assert "\n" not in str(caught.value)


def test_gptq_without_data_is_refused():
    pytest.importorskip("onnx_ir")
    with pytest.raises(ModelError, match="GPTQ needs calibration data"):
        quantize(matrix(), scheme="weights-int4", algorithm="gptq")


def test_a_quantized_model_is_not_quantized_again():
    made = quantize(DIGITS, calibration=digits(4))
    with pytest.raises(ModelError, match="quantized already"):
        quantize(made.path, scheme="dynamic-int8")


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator"])
def test_an_op_kept_in_float_runs_in_float_once_deployed(scheme, tmp_path):
    plain = quantize(DIGITS, scheme=scheme, calibration=digits(), target="cpu-vnni", per_channel=True)
    kept = quantize(
        DIGITS, scheme=scheme, calibration=digits(), target="cpu-vnni", per_channel=True, keep_float=["node_conv2d_1"]
    )
    weights = {each.name: each for each in onnx.load(str(DIGITS)).graph.initializer}
    name = next(node.input[1] for node in onnx.load(str(DIGITS)).graph.node if node.name == "node_conv2d_1")
    ran = deployed(kept.path, tmp_path)
    assert sum(node.op_type == "QLinearConv" for node in ran.graph.node) == 5
    floats = [each for each in ran.graph.initializer if each.data_type == 1 and len(each.dims) == 4]
    wanted = np.sort(onnx.numpy_helper.to_array(weights[name]).reshape(-1))
    assert any(np.allclose(np.sort(onnx.numpy_helper.to_array(each).reshape(-1))[-5:], wanted[-5:]) for each in floats)
    assert sum(node.op_type == "QLinearConv" for node in deployed(plain.path, tmp_path).graph.node) == 6


def test_a_convolution_behind_a_pooling_is_kept_in_float_once_deployed(tmp_path):
    rng = np.random.default_rng(6)
    make = onnx.helper.make_node
    conv = {"kernel_shape": [3, 3], "pads": [1] * 4}
    nodes = [
        make("Conv", ["x", "w1"], ["a"], name="first", **conv),
        make("Relu", ["a"], ["b"], name="act"),
        make("MaxPool", ["b"], ["c"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        make("Conv", ["c", "w2"], ["d"], name="kept", **conv),
        make("Relu", ["d"], ["e"], name="behind"),
        make("Conv", ["e", "w3"], ["y"], name="last", **conv),
    ]
    weights = {name: rng.standard_normal((4, of, 3, 3)).astype("f4") for name, of in (("w1", 3), ("w2", 4), ("w3", 4))}
    model = model_of(nodes, [floats("x", 1, 3, 8, 8)], [floats("y", 1, 4, 4, 4)], weights)
    made = quantize(model, calibration=pictures(), keep_float=["pool", "kept"])
    ran = [node.op_type for node in deployed(made.path, tmp_path).graph.node]
    assert (ran.count("QLinearConv"), ran.count("Conv")) == (2, 1)


def test_the_guard_of_a_float_op_changes_no_number(monkeypatch):
    from haoline_analysis.quantization.quantizers.methods import static

    kept = quantize(DIGITS, calibration=digits(), keep_float=["node_conv2d_1"])
    monkeypatch.setattr(static, "guard_float", lambda proto, names: None)
    bare = quantize(DIGITS, calibration=digits(), keep_float=["node_conv2d_1"])
    assert types(kept.path).count("Clip") == types(bare.path).count("Clip") + 1
    from onnx.reference import ReferenceEvaluator

    feeds = {"image": digits(4)}
    first, second = (ReferenceEvaluator(onnx.load(str(each.path))).run(None, feeds)[0] for each in (kept, bare))
    assert np.array_equal(first, second)


def test_int16_gives_chosen_ops_a_finer_grid():
    model, feeds = attention(-50), attention_feeds()
    plain = quantize(model, calibration=feeds)
    finer = quantize(model, calibration=feeds, int16=["up", "down", "norm", "residual", "mix"])
    assert sqnr(model, finer.path, feeds) > sqnr(model, plain.path, feeds) + 1
    kinds = {each.name: each.data_type for each in onnx.load(str(finer.path)).graph.initializer}
    assert kinds["normed_zero_point"] == onnx.TensorProto.UINT16
    assert kinds["q_zero_point"] == onnx.TensorProto.UINT8


def test_int16_scheme_keeps_embedding_tables_in_eight_bits():
    from quantizer_models import embedding

    made = quantize(embedding(), scheme="static-int16", calibration={"ids": np.arange(50)})
    table = next(each for each in onnx.load(str(made.path)).graph.initializer if each.name == "table_quantized")
    assert table.data_type == onnx.TensorProto.INT8


def test_options_of_a_recipe_ask_for_the_same():
    made = quantize(DIGITS, calibration=digits(8), percentile=99.9, per_channel=True, keep_float=["node_linear"])
    again = quantize(DIGITS, calibration=digits(8), **made.recipe.options())
    assert again.recipe == made.recipe
