"""Precision of compute and of weights."""

from __future__ import annotations

import pytest
from cost_models import count, one_op, proto, tensor, weight
from onnx import TensorProto, helper

INT8, INT4 = TensorProto.INT8, TensorProto.INT4


@pytest.mark.parametrize(
    ("dtype", "short"), [(TensorProto.FLOAT, "fp32"), (TensorProto.FLOAT16, "fp16"), (TensorProto.BFLOAT16, "bf16")]
)
def test_plain_ops_compute_in_their_inputs_type(dtype, short):
    counted = one_op("MatMul", {"x": ([2, 8], dtype)}, {"w": ([8, 3], dtype)})
    assert counted.column("precision") == [short]
    assert counted.column("weight_precision") == [short]


def quantized(weight_type: int, *, activation: bool):
    """A product of a dequantized weight with a plain or a quantized and dequantized activation."""
    nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["wf"])]
    source = "x"
    if activation:
        nodes += [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
                  helper.make_node("DequantizeLinear", ["q", "s", "z"], ["xf"])]  # fmt: skip
        source = "xf"
    nodes.append(helper.make_node("MatMul", [source, "wf"], ["y"]))
    weights = [weight("w", [8, 4], weight_type), weight("s", []), weight("z", [], INT8)]
    return count(proto(nodes, [tensor("x", [2, 8])], weights))


def test_ops_between_dequantizers_compute_in_int8():
    counted = quantized(INT8, activation=True)
    assert counted.of("MatMul", "precision") == "int8"
    assert counted.of("MatMul", "weight_precision") == "int8"


def test_weight_only_quantization_computes_in_the_activations_type():
    counted = quantized(INT4, activation=False)
    assert counted.of("MatMul", "precision") == "fp32"
    assert counted.of("MatMul", "weight_precision") == "int4"


def test_an_elementwise_op_is_int8_only_if_quantized_again():
    nodes = [
        helper.make_node("DequantizeLinear", ["a", "s"], ["af"]),
        helper.make_node("DequantizeLinear", ["b", "s"], ["bf"]),
        helper.make_node("Add", ["af", "bf"], ["c"]),
        helper.make_node("QuantizeLinear", ["c", "s", "z"], ["y"]),
    ]
    inputs = [tensor("a", [4], INT8), tensor("b", [4], INT8)]
    weights = [weight("s", []), weight("z", [], INT8)]
    assert count(proto(nodes, inputs, weights)).of("Add", "precision") == "int8"
    nodes[-1] = helper.make_node("Neg", ["c"], ["y"])
    assert count(proto(nodes, inputs, weights[:1])).of("Add", "precision") == "fp32"
