"""Peak activation memory: against a step-by-step simulation, and against onnxruntime's arena."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from arena import arena_peak
from cost_models import Counted, count, ints, proto, tensor, weight
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.cost.buffers import IN_PLACE
from haoline_analysis.cost.traffic import VIEWS

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
WIDTH = 8 * 4  # bytes of a row
ONE_INPUT = ("Neg", "Relu", "Identity", "Exp", "Tanh")


@st.composite
def graphs(draw):
    """A random graph of elementwise ops, views and joins over rows of eight floats; some results are outputs."""
    rows, nodes = {"x": draw(st.integers(1, 4))}, []
    for index in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from((*ONE_INPUT, "Concat")))
        sources = draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, max_size=2))
        sources = sources if kind == "Concat" else sources[:1]
        attributes = {"axis": 0} if kind == "Concat" else {}
        nodes.append(helper.make_node(kind, sources, [f"t{index}"], **attributes))
        rows[f"t{index}"] = sum(rows[source] for source in sources)
    made = [node.output[0] for node in nodes]
    outputs = draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True))
    return nodes, rows, outputs


def simulate(nodes, rows, outputs) -> list[int]:
    """Execute with explicit buffers: allocate, note what is held, free what nobody will read."""
    pending = {name: sum(name in node.input for node in nodes) for name in rows}
    owner, held, curve = {"x": "x"}, {}, []

    def still_needed(buffer: str) -> bool:
        return any(owner[name] == buffer and (pending[name] > 0 or name in outputs) for name in owner)

    for node in nodes:
        result, source = node.output[0], node.input[0]
        buffer = owner[source]
        for name in set(node.input):
            pending[name] -= 1
        view = node.op_type in VIEWS
        overwrite = node.op_type in IN_PLACE and buffer != "x" and not still_needed(buffer)
        owner[result] = buffer if (view or overwrite) and result not in outputs else result
        if owner[result] == result:
            held[result] = rows[result] * WIDTH
        curve.append(sum(held.values()))
        held = {name: size for name, size in held.items() if still_needed(name)}
    return curve


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_the_curve_is_that_of_a_simulation(graph):
    nodes, rows, outputs = graph
    live = count(proto(nodes, [tensor("x", [rows["x"], 8])], outputs=outputs)).live
    expected = simulate(nodes, rows, outputs)
    assert live.curve.tolist() == expected
    assert live.peak_bytes == max(expected)
    assert expected[live.peak_op] == live.peak_bytes


def test_inputs_and_weights_are_not_counted():
    live = count(proto([helper.make_node("Add", ["x", "w"], ["y"])], [tensor("x", [10])], [weight("w", [10])])).live
    assert live.peak_bytes == 40


def test_a_branch_lives_only_while_it_runs():
    def branch(name, *types):
        names = ["x", *(f"{name}{index}" for index in range(len(types)))]
        nodes = [helper.make_node(t, [a], [b]) for t, a, b in zip(types, names, names[1:], strict=False)]
        return helper.make_graph(nodes, name, [], [tensor(names[-1], None)])

    nodes = [
        helper.make_node("If", ["c"], ["z"], then_branch=branch("a", "Neg", "Exp"), else_branch=branch("b", "Neg")),
        helper.make_node("Neg", ["z"], ["y"]),
    ]
    live = count(proto(nodes, [tensor("x", [10]), tensor("c", [], TensorProto.BOOL)])).live
    # If itself; then: Neg, Exp beside it; else: Neg; after: the taken result and y
    assert live.curve.tolist()[0] == 0
    assert sorted(live.curve.tolist()[1:4]) == [40, 40, 80]
    assert live.curve.tolist()[4] == 80


def test_what_a_body_reads_lives_until_its_loop_ends():
    body = helper.make_graph(
        [helper.make_node("Add", ["v", "h"], ["o"]), helper.make_node("Identity", ["c"], ["k"])],
        "body", [tensor("i", [], 7), tensor("c", [], 9), tensor("v", [10])], [tensor("k", [], 9), tensor("o", [10])],
    )  # fmt: skip
    nodes = [helper.make_node("Neg", ["x"], ["h"]), helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)]
    counted = count(proto(nodes, [tensor("x", [10])], [helper.make_tensor("n", 7, [], [3])]))
    rows = {op.type: index for index, op in enumerate(counted.model.ops)}
    # h, the carried v and the new o; the loop takes o over when it ends
    assert counted.live.curve[rows["Add"]] == 120
    assert counted.live.curve[rows["Neg"]] == 40


def test_tensors_of_unknown_size_are_left_out_and_named():
    nodes = [helper.make_node("NonZero", ["x"], ["i"]), helper.make_node("Neg", ["x"], ["y"])]
    live = count(proto(nodes, [tensor("x", [10])], outputs=["y", "i"])).live
    assert live.peak_bytes == 40
    assert len(live.unknown) == 1
    assert [gap.ops for gap in live.gaps] == [(0,)]


def stored(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the results of its ConstantOfShape nodes stored, so that onnxruntime holds them as weights."""
    graph = model.graph
    known = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    kept, made = [], []
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in known:
            fill = numpy_helper.to_array(node.attribute[0].t)[0] if node.attribute else np.float32(0)
            made.append(numpy_helper.from_array(np.full(known[node.input[0]], fill), node.output[0]))
        else:
            kept.append(node)
    read = {name for node in kept for name in node.input}
    weights = [item for item in (*graph.initializer, *made) if item.name in read]
    inputs = [item for item in graph.input if item.name not in known]
    result = helper.make_graph(kept, graph.name, inputs, list(graph.output), weights)
    return helper.make_model(result, opset_imports=model.opset_import, ir_version=8)


