"""Files made to hurt: each gives one typed error that names what is wrong, or is read."""

from __future__ import annotations

import struct
import time

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import graph, message, model, node, number, wire_model, wire_node, wire_tensor

from haoline_analysis.errors import LimitError, MalformedModelError, ModelNotFoundError, UnsupportedFormatError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.onnx.protobuf import MAX_NAME

FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
RAW16 = message(9, bytes(16))


def test_empty_file(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    path.touch()
    with pytest.raises(UnsupportedFormatError, match=r"m\.onnx: the file is empty"):
        open_model(path)


def test_missing_file_and_folder(tmp_path) -> None:
    with pytest.raises(ModelNotFoundError, match="no such file"):
        open_model(tmp_path / "absent.onnx")
    with pytest.raises(UnsupportedFormatError, match="is a folder"):
        open_model(tmp_path)
    with pytest.raises(ModelNotFoundError):
        open_model("nul\0byte.onnx")


def test_a_name_that_is_nearly_there(tmp_path) -> None:
    (tmp_path / "mobilenet.onnx").touch()
    with pytest.raises(ModelNotFoundError, match=r"mobilnet\.onnx: no such file; did you mean 'mobilenet\.onnx'\?$"):
        open_model(tmp_path / "mobilnet.onnx")
    with pytest.raises(ModelNotFoundError, match=r"model\.onnx: no such file$"):
        open_model(tmp_path / "no folder" / "model.onnx")


def test_protobuf_without_a_graph() -> None:
    with pytest.raises(UnsupportedFormatError, match="no ONNX graph"):
        open_model(number(1, 8) + message(2, "somebody"))


def test_truncated_names_the_byte() -> None:
    data = model([node("Relu", "x", "y")]).SerializeToString()
    with pytest.raises(MalformedModelError, match=r"truncated.* at byte \d+"):
        open_model(data[:-3])


@pytest.mark.parametrize("dims", [[1 << 40], [1 << 20, 1 << 20], [5]])
def test_dims_that_claim_more_than_is_there(dims: list[int]) -> None:
    with pytest.raises(MalformedModelError, match=r"'huge'.* do not fit the 16 bytes"):
        open_model(wire_model(wire_tensor("huge", dims, FLOAT, RAW16)))


@pytest.mark.parametrize("dims", [[1 << 62], [-1], [-4], [1 << 31, 1 << 32], [0, 1 << 62], [1 << 40] * 9, [1] * 100])
def test_absurd_dims(dims: list[int]) -> None:
    with pytest.raises(MalformedModelError, match="'huge'"):
        open_model(wire_model(wire_tensor("huge", dims, FLOAT, RAW16)))


@pytest.mark.parametrize(
    ("data_type", "field", "payload"),
    [
        (FLOAT, 4, bytes(12)),
        (INT64, 7, b"\1\2\3"),
        (TensorProto.DOUBLE, 10, bytes(8)),
        (TensorProto.UINT64, 11, b"\1"),
        (TensorProto.FLOAT16, 5, b"\1\2"),
    ],
)
def test_typed_fields_that_hold_too_little(data_type: int, field: int, payload: bytes) -> None:
    with pytest.raises(MalformedModelError, match=r"'w'.*do not fit"):
        open_model(wire_model(wire_tensor("w", [1000], data_type, message(field, payload))))


def test_varints_are_counted_when_they_are_loaded() -> None:
    ten_bytes_for_two_numbers = message(7, b"\x80\x80\x80\x80\1" * 2)
    weight = only_weight(open_model(wire_model(wire_tensor("w", [3], INT64, ten_bytes_for_two_numbers))))
    with pytest.raises(MalformedModelError, match="'w': 2 elements stored, dims say 3"):
        weight.numpy()


def test_no_data_at_all() -> None:
    with pytest.raises(MalformedModelError, match="no data"):
        open_model(wire_model(wire_tensor("w", [2], FLOAT)))
    assert only_weight(open_model(wire_model(wire_tensor("w", [0, 3], FLOAT)))).numpy().shape == (0, 3)


@pytest.mark.parametrize("data_type", [0, 99, 1 << 31, -1])
def test_unknown_element_type_of_an_initializer(data_type: int) -> None:
    with pytest.raises(MalformedModelError, match=r"'w'.*unknown element type"):
        open_model(wire_model(wire_tensor("w", [4], data_type, RAW16)))


def test_unknown_element_type_of_a_declared_value_is_a_gap() -> None:
    declared = message(13, message(1, "y"), message(2, message(1, number(1, 99))))
    opened = open_model(wire_model(wire_node("Relu", "x", "y"), message(11, message(1, "x")), declared))
    assert opened.tensors[opened.ops[0].outputs[0]].dtype is None
    assert [gap.what for gap in opened.gaps] == ["Element type 99 of 'y' is unknown; its type is left open."]


def test_absurd_declared_dim() -> None:
    dim = message(1, number(1, 1 << 62))
    declared = message(11, message(1, "x"), message(2, message(1, number(1, 1), message(2, dim))))
    with pytest.raises(MalformedModelError, match="4611686018427387904"):
        open_model(wire_model(declared))


def test_cycle_names_an_op_on_it() -> None:
    nodes = [node("Relu", "x", "a"), node("Add", "a c", "b", name="one"), node("Neg", "b", "c", name="two")]
    with pytest.raises(MalformedModelError, match=r"cycle: (Add 'one'|Neg 'two')"):
        open_model(model([*nodes, node("Abs", "b", "y")]))


def test_op_that_feeds_itself() -> None:
    with pytest.raises(MalformedModelError, match="cycle: Add 'loop'"):
        open_model(model([node("Add", "x y", "y", name="loop")]))


def test_tensor_made_twice() -> None:
    with pytest.raises(MalformedModelError, match="'y' is made twice"):
        open_model(model([node("Relu", "x", "y"), node("Abs", "x", "y")]))
    with pytest.raises(MalformedModelError, match="'x' is made twice"):
        open_model(model([node("Relu", "x", "y"), node("Abs", "y", "x")]))


def test_value_that_nothing_makes() -> None:
    with pytest.raises(MalformedModelError, match="Add 'sum' reads 'ghost', which nothing makes"):
        open_model(model([node("Add", "x ghost", "y", name="sum")]))
    with pytest.raises(MalformedModelError, match="output reads 'y', which nothing makes"):
        open_model(model([node("Relu", "x", "z")]))


def test_two_inputs_of_one_name() -> None:
    with pytest.raises(MalformedModelError, match="two inputs 'x'"):
        open_model(model([node("Relu", "x", "y")], inputs="x x"))


def test_node_without_an_op_type() -> None:
    with pytest.raises(MalformedModelError, match="without an op type at byte"):
        open_model(wire_model(message(1, message(2, "y"))))


def nested(depth: int) -> bytes:
    body = wire_node("Neg", "x", "y")
    for _ in range(depth):
        body = wire_node("If", "x", "", message(5, message(1, "then_branch"), number(20, 5), message(6, body)))
    return wire_model(body, message(11, message(1, "x")))


@pytest.mark.parametrize("depth", [60, 10_000])
def test_deep_nesting_is_refused_in_good_time(depth: int) -> None:
    data, start = nested(depth), time.process_time()
    with pytest.raises(LimitError, match="nest deeper than"):
        open_model(data)
    assert time.process_time() - start < 5


def test_nesting_that_protobuf_itself_allows_is_read() -> None:
    opened = open_model(nested(30))
    assert [op.parent for op in opened.ops] == list(range(-1, 30))


def test_deep_types_are_refused() -> None:
    declared = message(1, number(1, 1))
    for _ in range(10_000):
        declared = message(4, message(1, declared))
    with pytest.raises(LimitError, match="types nest deeper"):
        open_model(wire_model(message(11, message(1, "x"), message(2, declared))))


def test_wire_types_that_do_not_exist() -> None:
    with pytest.raises(MalformedModelError, match="unknown wire type 7 at byte"):
        open_model(wire_model(bytes([0x0F])))
    with pytest.raises(MalformedModelError, match="field number 0"):
        open_model(wire_model(bytes([0x00, 0x00])))


def test_endless_number() -> None:
    with pytest.raises(MalformedModelError, match="longer than ten bytes"):
        open_model(wire_model(bytes([0x08]) + b"\xff" * 20))


def test_attribute_of_unknown_type_or_without_a_name() -> None:
    with pytest.raises(MalformedModelError, match="'a' has the unknown type 77"):
        open_model(wire_model(wire_node("Op", "", "", message(5, message(1, "a"), number(20, 77)))))
    with pytest.raises(MalformedModelError, match="without a name"):
        open_model(wire_model(wire_node("Op", "", "", message(5, number(3, 1)))))


def test_sparse_indices_out_of_range() -> None:
    for index in (-1, 9, 1 << 40):
        with pytest.raises(MalformedModelError, match=r"'w'.*index is out of range"):
            only_weight(open_model(sparse([3, 3], index))).numpy()
    assert only_weight(open_model(sparse([3, 3], 8))).numpy()[2, 2] == 1.5


def test_sparse_parts_that_do_not_fit() -> None:
    with pytest.raises(MalformedModelError, match=r"'w'.*do not fit"):
        open_model(sparse([3, 3], 1, indices_dims=(2,)))


def test_sparse_tensor_that_would_fill_the_memory_is_kept_sparse() -> None:
    weight = only_weight(open_model(sparse([1 << 30, 1 << 10], 5)))
    assert weight.nbytes == 12
    with pytest.raises(LimitError, match="too large to expand"):
        weight.numpy()


def sparse(dims: list[int], index: int, indices_dims: tuple[int, ...] = (1,)) -> bytes:
    values = message(1, number(1, 1), number(2, FLOAT), message(8, "w"), message(9, struct.pack("<f", 1.5)))
    raw = struct.pack("<q", index) * indices_dims[0]
    indices = message(2, *(number(1, dim) for dim in indices_dims), number(2, INT64), message(9, raw))
    return wire_model(message(15, values, indices, *(number(3, dim) for dim in dims)))


def test_names_that_are_not_utf8_stay_distinct() -> None:
    data = wire_model(
        message(11, message(1, b"\xff")), message(11, message(1, b"\xfe")), message(12, message(1, b"\xfe"))
    )
    opened = open_model(data)
    assert [opened.tensors[index].name for index in opened.inputs] == ["\\xff", "\\xfe"]
    assert opened.outputs == opened.inputs[1:]


def test_markup_in_names_is_kept_as_it_is() -> None:
    name = "<img src=x onerror=alert(1)>"
    opened = open_model(model([node("Relu", "x", "y", name=name)]))
    assert opened.ops[0].name == name


def test_a_second_graph_is_refused() -> None:
    data = wire_model(message(11, message(1, "x")))
    with pytest.raises(MalformedModelError, match="second graph"):
        open_model(data + message(7, message(2, "again")))


def test_strings_as_raw_or_external_data() -> None:
    with pytest.raises(MalformedModelError, match="'w'"):
        open_model(wire_model(wire_tensor("w", [1], STRING, message(9, b"abc"))))


def test_many_ops_of_one_name_are_renamed_in_linear_time() -> None:
    data = wire_model(*[wire_node("Relu", "", f"t{index}", name="same") for index in range(20_000)])
    start = time.process_time()
    opened = open_model(data)
    assert time.process_time() - start < 5
    assert len({op.name for op in opened.ops}) == 20_000


def test_unsorted_graphs_within_unsorted_graphs_are_sorted_once_each() -> None:
    """Each body reads what comes later outside; trying each level anew would take 2^25 attempts."""
    inner = [node("Neg", "late1", "b0")]
    for level in range(1, 26):
        owner = helper.make_node("If", ["x"], [f"b{level}"], then_branch=graph(inner, "", f"b{level - 1}"))
        inner = [owner, node("Add", f"x late{level + 1}", f"late{level}")]
    start = time.process_time()
    opened = open_model(model([*inner, node("Relu", "x", "late26")], outputs="b25"))
    assert time.process_time() - start < 5
    assert [op.type for op in opened.ops] == ["Relu", *["Add", "If"] * 25, "Neg"]


def only_weight(opened):
    (weight,) = [tensor.weight for tensor in opened.tensors if tensor.weight is not None]
    return weight


def test_weights_do_not_follow_a_file_that_changes(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    array = np.arange(5000, dtype=np.float32)
    path.write_bytes(model([node("Add", "x w", "y")], weights={"w": array}).SerializeToString())
    weight = only_weight(open_model(path))
    assert (weight.numpy() == array).all()
    path.write_bytes(b"short")
    with pytest.raises(Exception, match="has changed since the model was opened"):
        weight.numpy()


def test_names_of_megabytes_are_cut_and_stay_distinct() -> None:
    names = [b"A" * 5_000_000 + end for end in (b"1", b"2")]
    inputs = [message(11, message(1, name)) for name in names]
    nodes = [
        message(1, message(1, name), message(2, b"y" + name), message(3, name), message(4, "Relu")) for name in names
    ]
    opened = open_model(wire_model(*inputs, *nodes))
    assert max(len(each.name) for each in [*opened.tensors, *opened.ops]) < 2 * MAX_NAME
    assert len({opened.tensors[index].name for index in opened.inputs}) == 2
    assert opened.ops[1].inputs == opened.inputs[1:]


def test_names_do_not_grow_with_the_depth_of_calls() -> None:
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    functions = []
    for level in range(20):
        kind, domain = ("Relu", "") if level == 19 else (f"f{level + 1}", "local")
        inner = helper.make_node(kind, ["a"], ["b"], name="n" * 900, domain=domain)
        functions.append(helper.make_function("local", f"f{level}", ["a"], ["b"], [inner], opsets))
    call = helper.make_node("f0", ["x"], ["y"], domain="local")
    opened = open_model(model([call], functions=functions, opset_imports=opsets))
    assert max(map(len, [opened.ops[0].name, *opened.ops[0].call_path])) <= 2 * MAX_NAME + 20


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("value_float", "\u00e9"), ("value_int", float("nan")), ("value_int", 1e38), ("value_ints", ["a"])],
)
def test_a_constant_whose_attribute_is_of_another_type_holds_nothing(name: str, wrong: object) -> None:
    opened = open_model(model([node("Constant", "", "c", **{name: wrong}), node("Add", "x c", "y")]))
    assert opened.tensors[opened.ops[0].outputs[0]].weight is None
