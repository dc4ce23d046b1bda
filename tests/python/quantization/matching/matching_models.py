"""Float models of a few kinds, and what is made of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
DIGITS = EXAMPLES / "models" / "digits_cnn.onnx"


class Builder:
    """Adds nodes to a graph, with weights that stay the same from run to run."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.rng = np.random.default_rng(3)

    def op(self, kind: str, *inputs: str, name: str = "", domain: str = "", **attributes) -> str:
        name = name or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=f"node_{name}", domain=domain, **attributes)
        )
        return name

    def weight(self, name: str, *shape: int, scale: float | None = None) -> str:
        spread = scale if scale is not None else 1 / np.sqrt(max(1, int(np.prod(shape[1:]))))
        self.constants[name] = (self.rng.standard_normal(shape) * spread).astype(np.float32)
        return name

    def constant(self, name: str, array) -> str:
        self.constants[name] = np.asarray(array)
        return name

    def model(self, inputs: dict, outputs: list[str], opset: int = 17) -> onnx.ModelProto:
        constants = [numpy_helper.from_array(array, name) for name, array in self.constants.items()]
        feeds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "g", feeds, results, constants)
        imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8)


def transformer() -> onnx.ModelProto:
    """Two blocks: attention with a mask, GELU in five steps, layer normalization."""
    make, x = Builder(), "x"
    half, root, one = make.constant("half", np.float32(0.5)), make.constant("root", np.float32(2**0.5)), "one"
    make.constant("one", np.float32(1))
    scale = make.constant("scale", np.float32(1 / np.sqrt(8)))
    split, joined = make.constant("split", np.array([0, 0, 2, 8])), make.constant("joined", np.array([0, 0, 16]))
    for block in range(2):

        def name(part: str, block: int = block) -> str:
            return f"block{block}/{part}"

        def dense(value: str, part: str, width: int, depth: int, block: int = block) -> str:
            product = make.op(
                "MatMul", value, make.weight(f"block{block}.{part}", depth, width), name=f"block{block}/{part}"
            )
            bias = make.weight(f"block{block}.{part}.bias", width, scale=0.1)
            return make.op("Add", product, bias, name=f"block{block}/{part}/add")

        heads = {}
        for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
            shaped = make.op("Reshape", dense(x, part, 16, 16), split, name=name(f"{part}/heads"))
            heads[part] = make.op("Transpose", shaped, name=name(f"{part}/turned"), perm=order)
        scores = make.op("MatMul", heads["query"], heads["key"], name=name("scores"))
        scores = make.op("Mul", scores, scale, name=name("scaled"))
        scores = make.op("Add", scores, "mask", name=name("masked"))
        context = make.op(
            "MatMul", make.op("Softmax", scores, name=name("softmax"), axis=-1), heads["value"], name=name("context")
        )
        context = make.op("Transpose", context, name=name("back"), perm=[0, 2, 1, 3])
        context = make.op("Reshape", context, joined, name=name("joined"))
        x = make.op("Add", dense(context, "output", 16, 16), x, name=name("residual"))
        x = normalized(make, x, name("norm1"))
        inner = dense(x, "up", 32, 16)
        gate = make.op("Erf", make.op("Div", inner, root, name=name("gelu/div")), name=name("gelu/erf"))
        gate = make.op("Add", gate, one, name=name("gelu/add"))
        gate = make.op("Mul", make.op("Mul", inner, gate, name=name("gelu/gate")), half, name=name("gelu"))
        x = make.op("Add", dense(gate, "down", 16, 32), x, name=name("residual2"))
        x = normalized(make, x, name("norm2"))
    make.op("MatMul", x, make.weight("head", 16, 5), name="logits")
    return make.model({"x": [1, 6, 16], "mask": [1, 1, 1, 6]}, ["logits"])


def normalized(make: Builder, x: str, name: str) -> str:
    make.constant(f"{name}.gamma", (1 + 0.1 * make.rng.standard_normal(16)).astype(np.float32))
    make.weight(f"{name}.beta", 16, scale=0.1)
    return make.op("LayerNormalization", x, f"{name}.gamma", f"{name}.beta", name=name, axis=-1)


