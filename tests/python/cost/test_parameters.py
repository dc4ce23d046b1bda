"""What counts as a parameter, what only as bytes, and where."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cost_models import MS, count, ints, one_op, proto, tensor, weight
from onnx import TensorProto, helper, numpy_helper

INT8, INT4, BF16, FP8 = TensorProto.INT8, TensorProto.INT4, TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN


def conformance(material):
    return json.loads((material / "conformance-flops/expect.json").read_text())


def test_conformance_models_are_exact(material):
    expected = conformance(material)
    assert len(expected) == 42
    wrong = {}
    for name, truth in expected.items():
        counted = count(
            material / f"conformance-flops/{name}.onnx", {"B": 3, "S": 5} if name == "dyn_batch_matmul" else None
        )
        macs = truth["macs"]
        if isinstance(macs, list):
            assert counted.macs == max(macs)
            found = list(counted.costs.ranges["macs"])
        else:
            found = counted.macs
            macs = 8192 * 3 * 5 if isinstance(macs, str) else macs
        if (found, counted.parameters) != (macs, truth["params"]) or counted.costs.gaps:
            wrong[name] = (found, macs, counted.parameters, truth["params"], counted.costs.gaps)
    assert wrong == {}


@pytest.mark.parametrize(
    ("dtype", "nbytes"), [(BF16, 2 * 63), (FP8, 63), (INT4, 32), (INT8, 63), (TensorProto.FLOAT, 4 * 63)]
)
def test_storage_is_counted_as_stored(dtype, nbytes):
    weights = [weight("w", [7, 9], dtype)]
    if dtype in (INT4, INT8, FP8):
        weights.append(weight("s", []))
        nodes = [helper.make_node("DequantizeLinear", ["w", "s"], ["f"]), helper.make_node("MatMul", ["x", "f"], ["y"])]
        nbytes += 4
    else:
        nodes = [helper.make_node("Cast", ["w"], ["f"], to=1), helper.make_node("MatMul", ["x", "f"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [2, 7])], weights))
    assert counted.parameters == 63
    assert counted.weight_bytes == nbytes
    assert counted.of("MatMul", "parameters") == 63  # at the op that works with them


def test_a_shared_weight_counts_once_at_its_first_user():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [2, 8])], [weight("w", [8, 8])]))
    assert counted.column("parameters") == [64, 0]
    assert counted.column("weight_bytes") == [256, 0]
    assert counted.column("bytes_moved") == [64 + 256 + 64, 64 + 256 + 64]  # both read it


def test_weights_in_constant_nodes_count():
    value = numpy_helper.from_array(np.ones((8, 3), np.float32))
    nodes = [helper.make_node("Constant", [], ["w"], value=value), helper.make_node("MatMul", ["x", "w"], ["y"])]
    assert count(proto(nodes, [tensor("x", [2, 8])])).of("MatMul", "parameters") == 24


def test_filled_weights_count_only_where_layers_keep_theirs_so():
    fill = helper.make_node("ConstantOfShape", ["n"], ["w"])
    layer = proto([fill, helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor("x", [2, 8])], [ints("n", 8, 3)])
    assert count(layer).parameters == 24
    zeros = proto([fill, helper.make_node("Add", ["x", "w"], ["y"])], [tensor("x", [8, 3])], [ints("n", 8, 3)])
    assert count(zeros).parameters == 0


def test_batch_norm_statistics_are_bytes_not_parameters():
    counted = one_op("BatchNormalization", {"x": [1, 6, 4, 4]}, {name: [6] for name in ("g", "b", "m", "v")})
    assert counted.parameters == 12
    assert counted.weight_bytes == 4 * 24
    assert counted.macs == 0


def test_lone_numbers_are_settings_and_vectors_are_weights():
    nodes = [helper.make_node("Div", ["x", "root"], ["a"]), helper.make_node("Mul", ["a", "gamma"], ["b"]),
             helper.make_node("Add", ["b", "beta"], ["y"])]  # fmt: skip
    weights = [weight("root", [1]), weight("gamma", [8]), weight("beta", [8])]
    assert count(proto(nodes, [tensor("x", [2, 8])], weights)).column("parameters") == [0, 8, 8]


def test_the_bias_of_a_single_output_counts():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])]
    assert count(proto(nodes, [tensor("x", [2, 8])], [weight("w", [8, 1]), weight("b", [1])])).parameters == 9


def test_inverse_frequencies_are_not_parameters():
    nodes = [helper.make_node("Mul", ["p", "f"], ["a"]), helper.make_node("Concat", ["a", "a"], ["c"], axis=-1),
             helper.make_node("Cos", ["c"], ["y"])]  # fmt: skip
    counted = count(proto(nodes, [tensor("p", [1, 6, 1])], [weight("f", [4])]))
    assert (counted.parameters, counted.weight_bytes) == (0, 16)
    learned = [helper.make_node("Mul", ["p", "f"], ["a"]), helper.make_node("Relu", ["a"], ["y"])]
    assert count(proto(learned, [tensor("p", [1, 6, 1])], [weight("f", [4])])).parameters == 4


def test_rotary_tables_are_not_parameters_but_embeddings_are():
    nodes = [helper.make_node("Gather", ["cos", "p"], ["c"]), helper.make_node("Gather", ["sin", "p"], ["s"]),
             helper.make_node("Neg", ["x"], ["r"]), helper.make_node("Mul", ["x", "c"], ["xc"]),
             helper.make_node("Mul", ["r", "s"], ["xs"]), helper.make_node("Add", ["xc", "xs"], ["y"])]  # fmt: skip
    inputs = [tensor("p", [6], TensorProto.INT64), tensor("x", [6, 4])]
    assert count(proto(nodes, inputs, [weight("cos", [32, 4]), weight("sin", [32, 4])])).parameters == 0
    scaled = [nodes[0], helper.make_node("Mul", ["c", "k"], ["y"])]
    assert count(proto(scaled, inputs[:1], [weight("cos", [32, 4]), weight("k", [])])).parameters == 128


def test_causal_masks_are_not_parameters_but_position_biases_are():
    def attention(shape):
        nodes = [helper.make_node("Add", ["x", "m"], ["s"]), helper.make_node("Softmax", ["s"], ["y"])]
        return count(proto(nodes, [tensor("x", [2, 4, 6, 6])], [weight("m", shape)])).parameters

    assert attention([1, 1, 6, 6]) == 0
    assert attention([1, 4, 6, 6]) == 144


def test_packed_embeddings_count_what_they_stand_for():
    nodes = [helper.make_node("GatherBlockQuantized", ["w", "i", "s"], ["y"], domain=MS, bits=4, block_size=16)]
    weights = [weight("w", [10, 16], TensorProto.UINT8), weight("s", [10, 2])]
    counted = count(proto(nodes, [tensor("i", [3], TensorProto.INT64)], weights))
    assert counted.parameters == 320
    assert counted.weight_bytes == 160 + 80


def test_unused_initializers_are_reported_apart():
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [2, 8])], [weight("w", [8, 3]), weight("dead", [100])]))
    assert (counted.parameters, counted.weight_bytes) == (24, 96)
    assert [(item.elements, item.nbytes) for item in counted.costs.count.unused_initializers] == [(100, 400)]


def test_scanned_weights_count():
    body = helper.make_graph(
        [helper.make_node("MatMul", ["h", "w"], ["o"])],
        "b",
        [tensor("h", [2, 8]), tensor("w", [8, 8])],
        [tensor("o", [2, 8])],
    )  # fmt: skip
    node = helper.make_node("Scan", ["x", "stack"], ["y"], body=body, num_scan_inputs=1)
    counted = count(proto([node], [tensor("x", [2, 8])], [weight("stack", [5, 8, 8])]))
    assert counted.parameters == 5 * 64
    assert counted.macs == 5 * 2 * 64
