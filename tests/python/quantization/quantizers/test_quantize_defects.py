"""Defects of onnxruntime's tools that nobody here should meet."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import DIGITS, digits, floats, matrix, model_of, pictures, run, session, sqnr, types

from haoline_analysis.errors import ModelError
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


def conv_weights(rng, *shape):
    return (rng.normal(size=shape) * np.exp(rng.normal(size=shape[0]))[:, None, None, None] / 8).astype("f4")


def shared(kind):
    """Two ops that read one constant, each in its own way; inputs x [n, 8, 8, 8] or [n, 32]."""
    rng, node = np.random.default_rng(0), helper.make_node
    spread = np.exp(rng.normal(size=(2, 32)) * 1.5)
    weights = {
        "first": conv_weights(rng, 8, 8, 3, 3),
        "second": conv_weights(rng, 8, 8, 3, 3) * 20,
        "bias": rng.normal(size=8).astype("f4"),
        "square": (rng.normal(size=(32, 32)) * spread[0] * spread[1][:, None] / 30).astype("f4"),
    }
    turned = [node("Transpose", ["a"], ["t"], "turn", perm=[0, 2, 3, 1]), node("Add", ["t", "bias"], ["y"], "add")]
    square = [node("MatMul", ["x", "square"], ["a"], "one"), node("Gemm", ["a", "square"], ["y"], "two", transB=1)]
    nodes = {
        "two biases": [
            node("Conv", ["x", "first", "bias"], ["a"], "one", pads=[1] * 4),
            node("Conv", ["a", "second", "bias"], ["y"], "two", pads=[1] * 4),
        ],
        "bias and addend": [node("Conv", ["x", "first", "bias"], ["a"], "one"), *turned],
        "conv and its transpose": [
            node("Conv", ["x", "first"], ["a"], "one", pads=[1] * 4),
            node("ConvTranspose", ["a", "first"], ["y"], "two", pads=[1] * 4),
        ],
        "matrix and its transpose": square,
        "two gemms": [node("Gemm", ["x", "square"], ["a"], "one"), *square[1:]],
        "either side": [square[0], node("MatMul", ["square", "a"], ["y"], "two")],
    }[kind]
    read = {name for each in nodes for name in each.input}
    shape = (32, 32) if "square" in read else ("n", 8, 8, 8)
    kept = {name: array for name, array in weights.items() if name in read}
    return model_of(nodes, [floats("x", *shape)], [floats("y", *(None for _ in shape))], kept)


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "static-int16", "tensorrt-int8"])
@pytest.mark.parametrize(
    "kind",
    [
        "two biases",
        "bias and addend",
        "conv and its transpose",
        "matrix and its transpose",
        "two gemms",
        "either side",
    ],
)
def test_a_constant_is_stored_for_each_use_of_it(kind, scheme, per_channel):
    """Theirs store it for the first reader: others get a bias of another scale, or channels along another axis."""
    model = shared(kind)
    shape = (32, 32) if "square" in {each.name for each in model.graph.initializer} else (2, 8, 8, 8)
    rng = np.random.default_rng(1)
    data = [{"x": rng.normal(size=shape).astype("f4")} for _ in range(8)]
    made = quantize(model, scheme=scheme, calibration=data, per_channel=per_channel)
    assert sqnr(model, made.path, data) > 22  # 0 to 10 dB, or no model at all


def test_a_weight_that_ops_read_alike_is_stored_once():
    """As in models whose layers share their weights."""
    rng = np.random.default_rng(0)
    model = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["m"], "one"), helper.make_node("MatMul", ["m", "w"], ["y"], "two")],
        [floats("x", "n", 64)],
        [floats("y", "n", 64)],
        {"w": rng.normal(size=(64, 64)).astype("f4") / 8},
    )
    for scheme in ("static-int8", "static-int8-qoperator"):
        made = quantize(model, scheme=scheme, calibration=rng.normal(size=(8, 64)).astype("f4"))
        assert sum(each.dims[:] == [64, 64] for each in onnx.load(str(made.path)).graph.initializer) == 1


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "static-int16", "tensorrt-int8"])
@pytest.mark.parametrize(
    ("options", "bias"),
    [
        ({"beta": 2.0}, (48,)),
        ({"alpha": 0.5}, (48,)),
        ({"alpha": 0.5, "beta": 0.25, "transB": 1}, (1, 48)),
        ({}, (1, 48)),
        ({}, ()),
        ({}, (1,)),
    ],
)
def test_factors_and_biases_of_gemm_mean_what_they_meant(options, bias, scheme, per_channel):
    """Theirs store the bias for a factor that they then forget, and want it to be a vector."""
    rng = np.random.default_rng(0)
    shape = (48, 64) if "transB" in options else (64, 48)
    weights = {"w": rng.normal(size=shape).astype("f4") / 8, "b": np.asarray(rng.normal(size=bias) * 4, "f4")}
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], "gemm", **options)]
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48)], weights)
    data = [{"x": rng.normal(size=(2, 64)).astype("f4")} for _ in range(8)]
    made = quantize(model, scheme=scheme, calibration=data, per_channel=per_channel)
    assert sqnr(model, made.path, data) > 28


@pytest.mark.parametrize("scheme", ["dynamic-int8", "static-int8", "static-int8-qoperator", "tensorrt-int8"])
@pytest.mark.parametrize("shape", [(3, 64, 48), (64,)])
def test_a_stack_of_matrices_and_a_vector_have_one_scale(shape, scheme):
    """Theirs have one per row of something, which integer kernels refuse when they run."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "experts")]
    weights = {"w": rng.normal(size=shape).astype("f4") / 8}
    model = model_of(nodes, [floats("x", 1, "n", 64)], [floats("y", *(None for _ in (1, *shape[:-1])))], weights)
    data = [{"x": rng.normal(size=(1, 4, 64)).astype("f4")} for _ in range(8)]
    given = {} if scheme == "dynamic-int8" else {"calibration": data}
    assert sqnr(model, quantize(model, scheme=scheme, per_channel=True, **given).path, data) > 30


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "tensorrt-int8"])
@pytest.mark.parametrize(("size", "window", "step", "pad"), [(7, 2, 2, 0), (8, 3, 2, 1), (3, 96, 96, 0)])
def test_windows_that_hang_over_count_what_is_there(size, window, step, pad, scheme):
    """The integer kernel divides by the whole window: EfficientNet's pooling, wider than any picture, made zeros."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node(
            "AveragePool",
            ["c"],
            ["p"],
            "pool",
            kernel_shape=[window] * 2,
            strides=[step] * 2,
            pads=[pad] * 4,
            ceil_mode=1,
            count_include_pad=1,
        ),
        helper.make_node("Conv", ["p", "w"], ["y"], "last"),
    ]
    weights = {"w": rng.normal(size=(3, 3, 1, 1)).astype("f4")}
    model = model_of(nodes, [floats("x", "n", 3, size, size)], [floats("y", "n", 3, None, None)], weights)
    data = [{"x": rng.normal(size=(1, 3, size, size)).astype("f4") + 1} for _ in range(8)]
    made = quantize(model, scheme=scheme, calibration=data)
    assert sqnr(model, made.path, data) > 28


@pytest.mark.parametrize("scheme", ["weights-int4", "weights-int8"])
def test_a_table_that_is_a_matrix_too_is_stored_for_both(scheme):
    """Both would be stored under one name."""
    pytest.importorskip("onnx_ir")
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Gather", ["w", "ids"], ["e"], "lookup"),
        helper.make_node("MatMul", ["e", "w"], ["y"], "matmul"),
    ]
    ids = helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["n"])
    model = model_of(nodes, [ids], [floats("y", "n", 64)], {"w": rng.normal(size=(64, 64)).astype("f4")})
    made = quantize(model, scheme=scheme)
    assert types(made.path) == ["GatherBlockQuantized", "MatMulNBits"]
    assert sqnr(model, made.path, [{"ids": np.arange(64)}]) > (35 if scheme == "weights-int8" else 14)


def test_a_copy_of_the_float_model_is_not_handed_over():
    """ConvTranspose is quantized by pairs only."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("ConvTranspose", ["x", "w"], ["y"], "up", strides=[2, 2])]
    model = model_of(
        nodes,
        [floats("x", "n", 3, 8, 8)],
        [floats("y", "n", 4, None, None)],
        {"w": rng.normal(size=(3, 4, 2, 2)).astype("f4")},
    )
    data = [{"x": rng.normal(size=(1, 3, 8, 8)).astype("f4")} for _ in range(8)]
    with pytest.raises(ModelError, match=r"ConvTranspose \(1\)"):
        quantize(model, scheme="static-int8-qoperator", calibration=data)
    assert sqnr(model, quantize(model, calibration=data).path, data) > 28


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("scheme", ["dynamic-int8", "weights-int8"])
def test_linear_layers_of_two_axes_are_quantized(scheme, transposed):
    """These are Gemm, for which there are no kernels: torch writes its Linear so, GPT-2 all of its matrices."""
    pytest.importorskip("onnx_ir")
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(48, 64) if transposed else (64, 48)).astype("f4"),
        "b": rng.normal(size=48).astype("f4"),
    }
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["y"], "linear", transB=transposed, alpha=0.5)]
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48)], weights)
    data = rng.normal(size=(8, 64)).astype("f4")
    made = quantize(model, scheme=scheme)
    assert types(made.path)[-1] in {"Add", "MatMulNBits"}
    assert made.size_bytes < made.source_bytes * 0.6
    assert sqnr(model, made.path, [{"x": data}]) > 33
    with pytest.raises(ModelError, match="keep_float leaves"):
        quantize(model, scheme=scheme, keep_float=["linear"])


