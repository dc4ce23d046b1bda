"""Manifests and data files that lie, are cut short or lead elsewhere are refused in one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haoline_analysis.runtime.store import StoredTensors, StoreError, TensorStore
from haoline_analysis.runtime.store.manifest import ENTRY


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "capture"
    write(made)
    return made


def write(folder: Path) -> None:
    with TensorStore(folder, channel_axes={"x": 1}) as store:
        for sample in range(2):
            store.put("x", sample, np.zeros((1, 4, 3), np.float32))
            store.put("y", sample, np.zeros(3, np.int64))
            store.done(sample)
        store.put_table("rows", {"mean": np.zeros(2), "name": ["x", "y"]})
        store.finish({"a": 1})


def manifest(folder: Path) -> dict:
    return json.loads((folder / "activations.json").read_text())


def changed(folder: Path, *path, to) -> Path:
    """Set one value of the manifest, the last of the keys being its own."""
    content = part = manifest(folder)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = to
    (folder / "activations.json").write_text(json.dumps(content))
    return folder


LIES = (
    (("schema",), 2, "schema 2, expected 1"),
    (("kind",), "something", "not the manifest of a capture"),
    (("data", "file"), "../../etc/passwd", "a file that no capture writes"),
    (("data", "file"), "activations-" + "0" * 32 + ".bin", "is missing"),
    (("data", "bytes"), 1 << 40, "not the 1,099,511,627,776 stated"),
    (("data", "bytes"), -1, "'-1' is no size"),
    (("data", "bytes"), True, "'True' is no size"),
    (("data", "bytes"), 1e3, "is no size"),
    (("data",), None, "damaged"),
    (("names",), "xy", "'xy' is no list"),
    (("names",), ["x", "x"], "lists a tensor twice"),
    (("names",), ["x", 3], "is no name"),
    (("names",), ["x"], "names a tensor, sample or form that is not listed"),
    (("samples",), [0], "names a tensor, sample or form that is not listed"),
    (("samples",), [0, 0, 1], "lists a sample twice"),
    (("forms", 0, "shape"), [1 << 40, 1 << 40], "is no size"),
    (("forms", 0, "shape"), [0, 1 << 61], "is no size"),
    (("forms", 0, "shape"), [1, 4, 3000], "points past the end"),
    (("forms", 0, "shape"), [1] * 40, "has 40 axes"),
    (("forms", 0, "axis"), 3, "channel axis 3"),
    (("forms", 0, "dtype"), "object", "type 'object' cannot be stored"),
    (("forms", 0, "dtype"), "S100000", "cannot be stored"),
    (("forms",), [], "form that is not listed"),
    (("index", "entries"), 1 << 50, "past the end"),
    (("index", "offset"), 1 << 61, "past the end"),
    (("index",), {}, "'offset' is missing"),
    (("tables", "rows", "mean", "offset"), 1 << 50, "past the end"),
    (("tables", "rows", "mean", "form"), 99, "a form that is not listed"),
    (("tables", "rows", "name", "text"), 1 << 50, "past the end"),
    (("tables", "rows", "name", "form"), 0, "neither an array nor text"),
    (("tables", "rows"), [1], "damaged"),
    (("header",), [], "its header is no object"),
)


@pytest.mark.parametrize(("path", "to", "message"), LIES)
def test_a_lie_is_refused(folder, path, to, message):
    with pytest.raises(StoreError, match=message) as refusal:
        StoredTensors.open(changed(folder, *path, to=to))
    assert "\n" not in str(refusal.value)


def test_the_manifest_as_it_was_is_accepted(folder):
    assert StoredTensors.open(changed(folder, "header", to={"b": 2})).header == {"b": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"\xff\xfe\xff", "cannot be read"),
        (b"[1, 2]", "not the manifest"),
        (b"12", "not the manifest"),
    ],
)
def test_what_is_no_manifest_is_refused(folder, content, message):
    (folder / "activations.json").write_bytes(content)
    with pytest.raises(StoreError, match=message):
        StoredTensors.open(folder)


def test_huge_manifests_are_not_read(folder):
    os.truncate(folder / "activations.json", 1 << 33)  # a hole: no disk is used
    with pytest.raises(StoreError, match="more than the"):
        StoredTensors.open(folder)


def test_folders_without_a_capture(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(StoreError, match="holds no finished capture"):
            StoredTensors.open(path)


def data_file(folder: Path) -> Path:
    return folder / manifest(folder)["data"]["file"]


def test_a_data_file_that_was_cut_is_refused(folder):
    os.truncate(data_file(folder), 100)
    with pytest.raises(StoreError, match="has 100 bytes, not the"):
        StoredTensors.open(folder)


def test_a_data_file_that_is_cut_while_open_does_not_kill(folder):
    stored = StoredTensors.open(folder)
    os.truncate(data_file(folder), 100)
    with pytest.raises(StoreError, match="has shrunk"):
        stored.load("x")


def test_links_and_pipes_are_no_data_files(folder, tmp_path):
    path = data_file(folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is missing"):
        StoredTensors.open(folder)
    path.unlink()
    os.mkfifo(path)  # opening it would wait for ever
    with pytest.raises(StoreError, match="is missing"):
        StoredTensors.open(folder)


def spoil(folder: Path, field: str, value: int) -> None:
    """Change the first row of the index."""
    place = manifest(folder)["index"]
    data = bytearray(data_file(folder).read_bytes())
    row = np.frombuffer(data, ENTRY, 1, place["offset"])
    row[field] = value
    data_file(folder).write_bytes(data)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("tensor", 2, "not listed"),
        ("tensor", 2**32 - 1, "not listed"),
        ("form", 99, "not listed"),
        ("sample", 7, "not listed"),
        ("sample", 1, "a sample twice"),
        ("offset", 2**64 - 1, "past the end"),
        ("offset", 2**63, "past the end"),
        ("offset", 100_000, "past the end"),
    ],
)
def test_an_index_that_lies_is_refused(folder, field, value, message):
    spoil(folder, field, value)
    with pytest.raises(StoreError, match=message):
        StoredTensors.open(folder)


def test_text_that_is_no_json_is_refused(folder):
    place = manifest(folder)["tables"]["rows"]["name"]
    data = bytearray(data_file(folder).read_bytes())
    data[place["offset"]] = 0
    data_file(folder).write_bytes(data)
    with pytest.raises(StoreError, match="a text column is no JSON"):
        StoredTensors.open(folder).table("rows")


VALUES = st.sampled_from([None, -1, 0, 1, 3, 2**31, 2**62, 2**70, 1.5, "", "x", [], {}, [0], True])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_random_change_is_refused_or_harmless(tmp_path_factory, data):
    """Whatever one value of the manifest becomes: a StoreError, or arrays within the file."""
    folder = tmp_path_factory.mktemp("fuzz")
    write(folder)
    content = part = manifest(folder)
    while True:
        keys = sorted(part) if isinstance(part, dict) else list(range(len(part)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(part[key], dict | list) or not part[key] or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(VALUES)
    (folder / "activations.json").write_text(json.dumps(content))
    try:
        stored = StoredTensors.open(folder)
        for name in stored.names():
            for sample in stored.samples:
                stored.load(name, sample).tobytes()
        for table in stored.tables():
            stored.table(table)
    except StoreError:
        pass
