"""How graphs, bodies, names and attributes end up in the flat table."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_files import graph, message, model, node, number, value, wire_model, wire_node

from haoline_analysis.formats import open_model
from haoline_analysis.model import OMITTED


def names(opened, indices) -> list[str]:
    return [opened.tensors[index].name if index != OMITTED else "" for index in indices]


def test_producers_consumers_and_omitted_inputs() -> None:
    opened = open_model(model([node("Clip", "x _ hi", "a"), node("Add", "a a", "y")], inputs="x hi"))
    clip, add = opened.ops
    assert names(opened, clip.inputs) == ["x", "", "hi"]
    assert names(opened, add.inputs) == ["a", "a"]
    middle = opened.tensors[clip.outputs[0]]
    assert (middle.name, middle.producer, middle.consumers) == ("a", 0, [1])
    assert opened.tensors[opened.inputs[1]].consumers == [0]


def test_omitted_outputs() -> None:
    opened = open_model(model([node("LSTM", "x w r", "_ y")], inputs="x w r"))
    assert names(opened, opened.ops[0].outputs) == ["", "y"]


def test_nodes_in_no_order_are_sorted_keeping_ties() -> None:
    nodes = [node("Add", "a b", "y"), node("Abs", "x", "b"), node("Neg", "x", "a"), node("Exp", "x", "z")]
    opened = open_model(model(nodes, outputs="y z"))
    assert [op.type for op in opened.ops] == ["Abs", "Neg", "Add", "Exp"]


def test_initializers_that_are_inputs_are_defaults() -> None:
    opened = open_model(model([node("Add", "x w", "y")], inputs="x w", weights={"w": np.ones(2, np.float32)}))
    assert names(opened, opened.inputs) == ["x"]
    (weight,) = [tensor for tensor in opened.tensors if tensor.weight is not None]
    assert (weight.name, weight.dtype, weight.shape, weight.producer) == ("w", "float32", (2,), -1)


def test_one_initializer_is_one_tensor() -> None:
    opened = open_model(model([node("Add", "x w", "a"), node("Mul", "a w", "y")], weights={"w": np.ones(2)}))
    (weight,) = [tensor for tensor in opened.tensors if tensor.weight is not None]
    assert weight.consumers == [0, 1]


def test_names_are_made_unique_and_otherwise_kept() -> None:
    nodes = [
        node("Relu", "x", "a"),
        node("Relu", "a", "b", name="Relu_0"),
        node("Abs", "b", "c", name="twin"),
        node("Abs", "c", "d", name="twin"),
        node("Neg", "d", "y", name="twin_1"),
    ]
    found = [op.name for op in open_model(model(nodes)).ops]
    assert found[1:3] == ["Relu_0", "twin"]
    assert found[4] == "twin_1"
    assert len(set(found)) == 5
    assert found[3].startswith("twin_")


def branch(*nodes, outputs: str, weights=None):
    return graph(list(nodes), "", outputs, weights)


def test_bodies_follow_their_owner() -> None:
    then = branch(node("Neg", "x", "t"), outputs="t")
    other = branch(node("Abs", "x", "e0"), node("Exp", "e0", "e"), outputs="e")
    nodes = [node("If", "c", "a", then_branch=then, else_branch=other), node("Relu", "a", "y")]
    opened = open_model(model(nodes, inputs="c x"))
    assert [op.type for op in opened.ops] == ["If", "Abs", "Exp", "Neg", "Relu"]
    assert [op.parent for op in opened.ops] == [-1, 0, 0, 0, -1]
    bodies = {body.attribute: body for body in opened.ops[0].bodies}
    assert (bodies["then_branch"].start, bodies["then_branch"].stop) == (3, 4)
    assert (bodies["else_branch"].start, bodies["else_branch"].stop) == (1, 3)
    assert names(opened, bodies["else_branch"].outputs) == ["e"]
    x = opened.tensors[opened.inputs[1]]
    assert x.consumers == [1, 3]
    assert "then_branch" not in opened.ops[0].attributes


def test_a_branch_that_declares_inputs_reads_the_enclosing_values() -> None:
    then = graph([node("Neg", "x", "t")], "x", "t")
    opened = open_model(model([node("If", "c", "y", then_branch=then)], inputs="c x"))
    neg = next(op for op in opened.ops if op.type == "Neg")
    assert neg.inputs == (opened.inputs[1],)


def test_inner_names_shadow_outer_ones() -> None:
    then = branch(node("Neg", "x", "a"), node("Exp", "a", "t"), outputs="t")
    nodes = [node("Abs", "x", "a"), node("If", "c", "b", then_branch=then), node("Relu", "a", "y")]
    opened = open_model(model(nodes, inputs="c x"))
    by_type = {op.type: op for op in opened.ops}
    assert by_type["Exp"].inputs == by_type["Neg"].outputs
    assert by_type["Relu"].inputs == by_type["Abs"].outputs
    assert by_type["Neg"].outputs != by_type["Abs"].outputs


def test_loop_bodies_have_their_own_inputs_and_weights() -> None:
    body = graph([node("Add", "state w", "next")], "i cond state", "cond next", {"w": np.ones(3, np.float32)})
    opened = open_model(model([node("Loop", "m c x", "y", body=body)], inputs="m c x"))
    (found,) = opened.ops[0].bodies
    assert names(opened, found.inputs) == ["i", "cond", "state"]
    assert names(opened, found.outputs) == ["cond", "next"]
    assert found.outputs[0] == found.inputs[1]
    assert opened.tensors[opened.ops[1].inputs[1]].weight.shape == (3,)


def test_a_body_may_read_what_the_file_makes_later() -> None:
    then = branch(node("Neg", "late", "t"), outputs="t")
    opened = open_model(model([node("If", "c", "y", then_branch=then), node("Abs", "x", "late")], inputs="c x"))
    assert [op.type for op in opened.ops] == ["Abs", "If", "Neg"]


def test_graphs_of_custom_ops_are_bodies_too() -> None:
    inner = graph([node("Neg", "i", "o")], "i", "o")
    search = helper.make_node("BeamSearch", ["x"], ["y"], domain="com.microsoft", decoder=inner, extras=[inner, inner])
    opened = open_model(model([search]))
    assert [body.attribute for body in opened.ops[0].bodies] == ["decoder", "extras[0]", "extras[1]"]
    assert len(opened.ops) == 4


def test_equal_attributes_are_one_object() -> None:
    nodes = [node("Softmax", f"x{i}", f"x{i + 1}", axis=1 + (i == 5)) for i in range(8)]
    opened = open_model(model(nodes, inputs="x0", outputs="x8"))
    assert {id(op.attributes) for op in opened.ops} == {id(opened.ops[0].attributes), id(opened.ops[5].attributes)}
    assert [op.attributes["axis"] for op in opened.ops[4:7]] == [1, 2, 1]


def test_attribute_values() -> None:
    given = {"i": -3, "f": 0.5, "s": "text", "ints": [1, -1], "floats": [0.25], "strings": ["a", "b"], "raw": b"\xff"}
    (op,) = open_model(model([node("Custom", "x", "y", **given)])).ops
    assert dict(op.attributes) == given


def test_long_lists_of_numbers_are_compact() -> None:
    ints, floats = list(range(5000)), [0.5] * 5000
    (op,) = open_model(model([node("Trees", "x", "y", ints=ints, floats=floats, short=ints[:5])])).ops
    assert (list(op.attributes["ints"]), list(op.attributes["floats"])) == (ints, floats)
    assert op.attributes["ints"].itemsize == 8
    assert op.attributes["short"] == ints[:5]


def test_packed_attribute_lists_and_defaults() -> None:
    packed = message(5, message(1, "ints"), number(20, 7), message(8, b"\1\2\x03"))
    empty = message(5, message(1, "none"), number(20, 7))
    zero = message(5, message(1, "zero"), number(20, 2))
    old = message(5, message(1, "old"), number(3, 9))  # before the type field existed
    (op,) = open_model(wire_model(wire_node("Op", "", "y", packed, empty, zero, old))).ops
    assert dict(op.attributes) == {"ints": [1, 2, 3], "none": [], "zero": 0, "old": 9}


def test_fields_in_any_order() -> None:
    late = message(1, message(4, "Add"), message(2, "y"), message(1, "x"), message(3, "sum"), message(1, "x"))
    opened = open_model(wire_model(late, late.replace(b"\x12\x01y", b"\x12\x01z"), message(11, message(1, "x"))))
    assert [(op.name, op.type, names(opened, op.inputs), names(opened, op.outputs)) for op in opened.ops] == [
        ("sum", "Add", ["x", "x"], ["y"]),
        ("sum_1", "Add", ["x", "x"], ["z"]),
    ]


CONSTANTS = {
    "value": (numpy_helper.from_array(np.arange(3)), "int64", [0, 1, 2]),
    "value_float": (1.5, "float32", 1.5),
    "value_floats": ([1.5, 2.5], "float32", [1.5, 2.5]),
    "value_int": (7, "int64", 7),
    "value_ints": ([7, 8], "int64", [7, 8]),
    "value_string": ("a", "string", "a"),
    "value_strings": (["a", "bc"], "string", ["a", "bc"]),
}


@pytest.mark.parametrize("form", CONSTANTS)
def test_constants_are_rows_whose_output_is_a_weight(form: str) -> None:
    given, dtype, expected = CONSTANTS[form]
    opened = open_model(model([node("Constant", "", "y", **{form: given})]))
    (op,) = opened.ops
    tensor = opened.tensors[op.outputs[0]]
    assert (tensor.producer, tensor.dtype, tensor.weight.kind) == (0, dtype, "constant")
    assert tensor.weight.numpy().tolist() == expected
    assert tensor.shape == tensor.weight.shape


def test_sparse_constant() -> None:
    values = helper.make_tensor("v", TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [2, 2], [0, 1, 2, 0])
    sparse = helper.make_sparse_tensor(values, indices, [3, 2])
    weight = open_model(model([node("Constant", "", "y", sparse_value=sparse)], inputs="")).tensors[0].weight
    assert weight.kind == "sparse"
    assert weight.numpy().tolist() == [[0, 1], [0, 0], [2, 0]]
    assert weight.nbytes == 2 * 4 + 4 * 8


def test_equal_constants_are_separate_weights() -> None:
    nodes = [node("Constant", "", name, value_floats=[1.0]) for name in ("a", "b")]
    opened = open_model(model([*nodes, node("Add", "a b", "y")]))
    first, second = (opened.tensors[op.outputs[0]].weight for op in opened.ops[:2])
    assert first is not second


def test_declared_types() -> None:
    declared = [
        value("a", TensorProto.FLOAT, ["batch", 3, None]),
        value("b", TensorProto.BFLOAT16),
        value("c", TensorProto.INT64, []),
        helper.make_tensor_sequence_value_info("d", TensorProto.FLOAT, None),
        helper.make_value_info(
            "e", helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.INT64, [2]))
        ),
        helper.make_value_info("f", helper.make_map_type_proto(TensorProto.STRING, declared_float())),
        helper.make_value_info("g", helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, [4])),
    ]
    proto = model([], inputs="", outputs="")
    proto.graph.input.extend(declared)
    opened = open_model(proto)
    assert [(each.dtype, each.shape) for each in opened.tensors] == [
        ("float32", ("batch", 3, None)),
        ("bfloat16", None),
        ("int64", ()),
        ("sequence(float32)", None),
        ("optional(int64)", None),
        ("map(string, float32)", None),
        ("sparse_tensor(float32)", (4,)),
    ]


def declared_float():
    return helper.make_tensor_type_proto(TensorProto.FLOAT, None)


def test_unknown_sizes_written_as_minus_one() -> None:
    proto = model([], inputs="", outputs="")
    proto.graph.input.append(value("x", TensorProto.FLOAT, [-1, 3]))
    assert open_model(proto).tensors[0].shape == (None, 3)


def test_value_info_completes_an_output_without_a_shape() -> None:
    proto = model([node("Relu", "x", "y")])
    proto.graph.value_info.append(value("y", TensorProto.FLOAT, [2]))
    opened = open_model(proto)
    assert opened.tensors[opened.outputs[0]].shape == (2,)


def test_metadata_is_kept_but_not_the_stack_trace() -> None:
    proto = model([node("Relu", "x", "y")])
    helper.set_model_props(proto, {"author": "me"})
    entries = {"namespace": "a/b", "pkg.torch.onnx.stack_trace": "/home/me/secret.py", "empty": ""}
    for key, text in entries.items():
        proto.graph.node[0].metadata_props.add(key=key, value=text)
    opened = open_model(proto)
    assert dict(opened.ops[0].metadata) == {"namespace": "a/b", "empty": ""}
    assert opened.metadata == {"author": "me"}


def test_versions_and_producer() -> None:
    imports = [helper.make_opsetid("ai.onnx", 18), helper.make_opsetid("com.microsoft", 1)]
    nodes = [node("Gelu", "x", "a", domain="com.microsoft"), node("Relu", "a", "b", domain="ai.onnx")]
    nodes.append(node("Foo", "b", "y", domain="nobody"))
    opened = open_model(model(nodes, opset_imports=imports, producer_name="tool", producer_version="2"))
    assert [(op.domain, op.version) for op in opened.ops] == [("com.microsoft", 1), ("", 18), ("nobody", 0)]
    assert (opened.opsets, opened.producer, opened.ir_version) == ({"": 18, "com.microsoft": 1}, "tool 2", 8)


def test_before_opsets_there_was_one() -> None:
    opened = open_model(number(1, 2) + message(7, wire_node("Relu", "", "y")))
    assert opened.opsets == {"": 1}
    assert opened.ops[0].version == 1


def test_training_graphs_are_a_gap() -> None:
    proto = model([node("Relu", "x", "y")])
    proto.training_info.add().algorithm.node.append(node("Neg", "x", "y"))
    opened = open_model(proto)
    assert [op.type for op in opened.ops] == ["Relu"]
    assert "training" in opened.gaps[0].what


def test_large_byte_strings_stay_in_the_file(tmp_path) -> None:
    engine = bytes(range(256)) * 1000
    path = tmp_path / "m.onnx"
    path.write_bytes(model([node("EPContext", "x", "y", ep_cache_context=engine)]).SerializeToString())
    weight = open_model(path).ops[0].attributes["ep_cache_context"]
    assert (weight.dtype, weight.nbytes) == ("uint8", len(engine))
    assert weight.numpy().tobytes() == engine
