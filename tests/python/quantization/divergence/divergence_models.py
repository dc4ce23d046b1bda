"""Small models and their variants, made once per run of the tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
FOLDER = Path(mkdtemp(prefix="haoline-divergence-tests-"))
KINDS = ("qdq", "qoperator", "dynamic", "nbits")
MODELS = ("digits", "transformer", "mobile")


@cache
def digits_samples() -> np.ndarray:
    """Pictures of digits [96, 1, 8, 8]."""
    with np.load(EXAMPLES / "digits.npz") as held:
        return held["image"]


@cache
def float_model(name: str) -> Path:
    """The file of a float model."""
    if name == "digits":
        return EXAMPLES / "models" / "digits_cnn.onnx"
    path = FOLDER / f"{name}.onnx"
    makers = (transformer, mobile, branched, gated, rotary)
    onnx.save({maker.__name__: maker for maker in makers}[name](), path)
    return path


@cache
def samples(name: str, count: int = 6) -> Any:
    """Samples of a model."""
    rng = np.random.default_rng(7)
    if name == "digits":
        return digits_samples()[:count]
    if name in ("mobile", "branched", "gated"):
        return rng.normal(size=(count, 3, 16, 16)).astype(np.float32)
    if name == "rotary":
        return [{"x": rng.normal(size=(1, 4, 16)).astype(np.float32)} for _ in range(count)]
    return [{"ids": rng.integers(0, 50, (1, 12))} for _ in range(count)]


def feeds(name: str) -> list[dict[str, np.ndarray]]:
    """The same as onnxruntime takes them."""
    held = samples(name)
    if isinstance(held, list):
        return held
    port = onnx.load(float_model(name), load_external_data=False).graph.input[0].name
    return [{port: held[at : at + 1]} for at in range(len(held))]


@cache
def variant(name: str, kind: str) -> Path:
    """The file of a quantized model."""
    path = FOLDER / f"{name}.{kind}.onnx"
    {
        "qdq": _static,
        "qoperator": _static,
        "dynamic": _dynamic,
        "nbits": _nbits,
        "fp16": _half,
        "optimised": _optimised,
    }[kind](name, kind, path)
    return path


def _static(name: str, kind: str, path: Path) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(feeds(name))

        def get_next(self) -> Any:
            return next(self.left, None)

    way = QuantFormat.QDQ if kind == "qdq" else QuantFormat.QOperator
    kinds = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8 if kind == "qdq" else QuantType.QUInt8}
    quantize_static(float_model(name), path, Reader(), quant_format=way, **kinds)


def _dynamic(name: str, kind: str, path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(float_model(name), path, weight_type=QuantType.QUInt8)


def _nbits(name: str, kind: str, path: Path) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    made = MatMulNBitsQuantizer(onnx.load(float_model(name)), block_size=16, is_symmetric=True)
    made.process()
    made.model.save_model_to_file(str(path), False)


def _half(name: str, kind: str, path: Path) -> None:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    onnx.save(convert_float_to_float16(onnx.load(float_model(name)), keep_io_types=True), path)


def _optimised(name: str, kind: str, path: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(float_model(name), options, providers=["CPUExecutionProvider"])


class Maker:
    """Collects nodes and weights of a graph."""

    def __init__(self, seed: int = 3) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.rng = np.random.default_rng(seed)

    def weight(self, *shape: int, scale: float | None = None) -> str:
        """A random weight."""
        scale = 1 / np.sqrt(max(np.prod(shape[1:]) if len(shape) == 4 else shape[0], 1)) if scale is None else scale
        return self.constant(self.rng.normal(size=shape) * scale)

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """A stored operand."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """An op of one output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [f"{name}_out"], name=name, **attributes))
        return f"{name}_out"

    def model(self, inputs: list[Any], output: str, shape: list[Any]) -> Any:
        """The model."""
        self.nodes.append(helper.make_node("Identity", [output], ["output"], name="last"))
        outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "made", inputs, outputs, self.weights)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        return onnx.shape_inference.infer_shapes(made)


