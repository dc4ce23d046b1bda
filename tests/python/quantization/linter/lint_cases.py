"""For every finding a model that has it and one that is alike and has not: id -> (positive, negative, target)."""

from __future__ import annotations

import json

import numpy as np
from lint_models import Net, normal, qdq_conv
from onnx import TensorProto, helper

LOWEST = np.float32(np.finfo(np.float32).min)


def masked(value, rounded=False):
    """Attention scores plus a mask, then softmax."""
    net = Net(x=[1, 2, 4, 4], m=[1, 1, 1, 4])
    keep = net.op("Greater", "m", net.weight(np.float32(0)))
    mask = net.op("Where", keep, net.weight(np.float32(0)), net.weight(np.float32(value)))
    scores = net.op("Add", net.q("x") if rounded else "x", net.q(mask, 1e36) if rounded else mask)
    net.op("Softmax", net.q(scores, 1e36) if rounded else scores)
    return net.model()


def product(weight, axis="float", opset=21):
    """A matrix product, float or with quantizers."""
    net = Net(opset, x=[4, weight.shape[0]])
    if axis == "float":
        net.op("MatMul", "x", net.weight(weight))
    else:
        net.q(net.op("MatMul", net.q("x"), net.stored(weight, axis)))
    return net.model()


def uneven(factor=200.0):
    """A weight with one channel far larger than the others."""
    made = normal(64, 32)
    made[:, 3] *= factor
    return made


def spiky(size):
    """A weight of which one value in each channel is far larger than the others."""
    made = normal(256, 16)
    made[0] = size
    return made


def normed(gain, rounded=False):
    net = Net(x=[1, 4, 16])
    weights = net.weight(gain), net.weight(np.zeros(16, np.float32))
    made = net.op("LayerNormalization", net.q("x") if rounded else "x", *weights)
    net.q(made) if rounded else net.op("Relu", made)
    return net.model()


GAIN = np.linspace(0.8, 1.2, 16).astype(np.float32)
PEAK = np.where(np.arange(16) == 5, 20, GAIN).astype(np.float32)


def softmax_only(kind):
    net = Net(x=[1, 16])
    net.op(kind, "x")
    return net.model()


def depthwise(axis):
    net = Net()
    weight = normal(8, 1, 3, 3) * np.geomspace(0.01, 10, 8).reshape(8, 1, 1, 1).astype(np.float32)
    made = net.op("Conv", net.q("x"), net.stored(weight, axis), group=8)
    net.q(made)
    return net.model()


def shared(scales):
    net = Net(x=[4, 8])
    stored = net.weight(np.arange(64, dtype=np.int8).reshape(8, 8))
    made = "x"
    for scale in scales:
        dq = net.op("DequantizeLinear", stored, net.weight(np.float32(scale)), net.weight(np.int8(0)))
        made = net.q(net.op("MatMul", net.q(made), dq))
    return net.model()


def wrong_axis(axis):
    net = Net()
    weight = normal(8, 8, 3, 3)
    net.q(net.op("Conv", net.q("x"), net.stored(weight, 0, at=axis)))
    return net.model()


def float_weight(stored, behind):
    net = Net()
    weight = net.stored(normal(4, 8, 3, 3)) if stored else net.weight(normal(4, 8, 3, 3))
    made = net.op("Conv", net.q("x"), weight)
    net.q(made) if behind else net.op("GlobalAveragePool", made)
    return net.model()


def excluded(named):
    """A normalisation between quantizers that the recipe leaves in float, or a convolution that has a grid."""
    net = Net(x=[1, 4, 16])
    weights = net.weight(GAIN), net.weight(np.zeros(16, np.float32))
    net.q(net.op("LayerNormalization", net.q("x"), *weights))
    name = net.nodes[2].name
    net.metadata["haoline.quantization"] = json.dumps({"recipe": {"keep_float": [name] if named else ["other"]}})
    return net.model()


def weights_of(low, dtype=np.int8):
    """Products with int8 weights that fill their grid up to ``low``."""
    net = Net(x=[4, 64])
    weight = np.where(RANDOM.random((64, 16)) < 0.5, -1, 1).astype(np.float32)
    net.q(net.op("MatMul", net.q("x"), net.stored(weight, 1, low=low)))
    return net.model()


RANDOM = np.random.default_rng(1)


def typed(dtype, opset):
    net = Net(opset, x=[4, 8])
    zero = net.weight(helper.make_tensor("z", dtype, [], [0]))
    made = net.op("QuantizeLinear", "x", net.weight(np.float32(0.1)), zero)
    net.op("DequantizeLinear", made, net.weight(np.float32(0.1)), zero)
    return net.model()


def pooled(opset):
    net = Net(opset)
    net.q(net.op("MaxPool", net.q("x"), kernel_shape=[2, 2]))
    return net.model()


def biased(bias, weight_scale):
    """A product with a float bias; its weight of channel 0 is next to nothing."""
    net = Net(x=[4, 8])
    weight = normal(8, 4)
    weight[:, 0] *= weight_scale
    net.op("Gemm", "x", net.weight(weight), net.weight(np.asarray(bias, np.float32)))
    return net.model()


