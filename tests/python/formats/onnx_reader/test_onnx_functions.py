"""Calls of model-local functions are expanded in place."""

from __future__ import annotations

import time

import pytest
from onnx import AttributeProto, FunctionProto, helper
from onnx_files import graph, model, node

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats import open_model

HERE = [helper.make_opsetid("", 17), helper.make_opsetid("here", 1)]


def function(
    name: str, inputs: str, outputs: str, nodes, attributes=(), defaults=(), opset: int = 18, overload: str = ""
):
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("here", 1)]
    made: FunctionProto = helper.make_function(
        "here", name, inputs.split(), outputs.split(), nodes, imports, list(attributes), list(defaults)
    )
    made.overload = overload
    return made


def opened(nodes, functions, **options):
    return open_model(model(nodes, functions=functions, opset_imports=HERE, **options))


def call(kind: str, inputs: str, outputs: str, **attributes):
    return node(kind, inputs, outputs, domain="here", **attributes)


def refer(made, attribute: str, parameter: str, kind: int):
    made.attribute.append(AttributeProto(name=attribute, ref_attr_name=parameter, type=kind))
    return made


def test_a_call_becomes_its_nodes() -> None:
    twice = function("Twice", "a", "b", [node("Neg", "a", "m", name="first"), node("Abs", "m", "b")])
    found = opened([call("Twice", "x", "h", name="t1"), call("Twice", "h", "y", name="t2")], [twice])
    assert [op.name for op in found.ops] == ["t1/first", "t1/Abs_1", "t2/first", "t2/Abs_3"]
    assert [op.call_path for op in found.ops] == [("t1",), ("t1",), ("t2",), ("t2",)]
    assert [found.tensors[op.outputs[0]].name for op in found.ops] == ["t1/m", "h", "t2/m", "y"]
    assert found.ops[2].inputs == found.ops[1].outputs
    assert {op.version for op in found.ops} == {18}
    assert found.outputs == found.ops[3].outputs


def test_calls_within_calls() -> None:
    inner = function("Inner", "a", "b", [node("Neg", "a", "b", name="n")], opset=13)
    outer = function("Outer", "a", "b", [call("Inner", "a", "m", name="i"), node("Abs", "m", "b", name="p")])
    found = opened([call("Outer", "x", "y", name="o")], [outer, inner])
    assert [(op.name, op.call_path, op.version) for op in found.ops] == [
        ("o/i/n", ("o", "o/i"), 13),
        ("o/p", ("o",), 18),
    ]


def test_attributes_of_the_call_reach_the_body() -> None:
    body = [refer(node("Softmax", "a", "m"), "axis", "axis", AttributeProto.INT)]
    body.append(refer(node("LeakyRelu", "m", "n"), "alpha", "alpha", AttributeProto.FLOAT))
    body.append(refer(node("Cast", "n", "b", to=1), "saturate", "absent", AttributeProto.INT))
    made = function("F", "a", "b", body, ["axis", "absent"], [helper.make_attribute("alpha", 0.5)])
    calls = [call("F", "x", "h", axis=2), call("F", "h", "i", axis=2), call("F", "i", "y", axis=3, alpha=0.25)]
    found = opened(calls, [made])
    assert [dict(op.attributes) for op in found.ops] == [
        *[{"axis": 2}, {"alpha": 0.5}, {"to": 1}] * 2,
        *[{"axis": 3}, {"alpha": 0.25}, {"to": 1}],
    ]
    assert found.ops[0].attributes is found.ops[3].attributes


def test_a_reference_outside_a_function_is_refused() -> None:
    with pytest.raises(MalformedModelError, match="refers to attributes of a function"):
        opened([refer(node("Softmax", "x", "y"), "axis", "axis", AttributeProto.INT)], [])


def test_overloads_and_omitted_inputs() -> None:
    one = function("F", "a b", "c", [node("Neg", "a", "c")], overload="one")
    two = function("F", "a b", "c", [node("Clip", "a b", "c")], overload="two")
    calls = [call("F", "x", "h"), call("F", "h", "y")]
    calls[0].overload, calls[1].overload = "one", "two"
    found = opened(calls, [one, two])
    assert [op.type for op in found.ops] == ["Neg", "Clip"]
    assert found.ops[1].inputs[1] == -1


