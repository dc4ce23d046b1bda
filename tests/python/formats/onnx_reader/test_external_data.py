"""External tensor data: read from the model's folder, refused from anywhere else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from onnx_files import message, number, wire_model, wire_tensor

from haoline_analysis.errors import ExternalDataError, MalformedModelError
from haoline_analysis.formats import open_model

DATA = np.arange(300, dtype="<f4")


def entry(key: str, value: object) -> bytes:
    return message(13, message(1, key), message(2, str(value)))


def write(folder: Path, location: str, dims: tuple[int, ...] = (300,), name: str = "m.onnx", **extra: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    entries = [entry(key, value) for key, value in {"location": location, **extra}.items()]
    tensor = wire_tensor("w", list(dims), TensorProto.FLOAT, *entries, number(14, 1))
    path = folder / name
    path.write_bytes(wire_model(tensor, message(12, message(1, "w"))))
    return path


def weight(path: Path):
    return open_model(path).tensors[0].weight


def test_data_beside_the_model(tmp_path) -> None:
    path = write(tmp_path, "sub/w.bin")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(DATA.tobytes())
    opened = open_model(path)
    found = opened.tensors[0].weight
    assert (found.numpy() == DATA).all()
    assert found.location == tmp_path / "sub" / "w.bin"
    assert opened.file_bytes == path.stat().st_size + DATA.nbytes
    assert not opened.gaps


def test_offset_and_length(tmp_path) -> None:
    (tmp_path / "w.bin").write_bytes(DATA.tobytes())
    assert (weight(write(tmp_path, "w.bin", (10,), offset=40, length=40)).numpy() == DATA[10:20]).all()
    assert (weight(write(tmp_path, "w.bin", (290,), offset=40)).numpy() == DATA[10:]).all()


@pytest.mark.parametrize(
    ("dims", "extra"), [((300,), {"offset": 4}), ((301,), {}), ((300,), {"offset": 1 << 62}), ((1 << 40,), {})]
)
def test_data_that_is_too_short(tmp_path, dims: tuple[int, ...], extra: dict[str, int]) -> None:
    (tmp_path / "w.bin").write_bytes(DATA.tobytes())
    with pytest.raises(ExternalDataError, match=r"'w': needs bytes .* of w\.bin, which has 1200"):
        open_model(write(tmp_path, "w.bin", dims, **extra))


@pytest.mark.parametrize("extra", [{"offset": "-4"}, {"offset": "x"}, {"length": "1e3"}, {"length": "9" * 5000}])
def test_sizes_that_are_none(tmp_path, extra: dict[str, str]) -> None:
    (tmp_path / "w.bin").write_bytes(DATA.tobytes())
    with pytest.raises(MalformedModelError, match="is not a size"):
        open_model(write(tmp_path, "w.bin", **extra))


def test_length_that_contradicts_the_dims(tmp_path) -> None:
    (tmp_path / "w.bin").write_bytes(DATA.tobytes())
    with pytest.raises(MalformedModelError, match="do not fit the 40 external bytes"):
        open_model(write(tmp_path, "w.bin", (9,), length=40))


@pytest.mark.parametrize(
    "location",
    ["../w.bin", "a/../../w.bin", "a/../w.bin", "/etc/passwd", "C:\\w.bin", "..\\w.bin", "\\\\host\\w.bin", "", "a\0b"],
)
def test_locations_that_leave_the_folder(tmp_path, location: str) -> None:
    (tmp_path / "w.bin").write_bytes(DATA.tobytes())
    with pytest.raises(ExternalDataError, match="'w'"):
        open_model(write(tmp_path / "model", location))


def test_links_out_of_the_folder(tmp_path) -> None:
    (tmp_path / "secret.bin").write_bytes(DATA.tobytes())
    path = write(tmp_path / "model", "w.bin")
    (tmp_path / "model" / "w.bin").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ExternalDataError, match="links out of the model's folder"):
        open_model(path)


def test_links_within_the_folder(tmp_path) -> None:
    path = write(tmp_path, "w.bin")
    (tmp_path / "real.bin").write_bytes(DATA.tobytes())
    (tmp_path / "w.bin").symlink_to("real.bin")
    assert (weight(path).numpy() == DATA).all()


def test_special_files_and_folders_are_refused(tmp_path) -> None:
    path = write(tmp_path, "w.bin")
    (tmp_path / "w.bin").mkdir()
    with pytest.raises(ExternalDataError, match="not a regular file"):
        open_model(path)
    (tmp_path / "w.bin").rmdir()
    os.mkfifo(tmp_path / "w.bin")
    with pytest.raises(ExternalDataError, match="not a regular file"):
        open_model(path)


def test_missing_data_is_a_named_gap_until_somebody_needs_it(tmp_path) -> None:
    opened = open_model(write(tmp_path, "gone.bin"))
    assert [gap.what for gap in opened.gaps] == ["External data is missing ('gone.bin'): 1 weight cannot be read."]
    assert opened.tensors[0].weight.nbytes == 1200
    with pytest.raises(ExternalDataError, match=r"gone\.bin"):
        opened.tensors[0].weight.numpy()


@pytest.mark.parametrize("location", ["a" * 5000, "a/" * 3000 + "b", "loop/w.bin", "m.onnx/w.bin", "\ud83d\ude00"])
def test_locations_that_cannot_exist_are_missing(tmp_path, location: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    location = location.encode("utf-16", "surrogatepass").decode("utf-16")
    assert "External data is missing" in open_model(write(tmp_path, location)).gaps[0].what


def test_a_model_without_a_path_cannot_find_its_data(tmp_path) -> None:
    opened = open_model(write(tmp_path, "w.bin").read_bytes())
    assert "'w.bin'" in opened.gaps[0].what
    with pytest.raises(ExternalDataError, match="not opened from a path"):
        opened.tensors[0].weight.numpy()


def cache(root: Path) -> tuple[Path, Path]:
    """A Hugging Face cache: the snapshot links to blobs named by hash."""
    repository = root / "hub" / "models--org--name"
    snapshot = repository / "snapshots" / "0123abcd" / "onnx"
    (repository / "blobs").mkdir(parents=True)
    blob = write(repository / "blobs", "model.onnx_data", name="aaaa")
    snapshot.mkdir(parents=True)
    (snapshot / "model.onnx").symlink_to(Path("../../../blobs") / blob.name)
    return repository, snapshot


def test_a_hugging_face_cache_snapshot(tmp_path) -> None:
    repository, snapshot = cache(tmp_path)
    (repository / "blobs" / "bbbb").write_bytes(DATA.tobytes())
    (snapshot / "model.onnx_data").symlink_to("../../../blobs/bbbb")
    opened = open_model(snapshot / "model.onnx")
    assert opened.name == "model"
    assert (opened.tensors[0].weight.numpy() == DATA).all()


def test_a_cache_does_not_reach_outside_its_repository(tmp_path) -> None:
    _, snapshot = cache(tmp_path)
    (tmp_path / "secret.bin").write_bytes(DATA.tobytes())
    (snapshot / "model.onnx_data").symlink_to(tmp_path / "secret.bin")
    with pytest.raises(ExternalDataError, match="links out"):
        open_model(snapshot / "model.onnx")


def test_a_cache_whose_blobs_are_elsewhere_is_not_trusted(tmp_path) -> None:
    repository, snapshot = cache(tmp_path)
    (repository / "blobs").rename(tmp_path / "elsewhere")
    (repository / "blobs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "bbbb").write_bytes(DATA.tobytes())
    (snapshot / "model.onnx_data").symlink_to("../../../blobs/bbbb")
    with pytest.raises(ExternalDataError, match="links out"):
        open_model(snapshot / "model.onnx")


def test_a_link_to_a_model_whose_data_is_beside_the_real_file(tmp_path) -> None:
    real = write(tmp_path / "real", "w.bin")
    (tmp_path / "real" / "w.bin").write_bytes(DATA.tobytes())
    (tmp_path / "link.onnx").symlink_to(real)
    assert (weight(tmp_path / "link.onnx").numpy() == DATA).all()
