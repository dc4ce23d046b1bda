"""ResNet-18 with random weights, named as torch 1.x exported it: the ONNX models behind the engines in ``engines/``.

Nodes, input and output bear the names that the engines' layers state, so that engine and model can be laid over each
other: plain with batch norms folded into the convolutions, for the FP32 and FP16 engines; quantized with Q/DQ before
every convolution and a batch norm behind it, for the INT8 engine. Nothing can be said of their accuracy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BATCH, CLASSES = 32, 1000
INPUT, OUTPUT, QUANTIZED_OUTPUT = "input.1", "191", "422"
STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))
"""Channels and stride of the first block of each stage; two blocks a stage."""


class _Graph:
    """Nodes numbered as they are made, as the exporter of torch 1.x numbers them."""

    def __init__(self, quantized: bool) -> None:
        self.quantized = quantized
        self.rng = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """Append a node and return its output."""
        name = f"{kind}_{len(self.nodes)}"
        made = f"{name}_output"
        self.nodes.append(helper.make_node(kind, inputs, [made], name, **attributes))
        return made

    def store(self, name: str, *shape: int) -> str:
        """Random weights; a matrix or kernel keeps the size of what passes it (He et al. 2015)."""
        scale = (2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.05
        array = self.rng.normal(0, scale, shape).astype(np.float32)
        if len(shape) == 1 and not name.endswith(("bias", "mean")):  # scales and variances
            array = np.abs(array) + np.float32(0.01)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def constant(self, array: np.ndarray) -> str:
        """A Constant node."""
        return self.add("Constant", [], value=numpy_helper.from_array(array))

    def quantize(self, tensor: str, weight: str, channels: int) -> tuple[str, str]:
        """An activation and a weight behind Q/DQ pairs: one scale for the one, one a channel for the other."""
        step, zero = np.float32(0.05), np.int8(0)
        quantized = self.add("QuantizeLinear", [tensor, self.constant(step), self.constant(zero)])
        restored = self.add("DequantizeLinear", [quantized, self.constant(step), self.constant(zero)])
        scale = self.store(f"{weight}_scale", channels)
        zeros = self.constant(np.zeros(channels, np.int8))
        packed = self.add("QuantizeLinear", [weight, scale, zeros], axis=0)
        return restored, self.add("DequantizeLinear", [packed, scale, zeros], axis=0)

    def conv(self, tensor: str, module: str, channels: tuple[int, int], kernel: int, stride: int = 1) -> str:
        """A convolution that keeps its input's size, but for the stride."""
        reads = [tensor, self.store(f"{module}.weight", channels[1], channels[0], kernel, kernel)]
        if self.quantized:
            reads = [*self.quantize(*reads, channels[1])]
        else:
            reads.append(self.store(f"{module}.bias", channels[1]))
        pad = kernel // 2
        shape = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
        made = self.add("Conv", reads, dilations=[1, 1], group=1, **shape)
        if not self.quantized:
            return made
        norms = [self.store(f"{module}.bn.{part}", channels[1]) for part in ("weight", "bias", "mean", "var")]
        return self.add("BatchNormalization", [made, *norms])

    def block(self, tensor: str, module: str, channels: tuple[int, int], stride: int) -> str:
        """Two convolutions and what goes around them."""
        inner = self.add("Relu", [self.conv(tensor, f"{module}.conv1", channels, 3, stride)])
        branch = self.conv(inner, f"{module}.conv2", (channels[1], channels[1]), 3)
        around = tensor
        if channels[0] != channels[1]:
            around = self.conv(tensor, f"{module}.downsample.0", channels, 1, stride)
        return self.add("Relu", [self.add("Add", [branch, around])])


def resnet18(target: Path, batch: int = BATCH, *, quantized: bool = False) -> Path:
    """Write ResNet-18, plain or quantized, unless it is there."""
    if target.exists():
        return target
    graph = _Graph(quantized)
    tensor = graph.add("Relu", [graph.conv(INPUT, "conv1", (3, 64), 7, 2)])
    tensor = graph.add("MaxPool", [tensor], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    before = 64
    for stage, (channels, stride) in enumerate(STAGES, 1):
        tensor = graph.block(tensor, f"layer{stage}.0", (before, channels), stride)
        tensor = graph.block(tensor, f"layer{stage}.1", (channels, channels), 1)
        before = channels
    tensor = graph.add("Flatten", [graph.add("GlobalAveragePool", [tensor])], axis=1)
    weight, bias = graph.store("fc.weight", CLASSES, before), graph.store("fc.bias", CLASSES)
    if quantized:
        tensor, weight = graph.quantize(tensor, weight, CLASSES)
    graph.add("Gemm", [tensor, weight, bias], transB=1)
    graph.nodes[-1].output[0] = QUANTIZED_OUTPUT if quantized else OUTPUT
    _write(graph, target, batch)
    return target


def _write(graph: _Graph, target: Path, batch: int) -> None:
    fed = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [batch, 3, 224, 224])
    made = helper.make_tensor_value_info(graph.nodes[-1].output[0], TensorProto.FLOAT, [batch, CLASSES])
    body = helper.make_graph(graph.nodes, "resnet18", [fed], [made], graph.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, target)


if __name__ == "__main__":
    print(resnet18(Path("resnet18.onnx")))
    print(resnet18(Path("resnet18-qat.onnx"), quantized=True))
