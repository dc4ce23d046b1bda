"""Small float models that quantizers are tried on, and ways to look at what came out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models" / "digits_cnn.onnx"


def digits(count: int = 32) -> np.ndarray:
    """Pictures of digits, float32 [count, 1, 8, 8]."""
    return np.load(EXAMPLES / "digits.npz")["image"][:count]


def model_of(nodes, inputs, outputs, weights, opset=17, ir=8, **more) -> onnx.ModelProto:
    """A model of nodes; weights are arrays by name."""
    graph = helper.make_graph(
        nodes, "g", inputs, outputs, [numpy_helper.from_array(array, name) for name, array in weights.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir, **more)


def floats(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def attention(sentinel: float = -np.inf, width: int = 32, opset: int = 17) -> onnx.ModelProto:
    """One attention with a mask, a layer norm and a feed-forward; inputs x [b, n, width] and mask [b, n]."""
    rng = np.random.default_rng(3)
    weights = {
        name: (rng.normal(size=shape) / np.sqrt(shape[0])).astype(np.float32)
        for name, shape in {
            "wq": (width, width),
            "wk": (width, width),
            "wv": (width, width),
            "w1": (width, 2 * width),
            "w2": (2 * width, width),
        }.items()
    }
    weights |= {
        "zero": np.float32(0),
        "masked": np.float32(sentinel),
        "axes": np.array([1], np.int64),
        "gain": np.ones(width, np.float32),
        "offset": np.zeros(width, np.float32),
        "none": np.array(0, np.int64),
    }
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "wq"], ["q"], "query"),
        node("MatMul", ["x", "wk"], ["k"], "key"),
        node("MatMul", ["x", "wv"], ["v"], "value"),
        node("Transpose", ["k"], ["kt"], "turn", perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["scores"], "scores"),
        node("Unsqueeze", ["mask", "axes"], ["mask3"], "unsqueeze"),
        node("Greater", ["mask3", "none"], ["seen"], "greater"),
        node("Where", ["seen", "zero", "masked"], ["bias"], "where"),
        node("Add", ["scores", "bias"], ["biased"], "bias"),
        node("Softmax", ["biased"], ["probabilities"], "softmax", axis=-1),
        node("MatMul", ["probabilities", "v"], ["mixed"], "mix"),
        node("Add", ["mixed", "x"], ["summed"], "residual"),
        node("LayerNormalization", ["summed", "gain", "offset"], ["normed"], "norm", axis=-1),
        node("MatMul", ["normed", "w1"], ["up"], "up"),
        node("Relu", ["up"], ["active"], "relu"),
        node("MatMul", ["active", "w2"], ["y"], "down"),
    ]
    mask = helper.make_tensor_value_info("mask", TensorProto.INT64, ["b", "n"])
    return model_of(nodes, [floats("x", "b", "n", width), mask], [floats("y", "b", "n", width)], weights, opset)


def attention_feeds(count: int = 8, width: int = 32, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Batches of 2 × 6 vectors, the end of the second masked."""
    rng = np.random.default_rng(seed)
    mask = np.ones((2, 6), np.int64)
    mask[1, 4:] = 0
    return [{"x": rng.normal(size=(2, 6, width)).astype(np.float32), "mask": mask} for _ in range(count)]


def convolution(opset: int = 17, *, normalised: bool = True) -> onnx.ModelProto:
    """Conv, batch normalisation, ReLU, Conv over [n, 3, 8, 8]."""
    rng = np.random.default_rng(5)
    weights = {
        "w": rng.normal(size=(8, 3, 3, 3)).astype(np.float32)
        * np.geomspace(0.01, 1, 8).reshape(-1, 1, 1, 1).astype("f4"),
        "w2": rng.normal(size=(4, 8, 3, 3)).astype(np.float32) / 8,
        "b2": rng.normal(size=4).astype(np.float32),
        "scale": rng.uniform(0.5, 2, 8).astype(np.float32),
        "shift": rng.normal(size=8).astype(np.float32),
        "mean": rng.normal(size=8).astype(np.float32),
        "var": rng.uniform(0.5, 2, 8).astype(np.float32),
    }
    node = helper.make_node
    nodes = [node("Conv", ["x", "w"], ["c"], "first", pads=[1, 1, 1, 1])]
    if normalised:
        nodes.append(node("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["n"], "norm"))
    nodes += [
        node("Relu", ["n" if normalised else "c"], ["r"], "relu"),
        node("Conv", ["r", "w2", "b2"], ["y"], "second"),
    ]
    if not normalised:
        weights = {name: array for name, array in weights.items() if name in {"w", "w2", "b2"}}
    return model_of(nodes, [floats("x", "n", 3, 8, 8)], [floats("y", "n", 4, 6, 6)], weights, opset)


def pictures(count: int = 8, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(1, 3, 8, 8)).astype(np.float32) for _ in range(count)]


def matrix(rows: int = 64, columns: int = 48, seed: int = 1) -> onnx.ModelProto:
    """One MatMul with a constant matrix."""
    weights = {"w": np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)}
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "matmul")]
    return model_of(nodes, [floats("x", "n", rows)], [floats("y", "n", columns)], weights)


def embedding(rows: int = 50, width: int = 40) -> onnx.ModelProto:
    """A table, read by ids, and a MatMul."""
    rng = np.random.default_rng(2)
    weights = {
        "table": rng.normal(size=(rows, width)).astype(np.float32),
        "w": rng.normal(size=(width, 16)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["e"], "lookup"),
        helper.make_node("MatMul", ["e", "w"], ["y"], "matmul"),
    ]
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])
    return model_of(nodes, [ids], [floats("y", "n", 16)], weights)


def session(model, *, optimised: bool = True) -> ort.InferenceSession:
    options = ort.SessionOptions()
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    given = model.SerializeToString() if hasattr(model, "SerializeToString") else str(model)
    return ort.InferenceSession(given, options, providers=["CPUExecutionProvider"])


def run(model, feeds) -> np.ndarray:
    """First output of a model on one sample."""
    return session(model).run(None, feeds)[0]


def sqnr(model, variant, feeds) -> float:
    """How close a variant is to a model, in dB, over samples."""
    first, second = session(model), session(variant)
    pairs = [(first.run(None, each)[0], second.run(None, each)[0]) for each in feeds]
    noise = sum(float(((a - b) ** 2).sum()) for a, b in pairs)
    return 10 * np.log10(sum(float((a**2).sum()) for a, _ in pairs) / max(noise, 1e-30))


def types(path) -> list[str]:
    return [node.op_type for node in onnx.load(str(path)).graph.node]


def deployed(path, tmp_path) -> onnx.ModelProto:
    """The graph as onnxruntime runs it."""
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(tmp_path / "deployed.onnx")
    ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return onnx.load(tmp_path / "deployed.onnx")
