"""Sums over ops are the totals, whatever the model."""

from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from cost_models import count, proto, tensor, weight
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from haoline_analysis import ModelError
from haoline_analysis.cost import CostPlan, count_parameters, liveness, op_costs
from haoline_analysis.formats import open_model
from haoline_analysis.shapes import evaluate


def check_sums(counted) -> None:
    for name in ("macs", "flops", "parameters", "weight_bytes"):
        assert sum(int(value) for value in counted.column(name) if str(value) != "<NA>") == counted.costs.totals[name]
    flops, macs = counted.column("flops"), counted.column("macs")
    assert all(f >= 2 * m for f, m in zip(flops, macs, strict=True) if str(f) != "<NA>")
    assert counted.live.peak_bytes == int(max(counted.live.curve, default=0))


@st.composite
def networks(draw):
    """A chain of products, biases and branches with shared and unshared weights."""
    width, nodes, weights, x = draw(st.integers(2, 6)), [], {}, "x"
    for index in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(["MatMul", "Add", "Relu", "If"]))
        name = f"w{draw(st.integers(0, 3))}" if kind == "MatMul" else f"b{draw(st.integers(0, 3))}"
        shape = [width, width] if kind == "MatMul" else [width]
        if kind in ("MatMul", "Add"):
            weights[name] = shape
            nodes.append(helper.make_node(kind, [x, name], [f"t{index}"]))
        elif kind == "Relu":
            nodes.append(helper.make_node(kind, [x], [f"t{index}"]))
        else:
            branches = {}
            for side, op_type in (("then_branch", "Neg"), ("else_branch", "Gelu")):
                inner = helper.make_node(op_type, [x], [f"{side}{index}"])
                branches[side] = helper.make_graph([inner], side, [], [tensor(f"{side}{index}", None)])
            nodes.append(helper.make_node("If", ["c"], [f"t{index}"], **branches))
        x = f"t{index}"
    stored = [weight(name, shape) for name, shape in weights.items()]
    return proto(nodes, [tensor("x", ["n", width]), tensor("c", [], onnx.TensorProto.BOOL)], stored, [x])


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 9))
def test_sums_over_ops_are_totals(model, rows):
    counted = count(model, {"n": rows})
    check_sums(counted)
    assert counted.parameters == sum(int(np.prod(item.dims)) for item in model.graph.initializer)


@settings(max_examples=20, deadline=None)
@given(networks(), st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_a_kept_plan_changes_no_number(proto_model, sizes):
    model = open_model(proto_model)
    plan = CostPlan(model)
    for rows in sizes:
        evaluation = evaluate(model, {"n": rows})
        kept, fresh = (count_parameters(model, evaluation, chosen) for chosen in (plan, None))
        for a, b in zip(op_costs(model, evaluation, kept), op_costs(model, evaluation, fresh), strict=True):
            assert [str(value) for value in a.values] == [str(value) for value in b.values], a.name
        assert liveness(model, evaluation, kept).curve.tolist() == liveness(model, evaluation, fresh).curve.tolist()


@pytest.mark.parametrize(
    "folder", ["torch213-exports", "genai-built", "onnxruntime-testdata", "burn-onnx", "onnxruntime-genai"]
)
def test_sums_hold_on_real_files(material, folder):
    checked = 0
    for path in sorted((material / folder).rglob("*.onnx")):
        if os.path.getsize(path) > 4_000_000:  # noqa: PTH202
            continue
        try:
            counted = count(path)
        except ModelError:
            continue  # malformed on purpose; the readers' tests say which
        check_sums(counted)
        checked += 1
    assert checked >= 2