@pytest.mark.parametrize("scheme", ["dynamic-int8", "weights-int8"])
def test_a_gemm_that_is_kept_float_stays_so(scheme):
    """Theirs know it by another name once it is a MatMul."""
    pytest.importorskip("onnx_ir")
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(size=(64, 48)).astype("f4"), "v": rng.normal(size=(48, 32)).astype("f4")}
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"], "one"), helper.make_node("Gemm", ["a", "v"], ["y"], "two")]
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 32)], weights)
    made = onnx.load(str(quantize(model, scheme=scheme, keep_float=["two"]).path))
    assert {tuple(each.dims) for each in made.graph.initializer if each.data_type == 1 and len(each.dims) == 2} >= {
        (48, 32)
    }


def test_gptq_knows_the_inputs_of_a_gemm():
    pytest.importorskip("onnx_ir")
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(size=(48, 64)).astype("f4")}
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"], "linear", transB=1)]
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48)], weights)
    data = (rng.normal(size=(200, 6)) @ rng.normal(size=(6, 64))).astype("f4")
    plain = quantize(model, scheme="weights-int4")
    made = quantize(model, scheme="weights-int4", algorithm="gptq", calibration=data)
    assert sqnr(model, made.path, [{"x": data}]) > sqnr(model, plain.path, [{"x": data}]) + 6


