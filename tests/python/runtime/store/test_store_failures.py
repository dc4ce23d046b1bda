"""A full budget or disk, an interrupt or a killed process never leave half a capture that looks whole."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.store import StoredTensors, StoreError, StoreFullError, TensorStore, log
from haoline_analysis.runtime.store.log import DataLog

SAMPLE = np.arange(1000, dtype=np.float32)


def captured(folder: Path, value: float, samples: int = 1) -> None:
    with TensorStore(folder) as store:
        for sample in range(samples):
            store.put("x", sample, np.full(1000, value, np.float32))
            store.done(sample)
        store.finish({"value": value})


def fill(store: TensorStore, tensors: tuple[str, ...] = ("a", "b")) -> None:
    for sample in range(1000):
        for name in tensors:
            store.put(name, sample, SAMPLE + sample)
        store.done(sample)


def test_the_budget_is_never_exceeded_and_whole_samples_are_kept(tmp_path):
    budget = 30_000
    with TensorStore(tmp_path, budget) as store:
        with pytest.raises(
            StoreFullError, match=r"budget of 30,000 bytes has no room .*'b', sample 3; 3 samples stored"
        ):
            fill(store)
        assert store.nbytes <= budget
        store.finish({})
    stored = StoredTensors.open(tmp_path)
    assert stored.samples == [0, 1, 2]
    assert stored.nbytes <= budget
    np.testing.assert_array_equal(stored.load("b", 2), SAMPLE + 2)
    with pytest.raises(StoreError, match="Sample 3 of 'a' is not stored; 0 to 2 are"):
        stored.load("a", 3)


def test_tables_and_index_count_against_the_budget(tmp_path):
    with TensorStore(tmp_path, 5_000) as store:
        store.put("x", 0, SAMPLE)
        store.done(0)
        with pytest.raises(StoreFullError, match="no room for the table 'big'"):
            store.put_table("big", {"x": np.zeros(200)})
        store.put_table("small", {"x": np.zeros(50)})
        with pytest.raises(StoreFullError):
            store.put("x", 1, np.zeros(100))
        store.finish({})
    assert StoredTensors.open(tmp_path).nbytes <= 5_000


def test_room_can_be_reserved_for_tables(tmp_path):
    with TensorStore(tmp_path, 20_000) as store:
        with pytest.raises(StoreFullError, match="no room for what is kept beside the tensors"):
            store.reserve(20_001)
        store.reserve(3_000)
        with pytest.raises(StoreFullError, match="4 samples stored before it"):
            fill(store, ("a",))
        store.put_table("first", {"x": np.zeros(200)})
        store.put_table("second", {"x": np.zeros(200), "y": np.zeros(3)})  # more than was reserved, and it fits
        with pytest.raises(StoreFullError, match="no room for the table 'third'"):
            store.put_table("third", {"x": np.zeros(1000)})
        store.finish({})
    stored = StoredTensors.open(tmp_path)
    assert stored.samples == [0, 1, 2, 3]
    assert stored.tables() == ["first", "second"]
    assert stored.nbytes <= 20_000


class FullDisk:
    """A file on a disk that takes ``room`` bytes, and part of the write that goes beyond."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, data) -> int:
        taken = min(len(data), self._room - self._file.tell())
        if taken <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data[:taken])


def test_a_full_disk_leaves_the_whole_samples(tmp_path):
    with TensorStore(tmp_path) as store:
        store._log._file = FullDisk(store._log._file, 30_000)
        with pytest.raises(StoreFullError, match=r"disk has no room .*No space left on device"):
            fill(store)
        store.finish({"done": len(store.samples)})
    stored = StoredTensors.open(tmp_path)
    assert stored.samples == [0, 1, 2]
    np.testing.assert_array_equal(stored.load("a", 2), SAMPLE + 2)


def test_a_disk_that_fills_leaves_room_for_what_was_reserved(tmp_path, monkeypatch):
    """The tables of a capture come last: without room for them all the samples stored before would be lost."""
    disk = shutil.disk_usage(tmp_path)
    with TensorStore(tmp_path) as store:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: disk._replace(free=300_000 - store._log.size))
        store.reserve(100_000)
        with pytest.raises(StoreFullError, match=r"The disk has no room for .*, sample \d+; \d+ samples stored"):
            fill(store)
        assert 100_000 < store._log.size < 200_000
        store.put_table("later", {"x": np.zeros(12_000)})
        store.finish({})
    assert StoredTensors.open(tmp_path).table("later")["x"].shape == (12_000,)