def measured(path, counted: Counted) -> int:
    """onnxruntime's arena peak on zeros of the shapes that were counted."""
    pytest.importorskip("onnxruntime")
    model, value = counted.model, counted.evaluation.value
    feeds = {model.tensors[i].name: np.zeros(value(i).shape, value(i).dtype) for i in model.inputs}
    return arena_peak(path, feeds, [model.tensors[i].name for i in model.outputs])


@pytest.mark.parametrize("name", ["squeezenet", "inception_v2", "shufflenet"])
def test_cnns_within_a_tenth_of_onnxruntimes_arena(name, tmp_path):
    path = tmp_path / "model.onnx"
    onnx.save(stored(onnx.load(LIGHT / f"light_{name}.onnx")), path)
    counted = count(path)
    assert counted.live.peak_bytes == pytest.approx(measured(path, counted), rel=0.1)


def test_a_torch_export_within_a_tenth_of_onnxruntimes_arena(material):
    path = material / "torch213-exports/resnet.onnx"
    counted = count(path, {"batch": 64})
    assert counted.live.peak_bytes == pytest.approx(measured(path, counted), rel=0.1)


@pytest.mark.parametrize("kind", [*sorted(IN_PLACE - {"ScatterElements", "ScatterND", "TensorScatter"}), "Neg", "Gelu"])
def test_onnxruntime_runs_the_same_ops_in_place(kind, tmp_path):
    extra = {"Clip": ["low"], "Cast": []}.get(kind, [])
    attributes = {"to": TensorProto.FLOAT} if kind == "Cast" else {}
    nodes = [helper.make_node("Neg", ["x"], ["t0"])]
    nodes += [helper.make_node(kind, [f"t{i}", *extra], [f"t{i + 1}"], **attributes) for i in range(3)]
    nodes.append(helper.make_node("ReduceMax", ["t3", "axes"], ["y"], keepdims=0))
    made = proto(nodes, [tensor("x", [64, 1024])], [weight("low", []), ints("axes", 0, 1)], [])
    made.graph.output.append(tensor("y", []))
    path = tmp_path / "model.onnx"
    onnx.save(made, path)
    counted = count(path)
    assert counted.live.peak_bytes == pytest.approx(measured(path, counted), rel=0.01)
