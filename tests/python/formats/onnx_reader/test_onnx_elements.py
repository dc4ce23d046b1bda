"""Elements come out of every type and every way of storing them as onnx itself decodes them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx_files import message, number, varint, wire_model, wire_tensor

from haoline_analysis import dtypes
from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.elements import decode_varints
from haoline_analysis.formats.storage import FileStorage

NUMBERS = [each for each in ONNX_CODES if each != TensorProto.STRING]
SHAPES = [(), (1,), (3,), (5, 3), (0, 4), (1000,)]


def test_every_element_type_of_the_standard_is_known() -> None:
    standard = {value for name, value in TensorProto.DataType.items() if name != "UNDEFINED"}
    assert set(ONNX_CODES) == standard
    assert set(ONNX_CODES.values()) == {*dtypes.BITS, "string"}


def random_tensor(data_type: int, shape: tuple[int, ...], *, raw: bool) -> TensorProto:
    """A tensor of random bit patterns, in ``raw_data`` or in the typed field of its type."""
    dtype = helper.tensor_dtype_to_np_dtype(data_type)
    rng = np.random.default_rng(data_type)
    if dtype.kind in "biufc" and dtype.isbuiltin == 1:
        values = (rng.standard_normal(shape) * 100).astype(np.int64).astype(dtype)
    else:
        values = rng.integers(0, 1 << bits_of(data_type), shape)
        values = values.astype(np.dtype(f"u{dtype.itemsize}")).view(dtype)
    if raw:
        return numpy_helper.from_array(values, "w")
    if "float8" in ONNX_CODES[data_type]:  # onnx's own conversion rounds, and fails on e8m0 scalars
        return TensorProto(name="w", data_type=data_type, dims=shape, int32_data=values.view(np.uint8).reshape(-1))
    return helper.make_tensor("w", data_type, shape, values)


def bits_of(data_type: int) -> int:
    return dtypes.BITS[ONNX_CODES[data_type]]


def open_weight(tensor: TensorProto, tmp_path, *, on_disk: bool):
    data = wire_model(message(5, tensor.SerializeToString()))
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    (found,) = open_model(path if on_disk else data).tensors
    return found.weight


@pytest.mark.parametrize("data_type", NUMBERS, ids=ONNX_CODES.get)
@pytest.mark.parametrize("on_disk", [True, False])
def test_elements_agree_with_onnx(tmp_path, data_type: int, on_disk: bool) -> None:
    for shape, raw in itertools.product(SHAPES, [True, False]):
        tensor = random_tensor(data_type, shape, raw=raw)
        assert tensor.HasField("raw_data") == raw
        expected = numpy_helper.to_array(tensor)
        weight = open_weight(tensor, tmp_path, on_disk=on_disk)
        actual = weight.numpy()
        assert (weight.dtype, actual.shape) == (ONNX_CODES[data_type], expected.shape)
        if bits_of(data_type) < 8 and "int" in weight.dtype:
            assert actual.dtype == (np.uint8 if weight.dtype.startswith("u") else np.int8)
            assert (actual == expected.astype(np.int8)).all()
        else:
            assert actual.dtype == expected.dtype
            assert actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize("data_type", NUMBERS, ids=ONNX_CODES.get)
@pytest.mark.parametrize("raw", [True, False])
def test_single_elements_are_those_of_the_whole(tmp_path, data_type: int, raw: bool) -> None:
    weight = open_weight(random_tensor(data_type, (300, 400), raw=raw), tmp_path, on_disk=True)
    places = np.random.default_rng(5).integers(0, 300 * 400, (3, 7))
    whole = weight.numpy().reshape(-1)[places]
    assert weight.pick(places).tobytes() == whole.tobytes()
    assert weight.pick(np.asarray(119_999)).tobytes() == weight.numpy()[-1:, -1:].tobytes()


def test_single_elements_are_had_without_reading_the_rest(tmp_path, monkeypatch) -> None:
    weight = open_weight(random_tensor(TensorProto.FLOAT, (300, 400), raw=True), tmp_path, on_disk=True)
    expected = weight.numpy()[7, :3]
    monkeypatch.setattr(FileStorage, "read", None)
    np.testing.assert_array_equal(weight.pick(7 * 400 + np.arange(3)), expected)
    (tmp_path / "m.onnx").write_bytes(b"another file")
    with pytest.raises(ModelError, match="has changed"):
        weight.pick(np.arange(3))


def test_a_file_is_let_go_of_though_a_profiler_keeps_what_was_looked_at(tmp_path) -> None:
    (tmp_path / "some").write_bytes(bytes(range(100)))
    with FileStorage(tmp_path / "some").buffer() as buf:
        kept = np.frombuffer(buf, np.uint8)
    assert kept.tolist() == list(range(100))


@pytest.mark.parametrize("on_disk", [True, False])
def test_strings(tmp_path, on_disk: bool) -> None:
    tensor = helper.make_tensor("w", TensorProto.STRING, [2, 2], [b"", "ä".encode(), b"b" * 3000, b"\xff"])
    weight = open_weight(tensor, tmp_path, on_disk=on_disk)
    assert weight.numpy().tolist() == [["", "ä"], ["b" * 3000, "\\xff"]]
    assert weight.nbytes == 3003


def test_unpacked_fields() -> None:
    ints = [number(7, each) for each in (5, -1, 1 << 62)]
    floats = [varint(4 << 3 | 5) + np.float32(each).tobytes() for each in (1.5, -2.0)]
    mixed = [number(7, 1), message(7, varint(300) + varint(-7)), number(7, 2)]
    opened = open_model(
        wire_model(
            wire_tensor("ints", [3], TensorProto.INT64, *ints),
            wire_tensor("floats", [2], TensorProto.FLOAT, *floats),
            wire_tensor("mixed", [4], TensorProto.INT64, *mixed),
        )
    )
    assert {each.name: each.weight.numpy().tolist() for each in opened.tensors} == {
        "ints": [5, -1, 1 << 62],
        "floats": [1.5, -2.0],
        "mixed": [1, 300, -7, 2],
    }


def test_other_fields_between_the_elements() -> None:
    data = wire_tensor("w", [2], TensorProto.INT64, number(7, 4), message(12, "documentation"), number(7, 5))
    assert open_model(wire_model(data)).tensors[0].weight.numpy().tolist() == [4, 5]


def test_packed_dims() -> None:
    tensor = message(5, message(1, b"\2\3"), number(2, TensorProto.UINT8), message(9, bytes(6)), message(8, "w"))
    assert open_model(wire_model(tensor)).tensors[0].shape == (2, 3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=40))
def test_varints_decode_to_what_was_written(values: list[int]) -> None:
    data = np.frombuffer(b"".join(map(varint, values)), np.uint8)
    assert decode_varints(data).tolist() == values
