"""Bytes per op, and what is really moved."""

from __future__ import annotations

import numpy as np
from cost_models import count, ints, one_op, proto, tensor, weight
from onnx import TensorProto, helper


def test_activations_and_weights_are_kept_apart():
    counted = one_op("MatMul", {"x": [4, 8]}, {"w": [8, 2]})
    assert counted.column("input_bytes") == [4 * 8 * 4]
    assert counted.column("output_bytes") == [4 * 2 * 4]
    assert counted.column("activation_bytes") == [4 * 10 * 4]
    assert counted.column("bytes_moved") == [4 * 10 * 4 + 64]
    assert counted.column("intensity") == [2 * 4 * 8 * 2 / (4 * 10 * 4 + 64)]


def test_a_gather_reads_only_its_rows():
    nodes = [helper.make_node("Gather", ["w", "i"], ["y"])]
    counted = count(proto(nodes, [tensor("i", [5], TensorProto.INT64)], [weight("w", [1000, 16])]))
    assert counted.column("weight_bytes") == [64000]
    assert counted.column("bytes_moved") == [5 * 8 + 2 * 5 * 64]


def test_a_tensor_read_twice_by_one_op_is_read_once():
    nodes = [helper.make_node("Mul", ["x", "x"], ["y"])]
    assert count(proto(nodes, [tensor("x", [10])])).column("input_bytes") == [40]


def test_views_move_nothing_and_have_no_intensity():
    counted = count(proto([helper.make_node("Reshape", ["x", "s"], ["y"])], [tensor("x", [3, 4])], [ints("s", 12)]))
    assert counted.column("bytes_moved") == [0]
    assert np.isnan(counted.column("intensity")[0])
