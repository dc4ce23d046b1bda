"""Every scheme makes a model that onnxruntime runs, that says what it is, and that is near the float one."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from quantizer_models import (
    DIGITS,
    attention,
    attention_feeds,
    convolution,
    deployed,
    digits,
    embedding,
    matrix,
    pictures,
    run,
    session,
    sqnr,
    types,
)

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import SCHEMES, quantize
from haoline_analysis.quantization.quantizers import quantizable, recipe_of

STATIC = ("static-int8", "static-int8-qoperator", "static-int16", "tensorrt-int8")


@pytest.mark.parametrize("scheme", STATIC)
def test_static_schemes_stay_near_the_float_model(scheme):
    made = quantize(DIGITS, scheme=scheme, calibration=digits())
    feeds = [{"image": digits(96)[32:]}]
    assert sqnr(DIGITS, made.path, feeds) > 30
    assert recipe_of(made.path) == made.recipe
    assert made.recipe.calibration.count == 32


def test_static_int8_is_qdq_and_qoperator_is_not():
    qdq = types(quantize(DIGITS, scheme="static-int8", calibration=digits()).path)
    qoperator = types(quantize(DIGITS, scheme="static-int8-qoperator", calibration=digits()).path)
    assert "DequantizeLinear" in qdq
    assert "QLinearConv" not in qdq
    assert qoperator.count("QLinearConv") == 6


def test_static_int8_runs_on_integer_kernels(tmp_path):
    made = quantize(DIGITS, calibration=digits(), target="cpu-vnni")
    ran = [node.op_type for node in deployed(made.path, tmp_path).graph.node]
    assert ran.count("QLinearConv") == 6
    assert "Conv" not in ran


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_each_way_to_find_ranges_works(method):
    made = quantize(DIGITS, calibration=digits(), method=method)
    assert made.recipe.method == method
    assert sqnr(DIGITS, made.path, [{"image": digits(96)[32:]}]) > 15


def test_per_channel_weights_have_a_scale_each_and_are_closer():
    model, feeds = convolution(), [{"x": each} for each in pictures(4, seed=9)]
    whole, each = (quantize(model, calibration=pictures(), per_channel=flag) for flag in (False, True))
    scales = {tensor.name: list(tensor.dims) for tensor in onnx.load(str(each.path)).graph.initializer}
    assert [8] in [dims for name, dims in scales.items() if name.endswith("_scale")]
    assert sqnr(model, each.path, feeds) > sqnr(model, whole.path, feeds) + 1


def test_symmetric_activations_have_no_zero_point():
    made = quantize(DIGITS, calibration=digits(), target="cuda")
    proto = onnx.load(str(made.path))
    points = [onnx.numpy_helper.to_array(each) for each in proto.graph.initializer if each.name.endswith("_zero_point")]
    assert made.recipe.symmetric
    assert made.recipe.activations == "int8"
    assert all(not point.any() for point in points)


def test_reduced_range_keeps_weights_to_seven_bits():
    made = quantize(DIGITS, calibration=digits(), reduce_range=True)
    proto = onnx.load(str(made.path))
    weights = [onnx.numpy_helper.to_array(each) for each in proto.graph.initializer if each.name.endswith("_quantized")]
    reach = max(int(np.abs(each.astype(int)).max()) for each in weights if each.dtype == np.int8)
    assert 32 < reach <= 64


def test_target_without_dot_product_reduces_the_range_and_one_with_it_does_not():
    assert quantize(DIGITS, calibration=digits(8), target="cpu").recipe.reduce_range is True
    assert quantize(DIGITS, calibration=digits(8), target="cpu-vnni").recipe.reduce_range is False


def test_tensorrt_gets_pairs_on_weights_and_no_integer_biases():
    made = quantize(DIGITS, scheme="tensorrt-int8", calibration=digits())
    proto = onnx.load(str(made.path))
    makers = {output: node for node in proto.graph.node for output in node.output}
    convolutions = [node for node in proto.graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        behind = makers[node.input[1]]
        assert behind.op_type == "DequantizeLinear"
        assert makers[behind.input[0]].op_type == "QuantizeLinear"
        assert len(node.input) < 3 or node.input[2] not in makers
    points = [onnx.numpy_helper.to_array(each) for each in proto.graph.initializer if each.name.endswith("_zero_point")]
    assert all(not point.any() and point.dtype == np.int8 for point in points)
    assert made.recipe.target == "tensorrt"


def test_dynamic_needs_no_data_and_quantizes_constant_weights_only(tmp_path):
    model = attention()
    made = quantize(model, scheme="dynamic-int8")
    assert types(made.path).count("MatMulInteger") == 5
    assert types(made.path).count("MatMul") == 2
    assert sqnr(model, made.path, attention_feeds(4)) > 25
    assert made.recipe.per_channel is True
    assert made.recipe.calibration is None


def test_fp16_keeps_inputs_and_outputs_in_float():
    made = quantize(DIGITS, scheme="fp16")
    proto = onnx.load(str(made.path))
    assert proto.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert made.size_bytes < 0.6 * made.source_bytes
    assert sqnr(DIGITS, made.path, [{"image": digits()}]) > 55


def test_fp16_says_what_it_cannot_hold():
    model = matrix()
    array = onnx.numpy_helper.to_array(model.graph.initializer[0]).copy()
    array[0, 0] = 1e6
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(array, "w"))
    made = quantize(model, scheme="fp16")
    assert any("65,504" in note and "'w'" in note for note in made.notes)
    assert not any("65,504" in note for note in quantize(matrix(), scheme="fp16").notes)


@pytest.mark.parametrize(("bits", "least"), [("int4", 15), ("int8", 40)])
@pytest.mark.parametrize("algorithm", ["rtn", "hqq", "k_quant", "gptq"])
@pytest.mark.parametrize("rows", [64, 70])
def test_weights_alone(bits, least, algorithm, rows):
    pytest.importorskip("onnx_ir")
    model = matrix(rows)
    rng = np.random.default_rng(8)
    data = {"calibration": rng.normal(size=(64, rows)).astype(np.float32)} if algorithm == "gptq" else {}
    made = quantize(model, scheme=f"weights-{bits}", algorithm=algorithm, **data)
    node = next(node for node in onnx.load(str(made.path)).graph.node if node.op_type == "MatMulNBits")
    assert next(each.i for each in node.attribute if each.name == "bits") == int(bits[3:])
    feeds = [{"x": rng.normal(size=(16, rows)).astype(np.float32)}]
    assert sqnr(model, made.path, feeds) > least


def test_gptq_beats_rounding_on_the_data_it_saw():
    pytest.importorskip("onnx_ir")
    model, rng = matrix(), np.random.default_rng(6)
    mixing = rng.normal(size=(8, 64))
    data = [{"x": (rng.normal(size=(32, 8)) @ mixing).astype(np.float32)} for _ in range(4)]
    gptq = quantize(model, scheme="weights-int4", algorithm="gptq", calibration=data)
    plain = quantize(model, scheme="weights-int4", algorithm="rtn", symmetric=False)
    assert gptq.recipe.calibration.count == 128  # rows of the batches
    assert sqnr(model, gptq.path, data) > sqnr(model, plain.path, data) + 6


@pytest.mark.parametrize(("bits", "least"), [("int4", 12), ("int8", 35)])
def test_embedding_tables_are_quantized_with_the_weights(bits, least):
    pytest.importorskip("onnx_ir")
    model = embedding()
    made = quantize(model, scheme=f"weights-{bits}")
    proto = onnx.load(str(made.path))
    assert [node.op_type for node in proto.graph.node] == ["GatherBlockQuantized", "MatMulNBits"]
    assert not {"table", "w"} & {tensor.name for tensor in proto.graph.initializer}
    assert sqnr(model, made.path, [{"ids": np.arange(50)}]) > least


def test_nothing_to_quantize_is_refused():
    with pytest.raises(ModelError, match="weights-int4 finds nothing to quantize"):
        quantize(convolution(), scheme="weights-int4")
    with pytest.raises(ModelError, match="keep_float leaves weights-int4 nothing"):
        quantize(matrix(), scheme="weights-int4", keep_float=["matmul"])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_quantizable_names_ops_of_the_model(scheme):
    model = onnx.load(str(DIGITS))
    names = {node.name for node in model.graph.node}
    found = quantizable(str(DIGITS), scheme)
    assert set(found) <= names
    assert "node_linear" in found


def test_quantizable_tells_what_dynamic_takes():
    assert quantizable(attention(), "dynamic-int8") == ["query", "key", "value", "up", "down"]


def test_ops_left_in_float_are_said():
    model = matrix()
    graph = model.graph
    graph.node.append(onnx.helper.make_node("MatMul", ["y", "free"], ["z"], "free_matmul"))
    graph.input.append(onnx.helper.make_tensor_value_info("free", onnx.TensorProto.FLOAT, ["k", 3]))
    graph.output[0].name = "z"
    made = quantize(model, scheme="dynamic-int8")
    assert types(made.path).count("MatMul") == 1  # two activations: not what dynamic quantization takes
    assert quantizable(model, "dynamic-int8") == ["matmul"]


def test_provenance_names_source_recipe_and_what_was_folded():
    model = convolution()
    made = quantize(model, calibration=pictures())
    record = {each.key: each.value for each in onnx.load(str(made.path)).metadata_props}["haoline.quantization"]
    found = json.loads(record)
    assert found["recipe"]["scheme"] == "static-int8"
    assert found["source_sha256"] == made.recipe.source_sha256
    assert found["folded"]["c"] == "r"  # batch normalisation into the weights, ReLU into the quantizer


def test_same_numbers_for_the_same_arguments():
    first, second = (quantize(DIGITS, calibration=digits()).path for _ in range(2))
    feeds = {"image": digits(96)[32:]}
    assert np.array_equal(run(first, feeds), run(second, feeds))


def test_a_symmetric_grid_costs_nothing_in_front_of_a_relu():
    """Its ends are those of the ReLU, which stays: what it cuts off, that would; a grid of its own would be coarser."""
    model, data = convolution(normalised=False), [{"x": each} for each in pictures()]
    model.graph.node[0].input.append("shift")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.full(8, -5, np.float32), "shift"))
    made = onnx.load(str(quantize(model, calibration=data, symmetric=True).path))
    direct = onnx.ModelProto.FromString(made.SerializeToString())
    makers = {output: node for node in direct.graph.node for output in node.output}
    relu = next(node for node in direct.graph.node if node.op_type == "Relu")
    pair = makers[relu.input[0]], makers[makers[relu.input[0]].input[0]]
    assert [node.op_type for node in pair] == ["DequantizeLinear", "QuantizeLinear"]
    relu.input[0] = pair[1].input[0]
    for node in pair:
        direct.graph.node.remove(node)
    first, second = (session(each, optimised=False) for each in (made, direct))
    assert all(np.array_equal(first.run(None, each)[0], second.run(None, each)[0]) for each in data)