def test_arithmetic_of_indices_stays_float():
    """A bucket by the logarithm of a distance, as T5 finds it: infinite at distance 0, and moved by any rounding."""
    rng, node = np.random.default_rng(0), helper.make_node
    nodes = [
        node("Log", ["d"], ["l"], "log"),
        node("Div", ["l", "base"], ["q"], "div"),
        node("Mul", ["q", "many"], ["m"], "scale"),
        node("Cast", ["m"], ["whole"], "whole", to=onnx.TensorProto.INT64),
        node("Max", ["whole", "none"], ["bucket"], "max"),
        node("Gather", ["table", "bucket"], ["bias"], "lookup"),
        node("MatMul", ["x", "w"], ["a"], "matmul"),
        node("Add", ["a", "bias"], ["y"], "add"),
    ]
    weights = {
        "base": np.float32(np.log(8)),
        "many": np.float32(15),
        "none": np.int64(0),
        "table": rng.normal(size=(64, 48)).astype("f4") * 4,
        "w": rng.normal(size=(64, 48)).astype("f4") / 8,
    }
    model = model_of(nodes, [floats("x", "n", 64), floats("d", "n")], [floats("y", "n", 48)], weights)
    data = [{"x": rng.normal(size=(9, 64)).astype("f4"), "d": np.arange(9, dtype="f4")} for _ in range(8)]
    for scheme in ("static-int8", "static-int8-qoperator", "static-int16"):
        made = quantize(model, scheme=scheme, calibration=data)
        assert sqnr(model, made.path, data) > 25
        assert any("'scale'" in note for note in made.notes)
        assert not any("infinity" in note for note in made.notes)


