"""Tensors written to a folder come back as they were, a sample or a channel at a time."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from haoline_analysis.runtime.store import StoredTensors, StoreError, TensorStore

DTYPES = (
    *(np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
    *(np.float16, np.float32, np.float64, np.complex64, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.int4),
)


def filled(folder: Path, samples: int = 3, **kwargs) -> dict[tuple[str, int], np.ndarray]:
    """Store three tensors of some samples and return what was stored."""
    rng = np.random.default_rng(0)
    arrays = {}
    with TensorStore(folder, **kwargs) as store:
        for sample in range(samples):
            for name, shape in (("maps", (1, 5, 4, 4)), ("tokens", (1, 7 + sample, 6)), ("scalar", ())):
                arrays[name, sample] = rng.normal(size=shape).astype(np.float32)
                store.put(name, sample, arrays[name, sample])
            store.done(sample)
        store.finish({"model": "m", "done": samples, "worst": float("nan")})
    return arrays


def test_what_was_stored_comes_back(tmp_path):
    arrays = filled(tmp_path / "capture")
    stored = StoredTensors.open(tmp_path / "capture")
    assert stored.header == {"model": "m", "done": 3, "worst": None}
    assert stored.names() == ["maps", "tokens", "scalar"]
    assert stored.samples == [0, 1, 2]
    for (name, sample), array in arrays.items():
        np.testing.assert_array_equal(stored.load(name, sample), array)
        assert stored.shape(name, sample) == array.shape
        assert stored.dtype(name, sample) == "float32"
    assert sorted(path.suffix for path in (tmp_path / "capture").iterdir()) == [".bin", ".json"]


@pytest.mark.parametrize("axes", [None, {"maps": 1, "tokens": -1, "scalar": None}])
def test_one_channel_is_the_slice_of_the_sample(tmp_path, axes):
    arrays = filled(tmp_path, channel_axes=axes)
    stored = StoredTensors.open(tmp_path)
    np.testing.assert_array_equal(stored.load("maps", 1, 3, 1), arrays["maps", 1][:, 3])
    np.testing.assert_array_equal(stored.load("tokens", 2, 5, -1), arrays["tokens", 2][..., 5])
    np.testing.assert_array_equal(stored.load("tokens", 2, 4, 1), arrays["tokens", 2][:, 4])
    if axes:
        channel = stored.load("tokens", 2, 5)
        np.testing.assert_array_equal(channel, arrays["tokens", 2][..., 5])
        assert channel.flags.c_contiguous  # one stretch of the file
        np.testing.assert_array_equal(stored.load("tokens", 2), arrays["tokens", 2])


def test_arrays_are_read_only(tmp_path):
    filled(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        StoredTensors.open(tmp_path).load("maps")[:] = 0


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_array_of_any_type_comes_back_bit_by_bit(tmp_path_factory, data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4))
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    axis = data.draw(st.none() | st.integers(-5, 4))
    raw = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 2, (*shape, dtype.itemsize), np.uint8)
    array = raw.reshape(-1).view(dtype).reshape(shape)
    if data.draw(st.booleans()):
        array = array.T  # not in C order
    folder = tmp_path_factory.mktemp("any")
    with TensorStore(folder, channel_axes={"x": axis}) as store:
        store.put("x", 4, array)
        store.done(4)
        store.finish({})
    found = StoredTensors.open(folder).load("x", 4)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(array).tobytes()


def test_big_endian_arrays_keep_their_values(tmp_path):
    with TensorStore(tmp_path) as store:
        store.put("x", 0, np.arange(5, dtype=">f4"))
        store.done(0)
        store.finish({})
    np.testing.assert_array_equal(StoredTensors.open(tmp_path).load("x"), np.arange(5, dtype=np.float32))


def test_only_what_is_touched_is_paged_in(tmp_path):
    """A channel of a sample of 64 MB brings in a few pages of it, in either order of axes."""
    smaps = Path("/proc/self/smaps")
    if not smaps.exists():
        pytest.skip("the system does not say which pages are in memory")
    with TensorStore(tmp_path, channel_axes={"last": -1}) as store:
        for name, shape in (("first", (1, 256, 256, 256)), ("last", (1, 65536, 256))):
            store.put(name, 0, np.zeros(shape, np.float32))
        store.done(0)
        store.finish({})
    stored = StoredTensors.open(tmp_path)

    def resident() -> int:
        lines = smaps.read_text().splitlines()
        at = next(i for i, line in enumerate(lines) if line.endswith(".bin") and str(tmp_path) in line)
        return int(next(line for line in lines[at:] if line.startswith("Rss:")).split()[1]) * 1024

    before = resident()
    assert stored.load("first", 0, 100, 1).sum() + stored.load("last", 0, 100).sum() == 0
    assert resident() - before < 12e6  # of 128 MB: two channels of 256 kB, and what the system maps around them


def test_tables_come_back(tmp_path):
    with TensorStore(tmp_path) as store:
        store.put_table("rows", {"name": ["a", None, "ü"], "mean": np.array([1.5, np.nan]), "n": np.arange(3)})
        store.put_table("words", {"op": np.array(["Conv", "Relu"]), "mixed": np.array(["x", np.nan], object)})
        store.finish({})
    stored = StoredTensors.open(tmp_path)
    assert stored.tables() == ["rows", "words"]
    rows = stored.table("rows")
    assert rows["name"] == ["a", None, "ü"]
    np.testing.assert_array_equal(rows["mean"], [1.5, np.nan])
    assert rows["n"].dtype == np.int64
    assert stored.table("words") == {"op": ["Conv", "Relu"], "mixed": ["x", None]}
    with pytest.raises(StoreError, match="no table 'row'; did you mean 'rows'"):
        stored.table("row")


def test_names_never_become_file_names(tmp_path):
    names = ["../../escape", "/etc/passwd", "a\0b", "x" * 5000, ""]
    with TensorStore(tmp_path / "inside") as store:
        for number, name in enumerate(names):
            store.put(name, 0, np.full(3, number))
        store.done(0)
        store.finish({})
    stored = StoredTensors.open(tmp_path / "inside")
    assert [stored.load(name)[0] for name in names] == [0, 1, 2, 3, 4]
    assert list(tmp_path.iterdir()) == [tmp_path / "inside"]
    assert len(list((tmp_path / "inside").iterdir())) == 2


def test_what_is_not_there_is_named(tmp_path):
    filled(tmp_path)
    stored = StoredTensors.open(tmp_path)
    for arguments, message in (
        (("token",), "no tensor 'token'; did you mean 'tokens'"),
        (("maps", 3), "Sample 3 of 'maps' is not stored; 0 to 2 are"),
        (("maps", -1), "Sample -1 of 'maps'"),
        (("maps", 0, 5, 1), "'maps' has channels 0 to 4, there is no 5"),
        (("maps", 0, -1, 1), "there is no -1"),
        (("maps", 0, 0), "'maps' has no channel axis"),
        (("maps", 0, 0, 4), "'maps' has no channel axis 4: its rank is 4"),
    ):
        with pytest.raises(StoreError, match=message):
            stored.load(*arguments)


def test_text_cannot_be_stored_and_twice_is_refused(tmp_path):
    with TensorStore(tmp_path) as store:
        with pytest.raises(StoreError, match="type 'object' cannot be stored"):
            store.put("words", 0, np.array(["a", "b"], object))
        store.put("x", 0, np.zeros(2))
        with pytest.raises(StoreError, match="Sample 0 of 'x' is stored already"):
            store.put("x", 0, np.zeros(2))


def test_threads_may_store_at_once(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with TensorStore(tmp_path) as store:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: store.put(f"t{i % 20}", i // 20, np.full(1000 + i, i)), range(200)))
        for sample in range(10):
            store.done(sample)
        store.finish({})
    stored = StoredTensors.open(tmp_path)
    for i in range(200):
        np.testing.assert_array_equal(stored.load(f"t{i % 20}", i // 20), np.full(1000 + i, i))
