"""The oldest layout, a tar archive, which nothing writes any more: made here by its rules, read as torch reads it."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis.errors import ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")


class KeyedPickler(pickle.Pickler):
    """Leaves tensors out by their keys."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.key if isinstance(obj, Keyed) else None


class Keyed:
    """Stands for a tensor."""

    def __init__(self, key: int) -> None:
        self.key = key


def old_checkpoint(**members: bytes) -> bytes:
    """Two storages, one a part of the other, and two tensors."""
    whole = np.arange(12, dtype="<f4")
    storages = pickle.dumps(1, 2) + pickle.dumps((10, "cpu", torch.FloatStorage), 2)
    storages += struct.pack("<q", 12) + whole.tobytes() + pickle.dumps([(11, 10, 6, 6)], 2)
    tensors = pickle.dumps(2, 2)
    tensors += pickle.dumps((20, 10, torch.FloatTensor), 2) + struct.pack("<ii5q", 2, 0, 3, 4, 4, 1, 0)
    tensors += pickle.dumps((21, 11, torch.FloatTensor), 2) + struct.pack("<ii5q", 2, 0, 2, 2, 1, 2, 1)
    target = io.BytesIO()
    KeyedPickler(target, 2).dump({"weight": Keyed(20), "part": Keyed(21)})
    parts = {"sys_info": pickle.dumps({"little_endian": True}, 2), "pickle": target.getvalue()}
    parts |= {"storages": storages, "tensors": tensors} | members
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def test_values_are_those_of_torch_load(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    path.write_bytes(old_checkpoint())
    wanted = torch.load(path, weights_only=False)
    model = open_model(path)
    found = {tensor.name: tensor.weight for tensor in model.tensors}

    assert list(found) == list(wanted) == ["weight", "part"]
    for name, weight in found.items():
        assert weight is not None
        np.testing.assert_array_equal(weight.numpy(), wanted[name].numpy())
    assert model.facts["pickle"]["layout"] == "tar"


def test_another_tar_archive_is_no_checkpoint() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        made.addfile(tarfile.TarInfo("readme"))
    with pytest.raises(UnsupportedFormatError, match="tar archive without pickle"):
        open_model(packed.getvalue())


@pytest.mark.parametrize(
    "storages",
    [
        pickle.dumps(1 << 40, 2),
        pickle.dumps(-1, 2),
        pickle.dumps(1, 2) + pickle.dumps((10, "cpu"), 2),
        pickle.dumps(1, 2) + pickle.dumps((10, "cpu", torch.FloatStorage), 2) + struct.pack("<q", 1 << 61),
        pickle.dumps(1, 2) + pickle.dumps((10, "cpu", torch.FloatStorage), 2) + struct.pack("<q", -4),
        pickle.dumps(0, 2) + pickle.dumps([(11, 10, 0, 6)], 2),
        b"",
    ],
)
def test_broken_storages_are_one_error(storages: bytes) -> None:
    with pytest.raises(ModelError):
        open_model(old_checkpoint(storages=storages))


@pytest.mark.parametrize("axes", [-1, 1 << 30, 3])
def test_broken_tensors_are_one_error(axes: int) -> None:
    made = (
        pickle.dumps(1, 2) + pickle.dumps((20, 10, torch.FloatTensor), 2) + struct.pack("<ii5q", axes, 0, 3, 4, 4, 1, 0)
    )
    with pytest.raises(ModelError):
        open_model(old_checkpoint(tensors=made))


def test_truncated_archives_are_one_error() -> None:
    data = old_checkpoint()
    for length in range(300, len(data.rstrip(b"\0")), 37):
        with pytest.raises(ModelError):
            open_model(data[:length])