def transformer(layers: int = 2, width: int = 32, heads: int = 4, length: int = 12) -> Any:
    """An encoder with attention, GELU of single ops and layer normalization."""
    m = Maker()
    x = m.op("Gather", m.weight(50, width, scale=1.0), "ids")
    for _ in range(layers):
        parts = []
        for order in ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3)):
            y = m.op("Add", m.op("MatMul", x, m.weight(width, width)), m.weight(width, scale=0.1))
            y = m.op("Reshape", y, m.constant([1, length, heads, width // heads], np.int64))
            parts.append(m.op("Transpose", y, perm=order))
        scores = m.op("Div", m.op("MatMul", parts[0], parts[1]), m.constant(np.sqrt(width / heads)))
        mixed = m.op("MatMul", m.op("Softmax", scores, axis=-1), parts[2])
        mixed = m.op("Reshape", m.op("Transpose", mixed, perm=(0, 2, 1, 3)), m.constant([1, length, width], np.int64))
        mixed = m.op("MatMul", mixed, m.weight(width, width))
        x = m.op("LayerNormalization", m.op("Add", mixed, x), m.constant(np.ones(width)), m.weight(width, scale=0.1))
        y = m.op("Add", m.op("MatMul", x, m.weight(width, 4 * width)), m.weight(4 * width, scale=0.1))
        half = m.op("Add", m.op("Erf", m.op("Div", y, m.constant(np.sqrt(2)))), m.constant(1.0))
        y = m.op("Mul", m.op("Mul", y, half), m.constant(0.5))
        y = m.op("Add", m.op("MatMul", y, m.weight(4 * width, width)), m.weight(width, scale=0.1))
        x = m.op("LayerNormalization", m.op("Add", y, x), m.constant(np.ones(width)), m.weight(width, scale=0.1))
    return m.model([helper.make_tensor_value_info("ids", TensorProto.INT64, [1, length])], x, [1, length, width])


def mobile() -> Any:
    """A convolutional network with depthwise convolutions, a branch that is joined, and HardSwish of single ops."""
    m = Maker()
    x = m.op("Relu", m.op("Conv", "image", m.weight(8, 3, 3, 3), m.weight(8, scale=0.1), pads=[1] * 4, strides=[2, 2]))
    y = m.op("Conv", x, m.weight(8, 1, 3, 3), m.weight(8, scale=0.1), pads=[1] * 4, group=8)
    gate = m.op("Clip", m.op("Add", y, m.constant(3.0)), m.constant(0.0), m.constant(6.0))
    y = m.op("Mul", m.op("Mul", y, gate), m.constant(1 / 6))
    y = m.op("Conv", y, m.weight(8, 8, 1, 1), m.weight(8, scale=0.1))
    x = m.op("Concat", m.op("Add", x, y), y, axis=1)
    x = m.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = m.op("Sigmoid", m.op("Conv", x, m.weight(16, 16, 3, 3), m.weight(16, scale=0.1), pads=[1] * 4))
    x = m.op("Flatten", m.op("GlobalAveragePool", x))
    x = m.op("Gemm", x, m.weight(16, 10), m.weight(10, scale=0.1))
    return m.model([helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 16, 16])], x, ["n", 10])


def branched() -> Any:
    """As in a U-Net: what is pooled goes on beside the pooling."""
    m = Maker()
    first = m.op("Relu", m.op("Conv", "image", m.weight(8, 3, 3, 3), m.weight(8, scale=0.1), pads=[1] * 4))
    x = m.op("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2])
    x = m.op("Relu", m.op("Conv", x, m.weight(8, 8, 3, 3), m.weight(8, scale=0.1), pads=[1] * 4))
    x = m.op("Concat", m.op("ConvTranspose", x, m.weight(8, 8, 2, 2), strides=[2, 2]), first, axis=1)
    x = m.op("Conv", x, m.weight(4, 16, 3, 3), m.weight(4, scale=0.1), pads=[1] * 4)
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 16, 16])
    return m.model([image], x, ["n", 4, 16, 16])


def gated() -> Any:
    """Squeeze and excitation as in an EfficientNet: SiLU on six channels, which onnxruntime computes in its blocks."""
    m = Maker()

    def silu(x: str) -> str:
        return m.op("Mul", x, m.op("Sigmoid", x))

    x = silu(m.op("Conv", "image", m.weight(16, 3, 3, 3), m.weight(16, scale=0.1), pads=[1] * 4))
    for _ in range(2):
        gate = silu(m.op("Conv", m.op("GlobalAveragePool", x), m.weight(6, 16, 1, 1), m.weight(6, scale=0.1)))
        gate = m.op("Sigmoid", m.op("Conv", gate, m.weight(16, 6, 1, 1), m.weight(16, scale=0.1)))
        x = m.op("Conv", m.op("Mul", x, gate), m.weight(16, 16, 1, 1), m.weight(16, scale=0.1))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 16, 16])
    return m.model([image], x, ["n", 16, 16, 16])


def rotary(length: int = 4, heads: int = 4, width: int = 8) -> Any:
    """Attention with rotary embeddings, past which onnxruntime moves the transpose into heads."""
    m = Maker()
    angles = np.outer(np.arange(length), 0.5 ** np.arange(width // 2))
    cos, sin = (m.constant(np.tile(of(angles), 2)[None, None]) for of in (np.cos, np.sin))

    def cut(x: str, low: int, high: int) -> str:
        return m.op("Slice", x, *(m.constant([at], np.int64) for at in (low, high, 3)))

    def turned(x: str) -> str:
        other = m.op("Concat", m.op("Neg", cut(x, width // 2, width)), cut(x, 0, width // 2), axis=-1)
        return m.op("Add", m.op("Mul", x, cos), m.op("Mul", other, sin))

    x = m.op("MatMul", "x", m.weight(16, 3 * heads * width))
    x = m.op("Transpose", m.op("Reshape", x, m.constant([1, length, 3, heads, width], np.int64)), perm=[0, 3, 2, 1, 4])
    query, key, value = (m.op("Gather", x, m.constant(at, np.int64), axis=2) for at in range(3))
    scores = m.op("MatMul", turned(query), m.op("Transpose", turned(key), perm=[0, 1, 3, 2]))
    x = m.op("Transpose", m.op("MatMul", m.op("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
    x = m.op(
        "MatMul", m.op("Reshape", x, m.constant([1, length, heads * width], np.int64)), m.weight(heads * width, 16)
    )
    return m.model([helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, length, 16])], x, [1, length, 16])