def scaled_bias(factor):
    net = Net(x=[4, 8])
    weight = normal(8, 4)
    scale, _ = net.grid(weight, 1)
    grid = (0.05 * scale * factor).astype(np.float32)
    names = net.weight(np.arange(4, dtype=np.int32)), net.weight(grid), net.weight(np.zeros(4, np.int32))
    bias = net.op("DequantizeLinear", *names, axis=0)
    net.q(net.op("Gemm", net.q("x"), net.stored(weight, 1), bias))
    return net.model()


def branches(both, scale=0.05, kind="Add"):
    net = Net()
    left = qdq_conv(net, net.q("x"), normal(8, 8, 1, 1))
    right = net.op("Conv", net.q("x"), net.stored(normal(8, 8, 1, 1)))
    extra = {"axis": 1} if kind == "Concat" else {}
    net.q(net.op(kind, left, net.q(right, scale) if both else right, **extra))
    return net.model()


def silu(cut):
    net = Net()
    source = net.q("x")
    gate = net.op("Sigmoid", source)
    net.op("Mul", source, net.q(gate, 1 / 256, 0) if cut else gate)
    return net.model()


def hard_swish(cut):
    net = Net()
    shifted = net.op("Add", "x", net.weight(np.float32(3)))
    gate = net.op("Clip", shifted, net.weight(np.float32(0)), net.weight(np.float32(6)))
    made = net.op("Mul", "x", net.q(gate) if cut else gate)
    net.op("Div", made, net.weight(np.float32(6)))
    return net.model()


def from_zero(zero):
    """A convolution whose quantizer begins at zero, as where a ReLU was."""
    net = Net()
    net.q(net.op("Conv", net.q("x"), net.stored(normal(8, 8, 1, 1))), 0.05, zero)
    return net.model()


def symmetric(dtype, zero):
    net = Net()
    made = net.op("Conv", net.q("x", 0.05, zero, dtype), net.stored(normal(8, 8, 1, 1)))
    net.q(made, 0.05, zero, dtype)
    return net.model()


def per_channel_activation(axis):
    net = Net()
    scale = 0.05 if axis is None else np.full(8, 0.05)
    zero = 0 if axis is None else np.zeros(8)
    made = net.op("Conv", net.q("x", scale, zero, np.int8, axis), net.stored(normal(8, 8, 1, 1)))
    net.s8(made)
    return net.model()


def between(kind, **attributes):
    net = Net(x=[1, 8, 6, 6])
    extra = [net.weight(normal(8, 8, 2, 2))] if kind.startswith("Conv") else []
    for _ in range(2):
        net.q(net.op(kind, net.q("x"), *extra, **attributes))
    return net.model()


def averaged(size):
    """Windows of three in steps of two, the last of which holds two values of an even size."""
    net = Net(x=[1, 8, size, size])
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "count_include_pad": 1}
    net.q(net.op("AveragePool", net.q("x"), **window))
    return net.model()


def unquantized_result(closed, dtype=np.uint8, zero=128):
    net = Net()
    made = net.op("Conv", net.q("x", 0.05, zero, dtype), net.stored(normal(8, 8, 1, 1)))
    net.q(made, 0.05, zero, dtype) if closed else net.op("Tanh", made)
    return net.model()


def summed(kind):
    net = Net()
    net.op(kind, net.op("Relu", "x"), net.op("Tanh", "x"))
    return net.model()


def chain(count):
    net = Net(x=[4, 16])
    made = "x"
    for _ in range(count):
        made = net.op("MatMul", made, net.weight(normal(16, 16)))
    return net.model()


def table(rows):
    net = Net(x=[4, 64])
    index = net.op("Cast", net.op("ReduceMax", "x", keepdims=0), to=TensorProto.INT64)
    row = net.op("Gather", net.weight(normal(rows, 64)), index)
    net.op("MatMul", net.op("Add", "x", row), net.weight(normal(64, 64)))
    return net.model()


def shapeless(known):
    net = Net(x=[4, 8])
    made = "x" if known else net.op("Foo", "x", domain="test")
    net.op("MatMul", made, net.weight(normal(8, 8)))
    return net.model()


def batch_norm(folded):
    net = Net()
    made = net.op("Conv", "x", net.weight(normal(8, 8, 1, 1)))
    rest = [net.weight(np.ones(8, np.float32)) for _ in range(4)]
    made if folded else net.op("BatchNormalization", made, *rest)
    net.op("Relu", net.nodes[-1].output[0])
    return net.model()


def trained(missing):
    """Three fake-quantized convolutions; the middle one without its quantizers."""
    net = Net()
    made = net.q("x")
    for at in range(4):
        bare = missing and at == 1
        weight = normal(8, 8, 1, 1)
        if bare:
            made = net.op("Identity", net.op("Tanh", made))
        made = net.op("Conv", made, net.weight(weight) if bare else net.fake(weight))
        made = net.op("Relu", made)
        if not (missing and at == 0):
            made = net.q(made)
    return net.model()


