"""What a file is, is found from its content; other formats are named in the refusal."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_files import graph, model, node

from haoline_analysis.errors import ModelNotFoundError, UnsupportedFormatError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.registry import readers
from haoline_analysis.formats.source import Source, open_storage

RELU = model([node("Relu", "x", "y")])


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"x" * 600)
    return buffer.getvalue()


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (array(), "NumPy"),
        (b"\x18\0\0\0ORTM" + bytes(40), "onnxruntime .ort"),
        (b"\x1c\0\0\0TFL3" + bytes(40), "TensorFlow Lite"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "HDF5"),
        (b"\x1f\x8b\x08\0" + bytes(40), "gzip"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-LFS pointer"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"<?xml version='1.0'?><net/>", "XML"),
        (b'{"model": 1}', "JSON"),
        (b"ir_version: 8\ngraph {}\n", "protobuf in text form"),
        (b"just some words\n", "text file"),
        ("Zeichensätze und ähnliches\n".encode() * 40, "text file"),
        (b"\xfe\xed\xfa\xce" + bytes(40), "unrecognised content"),
    ],
)
@pytest.mark.parametrize("suffix", [".bin", ".onnx"])
def test_other_content_is_named(tmp_path, content: bytes, seen: str, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_bytes(content)
    if seen == "unrecognised content" and suffix == ".onnx":
        with pytest.raises(Exception, match=r"m\.onnx: .* at byte"):
            open_model(path)
        return
    with pytest.raises(UnsupportedFormatError, match=seen) as refusal:
        open_model(path)
    assert "formats that can be read: " in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        (zipped(), "pytorch"),
        (b"GGUF" + bytes(60), "gguf"),
        (safetensors(), "safetensors"),
        (pickle.dumps({}, 2), "pytorch"),
    ],
)
@pytest.mark.parametrize("suffix", [".bin", ".onnx", ".safetensors"])
def test_content_decides_before_the_suffix(tmp_path, content: bytes, reader: str, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_bytes(content)
    source = Source(path=path, storage=open_storage(path))
    assert next(each.info.name for each in readers() if each.can_read(source)) == reader


def test_an_onnx_file_opens_whatever_its_suffix(tmp_path) -> None:
    path = tmp_path / "m.bin"
    path.write_bytes(RELU.SerializeToString())
    assert [op.type for op in open_model(str(path)).ops] == ["Relu"]


def test_a_producer_that_reads_like_another_formats_mark(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model([node("Relu", "x", "y")], producer_name="ORTModel").SerializeToString())
    assert path.read_bytes()[4:8] == b"ORTM"
    assert open_model(path).producer == "ORTModel"


def test_paths_of_any_kind(tmp_path, monkeypatch) -> None:
    (tmp_path / "m.onnx").write_bytes(RELU.SerializeToString())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_model("~/m.onnx").name == "m"
    with pytest.raises(ModelNotFoundError, match="nobody-of-this-name"):
        open_model("~nobody-of-this-name/m.onnx")


def test_every_kind_of_source_gives_the_same_model(tmp_path) -> None:
    path = tmp_path / "relu.onnx"
    path.write_bytes(RELU.SerializeToString())
    models = [open_model(each) for each in (path, str(path), RELU, RELU.SerializeToString())]
    assert {tuple(op.name for op in each.ops) for each in models} == {("Relu_0",)}
    assert [each.name for each in models] == ["relu", "relu", "g", "g"]
    assert models[0].path == path
    assert {each.file_bytes for each in models} == {path.stat().st_size}


def test_a_model_passes_through() -> None:
    opened = open_model(RELU)
    assert open_model(opened) is opened


def test_other_objects_are_refused_by_name() -> None:
    for other in (3, None, graph([]), helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])):
        with pytest.raises(UnsupportedFormatError, match=f"cannot read a {type(other).__name__}"):
            open_model(other)


def test_reading_a_file_does_not_import_onnx(tmp_path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(RELU.SerializeToString())
    code = (
        "import sys; from haoline_analysis.formats import open_model; "
        "open_model(sys.argv[1]); sys.exit('onnx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 0