def test_a_function_that_passes_its_input_through() -> None:
    same = function("Same", "a", "a", [])
    found = opened([call("Same", "x", "h"), node("Relu", "h", "y")], [same])
    assert [op.type for op in found.ops] == ["Relu"]
    assert found.ops[0].inputs == found.inputs
    assert found.tensors[found.inputs[0]].name == "x"


def test_calls_from_bodies_and_bodies_in_functions() -> None:
    then = graph([call("F", "x", "t")], "", "t")
    branch = graph([refer(node("Softmax", "a", "u"), "axis", "axis", AttributeProto.INT)], "", "u")
    made = function("F", "a", "b", [node("If", "a", "b", then_branch=branch)], ["axis"])
    then.node[0].attribute.append(helper.make_attribute("axis", 1))
    found = opened([node("If", "x", "y", then_branch=then)], [made])
    assert [(op.type, op.parent) for op in found.ops] == [("If", -1), ("If", 0), ("Softmax", 1)]
    assert found.ops[2].attributes["axis"] == 1
    assert found.ops[2].inputs == found.inputs


def test_a_graph_handed_to_a_function_reads_the_callers_names() -> None:
    runner = function(
        "Run", "c", "b", [refer(node("If", "c", "b"), "then_branch", "todo", AttributeProto.GRAPH)], ["todo"]
    )
    todo = graph([node("Neg", "x", "t")], "", "t")
    found = opened([call("Run", "flag", "y", todo=todo)], [runner], inputs="flag x")
    assert [(op.type, op.parent) for op in found.ops] == [("If", -1), ("Neg", 0)]
    assert found.ops[1].inputs == found.inputs[1:]


def test_constants_of_a_function_are_stored_once() -> None:
    made = function("F", "a", "b", [node("Constant", "", "c", value_floats=[1.0]), node("Add", "a c", "b")])
    found = opened([call("F", "x", "h"), call("F", "h", "y")], [made])
    first, second = (found.tensors[op.outputs[0]] for op in found.ops if op.type == "Constant")
    assert first is not second
    assert first.weight is second.weight


def test_unsorted_function_bodies_are_sorted() -> None:
    made = function("F", "a", "b", [node("Abs", "m", "b"), node("Neg", "a", "m")])
    assert [op.type for op in opened([call("F", "x", "y")], [made]).ops] == ["Neg", "Abs"]


def test_recursion_is_refused() -> None:
    loop = function("Loop", "a", "b", [call("Loop", "a", "b")])
    with pytest.raises(MalformedModelError, match="'Loop' calls itself"):
        opened([call("Loop", "x", "y")], [loop])
    there = function("There", "a", "b", [call("Back", "a", "b")])
    back = function("Back", "a", "b", [call("There", "a", "b")])
    with pytest.raises(MalformedModelError, match="calls itself"):
        opened([node("Relu", "x", "y")], [there, back])


@pytest.mark.parametrize("leaf", [[node("Neg", "a", "b")], [node("Neg", "a", "b")] * 0])
def test_a_billion_laughs_are_refused_at_once(leaf) -> None:
    functions = [function("F0", "a", "b" if leaf else "a", leaf)]
    for level in range(1, 40):
        nodes = [call(f"F{level - 1}", "a", "m"), call(f"F{level - 1}", "m", "b")]
        functions.append(function(f"F{level}", "a", "b", nodes))
    start = time.process_time()
    with pytest.raises(LimitError, match="expanding the model's functions"):
        opened([call("F39", "x", "y")], functions)
    assert time.process_time() - start < 2


def test_very_deep_calls_are_refused() -> None:
    functions = [function("F0", "a", "b", [node("Neg", "a", "b")])]
    functions += [function(f"F{i}", "a", "b", [call(f"F{i - 1}", "a", "b")]) for i in range(1, 5000)]
    with pytest.raises(LimitError, match="nest deeper"):
        opened([call("F4999", "x", "y")], functions)


def test_mistakes_in_functions_are_named() -> None:
    ghost = function("Ghost", "a", "b", [node("Add", "a x", "b")])
    with pytest.raises(MalformedModelError, match="function 'Ghost' reads 'x', which nothing in it makes"):
        opened([call("Ghost", "x", "y")], [ghost])
    fine = function("Fine", "a", "b", [node("Neg", "a", "b")])
    with pytest.raises(MalformedModelError, match="more inputs or outputs than its function"):
        opened([call("Fine", "x x", "y", name="c")], [fine])
    with pytest.raises(MalformedModelError, match="second function 'Fine'"):
        opened([call("Fine", "x", "y")], [fine, fine])
