"""What an exporter computed once for all blocks does not make the first block differ."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis import open_model
from haoline_analysis.structure import build_scopes

WIDTH = 64


def op(kind: str, scope: str, inputs: list[str]) -> tuple[str, object]:
    name = f"{scope}/{kind}"
    return f"{name}_out", helper.make_node(kind, inputs, [f"{name}_out"], name=name)


def opened(nodes, weights, output):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, WIDTH]) for name in ("x", "mask", output)]
    tensors = [numpy_helper.from_array(np.ones((WIDTH, WIDTH), np.float32), name) for name in weights]
    return open_model(helper.make_model(helper.make_graph(nodes, "g", values[:2], values[2:], tensors)))


def layers(count: int):
    """Layers that add a mask to a product; the mask is prepared in the first layer only."""
    nodes, x, mask = [], "x", ""
    for index in range(count):
        scope = f"/layers.{index}"
        if not mask:
            turned, node = op("Neg", scope, ["mask"])
            mask, second = op("Exp", scope, [turned])
            nodes += [node, second]
        product, node = op("MatMul", scope, [x, f"w{index}"])
        nodes.append(node)
        x, node = op("Add", scope, [product, mask])
        nodes.append(node)
    return nodes, [f"w{index}" for index in range(count)], x


def test_a_mask_made_in_the_first_layer_belongs_to_the_model():
    scopes = build_scopes(opened(*layers(4)))
    (repeat,) = scopes.repeats(min_ops=2)
    assert [scopes.path[scope] for scope in repeat.scopes] == [f"layers.{index}" for index in range(4)]
    assert scopes.op_scope[:2].tolist() == [0, 0]


def test_a_value_that_one_other_layer_reads_stays_where_it_is():
    nodes, weights, last = layers(2)
    scopes = build_scopes(opened(nodes, weights, last))
    assert scopes.path[scopes.op_scope[0]] == "layers.0"


def test_real_work_stays_in_its_layer_however_many_read_it():
    """As in a densely connected network, where every layer reads the products of all before it."""
    nodes, made = [], []
    for index in range(4):
        scope = f"/layers.{index}"
        total, node = op("Sum", scope, ["x", *made])
        product, second = op("MatMul", scope, [total, f"w{index}"])
        nodes += [node, second]
        made.append(product)
    scopes = build_scopes(opened(nodes, [f"w{index}" for index in range(4)], made[-1]))
    assert [scopes.path[scope] for scope in scopes.op_scope] == [f"layers.{i}" for i in range(4) for _ in range(2)]


def test_constants_of_equal_shape_are_equal_structure_whatever_their_names():
    nodes, x = [], "x"
    for index in range(3):
        value = numpy_helper.from_array(np.full((WIDTH,), index, np.float32), f"only_here_{index}")
        nodes.append(helper.make_node("Constant", [], [f"c{index}"], name=f"/layers.{index}/Constant", value=value))
        x, node = op("Add", f"/layers.{index}", [x, f"c{index}"])
        nodes.append(node)
        x, node = op("Relu", f"/layers.{index}", [x])
        nodes.append(node)
    scopes = build_scopes(opened(nodes, [], x))
    assert len(set(scopes.structure[1:].tolist())) == 1