@pytest.mark.parametrize(("scheme", "expected"), [("static-int8", "One Loop op"), ("dynamic-int8", "One Loop op")])
def test_what_holds_weights_and_is_never_quantized_is_told(scheme, expected):
    rng, node = np.random.default_rng(0), helper.make_node
    flag = helper.make_tensor_value_info
    body = helper.make_graph(
        [node("MatMul", ["h", "inner"], ["h2"], "step"), node("Identity", ["go"], ["go2"], "same")],
        "body",
        [flag("i", onnx.TensorProto.INT64, []), flag("go", onnx.TensorProto.BOOL, []), floats("h", "n", 64)],
        [flag("go2", onnx.TensorProto.BOOL, []), floats("h2", "n", 64)],
    )
    nodes = [node("MatMul", ["x", "w"], ["a"], "first"), node("Loop", ["twice", "", "a"], ["y"], "loop", body=body)]
    weights = {name: rng.normal(size=(64, 64)).astype("f4") / 8 for name in ("w", "inner")}
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 64)], {**weights, "twice": np.array(2, np.int64)})
    given = {"calibration": rng.normal(size=(8, 64)).astype("f4")} if scheme == "static-int8" else {}
    made = quantize(model, scheme=scheme, **given)
    assert any(note.startswith(f"{expected} stays float with 50% of the weights") for note in made.notes)
    assert sum("of the weights" in note for note in made.notes) == 1
    pytest.importorskip("onnx_ir")  # weight-only quantizers look into bodies
    assert not quantize(model, scheme="weights-int4", block_size=16).notes


