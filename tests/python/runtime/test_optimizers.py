"""Models that end the process when onnxruntime optimises them as usual are opened, and compute what they should."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from capture_models import model, node, value, weight
from onnx import TensorProto, helper

from haoline_analysis.formats import open_model
from haoline_analysis.runtime.optimizers import FUSION, spared

HALF = TensorProto.FLOAT16
SIZES = (2, 3, 4)
OPEN = """
import sys
import numpy as np
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.source import source_of

x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
session = Session(source_of(sys.argv[1])[0], None, "cpu", {}, capturing=False)
np.save(sys.argv[2], session.ort.run(None, {"x": x})[0])
"""


def cast(one, other, to):
    return node("Cast", [one], [other], to=to)


def joined(order=(1, 0, 2), *, stored=np.float16, between=(), first=False, source=HALF, size=4):
    """A MatMul of a weight and what has its axes moved, and perhaps is cast, before."""
    matrix = (np.arange(size * size).reshape(size, size) / 8).astype(stored)
    read = between[-1].output[0] if between else "t"
    nodes = [
        cast("x", "a", source),
        node("Transpose", ["a"], ["t"], perm=list(order)),
        *between,
        node("MatMul", ["w", read] if first else [read, "w"], ["b"]),
        cast("b", "y", TensorProto.FLOAT),
    ]
    return model(nodes, [value("x", shape=SIZES)], [value("y")], [weight("w", matrix)]), matrix


def image(order=(1, 0, 2), source=TensorProto.INT32, **how):
    """The same with a cast of its own: of integers, say."""
    return joined(order, stored=np.float32, between=[cast("t", "u", TensorProto.FLOAT)], source=source, **how)


def body():
    """The same in a branch."""
    matrix = np.eye(4, dtype=np.float32)
    taken = [
        node("Transpose", ["a"], ["t"], perm=[1, 0, 2]),
        cast("t", "u", TensorProto.FLOAT),
        node("MatMul", ["u", "w"], ["b"]),
    ]
    other = [node("Identity", ["zeros"], ["c"])]
    branches = {
        "then_branch": helper.make_graph(taken, "taken", [], [value("b")]),
        "else_branch": helper.make_graph(other, "other", [], [value("c")]),
    }
    held = [weight("w", matrix), weight("zeros", np.zeros((3, 2, 4), np.float32)), weight("yes", np.array(True))]
    nodes = [cast("x", "a", HALF), node("Not", ["yes"], ["no"]), node("Not", ["no"], ["if"])]
    nodes.append(node("If", ["if"], ["y"], **branches))
    return model(nodes, [value("x", shape=SIZES)], [value("y")], held), matrix


CRASHING = {
    "half": joined(),
    "to the end": joined((1, 2, 0), size=2),
    "as the second operand": joined(first=True, size=2),
    "by a copy": joined(between=[node("Identity", ["t"], ["u"])]),
    "integers": image(),
    "cast by itself": image(source=HALF),
}
SAFE = {
    "within the batch": joined((0, 2, 1), size=3),
    "the last axis first": joined((2, 0, 1), size=3),
    "float": joined(stored=np.float32, source=TensorProto.FLOAT),
    "matrix": (
        model(
            [node("Transpose", ["x"], ["t"], perm=[1, 0]), cast("t", "u", HALF), node("MatMul", ["u", "w"], ["y"])],
            [value("x", shape=(4, 3))],
            [value("y")],
            [weight("w", np.eye(4, dtype=np.float16))],
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", [*CRASHING])
def test_such_a_model_is_opened_and_right(name, tmp_path):
    proto, matrix = CRASHING[name]
    onnx.save(proto, tmp_path / "model.onnx")
    ran = subprocess.run(
        [sys.executable, "-c", OPEN, tmp_path / "model.onnx", tmp_path / "y.npy"], capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()[-500:]
    order = next(list(each.ints) for op in proto.graph.node if op.op_type == "Transpose" for each in op.attribute)
    moved = np.arange(24, dtype=np.float32).reshape(SIZES).transpose(order)
    wanted = matrix.astype(np.float32) @ moved if name == "as the second operand" else moved @ matrix
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, rtol=1e-3)


@pytest.mark.parametrize("name", [*SAFE])
def test_others_are_spared_nothing(name):
    assert spared(open_model(SAFE[name][0])) == ()


def test_branches_are_looked_into():
    assert spared(open_model(body()[0])) == (FUSION,)