def test_a_disk_that_is_full_at_the_end_leaves_nothing(tmp_path):
    with TensorStore(tmp_path / "new") as store:
        store.put("x", 0, SAMPLE)
        store.done(0)
        store._log._file = FullDisk(store._log._file, 4_000)
        with pytest.raises(StoreFullError):
            store.finish({})
    assert not (tmp_path / "new").exists()


LIMITED = """
import resource, sys
import numpy as np
from haoline_analysis.runtime.store import StoreFullError, TensorStore
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
with TensorStore(sys.argv[1]) as store:
    try:
        for sample in range(1000):
            store.put("a", sample, np.full(3001, sample, np.float32))
            store.done(sample)
    except StoreFullError as error:
        print(error)
        store.finish({"done": len(store.samples)})
"""


def test_a_write_that_the_system_cuts_short(tmp_path):
    """The kernel's own limit on file sizes: the last write takes a part, the next is refused."""
    pytest.importorskip("resource")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "disk has no room for 12,004 bytes of 'a', sample 4; 4 samples stored before it" in done.stdout
    stored = StoredTensors.open(tmp_path)
    assert stored.samples == [0, 1, 2, 3]
    assert stored.load("a", 3).min() == stored.load("a", 3).max() == 3


def test_an_interrupt_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with store:
            store.put("x", 0, SAMPLE)
            store.done(0)
            raise KeyboardInterrupt

    store = TensorStore(tmp_path / "new")
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not (tmp_path / "new").exists()
    with pytest.raises(StoreError, match="is closed"):
        store.put("x", 1, SAMPLE)


def test_only_samples_that_are_done_count(tmp_path):
    with TensorStore(tmp_path) as store:
        for name, sample in (
            ("a", 0),
            ("a", 1),
            ("b", 0),
            ("b", 1),
            ("a", 2),
        ):  # tensor by tensor, then a sample cut off
            store.put(name, sample, SAMPLE + sample)
        store.done(1)
        store.finish({})
    stored = StoredTensors.open(tmp_path)
    assert stored.samples == [1]
    np.testing.assert_array_equal(stored.load("b", 1), SAMPLE + 1)
    with pytest.raises(StoreError, match="Sample 0 of 'b' is not stored; stored: 1"):
        stored.load("b", 0)


def test_an_earlier_capture_stands_until_the_next_is_finished(tmp_path):
    captured(tmp_path, 1)
    with TensorStore(tmp_path) as store:
        store.put("x", 0, SAMPLE)
        assert StoredTensors.open(tmp_path).load("x").max() == 1
    reader = StoredTensors.open(tmp_path)
    captured(tmp_path, 2)
    assert StoredTensors.open(tmp_path).header == {"value": 2}
    assert reader.load("x").max() == 1  # who reads the old one goes on reading
    assert len(list(tmp_path.iterdir())) == 2


def test_an_interrupt_after_the_last_step_of_finishing_harms_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    store = TensorStore(tmp_path)
    store.put("x", 0, SAMPLE)
    store.done(0)
    monkeypatch.setattr("haoline_analysis.runtime.store.manifest._sync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.finish({})
    np.testing.assert_array_equal(StoredTensors.open(tmp_path).load("x"), SAMPLE)


KILLED = """
import os, sys
import numpy as np
from haoline_analysis.runtime.store import TensorStore
store = TensorStore(sys.argv[1])
store.put("x", 0, np.zeros(100))
store.done(0)
os._exit(9)
"""


def test_what_a_killed_process_left_is_no_capture_and_is_swept_away(tmp_path):
    (tmp_path / "activations-mine.bin").write_text("a user's own file")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(StoreError, match="no finished capture"):
        StoredTensors.open(tmp_path)
    captured(tmp_path, 1)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses to delete open files by itself")
def test_a_file_that_somebody_writes_to_is_not_swept_away(tmp_path):
    writing = DataLog(tmp_path, None)
    log.sweep(tmp_path, None)
    assert writing.path.exists()
    writing.close()
    log.sweep(tmp_path, None)
    assert not writing.path.exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"Cannot make the folder .*file/capture'"):
        TensorStore(tmp_path / "file" / "capture")