@pytest.mark.parametrize("order", [(1, 0, 2), (1, 2, 0, 3)])
def test_half_precision_does_not_end_the_process(order):
    """onnxruntime joins such a Transpose with the MatMul behind it, and dies of it where half precision is between."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], "turn", perm=order),
        helper.make_node("MatMul", ["t", "w"], ["y"], "matmul"),
    ]
    model = model_of(
        nodes,
        [floats("x", *"abc"[: len(order) - 1], 32)],
        [floats("y", *(None for _ in order))],
        {"w": rng.normal(size=(32, 8)).astype("f4")},
    )
    program = "from sys import argv; from haoline_analysis.quantization import quantize as q; "
    program += "q(argv[1], scheme='fp16', output=argv[2])"
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f"{folder}/model.onnx")
        ended = subprocess.run(
            [sys.executable, "-c", program, f"{folder}/model.onnx", f"{folder}/half.onnx"], check=False
        )
        assert ended.returncode == 0
        data = [{"x": rng.normal(size=(*range(2, len(order) + 1), 32)).astype("f4")}]
        assert sqnr(model, f"{folder}/half.onnx", data) > 50


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "static-int16", "dynamic-int8"])
def test_bodies_read_what_they_read(scheme):
    """Theirs forget bodies: the tensor that these take from outside is gone."""
    rng, node = np.random.default_rng(0), helper.make_node
    yes = helper.make_graph([node("Relu", ["a"], ["yes"], "relu")], "yes", [], [floats("yes", "n", 48)])
    no = helper.make_graph([node("Neg", ["a"], ["no"], "neg")], "no", [], [floats("no", "n", 48)])
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "first"),
        node("ReduceSum", ["x"], ["sum"], "sum", keepdims=0),
        node("Greater", ["sum", "zero"], ["flag"], "greater"),
        node("If", ["flag"], ["b"], "if", then_branch=yes, else_branch=no),
        node("MatMul", ["b", "v"], ["y"], "last"),
    ]
    weights = {
        "w": rng.normal(size=(64, 48)).astype("f4") / 8,
        "v": rng.normal(size=(48, 32)).astype("f4") / 8,
        "zero": np.float32(0),
    }
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 32)], weights)
    data = [{"x": rng.normal(size=(1, 64)).astype("f4")} for _ in range(8)]
    given = {} if scheme == "dynamic-int8" else {"calibration": data}
    assert sqnr(model, quantize(model, scheme=scheme, **given).path, data) > 28


@pytest.mark.parametrize("scheme", ["fp16", "static-int8", "static-int8-qoperator", "dynamic-int8"])
def test_an_output_may_be_a_constant(scheme):
    """Folding makes it one; the converter to FP16 then names two tensors alike."""
    rng = np.random.default_rng(0)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"], "matmul"),
        helper.make_node("Add", ["m", "k"], ["y"], "add"),
        helper.make_node("Identity", ["k"], ["told"], "tell"),
    ]
    weights = {"w": rng.normal(size=(64, 48)).astype("f4") / 8, "k": rng.normal(size=48).astype("f4")}
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48), floats("told", 48)], weights)
    data = [{"x": rng.normal(size=(1, 64)).astype("f4")} for _ in range(8)]
    made = quantize(model, scheme=scheme, **({"calibration": data} if scheme.startswith("static") else {}))
    assert sqnr(model, made.path, data) > 28
    told = session(made.path).run(["told"], data[0])[0]
    assert np.abs(told - weights["k"]).max() < 0.02


def clamped(kind):
    """A convolution and a ReLU or Clip behind it that its grid cannot stand in for; input x [n, 3, 8, 8]."""
    rng, node = np.random.default_rng(0), helper.make_node
    weights = {
        "w": rng.normal(size=(8, 3, 3, 3)).astype("f4"),
        "v": rng.normal(size=(8, 8, 1, 1)).astype("f4"),
        "low": np.float32(0.5),
        "one": np.float32(1),
        "zero": np.float32(0),
        "sizes": np.array([1, 1, 2, 2], np.float32),
    }
    first, relu = node("Conv", ["x", "w"], ["a"], "first"), node("Relu", ["a"], ["r"], "relu")
    last = node("Conv", ["r", "v"], ["y"], "last")
    yes, no = (
        helper.make_graph([node(op, [kind[0]], [op], f"{op} inside")], op, [], [floats(op, "n", 8, 6, 6)])
        for op in ("Abs", "Neg")
    )
    chosen = [
        node("Size", ["x"], ["size"], "size"),
        node("Cast", ["size"], ["choice"], "cast", to=onnx.TensorProto.BOOL),
        node("If", ["choice"], ["other"], "if", then_branch=yes, else_branch=no),
    ]
    nodes = {
        "read by a sum": [first, relu, node("Conv", ["r", "v"], ["b"], "last"), node("Add", ["a", "b"], ["y"], "sum")],
        "an output": [first, relu, last],
        "a read by a body": [first, relu, last, *chosen],
        "r read by a body": [first, relu, last, *chosen],
        "pooled": [first, node("MaxPool", ["a"], ["p"], "pool", kernel_shape=[2, 2]),
                   node("Relu", ["p"], ["r"], "relu"), last],
        "moved": [first, node("Transpose", ["a"], ["t"], "turn", perm=[0, 1, 3, 2]),
                  node("Relu", ["t"], ["r"], "relu"), last],
        "enlarged": [first, node("Resize", ["a", "", "sizes"], ["t"], "up", mode="nearest"),
                     node("Relu", ["t"], ["r"], "relu"), last],
        "ReLU6": [first, node("Clip", ["a", "zero", "one"], ["r"], "clip"),
                  node("Conv", ["r", "v"], ["b"], "last"), node("Add", ["a", "b"], ["y"], "sum")],
        "kept from zero": [first, node("Clip", ["a", "low"], ["r"], "clip"), last],
        "unknown": [node("ReduceMax", ["x"], ["top"], "top", keepdims=0), first,
                    node("Clip", ["a", "", "top"], ["r"], "clip"), last],
    }[kind]  # fmt: skip
    read = {name for each in nodes for name in each.input}
    outputs = ["y"] + ["a"] * (kind == "an output") + ["other"] * kind.endswith("a body")
    ports = [floats(name, "n", 8, None, None) for name in outputs]
    return model_of(
        nodes, [floats("x", "n", 3, 8, 8)], ports, {name: weights[name] for name in weights if name in read}
    )


@pytest.mark.parametrize("options", [{}, {"symmetric": True}, {"per_channel": True}])
@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "static-int16"])
@pytest.mark.parametrize(
    "kind",
    [
        "read by a sum",
        "an output",
        "a read by a body",
        "r read by a body",
        "pooled",
        "moved",
        "enlarged",
        "ReLU6",
        "kept from zero",
        "unknown",
    ],
)
def test_a_relu_that_no_grid_stands_in_for_is_kept(kind, scheme, options):
    """Theirs drop it behind whatever is quantized, or give others that read its input the grid of its output."""
    model = clamped(kind)
    data = [{"x": each} for each in pictures()]
    made = quantize(model, scheme=scheme, calibration=data, **options)
    before, after = session(model), session(made.path)
    for name in [port.name for port in model.graph.output]:
        pairs = [(before.run([name], each)[0], after.run([name], each)[0]) for each in data]
        noise = sum(float(((a - b) ** 2).sum()) for a, b in pairs)
        assert 10 * np.log10(sum(float((a**2).sum()) for a, _ in pairs) / max(noise, 1e-30)) > 25


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator", "static-int16", "tensorrt-int8"])
@pytest.mark.parametrize("op_type", ["Conv", "InstanceNormalization"])
def test_the_copy_of_a_bias_takes_no_name_of_the_model(op_type, scheme):
    """Theirs numbers it: a copy of ``val_1`` is ``val_10``, as torch calls another tensor of models with GroupNorm."""
    rng, node = np.random.default_rng(0), helper.make_node
    weights = {
        "w": rng.normal(size=(8, 8, 3, 3)).astype("f4") / 8,
        "scale": rng.uniform(0.5, 2, size=8).astype("f4"),
        "val_1": rng.normal(size=8).astype("f4"),
    }
    conv = [
        node("Conv", ["x", "w", "val_1"], ["a"], "one", pads=[1] * 4),
        node("Sigmoid", ["a"], ["val_10"], "gate"),
        node("Mul", ["a", "val_10"], ["b"], "silu"),
        node("Conv", ["b", "w", "val_1"], ["y"], "two", pads=[1] * 4),
    ]
    normalized = [
        node("Conv", ["x", "w"], ["a"], "conv", pads=[1] * 4),
        node("InstanceNormalization", ["a", "scale", "val_1"], ["val_10"], "one"),
        node("Conv", ["val_10", "w"], ["b"], "last", pads=[1] * 4),
        node("InstanceNormalization", ["b", "scale", "val_1"], ["y"], "two"),
    ]
    nodes = conv if op_type == "Conv" else normalized
    read = {name for each in nodes for name in each.input}
    kept = {name: array for name, array in weights.items() if name in read}
    model = model_of(nodes, [floats("x", "n", 8, 8, 8)], [floats("y", "n", 8, None, None)], kept)
    data = [{"x": rng.normal(size=(1, 8, 8, 8)).astype("f4")} for _ in range(8)]
    made = quantize(model, scheme=scheme, calibration=data)
    assert sqnr(model, made.path, data) > 28


def test_a_where_reads_what_it_read():
    """Theirs leave it a tensor that nobody makes: DeBERTa's masks stand behind a Reshape of what is quantized."""
    rng, node = np.random.default_rng(0), helper.make_node
    nodes = [
        node("MatMul", ["x", "w"], ["a"], "matmul"),
        node("Transpose", ["a"], ["t"], "turn", perm=[1, 0]),
        node("Where", ["mask", "t", "low"], ["m"], "mask"),
        node("MatMul", ["m", "v"], ["y"], "last"),
    ]
    weights = {
        "w": rng.normal(size=(64, 48)).astype("f4") / 8,
        "v": rng.normal(size=(8, 32)).astype("f4"),
        "mask": rng.random(size=(48, 8)) < 0.8,
        "low": np.float32(-1),
    }
    model = model_of(nodes, [floats("x", 8, 64)], [floats("y", 48, 32)], weights)
    data = [{"x": rng.normal(size=(8, 64)).astype("f4")} for _ in range(8)]
    made = quantize(model, scheme="static-int8-qoperator", calibration=data)
    assert "QLinearMatMul" in types(made.path)
    assert sqnr(model, made.path, data) > 28