def twice(scales):
    net = Net()
    source = net.op("Tanh", "x")
    net.op("Add", *(net.op("Conv", net.q(source, scale), net.fake(normal(8, 8, 1, 1))) for scale in scales))
    return net.model()


def granular(axes):
    net = Net()
    made = net.q("x")
    for axis in axes:
        made = net.q(net.op("Conv", made, net.fake(normal(8, 8, 1, 1), axis)))
    return net.model()


def ranged(scale, weight=None):
    net = Net()
    values = normal(8, 8, 3, 3)
    net.q(net.op("Conv", net.q("x", scale, 0, np.int8), net.stored(values if weight is None else weight, None)))
    return net.model()


def attention(reader):
    net = Net(x=[1, 2, 4, 4])
    weights = net.op("Softmax", net.op("MatMul", "x", net.op("Transpose", "x", perm=[0, 1, 3, 2])))
    net.op(reader, weights, "x")
    return net.model()


CASES = {
    "mask-sentinel": (lambda: masked(LOWEST), lambda: masked(-30), None),
    "outlier-channels": (lambda: product(uneven()), lambda: product(uneven(1)), None),
    "wide-weight-range": (lambda: product(spiky(300)), lambda: product(spiky(3)), None),
    "norm-gain-outliers": (lambda: normed(PEAK), lambda: normed(GAIN), None),
    "quantized-fragile-op": (lambda: normed(GAIN, True), lambda: normed(GAIN), None),
    "fragile-normalisation": (lambda: normed(GAIN), lambda: softmax_only("Softmax"), None),
    "fragile-softmax": (lambda: softmax_only("Softmax"), lambda: softmax_only("Relu"), None),
    "depthwise-per-tensor": (lambda: depthwise(None), lambda: depthwise(0), None),
    "shared-initializer": (lambda: shared([0.1, 0.2]), lambda: shared([0.1, 0.1]), None),
    "wrong-weight-axis": (lambda: wrong_axis(1), lambda: wrong_axis(0), "tensorrt"),
    "weight-not-quantized": (lambda: float_weight(False, False), lambda: float_weight(True, True), "tensorrt"),
    "ineffective-exclusion": (lambda: excluded(True), lambda: excluded(False), None),
    "u8s8-saturation": (lambda: weights_of(127), lambda: weights_of(64), "cpu"),
    "opset-too-old": (lambda: typed(TensorProto.INT4, 19), lambda: typed(TensorProto.INT4, 21), None),
    "opset-bars-schemes": (lambda: product(normal(8, 8), opset=11), lambda: product(normal(8, 8)), None),
    "opset-without-8-bit-pooling": (lambda: pooled(11), lambda: pooled(13), None),
    "bias-overflow": (lambda: biased([5, 1, 1, 1], 1e-9), lambda: biased([5, 1, 1, 1], 1), None),
    "integer-bias": (lambda: scaled_bias(1), lambda: float_weight(True, True), "tensorrt"),
    "bias-scale": (lambda: scaled_bias(2), lambda: scaled_bias(1), None),
    "one-branch-quantized": (lambda: branches(False), lambda: branches(True), None),
    "scale-mismatch": (lambda: branches(True, 5.0), lambda: branches(True, 0.1), None),
    "split-activation": (lambda: silu(True), lambda: summed("Mul"), None),
    "relu-in-quantizer": (lambda: from_zero(0), lambda: from_zero(128), None),
    "nonzero-zero-point": (lambda: symmetric(np.int8, 3), lambda: symmetric(np.int8, 0), "tensorrt"),
    "unsigned-integers": (lambda: symmetric(np.uint8, 0), lambda: symmetric(np.int8, 0), "tensorrt"),
    "activation-per-channel": (lambda: per_channel_activation(1), lambda: per_channel_activation(None), "tensorrt"),
    "no-quantized-kernel": (lambda: between("ConvTranspose"), lambda: between("Sigmoid"), None),
    "unfused-quantizers": (lambda: unquantized_result(False), lambda: unquantized_result(True), None),
    "average-over-the-end": (lambda: averaged(6), lambda: averaged(7), None),
    "sum-instead-of-add": (lambda: summed("Sum"), lambda: summed("Add"), None),
    "first-last-layer": (lambda: chain(4), lambda: chain(2), None),
    "dynamic-first": (lambda: attention("MatMul"), lambda: attention("Add"), None),
    "float-embedding": (lambda: table(8000), lambda: table(100), None),
    "missing-shapes": (lambda: shapeless(False), lambda: shapeless(True), None),
    "unfolded-batch-norm": (lambda: batch_norm(False), lambda: batch_norm(True), None),
    "missing-fake-quant": (lambda: trained(True), lambda: trained(False), None),
    "inconsistent-fake-quant": (lambda: twice([0.05, 0.1]), lambda: twice([0.05, 0.05]), None),
    "mixed-granularity": (lambda: granular([0, None, 0]), lambda: granular([0, 0, 0]), None),
    "suspicious-range": (lambda: ranged(1.0), lambda: ranged(0.02), None),
}