def convolutions(*, batch_norm: bool = False) -> onnx.ModelProto:
    """Convolutions with ReLU, a residual sum, a branch that is joined again, pooling."""
    make = Builder()

    def conv(x: str, name: str, out: int, of: int, size: int = 3) -> str:
        weight, bias = make.weight(f"{name}.w", out, of, size, size), make.weight(f"{name}.b", out, scale=0.1)
        x = make.op("Conv", x, weight, bias, name=name, pads=[size // 2] * 4, kernel_shape=[size, size])
        if batch_norm:
            statistics = [
                make.constant(f"{name}.{part}", (make.rng.uniform(low, high, out)).astype(np.float32))
                for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
            ]
            x = make.op("BatchNormalization", x, *statistics, name=f"{name}/norm")
        return x

    stem = make.op("Relu", conv("x", "stem", 16, 3), name="stem/relu")
    pooled = make.op("MaxPool", stem, name="pool", kernel_shape=[2, 2], strides=[2, 2])
    left = make.op("Relu", conv(pooled, "left", 16, 16), name="left/relu")
    left = conv(left, "left2", 16, 16)
    total = make.op("Relu", make.op("Add", left, pooled, name="sum"), name="sum/relu")
    one = make.op("Relu", conv(total, "one", 16, 16, 1), name="one/relu")
    two = make.op("Relu", conv(total, "two", 16, 16), name="two/relu")
    joined = make.op("Concat", one, two, name="joined", axis=1)
    last = make.op("Relu", conv(joined, "last", 16, 32), name="last/relu")
    mean = make.op("GlobalAveragePool", last, name="mean")
    flat = make.op("Flatten", mean, name="flat")
    make.op("Gemm", flat, make.weight("head.w", 10, 16), make.weight("head.b", 10), name="logits", transB=1)
    return make.model({"x": [1, 3, 16, 16]}, ["logits"])


def twins() -> onnx.ModelProto:
    """Convolutions of one shape on one tensor, each with a batch normalization, told apart by their weights alone."""
    make = Builder()

    def conv(x: str, name: str, of: int) -> str:
        x = make.op("Conv", x, make.weight(f"{name}.w", 16, of, 3, 3), name=name, pads=[1] * 4, kernel_shape=[3, 3])
        statistics = [
            make.constant(f"{name}.{part}", make.rng.uniform(low, high, 16).astype(np.float32))
            for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
        ]
        return make.op("BatchNormalization", x, *statistics, name=f"{name}/norm")

    stem = make.op("Relu", conv("x", "stem", 3), name="stem/relu")
    pooled = make.op("MaxPool", stem, name="pool", kernel_shape=[2, 2], strides=[2, 2])
    one = make.op("Relu", conv(pooled, "one", 16), name="one/relu")
    joined = make.op("Add", conv(pooled, "two", 16), conv(one, "behind", 16), name="sum")
    mean = make.op("GlobalAveragePool", make.op("Relu", joined, name="sum/relu"), name="mean")
    flat = make.op("Flatten", mean, name="flat")
    make.op("Gemm", flat, make.weight("head.w", 10, 16), make.weight("head.b", 10), name="logits", transB=1)
    return make.model({"x": [1, 3, 16, 16]}, ["logits"])


def digits() -> onnx.ModelProto:
    """The example with trained weights."""
    return onnx.load(DIGITS)


MODELS = {"transformer": transformer, "convolutions": convolutions, "digits": digits}


def feeds_of(kind: str, count: int = 8) -> list[dict[str, np.ndarray]]:
    """Samples for one of the models."""
    rng = np.random.default_rng(5)
    if kind == "digits":
        return [{"image": image[None]} for image in np.load(EXAMPLES / "digits.npz")["image"][:count]]
    if kind == "transformer":
        mask = np.zeros((1, 1, 1, 6), np.float32)
        mask[..., 5] = -10
        return [{"x": rng.standard_normal((1, 6, 16)).astype(np.float32), "mask": mask} for _ in range(count)]
    shapes = {
        port.name: [dim.dim_value for dim in port.type.tensor_type.shape.dim] for port in MODELS[kind]().graph.input
    }
    return [{name: rng.standard_normal(shape, np.float32) for name, shape in shapes.items()} for _ in range(count)]


class Reader(CalibrationDataReader):
    def __init__(self, kind: str) -> None:
        self.feeds = iter(feeds_of(kind))

    def get_next(self):
        return next(self.feeds, None)


def variant(kind: str, how: str, folder: Path) -> Path:
    """A variant of one of the models, as onnxruntime's tools make it."""
    source, path = folder / f"{kind}.onnx", folder / f"{kind}.{how}.onnx"
    onnx.save(MODELS[kind](), source)
    if how == "same":
        return source
    if how in ("QDQ", "QOperator", "QDQ-signed"):
        from onnxruntime.quantization import QuantType

        signed = QuantType.QInt8 if how.endswith("signed") else QuantType.QUInt8
        form = QuantFormat[how.removesuffix("-signed")]
        quantize_static(source, path, Reader(kind), quant_format=form, activation_type=signed, per_channel=True)
    elif how == "dynamic":
        quantize_dynamic(source, path)
    elif how == "fp16":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), path)
    elif how == "nbits":
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(onnx.load(source), block_size=16, is_symmetric=False)
        quantizer.process()
        quantizer.model.save_model_to_file(str(path), False)
    elif how == "optimised":
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.optimized_model_filepath = str(path)
        ort.InferenceSession(str(source), options)
    return path


def stripped(path: Path, to: Path, *, ports: bool = False) -> Path:
    """The same model without a name that says anything, its nodes in another order."""
    model, shuffle = onnx.load(path), random.Random(7)
    graph = model.graph
    kept = set() if ports else {value.name for value in [*graph.input, *graph.output]}
    names: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if not name or name in kept else names.setdefault(name, f"v{len(names)}")

    for value in [*graph.initializer, *graph.input, *graph.output]:
        value.name = renamed(value.name)
    for node in graph.node:
        node.name = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    del graph.value_info[:]
    there = {value.name for value in [*graph.input, *graph.initializer]} | {""}
    left, order = list(graph.node), []
    while left:
        node = shuffle.choice([node for node in left if there.issuperset(node.input)])
        left.remove(node)
        there.update(node.output)
        order.append(onnx.NodeProto.FromString(node.SerializeToString()))
    del graph.node[:]
    graph.node.extend(order)
    onnx.save(model, to)
    return to
