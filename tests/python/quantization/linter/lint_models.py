"""Small models for the rules of quantization: float ones, and the same between quantizers."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.quantization import lint
from haoline_analysis.quantization.linter import LintFinding

F = TensorProto.FLOAT
RNG = np.random.default_rng(0)
TYPES = {"int4": TensorProto.INT4, "float8": TensorProto.FLOAT8E4M3FN}


class Net:
    """A graph that grows op by op; each call returns the name of what the op makes."""

    def __init__(self, opset=21, **inputs):
        self.opset, self.nodes, self.weights, self.metadata = opset, [], [], {}
        self.inputs = [
            helper.make_tensor_value_info(name, F, shape) for name, shape in (inputs or {"x": [1, 8, 6, 6]}).items()
        ]

    def weight(self, value, name=None):
        """A stored tensor; a TensorProto is kept as it is."""
        name = name or f"w{len(self.weights)}"
        made = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value), name)
        made.name = name
        self.weights.append(made)
        return name

    def op(self, kind, *inputs, outputs=1, domain="", **attributes):
        made = [f"{kind.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, made, name=name, domain=domain, **attributes))
        return made[0]

    def q(self, tensor, scale=0.05, zero=128, dtype=np.uint8, axis=None):
        """A tensor quantized and dequantized."""
        extra = {} if axis is None else {"axis": axis}
        grid = self.weight(np.float32(scale)), self.weight(np.asarray(zero, dtype))
        return self.op("DequantizeLinear", self.op("QuantizeLinear", tensor, *grid, **extra), *grid, **extra)

    def s8(self, tensor, scale=0.05):
        """A tensor on a symmetric signed grid."""
        return self.q(tensor, scale, 0, np.int8)

    def grid(self, values, axis=0, low=127):
        """Symmetric int8 scale and integers of a weight, per channel of ``axis``; per tensor for None."""
        others = None if axis is None else tuple(i for i in range(values.ndim) if i != axis)
        peaks = np.abs(values).max(others)
        scale = np.where(peaks > 0, peaks, 1).astype(np.float32) / low
        spread = scale if axis is None else scale.reshape([-1 if i == axis else 1 for i in range(values.ndim)])
        return scale, np.clip(np.rint(values / spread), -low, low).astype(np.int8)

    def stored(self, values, axis=0, low=127, scale=None, at=None):
        """A weight stored as int8 behind a DequantizeLinear."""
        found, integers = self.grid(values, axis, low)
        found = found if scale is None else np.asarray(scale, np.float32)
        zero = np.zeros_like(found, np.int8)
        extra = {} if axis is None else {"axis": axis if at is None else at}
        names = self.weight(integers), self.weight(found), self.weight(zero)
        return self.op("DequantizeLinear", *names, **extra)

    def fake(self, values, axis=0):
        """A float weight behind a fake quantizer, as training exports it."""
        found, _ = self.grid(values, axis)
        extra = {} if axis is None else {"axis": axis}
        names = self.weight(found), self.weight(np.zeros_like(found, np.int8))
        return self.op(
            "DequantizeLinear", self.op("QuantizeLinear", self.weight(values), *names, **extra), *names, **extra
        )

    def model(self, *outputs):
        ends = [helper.make_tensor_value_info(name, F, None) for name in outputs or [self.nodes[-1].output[0]]]
        graph = helper.make_graph(self.nodes, "g", self.inputs, ends, self.weights)
        domains = {"": self.opset, **{node.domain: 1 for node in self.nodes if node.domain}}
        opsets = [helper.make_opsetid(domain, version) for domain, version in domains.items()]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        helper.set_model_props(made, self.metadata)
        return made


def normal(*shape, scale=1.0):
    """Normally distributed float32."""
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def findings(model, target=None, **options):
    """The findings of a model, several of one id in a list, each checked for completeness."""
    report = lint(model, target=target, **options)
    held: dict[str, list[LintFinding]] = {}
    for finding in report.findings:
        assert all((finding.title, finding.evidence, finding.advice, finding.why, finding.source))
        assert all(0 <= row < len(report.risks) for row in finding.ops)
        held.setdefault(finding.id, []).append(finding)
    return held


def op_names(model, finding, target=None):
    """Names of the ops that a finding concerns."""
    names = lint(model, target=target).report.tables["ops"]["name"].values
    return [names[row] for row in finding.ops]


def conv_net(weight=None, **attributes):
    """Float: convolution, ReLU, convolution, global pooling."""
    net = Net()
    channels = attributes.get("group", 1)
    first = net.op("Conv", "x", net.weight(normal(8, 8 // channels, 3, 3) if weight is None else weight), **attributes)
    second = net.op("Conv", net.op("Relu", first), net.weight(normal(4, 8, 1, 1)))
    net.op("GlobalAveragePool", second)
    return net.model()


def qdq_conv(net, tensor, values, axis=0, scale=0.05, **attributes):
    """A convolution as a quantizer leaves it: weight per channel, operand and result on grids."""
    made = net.op("Conv", tensor, net.stored(values, axis, **attributes))
    return net.q(made, scale)
