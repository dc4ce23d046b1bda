"""Float models, their data, and QDQ variants of them, made by onnxruntime's own quantizer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models/digits_cnn.onnx"
FOLDER = Path(mkdtemp(prefix="haoline-test-sensitivity-"))


def pictures(start: int = 0, stop: int = 96) -> list[dict[str, np.ndarray]]:
    images = np.load(EXAMPLES / "digits.npz")["image"].astype(np.float32)
    return [{"image": image[None]} for image in images[start:stop]]


class Reader:
    def __init__(self, feeds):
        self._feeds = iter(feeds)

    def get_next(self):
        return next(self._feeds, None)


@lru_cache
def digits_variant(*, per_channel: bool = False, symmetric: bool = False) -> Path:
    """Static QDQ INT8 of the digits model, calibrated on 32 of its pictures."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    path = FOLDER / f"digits.{per_channel}.{symmetric}.onnx"
    kind = QuantType.QInt8 if symmetric else QuantType.QUInt8
    quantize_static(
        str(DIGITS),
        str(path),
        Reader(pictures(0, 32)),
        quant_format=QuantFormat.QDQ,
        per_channel=per_channel,
        activation_type=kind,
        extra_options={"ActivationSymmetric": symmetric},
    )
    return path


def weight(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def linear(*, opset: int = 13) -> onnx.ModelProto:
    """``y = x W``."""
    w = numpy_helper.from_array(weight(8, 4), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="linear")
    return _model([node], [w], {"x": [None, 8]}, {"y": [None, 4]}, opset)


def linear_variant(scale: float = 0.05, zero: int = 128, *, opset: int = 13) -> onnx.ModelProto:
    """The same with x at 8 bits (asymmetric), W at 8 bits per column, y not quantized."""
    w = weight(8, 4)
    scales = np.abs(w).max(0) / 127
    stored = np.rint(w / scales).astype(np.int8)
    constants = [
        numpy_helper.from_array(np.float32(scale), "x_scale"),
        numpy_helper.from_array(np.uint8(zero), "x_zero_point"),
        numpy_helper.from_array(stored, "w_quantized"),
        numpy_helper.from_array(scales.astype(np.float32), "w_scale"),
        numpy_helper.from_array(np.zeros(4, np.int8), "w_zero_point"),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "x_scale", "x_zero_point"], ["x_q"], name="x_QuantizeLinear"),
        helper.make_node("DequantizeLinear", ["x_q", "x_scale", "x_zero_point"], ["x_dq"], name="x_DequantizeLinear"),
        helper.make_node("DequantizeLinear", ["w_quantized", "w_scale", "w_zero_point"], ["w_dq"], name="w_dq", axis=1),
        helper.make_node("MatMul", ["x_dq", "w_dq"], ["y"], name="linear"),
    ]
    return _model(nodes, constants, {"x": [None, 8]}, {"y": [None, 4]}, opset)


def _model(nodes, constants, inputs, outputs, opset):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "g",
        [info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def two_layers() -> onnx.ModelProto:
    """``y = relu(x U) V``."""
    weights = [numpy_helper.from_array(weight(64, 32), "u"), numpy_helper.from_array(weight(32, 16, seed=1), "v")]
    nodes = [
        helper.make_node("MatMul", ["x", "u"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["r"], name="relu"),
        helper.make_node("MatMul", ["r", "v"], ["y"], name="second"),
    ]
    return _model(nodes, weights, {"x": [None, 64]}, {"y": [None, 16]}, 17)


def two_gemms(transposed: int = 0) -> onnx.ModelProto:
    """``y = relu(x U + b) V + c``."""
    arrays = {"u": weight(64, 32), "v": weight(32, 16, seed=1)}
    stored = {name: np.ascontiguousarray(array.T) if transposed else array for name, array in arrays.items()}
    stored |= {"b": weight(32, seed=2), "c": weight(16, seed=3)}
    nodes = [
        helper.make_node("Gemm", ["x", "u", "b"], ["h"], name="first", transB=transposed),
        helper.make_node("Relu", ["h"], ["r"], name="relu"),
        helper.make_node("Gemm", ["r", "v", "c"], ["y"], name="second", transB=transposed),
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in stored.items()]
    return _model(nodes, constants, {"x": [None, 64]}, {"y": [None, 16]}, 17)


def residual() -> onnx.ModelProto:
    """``e = tanh(table[ids]); y = (e + e U) V``."""
    arrays = {"table": 3 * weight(40, 64), "u": weight(64, 64, seed=1) / 8, "v": weight(64, 16, seed=2) / 8}
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["row"], name="lookup"),
        helper.make_node("Tanh", ["row"], ["e"], name="bend"),
        helper.make_node("MatMul", ["e", "u"], ["h"], name="layer"),
        helper.make_node("Add", ["e", "h"], ["s"], name="around"),
        helper.make_node("MatMul", ["s", "v"], ["y"], name="last"),
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    model = _model(nodes, constants, {}, {"y": [None, 16]}, 17)
    model.graph.input.append(helper.make_tensor_value_info("ids", TensorProto.INT64, [None]))
    return model


def normalized() -> onnx.ModelProto:
    """Two convolutions of 8 channels, each with a bias, batch normalisation and ReLU, then pooled and classified."""
    arrays = {f"{kind}{at}": array for at in (1, 2) for kind, array in _normalization(at).items()}
    arrays |= {"w1": weight(8, 8, 3, 3), "w2": weight(8, 8, 3, 3, seed=1), "v": weight(4, 8, seed=2), "c": weight(4)}
    nodes = []
    for at, read in ((1, "x"), (2, "r1")):
        norm = [f"{kind}{at}" for kind in ("scale", "shift", "mean", "variance")]
        nodes += [
            helper.make_node("Conv", [read, f"w{at}", f"b{at}"], [f"h{at}"], name=f"conv{at}"),
            helper.make_node("BatchNormalization", [f"h{at}", *norm], [f"n{at}"], name=f"norm{at}"),
            helper.make_node("Relu", [f"n{at}"], [f"r{at}"], name=f"relu{at}"),
        ]
    nodes += [
        helper.make_node("GlobalAveragePool", ["r2"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "v", "c"], ["y"], name="head", transB=1),
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    return _model(nodes, constants, {"x": [None, 8, 12, 12]}, {"y": [None, 4]}, 17)


def _normalization(seed: int) -> dict[str, np.ndarray]:
    spread = np.exp(weight(8, seed=seed))
    named = {"scale": spread, "shift": weight(8, seed=seed + 2), "mean": weight(8, seed=seed + 4)}
    return {**named, "variance": 70 * spread[::-1].copy(), "b": weight(8, seed=seed + 6)}