@pytest.mark.parametrize("scheme", ["static-int8", "static-int8-qoperator"])
def test_a_pad_leaves_its_constant_to_bodies(scheme):
    """Theirs supposes that nobody else reads it, and removes it."""
    rng, node = np.random.default_rng(0), helper.make_node
    yes, no = (
        helper.make_graph([node(op, ["a", "low"], [op], f"{op} inside")], op, [], [floats(op, *[None] * 4)])
        for op in ("Add", "Sub")
    )
    nodes = [
        node("Conv", ["x", "w"], ["a"], "first"),
        node("Size", ["x"], ["size"], "size"),
        node("Cast", ["size"], ["choice"], "cast", to=onnx.TensorProto.BOOL),
        node("If", ["choice"], ["other"], "if", then_branch=yes, else_branch=no),
        node("Pad", ["a", "pads", "low"], ["p"], "pad"),
        node("Conv", ["p", "w"], ["y"], "last"),
    ]
    weights = {
        "w": rng.normal(size=(8, 8, 1, 1)).astype("f4") / 3,
        "low": np.float32(-0.5),
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    }
    ports = [floats(name, *[None] * 4) for name in ("y", "other")]
    model = model_of(nodes, [floats("x", "n", 8, 6, 6)], ports, weights)
    data = [{"x": rng.normal(size=(1, 8, 6, 6)).astype("f4")} for _ in range(8)]
    assert sqnr(model, quantize(model, scheme=scheme, calibration=data).path, data) > 28
