"""No scope holds more than can be read, whatever the file looks like."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from structure_models import Builder, assert_flows_one_way, assert_sound, fullest, stripped, tangle, transformer

from haoline_analysis import open_model
from haoline_analysis.structure import build_scopes
from haoline_analysis.structure.groups import CROWDED, LIMIT

MANY = 5000


def of(proto):
    model = open_model(proto)
    return model, build_scopes(model)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_tangle_without_any_repeat(seed):
    model, scopes = of(tangle(20_000, seed))
    assert_sound(model, scopes)
    assert max(scopes.depth) <= 8


def chain(count: int):
    b = Builder()
    x = "x"
    for _ in range(count):
        x = b.op("Relu", "", x)
    return b.model(["x"], x)


def star(count: int):
    """One value that everything reads."""
    b = Builder()
    x = b.op("Relu", "", "x")
    return b.model(["x"], [b.op("Neg", "", x) for _ in range(count)][-1])


def funnel(count: int):
    """One op that reads everything."""
    b = Builder()
    return b.model(["x"], b.op("Sum", "", *[b.op("Neg", "", "x") for _ in range(count)]))


def many_inputs(count: int):
    b = Builder()
    names = [f"in{i}" for i in range(count)]
    return b.model(names, b.op("Sum", "", *[b.op("Neg", "", name) for name in names]))


def nested_skips(count: int):
    """The first value is read last, the second last but one, and so on: a region in a region in a region."""
    b = Builder()
    made = ["x"]
    for _ in range(count // 2):
        made.append(b.op("Relu", "", made[-1]))
    x = made[-1]
    for value in reversed(made):
        x = b.op("Add", "", x, value)
    return b.model(["x"], x)


def ladder(count: int):
    """Every op reads the two before it: nowhere does a single value pass."""
    b = Builder()
    made = ["x", b.op("Relu", "", "x")]
    for _ in range(count):
        made.append(b.op("Add", "", made[-1], made[-2]))
    return b.model(["x"], made[-1])


def constants(count: int):
    b = Builder()
    values = [b.op("Constant", "", value_float=1.0) for _ in range(count)]
    return b.model(["x"], b.op("Sum", "", "x", *values))


@pytest.mark.parametrize("make", [chain, star, funnel, many_inputs, nested_skips, ladder, constants])
def test_graphs_that_no_network_looks_like(make):
    model, scopes = of(stripped(make(MANY)))
    assert_sound(model, scopes)
    assert max(scopes.depth) <= 16


def test_equal_pieces_of_a_uniform_row_are_one_structure():
    _, scopes = of(stripped(chain(MANY)))
    (repeat,) = [repeat for repeat in scopes.repeats() if repeat.parent == 0]
    assert len(repeat.scopes) >= len(scopes.children()[0]) - 1


def crowded_module(count: int):
    """Two modules; a tangle without names of its own lies in the first."""
    b = Builder()
    x = b.op("Relu", "/net/first/inner", b.op("Exp", "/net/first/inner", "x"))
    made = [x]
    rng = np.random.default_rng(0)
    for _ in range(count):
        first, second = (made[max(0, len(made) - int(step))] for step in rng.geometric(0.3, 2))
        made.append(b.op(str(rng.choice(["Add", "Mul", "Sub"])), "/net/first", first, second))
    y = b.op("Neg", "/net/second", b.op("Tanh", "/net/second", made[-1]))
    return b.model(["x"], b.op("Abs", "/net/second", y))


def test_a_crowded_module_keeps_its_name_and_gets_groups_inside():
    model, scopes = of(crowded_module(500))
    assert scopes.source == "names"
    first = scopes.path.index("net/first")
    assert {"net/first", "net/second", "net/first/inner"} <= set(scopes.path)
    inside = [row for row in range(len(scopes)) if scopes.path[row].startswith("net/first/")]
    assert all(any(up == first for up in above(scopes, row)) for row in inside)
    assert fullest(model, scopes) <= LIMIT
    assert_flows_one_way(model, scopes)
    assert scopes.inclusive(np.ones(len(model.ops)))[first] == 502


def above(scopes, row):
    while row > 0:
        row = int(scopes.parent[row])
        yield row


@pytest.mark.parametrize("count", [30, CROWDED - 1])
def test_a_module_that_can_be_read_is_left_as_the_file_has_it(count):
    _, scopes = of(crowded_module(count))
    assert set(scopes.path) == {"", "net", "net/first", "net/first/inner", "net/second"}


def test_named_layers_are_no_crowd_however_many():
    """A thousand equal layers are one run; they stay where the file has them."""
    _, scopes = of(transformer(100))
    assert [name for name in scopes.name if name.startswith("layers.")] == [f"layers.{i}" for i in range(100)]
    assert {int(scopes.parent[row]) for row, name in enumerate(scopes.name) if name.startswith("layers.")} == {0}


def looping(body_ops: int):
    """A Loop whose body is one long chain."""
    b = Builder()
    x = "state_in"
    for _ in range(body_ops):
        x = b.op("Relu", "", x)
    value = helper.make_tensor_value_info
    nodes = [helper.make_node("Identity", ["cond_in"], ["cond_out"]), *b.nodes]
    body = helper.make_graph(
        nodes,
        "body",
        [
            value("step", TensorProto.INT64, []),
            value("cond_in", TensorProto.BOOL, []),
            value("state_in", TensorProto.FLOAT, [4]),
        ],
        [value("cond_out", TensorProto.BOOL, []), value(x, TensorProto.FLOAT, [4])],
    )
    outer = [helper.make_node("Relu", ["x"], ["h"])]
    outer.append(helper.make_node("Loop", ["trips", "", "h"], ["y"], name="repeat", body=body))
    trips = helper.make_tensor("trips", TensorProto.INT64, [], [3])
    graph = helper.make_graph(
        outer, "g", [value("x", TensorProto.FLOAT, [4])], [value("y", TensorProto.FLOAT, [4])], [trips]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_the_body_of_a_loop_may_be_crowded_too():
    model, scopes = of(looping(800))
    body = scopes.path.index("repeat/body")
    assert len(scopes.children()[body]) > 1
    held = [row for op, row in zip(model.ops, scopes.op_scope.tolist(), strict=True) if op.parent >= 0]
    assert all(row == body or body in above(scopes, row) for row in held)
    assert fullest(model, scopes) <= LIMIT


def test_a_loop_stays_with_its_body():
    """Between a control-flow op and the ops it runs there is no cut."""
    proto = looping(3)
    tail = [helper.make_node("Relu", [f"t{i - 1}" if i else "y"], [f"t{i}"]) for i in range(200)]
    proto.graph.node.extend(tail)
    proto.graph.output[0].name = "t199"
    model, scopes = of(proto)
    loop = next(i for i, op in enumerate(model.ops) if op.type == "Loop")
    body = next(row for row, path in enumerate(scopes.path) if path.endswith("body"))
    assert int(scopes.op_scope[loop]) in {int(scopes.parent[body]), *above(scopes, body)}
    assert_flows_one_way(model, scopes)


def test_constants_lie_with_the_group_that_reads_them():
    b = Builder()
    x = "x"
    for _ in range(200):
        x = b.op("Add", "", x, b.op("Exp", "", b.op("Constant", "", value_float=2.0)))
    model, scopes = of(stripped(b.model(["x"], x)))
    for index, op in enumerate(model.ops):
        for tensor in op.outputs:
            readers = model.tensors[tensor].consumers
            if op.type in ("Exp", "Constant") and readers:
                assert {int(scopes.op_scope[reader]) for reader in readers} == {int(scopes.op_scope[index])}
