"""Headers that lie: each is refused by one typed error, before anything is believed or built."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors_files import entry, file_of, file_with

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError
from haoline_analysis.formats.safetensors.header import read_header
from haoline_analysis.formats.storage import MemoryStorage

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "safetensors"
GOOD = file_with({"a": np.float32([1, 2]), "b": np.arange(6, dtype=np.int32).reshape(2, 3)}, {"format": "pt"})
FIRST = '{"dtype":"U8","shape":[],"data_offsets":[0,1]}'
SECOND = '{"dtype":"U8","shape":[],"data_offsets":[1,2]}'


def read(content):
    return read_header(MemoryStorage(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cut off"),
        (b"\x02\0\0", "cut off"),
        (file_of("{}", length=2**62), "claims 4,611,686,018,427,387,904 bytes"),
        (file_of("{}", length=99_999_999), "cut off"),
        (file_of("[]"), "does not start with"),
        (file_of('{"a": 1}'), "expected '{'"),
        (file_of('{"a": {"dtype": "F32"}}'), "does not give"),
        (file_of('{"a": {"dtype": 1, "shape": [], "data_offsets": [0, 4]}}', bytes(4)), "expected a string"),
        (file_of('{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}', bytes(4)), "not negative"),
        (file_of('{"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}', bytes(4)), "not negative"),
        (file_of('{"a": {"dtype": "F32", "shape": [01], "data_offsets": [0, 4]}}', bytes(4)), "not negative"),
        (file_of('{"a": {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}}', bytes(4)), "not negative"),
        (file_of({"a": entry("F32", [1] * 70, 0, 4)}, bytes(4)), "at most 64"),
        (file_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}, bytes(4)), "no range"),
        (file_of({"a": entry("F32", [1], 4, 0)}, bytes(4)), "no range"),
        (file_of({"a": entry("F32", [2**62], 0, 2**62 * 4)}), "no range"),
        (file_of({"a": entry("F32", [2**32, 2**32], 0, 4)}, bytes(4)), "2^63 elements"),
        (file_of({"a": entry("U8", [2**62], 0, 2**62)}), "cut off"),
        (file_of({"a": entry("F32", [2], 0, 4)}, bytes(4)), "not its size"),
        (file_of({"a": entry("F4", [3], 0, 2)}, bytes(2)), "not its size"),
        (file_of({"a": entry("F32", [2], 0, 8)}, bytes(4)), "cut off"),
        (file_of({"a": entry("F32", [1], 4, 8)}, bytes(8)), "hole of 4 bytes"),
        (file_of({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)), "hole"),
        (file_of({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)), "overlaps"),
        (file_of({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 0, 8)}, bytes(8)), "overlaps"),
        (file_of({"a": entry("F32", [1], 0, 4)}, bytes(9)), "5 bytes after"),
        (file_of('{"a":' + FIRST + ',"a":' + SECOND + "}", b"xy"), "twice"),
        (file_of('{"a":' + FIRST + ',"\\u0061":' + SECOND + "}", b"xy"), "twice"),
        (file_of('{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"), "twice"),
        (file_of('{"__metadata__":{"k":"1","k":"2"}}'), "twice"),
        (file_of('{"__metadata__":{},"__metadata__":{}}'), "twice"),
        (file_of('{"__metadata__":{"k":1}}'), "expected a string"),
        (file_of('{"__metadata__":{"k":{"deep":{}}}}'), "expected a string"),
        (file_of(b'{"\xff":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"), "UTF-8"),
        (file_of('{"\\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"), "UTF-8"),
        (file_of('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}'), "valid JSON"),
        (file_of('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}{}', b"x"), "after its end"),
        (file_of('{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},}', b"x"), "valid JSON"),
        (file_of("{" + "\0" * 40), "valid JSON"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(content, said):
    with pytest.raises(ModelError, match=said.replace("[", r"\[").replace("^", r"\^").replace("{", r"\{")):
        read(content)


def test_deep_nesting_is_refused_where_a_parser_would_recurse():
    deep = '{"a":{"x":' + "[" * 100_000 + "]" * 100_000 + ',"dtype":"U8","shape":[],"data_offsets":[0,1]}}'
    with pytest.raises(LimitError, match="64 levels"):
        read(file_of(deep, b"x"))


def test_a_name_of_megabytes_is_refused():
    with pytest.raises(LimitError, match="more than 65,536"):
        read(file_of({"n" * 2_000_000: entry("U8", [], 0, 1)}, b"x"))


@pytest.mark.parametrize("filling", [b"[],", b"0,", b'"\\n",', b"1e5,", b'{"":{}},'])
def test_values_that_mean_nothing_are_never_built_and_soon_too_many(filling, monkeypatch):
    """``json.loads`` takes gigabytes for 100 MB of empty lists."""
    monkeypatch.setattr("haoline_analysis.formats.safetensors.scan.MAX_SKIPPED", 10_000)
    size = 8 << 20
    body = b'{"a":{"x":[' + filling * (size // len(filling)) + b'0],"dtype":"U8","shape":[],"data_offsets":[0,1]}}'
    content = MemoryStorage(file_of(body, b"x"))
    tracemalloc.start()
    try:
        with pytest.raises(LimitError, match="more than 10,000 values"):
            read_header(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_a_header_may_be_padded_as_long_as_the_format_allows():
    padded = file_of(b'{"a":' + FIRST.encode() + b"}" + b" " * 10_000_000, b"x")
    assert [found.name for found in read(padded).tensors] == ["a"]


def test_too_many_tensors_are_refused_before_they_are_all_built(monkeypatch):
    monkeypatch.setattr("haoline_analysis.formats.safetensors.header.MAX_TENSORS", 100)
    many = {f"t{number}": entry("U8", [0], 0, 0) for number in range(200)}
    with pytest.raises(LimitError, match="more than 100 tensors"):
        read(file_of(many))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.safetensors")), ids=lambda path: path.name)
def test_the_corpus_is_refused_by_typed_errors(path):
    with pytest.raises(ModelError):
        read(path.read_bytes())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
@example(0, 255, len(GOOD))
def test_a_changed_or_cut_file_never_crashes(place, value, length):
    """Either it is refused, or what is read lies inside the file and has the size its type and shape say."""
    content = bytearray(GOOD)
    content[place] = value
    content = bytes(content[:length])
    try:
        header = read(content)
    except ModelError:
        return
    assert sum(found.stop - found.start for found in header.tensors) == len(content) - header.data_start
    assert all(header.data_start <= found.start <= found.stop <= len(content) for found in header.tensors)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "U8", "F4", "nope"]) | JSON,
        "shape": st.lists(st.integers(0, 3), max_size=3) | JSON,
        "data_offsets": st.tuples(st.integers(0, 9), st.integers(0, 9)) | JSON,
        "other": JSON,
    },
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["a", "b", "__metadata__", ""]) | st.text(max_size=3), FIELDS | JSON),
    st.binary(max_size=12),
)
def test_any_json_is_read_or_refused(header, data):
    try:
        found = read(file_of(header, data))
    except ModelError:
        return
    assert sum(tensor.stop - tensor.start for tensor in found.tensors) == len(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for content in (data, struct.pack("<Q", max(len(data) - 3, 0)) + data, file_of(b"{" + data)):
        try:
            read(content)
        except ModelError:
            continue


def test_what_the_package_refuses_is_refused_here():
    """The reference reader of the format and this one draw the line at the same place."""
    package = pytest.importorskip("safetensors")
    refused = 0
    for path in CORPUS.glob("*.safetensors"):
        with pytest.raises(package.SafetensorError):
            package.deserialize(path.read_bytes())
        refused += 1
    assert refused == len(list(CORPUS.glob("*.safetensors"))) > 10
    assert {name for name, _ in package.deserialize(GOOD)} == {tensor.name for tensor in read(GOOD).tensors}


def test_malformed_is_a_kind_of_its_own():
    with pytest.raises(MalformedModelError):
        read(file_of("{"))
