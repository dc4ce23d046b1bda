"""Small models whose every intermediate tensor is easy to know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "models"
DIGITS = EXAMPLES / "digits_cnn.onnx"
LATEST = 21


def value(name, dtype=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, dtype, shape)


def weight(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs, outputs, weights=(), opset=LATEST, functions=(), domains=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    made = helper.make_model(graph, opset_imports=opsets, functions=list(functions))
    made.ir_version = 10
    return made


def node(kind, inputs, outputs, **attributes):
    attributes.setdefault("name", f"the_{outputs[0]}" if outputs and outputs[0] else "")
    return helper.make_node(kind, inputs, outputs, **attributes)


def digits(count, seed=0):
    return [np.random.default_rng(seed + i).normal(size=(1, 1, 8, 8)).astype(np.float32) for i in range(count)]


def chain():
    """x -> a = x @ w -> b = relu(a) -> y = sum(b)."""
    w = np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32)
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("Relu", ["a"], ["b"])]
    nodes.append(node("ReduceSum", ["b"], ["y"], keepdims=0))
    return model(nodes, [value("x", shape=[1, "n", 4])], [value("y", shape=[])], [weight("w", w)])


def kinds():
    """One tensor of every element type that statistics take, an empty one, a scalar."""
    types = {
        name: getattr(TensorProto, name.upper())
        for name in ("float16", "bfloat16", "double", "int8", "uint8", "int16", "int32", "int64", "bool")
    }
    nodes = [node("Cast", ["x"], [name], to=code) for name, code in types.items()]
    nodes += [
        node("Cast", ["x"], ["eighth"], to=TensorProto.FLOAT8E4M3FN),
        node("Cast", ["x"], ["fourth"], to=TensorProto.INT4),
        node("ReduceMax", ["x"], ["scalar"], keepdims=0),
        node("Slice", ["x", "zero", "zero"], ["empty"]),
        node("Cast", ["x"], ["text"], to=TensorProto.STRING),
        node("SequenceConstruct", ["x", "x"], ["sequence"]),
        node("Identity", ["x"], ["y"]),
    ]
    return model(nodes, [value("x", shape=[6])], [value("y", shape=[6])], [weight("zero", np.array([0], np.int64))])


def loop(trips=3, growing=False):
    """A Loop that doubles ``state``; its body makes ``inner`` = state + 1, and ``grown`` of i elements if asked."""
    body_nodes = [
        node("Add", ["state_in", "one"], ["inner"]),
        node("Add", ["state_in", "state_in"], ["state_out"]),
        node("Identity", ["go"], ["still"]),
    ]
    if growing:
        body_nodes += [node("Unsqueeze", ["i", "zero"], ["size"]), node("Expand", ["one", "size"], ["grown"])]
    body = helper.make_graph(
        body_nodes,
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("state_in", shape=[2])],
        [value("still", TensorProto.BOOL, []), value("state_out", shape=[2])],
    )
    nodes = [node("Loop", ["trips", "", "x"], ["y"], body=body), node("Neg", ["y"], ["z"])]
    weights = [
        weight("one", np.ones(1, np.float32)),
        weight("trips", np.array(trips, np.int64)),
        weight("zero", np.zeros(1, np.int64)),
    ]
    return model(nodes, [value("x", shape=[2])], [value("z", shape=[2])], weights)


def scan():
    """A Scan over rows: the running sum, with ``twice`` = 2 × sum inside; the scan output is stacked along axis 1."""
    body = helper.make_graph(
        [
            node("Add", ["sum_in", "row"], ["sum_out"]),
            node("Add", ["sum_out", "sum_out"], ["twice"]),
            node("Identity", ["sum_out"], ["kept"]),
        ],
        "body",
        [value("sum_in", shape=[3]), value("row", shape=[3])],
        [value("sum_out", shape=[3]), value("kept", shape=[3])],
    )
    scanned = node("Scan", ["start", "x"], ["total", "all"], body=body, num_scan_inputs=1, scan_output_axes=[1])
    start = weight("start", np.zeros(3, np.float32))
    return model([scanned], [value("x", shape=[4, 3])], [value("total", shape=[3]), value("all")], [start])


def branch():
    """An If: ``high`` in one branch, ``low`` in the other."""
    then = helper.make_graph([node("Add", ["x", "x"], ["high"])], "then", [], [value("high", shape=[2])])
    other = helper.make_graph([node("Sub", ["x", "x"], ["low"])], "else", [], [value("low", shape=[2])])
    nodes = [
        node("ReduceMax", ["x"], ["top"], keepdims=0),
        node("Cast", ["top"], ["yes"], to=TensorProto.BOOL),
        node("If", ["yes"], ["y"], then_branch=then, else_branch=other),
    ]
    return model(nodes, [value("x", shape=[2])], [value("y", shape=[2])])


def function():
    """A model-local function ``own.Twice`` = t + t with ``hidden`` inside."""
    made = helper.make_function(
        "own",
        "Twice",
        ["a"],
        ["b"],
        [helper.make_node("Identity", ["a"], ["hidden"]), helper.make_node("Add", ["hidden", "a"], ["b"])],
        [helper.make_opsetid("", LATEST)],
    )
    nodes = [node("Twice", ["x"], ["t"], domain="own"), node("Neg", ["t"], ["y"])]
    return model(nodes, [value("x", shape=[2])], [value("y", shape=[2])], functions=[made], domains=["own"])


def failing():
    """Reshapes to four elements, so that samples of another size fail at op ``the_r``."""
    nodes = [node("Abs", ["x"], ["a"]), node("Reshape", ["a", "four"], ["r"]), node("Neg", ["r"], ["y"])]
    return model(nodes, [value("x", shape=[1, "n"])], [value("y")], [weight("four", np.array([2, 2], np.int64))])


def shapes():
    """Heads split off and joined again, as in attention: mostly the same elements in other shapes."""
    w = np.random.default_rng(2).normal(size=(6, 6)).astype(np.float32)
    nodes = [
        node("MatMul", ["x", "w"], ["flat"]),  # 1×n×6
        node("Reshape", ["flat", "split"], ["split_heads"]),  # 1×n×2×3
        node("Transpose", ["split_heads"], ["heads"], perm=[0, 2, 1, 3]),  # 1×2×n×3
        node("Transpose", ["heads"], ["keys"], perm=[0, 1, 3, 2]),
        node("MatMul", ["heads", "keys"], ["scores"]),
        node("Softmax", ["scores"], ["weights"]),
        node("MatMul", ["weights", "heads"], ["mixed"]),
        node("Transpose", ["mixed"], ["back"], perm=[0, 2, 1, 3]),
        node("Reshape", ["back", "join"], ["joined"]),
        node("Unsqueeze", ["joined", "zero"], ["deeper"]),
        node("Identity", ["deeper"], ["same"]),
        node("Squeeze", ["same", "zero"], ["y"]),
    ]
    weights = [
        weight("w", w),
        weight("split", np.array([0, 0, 2, 3])),
        weight("join", np.array([0, 0, 6])),
        weight("zero", np.array([0])),
    ]
    return model(nodes, [value("x", shape=[1, "n", 6])], [value("y")], weights)


def save(made, folder, name="m.onnx", **options):
    path = Path(folder) / name
    onnx.save_model(made, str(path), **options)
    return path
