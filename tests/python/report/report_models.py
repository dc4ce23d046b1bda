"""Small models for the tests of reports."""

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    "a|b`c\nd",
    "\x1b[31mred\x1b[0m",
    "[link](javascript:alert(3))",
]


def weight(name, *shape):
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def value(name, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(nodes, inputs, outputs, weights=(), name="toy", **keys):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="tests", ir_version=9)
    helper.set_model_props(made, keys)
    return made


def mlp(depth=3, width=8):
    """``depth`` identical blocks of MatMul, Add and Relu over a dynamic batch."""
    nodes, weights, last = [], [], "x"
    for i in range(depth):
        weights += [weight(f"layers.{i}.weight", width, width), weight(f"layers.{i}.bias", width)]
        nodes += [
            helper.make_node("MatMul", [last, f"layers.{i}.weight"], [f"m{i}"], f"/layers.{i}/MatMul"),
            helper.make_node("Add", [f"m{i}", f"layers.{i}.bias"], [f"a{i}"], f"/layers.{i}/Add"),
            helper.make_node("Relu", [f"a{i}"], [f"r{i}"], f"/layers.{i}/Relu"),
        ]
        last = f"r{i}"
    return model(nodes, [value("x", "batch", width)], [value(last, "batch", width)], weights)


def hostile():
    """Every name that a file can choose tries to break out of its text."""
    script, image, close, table, ansi, link = HOSTILE
    nodes = [
        helper.make_node("MatMul", [image, script], [table], close),
        helper.make_node("Relu", [table], [ansi], table),
        helper.make_node("Evil<b>", [ansi], [link], link, domain=image),
    ]
    made = model(nodes, [value(image, script, 4)], [value(link, 1, 4)], [weight(script, 4, 4)], script)
    made.opset_import.append(helper.make_opsetid(image, 1))
    made.producer_name = close
    helper.set_model_props(made, {script: image})
    return made


def conditional():
    """An If whose branches cost differently."""

    def branch(name, count):
        nodes, last = [], "x"
        for i in range(count):
            nodes.append(helper.make_node("MatMul", [last, "w"], [f"{name}{i}"], f"{name}/{i}"))
            last = f"{name}{i}"
        return helper.make_graph(nodes, name, [], [value(last, 4, 4)])

    node = helper.make_node("If", ["c"], ["y"], "choose", then_branch=branch("a", 1), else_branch=branch("b", 3))
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    return model([node], [condition, value("x", 4, 4)], [value("y", 4, 4)], [weight("w", 4, 4)])


@st.composite
def models(draw):
    """A chain or braid of common ops over a dynamic batch, with names of any kind."""
    width = draw(st.integers(1, 6))
    names = draw(st.lists(st.text(min_size=1, max_size=8).filter(encodable), min_size=1, max_size=7, unique=True))
    nodes, weights, tensors = [], [], ["in put"]
    for i, name in enumerate(names):
        source, other = draw(st.sampled_from(tensors)), draw(st.sampled_from(tensors))
        kind = draw(st.sampled_from(["MatMul", "Add", "Relu", "Softmax", "Identity"]))
        if kind == "MatMul":
            weights.append(weight(f"w{i}", width, width))
        inputs = {"MatMul": [source, f"w{i}"], "Add": [source, other]}.get(kind, [source])
        path = f"/blocks.{i % 3}/{name}"
        nodes.append(helper.make_node(kind, inputs, [f"t{i}"], path))
        tensors.append(f"t{i}")
    return model(nodes, [value("in put", "batch", width)], [value(tensors[-1], "batch", width)], weights)


def encodable(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def saved(made, path):
    onnx.save(made, path)
    return path
