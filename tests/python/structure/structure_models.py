"""Graphs for the tests of structure: transformers with and without names, tangles, and what must hold of any tree."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from haoline_analysis.structure.dataflow import carrying, computing
from haoline_analysis.structure.groups import LIMIT
from haoline_analysis.structure.hashing import Wiring
from haoline_analysis.structure.tree import lowest_common

WIDTH = 64
WEIGHT = np.ones((WIDTH, WIDTH), np.float32)


class Builder:
    """Grows a graph; op names follow the scope, unless there are to be none."""

    def __init__(self) -> None:
        self.nodes: list = []
        self.weights: list = []

    def op(self, kind: str, scope: str, *inputs: str, outputs: int = 1, **attributes) -> str:
        name = f"{scope}/{kind}_{len(self.nodes)}"
        made = [f"{name}_out{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, made, name=name, **attributes))
        return made[0]

    def linear(self, scope: str, x: str) -> str:
        self.weights.append(numpy_helper.from_array(WEIGHT, f"{scope}.weight_{len(self.weights)}"))
        return self.op("MatMul", scope, x, self.weights[-1].name)

    def norm(self, scope: str, x: str) -> str:
        square = self.op("Mul", scope, x, x)
        mean = self.op("ReduceMean", scope, square)
        return self.op("Div", scope, x, self.op("Sqrt", scope, mean))

    def model(self, inputs: list[str], output: str) -> ModelProto:
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "net",
            [value(name, TensorProto.FLOAT, [4, WIDTH]) for name in inputs],
            [value(output, TensorProto.FLOAT, None)],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def transformer(layers: int, experts: int = 0) -> ModelProto:
    """Pre-norm decoder; the mask and the rotary angles are worked out in the midst of the first layer."""
    b = Builder()
    b.weights.append(numpy_helper.from_array(np.ones((100, WIDTH), np.float32), "embed.table"))
    x = b.op("Gather", "/embed", "embed.table", "x")
    mask = cos = sin = ""
    for index in range(layers):
        layer = f"/layers.{index}"
        h = b.norm(f"{layer}/norm1", x)
        q, k, v = (b.linear(f"{layer}/attn", h) for _ in range(3))
        if not mask:
            angle = b.op("Neg", "/rotary", "positions")
            cos, sin = b.op("Cos", "/rotary", angle), b.op("Sin", "/rotary", angle)
            mask = b.op("Sub", "/mask", b.op("Abs", "/mask", "mask"), "mask")
        q, k = (rotated(b, f"{layer}/attn", side, cos, sin) for side in (q, k))
        scores = b.op("MatMul", f"{layer}/attn", q, b.op("Transpose", f"{layer}/attn", k))
        shares = b.op("Softmax", f"{layer}/attn", b.op("Add", f"{layer}/attn", scores, mask))
        x = b.op("Add", layer, x, b.linear(f"{layer}/attn", b.op("MatMul", f"{layer}/attn", shares, v)))
        h = b.norm(f"{layer}/norm2", x)
        x = b.op("Add", layer, x, moe(b, f"{layer}/mlp", h, experts) if experts else mlp(b, f"{layer}/mlp", h))
    return b.model(["x", "positions", "mask"], b.linear("/head", b.norm("/norm", x)))


def rotated(b: Builder, scope: str, x: str, cos: str, sin: str) -> str:
    turned = b.op("Mul", scope, b.op("Neg", scope, x), sin)
    return b.op("Add", scope, b.op("Mul", scope, x, cos), turned)


def mlp(b: Builder, scope: str, h: str) -> str:
    gate = b.op("Sigmoid", scope, b.linear(scope, h))
    return b.linear(scope, b.op("Mul", scope, gate, b.linear(scope, h)))


def moe(b: Builder, scope: str, h: str, experts: int) -> str:
    top = b.op("TopK", scope, b.op("Softmax", scope, b.linear(scope, h)), "k", outputs=2)
    if not any(weight.name == "k" for weight in b.weights):
        b.weights.append(numpy_helper.from_array(np.array([2], np.int64), "k"))
    done = [b.op("Mul", f"{scope}/experts.{i}", mlp(b, f"{scope}/experts.{i}", h), top) for i in range(experts)]
    return b.op("Sum", scope, *done)


def stripped(model: ModelProto) -> ModelProto:
    """The same graph with nothing left of its names; graphs inside ops are not touched."""
    known: dict[str, str] = {}
    copy = ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    for value in [*graph.input, *graph.initializer]:
        value.name = known.setdefault(value.name, f"v{len(known)}")
    for node in graph.node:
        node.name = ""
        del node.metadata_props[:]
        node.input[:] = [known.get(name, name) for name in node.input]
        node.output[:] = [known.setdefault(name, f"v{len(known)}") for name in node.output]
    del graph.value_info[:]
    for value in graph.output:
        value.name = known.get(value.name, value.name)
    return copy


def tangle(ops: int, seed: int = 0) -> ModelProto:
    """Ops that read one or two earlier results, mostly recent ones; nothing in it repeats."""
    rng = np.random.default_rng(seed)
    b = Builder()
    made = ["x"]
    for _ in range(ops):
        back = rng.geometric(0.15, 2)
        first, second = (made[max(0, len(made) - int(step))] for step in back)
        if rng.random() < 0.5:
            made.append(b.op(str(rng.choice(["Relu", "Exp", "Neg", "Tanh"])), "", first))
        else:
            made.append(b.op(str(rng.choice(["Add", "Mul", "Sub", "Div"])), "", first, second))
    return stripped(b.model(["x"], made[-1]))


def members(scopes, drawn=None) -> list[list[int]]:
    """What lies directly in each scope, in order: ops, and ``~row`` for child scopes; of some ops only, if given."""
    held: list[list[int]] = [[] for _ in scopes.path]
    seen = {0}
    for op, row in enumerate(scopes.op_scope.tolist()):
        if drawn is not None and not drawn[op]:
            continue
        held[row].append(op)
        while row not in seen:
            seen.add(row)
            held[scopes.parent[row]].append(~row)
            row = int(scopes.parent[row])
    return held


def shown(model) -> np.ndarray:
    """The ops that a view draws: constants and shape arithmetic are left out of it."""
    wiring = Wiring(model)
    return carrying(model, wiring, computing(model, wiring))


def fullest(model, scopes) -> int:
    """Most members of a scope as a view shows them: neighbours that hold the same ops count once."""
    drawn = shown(model)
    holds: list[list[str]] = [[] for _ in scopes.path]
    for op, row in enumerate(scopes.op_scope.tolist()):
        while drawn[op] and row >= 0:
            holds[row].append(model.ops[op].type)
            row = int(scopes.parent[row])
    most = 0
    for held in members(scopes, drawn):
        same = sum(a < 0 and b < 0 and holds[~a] == holds[~b] for a, b in pairwise(held))
        most = max(most, len(held) - same)
    return most


def assert_sound(model, scopes, limit: int = LIMIT) -> None:
    """What must hold of any module tree found by structure."""
    rows = len(scopes)
    assert len(scopes.op_scope) == len(model.ops)
    assert all(0 <= row < rows for row in scopes.op_scope.tolist())
    assert scopes.parent[0] == -1
    assert all(0 <= parent < row for row, parent in enumerate(scopes.parent[1:].tolist(), 1))
    assert len(set(scopes.path)) == rows
    assert all(scopes.inclusive(np.ones(len(model.ops)))[1:] > 0)
    assert fullest(model, scopes) <= limit
    assert_flows_one_way(model, scopes)


def assert_flows_one_way(model, scopes) -> None:
    """In no scope do values run out of a member and back into it, by whatever way."""
    parents, depths = scopes.parent.tolist(), scopes.depth
    after: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for reader, op in enumerate(model.ops):
        for tensor in op.inputs:
            maker = model.tensors[tensor].producer if tensor >= 0 else -1
            if maker >= 0:
                around = lowest_common(parents, depths, int(scopes.op_scope[maker]), int(scopes.op_scope[reader]))
                first, second = (_member(op_, around, scopes) for op_ in (maker, reader))
                after[around][first].add(second)
    for links in after.values():
        _assert_acyclic(links)


def _member(op: int, around: int, scopes) -> int:
    row, below = int(scopes.op_scope[op]), op
    while row != around:
        row, below = int(scopes.parent[row]), ~row
    return below


def _assert_acyclic(links: dict[int, set[int]]) -> None:
    waiting = {node: 0 for first in links for node in (first, *links[first])}
    for ends in links.values():
        for end in ends:
            waiting[end] += 1
    free = [node for node, count in waiting.items() if not count]
    for node in free:
        for end in links.get(node, ()):
            waiting[end] -= 1
            if not waiting[end]:
                free.append(end)
    assert len(free) == len(waiting)
