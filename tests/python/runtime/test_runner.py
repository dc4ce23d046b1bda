"""Runs one after the other in the same memory, whatever the shapes do."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

pytest.importorskip("onnxruntime")

from haoline_analysis.runtime.failures import RuntimeFailure
from haoline_analysis.runtime.runner import Runner
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.source import ModelSource


def runner(nodes, outputs, **more) -> Runner:
    kinds = {"found": TensorProto.INT64}
    made = [helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None) for name in outputs]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "g", [given], made)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    source = ModelSource(data=proto.SerializeToString())
    return Runner(Session(source, None, "cpu", {}, capturing=True), (), None, {"x": "float32"}, **more)


DOUBLE = helper.make_node("Add", ["x", "x"], ["doubled"])
FOUND = helper.make_node("NonZero", ["x"], ["found"])
RNG = np.random.default_rng(0)


def feeds(*shape) -> dict[str, np.ndarray]:
    return {"x": RNG.standard_normal(shape).astype(np.float32)}


def test_what_was_allocated_for_one_run_is_used_again_for_the_next_of_the_same_shapes():
    run = runner([DOUBLE], ["doubled"], recurring=True).run
    fed = [feeds(2, 3), feeds(2, 3), feeds(5, 3), feeds(2, 3)]
    first = run(fed[0], "first")["doubled"]
    np.testing.assert_array_equal(first, 2 * fed[0]["x"])
    second = run(fed[1], "second")["doubled"]
    assert second is first  # by which it is known that nothing about it has to be worked out anew
    np.testing.assert_array_equal(second, 2 * fed[1]["x"])
    for one in fed[2:]:
        np.testing.assert_array_equal(run(one, "another")["doubled"], 2 * one["x"])


def test_arrays_that_are_to_be_kept_are_not_used_again():
    run = runner([DOUBLE], ["doubled"], recurring=True).run
    fed = [feeds(2, 3) for _ in range(4)]
    kept = [run(one, "kept", keep=at % 2 == 1)["doubled"] for at, one in enumerate(fed)]
    for at in (1, 3):
        np.testing.assert_array_equal(kept[at], 2 * fed[at]["x"])


@pytest.mark.parametrize("recurring", [False, True])
def test_shapes_that_follow_from_data_are_what_they_are(recurring):
    run = runner([DOUBLE, FOUND], ["doubled", "found"], recurring=recurring).run
    for count in (6, 6, 2, 5, 0, 6):
        x = np.zeros((2, 3), np.float32)
        x.reshape(-1)[:count] = 1 + np.arange(count)
        found = run({"x": x}, "data")
        np.testing.assert_array_equal(found["found"], np.array(np.nonzero(x)))
        np.testing.assert_array_equal(found["doubled"], 2 * x)


@pytest.mark.parametrize("recurring", [False, True])
def test_what_the_model_refuses_is_told_and_the_next_run_works(recurring):
    shape = helper.make_node("Constant", [], ["shape"], value_ints=[2, 3])
    run = runner(
        [shape, helper.make_node("Reshape", ["x", "shape"], ["doubled"])], ["doubled"], recurring=recurring
    ).run
    for rows in (2, 2, 4, 2):
        fed = feeds(rows, 3)
        if rows == 2:
            np.testing.assert_array_equal(run(fed, "good")["doubled"], fed["x"])
        else:
            with pytest.raises(RuntimeFailure, match="bad sample"):
                run(fed, "bad sample")


def test_what_was_fed_is_never_written_to_though_the_model_hands_it_on():
    run = runner([DOUBLE], ["doubled", "x"], recurring=True).run
    fed = [feeds(2, 3) for _ in range(4)]
    held = [one["x"].copy() for one in fed]
    for one, before in zip(fed, held, strict=True):
        found = run(one, "handed on")
        np.testing.assert_array_equal(found["x"], before)
        np.testing.assert_array_equal(found["doubled"], 2 * before)
    for one, before in zip(fed, held, strict=True):
        np.testing.assert_array_equal(one["x"], before)
