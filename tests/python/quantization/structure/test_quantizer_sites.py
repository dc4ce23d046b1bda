"""Quantizers of a graph and what its ops compute in, on digits_cnn quantized by onnxruntime."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

from haoline_analysis.formats import open_model
from haoline_analysis.quantization.structure import forms, precisions, quantizers

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models" / "digits_cnn.onnx"


class Images(CalibrationDataReader):
    def __init__(self) -> None:
        images = np.load(EXAMPLES / "digits.npz")["image"][:8]
        self.feeds = iter([{"image": image[None]} for image in images])

    def get_next(self):
        return next(self.feeds, None)


@pytest.fixture(scope="module")
def quantized(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sites")

    def make(kind: str, **options):
        path = folder / f"{kind}{len(options)}.onnx"
        if kind == "dynamic":
            quantize_dynamic(DIGITS, path)
        else:
            quantize_static(DIGITS, path, Images(), quant_format=QuantFormat[kind], **options)
        return open_model(path)

    return make


def test_every_site_of_a_qdq_graph_is_found_with_its_kind(quantized) -> None:
    model = quantized("QDQ", per_channel=True)
    sites = quantizers(model)
    kinds = Counter(site.kind for site in sites)
    makers = [op for op in model.ops if op.type == "QuantizeLinear"]
    assert kinds["activation"] == len(makers)
    weighted = [op for op in model.ops if op.type in ("Conv", "Gemm")]
    assert kinds["weight"] == len(weighted)
    assert kinds["bias"] == len(weighted)
    for site in sites:
        assert all(model.ops[row].type == "DequantizeLinear" for row in site.dequantizes)
        assert all(model.ops[row].inputs[0] == site.integers for row in site.dequantizes)
        if site.kind == "activation":
            assert site.quantize is not None
            assert model.ops[site.quantize].inputs[0] == site.tensor
        else:
            assert site.quantize is None
            assert site.form.axis == 0 or site.form.per_tensor
    assert any(site.form.axis == 0 for site in sites if site.kind == "weight")


def test_precisions_of_qdq_are_those_that_runtimes_execute(quantized) -> None:
    model = quantized("QDQ")
    told = dict(zip((op.name for op in model.ops), precisions(model), strict=True))
    for op in model.ops:
        if op.type in ("Conv", "Gemm"):
            assert told[op.name] == "int8", op.name
    really = precisions(model, executed=True)
    convs = [row for row, op in enumerate(model.ops) if op.type == "Conv"]
    assert {really[row] for row in convs} == {"int8 weights"}


def test_precisions_of_qoperator_dynamic_and_float(quantized) -> None:
    model = quantized("QOperator")
    told = precisions(model)
    assert {told[row] for row, op in enumerate(model.ops) if op.type == "QLinearConv"} == {"int8"}
    model = quantized("dynamic")
    told = precisions(model)
    assert {told[row] for row, op in enumerate(model.ops) if op.type in ("ConvInteger", "MatMulInteger")} == {"int8"}
    assert {told[row] for row, op in enumerate(model.ops) if op.type == "Relu"} == {"float32"}
    model = open_model(DIGITS)
    assert set(precisions(model)) == {"float32"}


def test_precision_of_16_bit_activations_names_both(quantized) -> None:
    model = quantized("QDQ", activation_type=QuantType.QUInt16, weight_type=QuantType.QInt8)
    told = precisions(model)
    assert {told[row] for row, op in enumerate(model.ops) if op.type == "Conv"} == {"int16×int8"}


def test_quantizers_of_trained_weights_are_weights_and_shape_arithmetic_has_no_precision() -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["w", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["v"]),
        helper.make_node("MatMul", ["x", "v"], ["y"]),
        helper.make_node("Shape", ["y"], ["shape"]),
        helper.make_node("Reshape", ["y", "shape"], ["out"]),
    ]
    constants = {"w": np.eye(3, dtype=np.float32), "s": np.float32(0.1), "z": np.int8(0)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    (site,) = quantizers(model, forms(model))
    assert (site.kind, model.tensors[site.tensor].name, site.quantize) == ("weight", "w", 0)
    told = precisions(model)
    assert told[3] == ""
    assert told[4] == "float32"
    assert onnx.checker.check_model(helper.make_model(graph)) is None
