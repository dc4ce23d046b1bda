"""Defects of onnxruntime's tools that nobody here should meet."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import DIGITS, digits, floats, matrix, model_of, pictures, run, sqnr, types

from haoline_analysis.quantization import quantize
from haoline_analysis.quantization.quantizers.methods.gptq import gptq
from haoline_analysis.quantization.quantizers.methods.tables import byte_blocks


def integers_of(path, name):
    arrays = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(str(path)).graph.initializer}
    return arrays[f"{name}_quantized"], arrays[f"{name}_scale"], arrays[f"{name}_zero_point"]


@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_come_back_from_their_integers_without_wrapping(per_channel):
    """Theirs subtracts the zero point in uint8: 5 with zero point 128 and scale 0.1 came back as 13.3."""
    model = matrix()
    weight = onnx.numpy_helper.to_array(model.graph.initializer[0])
    made = quantize(
        model, calibration=np.random.default_rng(0).normal(size=(8, 64)).astype("f4"), per_channel=per_channel
    )
    integers, scale, zero = integers_of(made.path, "w")
    back = (integers.astype(np.float64) - zero.astype(np.float64)) * scale
    assert np.abs(back - weight).max() <= scale.max() * 0.51
    table = np.linspace(-12.3, 13.3, 64, dtype=np.float32).reshape(2, 32)
    bytes_, scales = byte_blocks(table, 32)
    assert np.abs((bytes_.astype(np.float64) - 128) * scales - table).max() <= scales.max() * 0.51


def test_per_channel_weights_are_joined_once_not_channel_by_channel(monkeypatch):
    """Theirs for reading back joins after every channel, which is quadratic: 88 s for 4096²."""
    import onnxruntime.quantization.qdq_loss_debug as debug

    monkeypatch.setattr(debug, "_run_dequantize_linear", lambda *_: pytest.fail("the quadratic way was taken"))
    joins = []
    plain = np.concatenate

    def counted(parts, *args, **kwargs):
        joins.append(len(parts))
        return plain(parts, *args, **kwargs)

    monkeypatch.setattr(np, "concatenate", counted)
    quantize(matrix(64, 512), calibration=np.ones((2, 64), "f4"), per_channel=True)
    assert sum(size > 100 for size in joins) <= 1


def test_scalar_constants_do_no_harm():
    """``compute_weight_error`` raises on them."""
    model = model_of(
        [
            helper.make_node("MatMul", ["x", "w"], ["m"], "matmul"),
            helper.make_node("Mul", ["m", "two"], ["y"], "double"),
        ],
        [floats("x", "n", 64)],
        [floats("y", "n", 48)],
        {"w": np.random.default_rng(1).normal(size=(64, 48)).astype("f4"), "two": np.float32(2)},
    )
    data = np.random.default_rng(0).normal(size=(16, 64)).astype("f4")
    for scheme in ("static-int8", "static-int8-qoperator", "dynamic-int8", "fp16"):
        given = {"calibration": data} if scheme.startswith("static") else {}
        assert sqnr(model, quantize(model, scheme=scheme, **given).path, [{"x": data}]) > 25


def test_no_batch_is_dropped_to_save_memory():
    """``CalibMaxIntermediateOutputs`` forgets the batches that it was to sum up."""
    data = np.zeros((40, 64), np.float32)
    data[3] = 77
    made = quantize(matrix(), calibration=data)
    _, scale, _ = (
        onnx.numpy_helper.to_array(each)
        for name in ("w_scale", "x_scale", "y_scale")
        for each in onnx.load(str(made.path)).graph.initializer
        if each.name == name
    )
    assert float(scale) == pytest.approx(77 / 255, rel=1e-3)


def test_a_relu_folded_into_its_quantizer_is_told():
    """Comparing by bare names takes the convolution's tensor for the ReLU's."""
    made = quantize(DIGITS, calibration=digits())
    proto = onnx.load(str(made.path))
    makers = {output: node.op_type for node in proto.graph.node for output in node.output}
    assert makers["relu_1"] == "Conv"
    import json

    record = json.loads({each.key: each.value for each in proto.metadata_props}["haoline.quantization"])
    assert record["folded"]["conv2d_1"] == "relu_1"
    kept = json.loads(
        {
            each.key: each.value
            for each in onnx.load(str(quantize(DIGITS, calibration=digits(), target="cuda").path)).metadata_props
        }["haoline.quantization"]
    )
    assert "conv2d_1" not in kept["folded"]  # symmetric grids keep the ReLU


def test_gptq_makes_up_for_errors_in_later_rows():
    """Theirs reads zeros of a triangular matrix, so that it only rounds."""
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(64, 16))
    inputs = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 64))
    integers, scales, zeros = gptq(weight, inputs.T @ inputs, 4, 32, symmetric=False)
    grid = lambda q: (q - np.repeat(zeros, 32, 0)) * np.repeat(scales, 32, 0)  # noqa: E731
    rounded = np.clip(np.rint(weight / np.repeat(scales, 32, 0)) + np.repeat(zeros, 32, 0), 0, 15)
    error = lambda q: float(((inputs @ (grid(q) - weight)) ** 2).sum())  # noqa: E731
    assert error(integers) < error(rounded) / 10
    assert integers.min() >= 0
    assert integers.max() <= 15


def test_k_quant_writes_the_bits_asked_for_and_odd_numbers_of_blocks():
    """Theirs writes 4 bits whatever is asked for, and fails on 3 blocks a column."""
    pytest.importorskip("onnx_ir")
    model = matrix(96, 40)
    feeds = [{"x": np.random.default_rng(0).normal(size=(8, 96)).astype("f4")}]
    four, eight = (quantize(model, scheme=f"weights-int{bits}", algorithm="k_quant") for bits in (4, 8))
    assert sqnr(model, eight.path, feeds) > sqnr(model, four.path, feeds) + 15


def test_a_weight_that_two_ops_share_is_written_once():
    """Theirs writes it twice under one name, which onnxruntime refuses to open."""
    pytest.importorskip("onnx_ir")
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["m"], "one"), helper.make_node("MatMul", ["m", "w"], ["y"], "two")],
        [floats("x", "n", 64)],
        [floats("y", "n", 64)],
        {"w": np.random.default_rng(1).normal(size=(64, 64)).astype("f4") / 8},
    )
    for algorithm in ("rtn", "hqq", "k_quant"):
        made = quantize(model, scheme="weights-int4", algorithm=algorithm)
        assert types(made.path) == ["MatMulNBits", "MatMulNBits"]
        names = [each.name for each in onnx.load(str(made.path)).graph.initializer]
        assert len(names) == len(set(names))


def test_the_opset_is_not_declared_anew_without_converting():
    """Theirs says 21 on a model of 17, so that ops with other meanings there are misread."""
    pytest.importorskip("onnx_ir")
    made = quantize(matrix(), scheme="weights-int4")
    assert {each.domain: each.version for each in onnx.load(str(made.path)).opset_import}[""] == 17


def test_nothing_is_printed_and_the_root_logger_stays_as_it_was(capsys):
    """Theirs print progress, and set up the root logger when they are imported."""
    pytest.importorskip("onnx_ir")
    root = logging.getLogger()
    before = list(root.handlers), root.level, list(root.filters)
    quantize(DIGITS, calibration=digits(4), method="entropy")
    quantize(DIGITS, calibration=digits(4), method="percentile", target="tensorrt")
    quantize(matrix(), scheme="weights-int4", algorithm="k_quant")
    quantize(matrix(), scheme="fp16")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ""
    assert (list(root.handlers), root.level, list(root.filters)) == before


def test_smooth_quant_is_not_offered():
    """It needs a package that has it no longer."""
    from haoline_analysis.quantization import SCHEMES

    assert not any("smooth" in name for name in SCHEMES)
    assert run(quantize(DIGITS, scheme="dynamic-int8").path, {"image": digits(1)}).shape == (1, 10)
    assert pictures(1)[0].shape == (1, 3, 8, 8)
