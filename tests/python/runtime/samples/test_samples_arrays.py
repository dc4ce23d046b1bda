"""Arrays, lists, dicts, .npy and .npz files, functions and data sets as samples."""

import io
import itertools
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sample_models import DIGITS, embedding, identity

from haoline_analysis import open_model
from haoline_analysis.runtime.samples import InputError, Sample, samples_of

ONE = identity(x=("float32", ["batch", 4]))
TWO = identity(a=("float32", ["batch", 4]), b=("int64", ["batch", 2]))
FIXED = identity(x=("float32", [8, 4]))
ROWS = np.arange(24, dtype=np.float32).reshape(6, 4)


def refusal(inputs, model=ONE, **options):
    with pytest.raises(InputError) as caught:
        list(samples_of(inputs, model, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def values(samples, name="x"):
    return [sample.feeds[name] for sample in samples]


def test_an_array_is_taken_apart_into_samples_of_one():
    samples = samples_of(ROWS, ONE)
    assert len(samples) == 6
    assert not samples.synthetic
    assert samples.origin == "array 6×4"
    np.testing.assert_array_equal(np.concatenate(values(samples)), ROWS)
    assert all(each.shape == (1, 4) for each in values(samples))
    assert any("6 was taken apart into 6 samples" in note for note in samples.notes)


def test_samples_are_iterated_again_and_again():
    samples = samples_of(ROWS, ONE)
    assert len(list(samples)) == len(list(samples)) == 6
    assert samples[-1].label == "sample 5"
    with pytest.raises(IndexError):
        samples[6]


def test_one_row_without_a_batch_axis_is_one_sample():
    samples = samples_of(ROWS[0], ONE)
    assert len(samples) == 1
    assert samples[0].feeds["x"].shape == (1, 4)


def test_a_fixed_batch_is_filled_from_the_rows():
    samples = samples_of(np.zeros((16, 4), np.float32), FIXED)
    assert [each.shape for each in values(samples)] == [(8, 4), (8, 4)]
    assert "8 samples at a time" in refusal(np.zeros((12, 4), np.float32), FIXED)


def test_samples_may_be_run_several_at_a_time():
    samples = samples_of(ROWS, ONE, batch=4)
    assert [each.shape for each in values(samples)] == [(4, 4), (2, 4)]
    np.testing.assert_array_equal(np.concatenate(values(samples)), ROWS)
    assert samples[0].label == "sample 0 … sample 3"
    assert [len(piece) for piece in pickle.loads(pickle.dumps(samples)).split(2)] == [1, 1]
    assert "at a time" in samples.notes[-1]
    assert len(samples_of(ROWS, ONE, batch=4, limit=3)) == 1
    assert "batch is a number" in refusal(ROWS, batch=0)
    assert "expects float32 1×4" in refusal(np.zeros((4, 4), np.float32), identity(x=("float32", [1, 4])), batch=2)


def test_the_digits_network_takes_images_of_its_size():
    model = open_model(DIGITS)
    images = np.random.default_rng(0).random((5, 1, 8, 8))
    samples = samples_of(images, model)
    assert len(samples) == 5
    assert any("float64 was converted to float32" in note for note in samples.notes)
    assert samples[0].picture.shape == (8, 8, 3)
    message = refusal(images[:, :, :, :7], model)
    assert "'image' expects float32 batch×1×8×8, got float64 1×1×8×7" in message


def test_grey_images_get_their_channel_axis():
    model = open_model(DIGITS)
    images = np.random.default_rng(0).random((5, 8, 8), np.float32)
    samples = samples_of(images, model)
    assert len(samples) == 5
    np.testing.assert_array_equal(samples[4].feeds["image"], images[4][None, None])
    assert any("channel axis of 1" in note for note in samples.notes)
    np.testing.assert_array_equal(samples_of(images[0], model)[0].feeds["image"], images[0][None, None])
    assert "got float32 5×8×7" in refusal(images[:, :, :7], model)


@pytest.mark.parametrize("given", [None, {"y": 1}, object()])
def test_python_objects_are_no_arrays(given):
    assert f"got a {type(given).__name__}" in refusal({"x": given})


@pytest.mark.parametrize("given", [b"abc", dict, {1}, "", object()])
def test_what_can_never_be_fed_is_refused(given):
    assert "can be fed: see help(samples_of)" in refusal(given)


def test_a_dict_feeds_inputs_by_name_row_by_row():
    samples = samples_of({"a": ROWS, "b": np.ones((6, 2), np.int32)}, TWO)
    assert len(samples) == 6
    assert samples[2].feeds["a"].tolist() == ROWS[2:3].tolist()
    assert samples[2].feeds["b"].dtype == np.int64
    assert list(samples[0].feeds) == ["a", "b"]


def test_arrays_that_disagree_about_the_samples_are_refused():
    message = refusal({"a": ROWS, "b": np.ones((5, 2), np.int64)}, TWO)
    assert "'a' has 6, 'b' has 5" in message


def test_unknown_and_missing_inputs_are_refused():
    assert "did you mean 'input_ids'" in refusal({"input_id": np.ones((1, 3), np.int64)}, embedding())
    assert "'b' is missing: the model expects int64 batch×2" in refusal({"a": ROWS}, TWO)


def test_an_array_for_a_model_of_several_inputs_says_how_to_name_them():
    message = refusal(ROWS, TWO)
    assert "2 inputs" in message
    assert "'a': float32 batch×4" in message


def test_a_scalar_input_is_the_same_for_all_samples():
    model = identity(x=("float32", ["batch", 4]), steps=("int64", []))
    samples = samples_of({"x": ROWS, "steps": 7}, model)
    assert len(samples) == 6
    assert {int(each.feeds["steps"]) for each in samples} == {7}


def test_a_cache_is_taken_apart_along_its_own_batch_axis():
    model = identity(x=("float32", ["batch", 4]), past=("float32", [2, "batch", 3, "past", 5]))
    past = np.arange(2 * 6 * 3 * 0 * 5, dtype=np.float32).reshape(2, 6, 3, 0, 5)
    samples = samples_of({"x": ROWS, "past": past}, model)
    assert len(samples) == 6
    assert samples[1].feeds["past"].shape == (2, 1, 3, 0, 5)


def test_a_leading_axis_that_is_no_batch_is_left_alone():
    model = identity(x=("float32", ["tokens", 4]))
    assert values(samples_of(ROWS, model))[0].shape == (6, 4)


def test_lists_hold_samples_or_one_array_per_input():
    assert len(samples_of([ROWS[:1], ROWS[1:2], ROWS[2]], ONE)) == 3
    assert len(samples_of([{"a": ROWS[:1], "b": np.ones((1, 2), int)}] * 4, TWO)) == 4
    one = samples_of([ROWS[:1], np.ones((1, 2), np.int64)], TWO)
    assert len(one) == 1
    assert samples_of([(ROWS[:1], np.ones((1, 2), np.int64))] * 3, TWO)[2].feeds["b"].shape == (1, 2)
    assert samples_of([[1.0, 2, 3, 4]], ONE)[0].feeds["x"].tolist() == [[1, 2, 3, 4]]
    assert "empty" in refusal([])


def test_ready_samples_keep_their_labels():
    samples = samples_of([Sample({"x": ROWS[:1]}, "first"), Sample({"x": ROWS[1:2]})], ONE)
    assert [each.label for each in samples] == ["first", "sample 1"]


def test_an_error_names_its_sample():
    samples = samples_of([ROWS[0], np.zeros(5, np.float32)], ONE)
    with pytest.raises(InputError, match="sample 1: input 'x' expects float32 batch×4"):
        samples[1]


def test_the_first_sample_is_checked_at_once():
    with pytest.raises(InputError):
        samples_of([np.zeros(5, np.float32)], ONE)


def test_nan_is_noted_with_its_sample():
    rows = ROWS.copy()
    rows[3, 0] = np.nan
    samples = samples_of(rows, ONE)
    list(samples)
    assert any(note.startswith("sample 3") and "1 NaN" in note for note in samples.notes)


def test_a_limit_takes_the_first():
    samples = samples_of(ROWS, ONE, limit=2)
    assert len(samples) == 2
    assert any("first 2 of 6" in note for note in samples.notes)
    assert "limit" in refusal(ROWS, limit=0)


@pytest.mark.parametrize("parts", [1, 2, 4, 6, 50])
def test_pieces_hold_every_sample_once_and_pickle(parts):
    samples = samples_of(ROWS, ONE)
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in samples.split(parts)]
    assert len(pieces) == min(parts, 6)
    assert all(len(piece) for piece in pieces)
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
    everything = list(itertools.chain.from_iterable(pieces))
    assert [each.label for each in everything] == [each.label for each in samples]
    np.testing.assert_array_equal(np.concatenate([each.feeds["x"] for each in everything]), ROWS)


def test_a_piece_carries_only_its_own_rows():
    big = np.zeros((64, 4096), np.float32)
    model = identity(x=("float32", ["batch", 4096]))
    piece = samples_of(big, model).split(64)[0]
    assert len(pickle.dumps(piece)) < 40_000


def test_pieces_of_lists_and_slices_agree():
    samples = samples_of([ROWS, ROWS + 100], ONE)
    assert len(samples) == 12
    assert [s.feeds["x"][0, 0] for s in samples[4:8]] == [16, 20, 100, 104]
    labels = [s.label for piece in samples.split(5) for s in piece]
    assert labels == [s.label for s in samples]
    assert len(set(labels)) == 12


def test_npy_files_are_mapped_not_read(tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    samples = samples_of(tmp_path / "rows.npy", ONE)
    assert samples.origin == "rows.npy"
    np.testing.assert_array_equal(np.concatenate(values(samples)), ROWS)
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in samples.split(3)]
    np.testing.assert_array_equal(np.concatenate([s.feeds["x"] for p in pieces for s in p]), ROWS)
    assert len(pickle.dumps(samples_of(str(tmp_path / "rows.npy"), ONE))) < 4_000
    np.save(tmp_path / "fortran.npy", np.asfortranarray(ROWS))
    np.testing.assert_array_equal(np.concatenate(values(samples_of(tmp_path / "fortran.npy", ONE))), ROWS)


def test_npz_files_hold_inputs_by_name_or_samples(tmp_path):
    np.savez(tmp_path / "named.npz", a=ROWS, b=np.ones((6, 2), np.int64))
    assert len(samples_of(tmp_path / "named.npz", TWO)) == 6
    np.savez_compressed(tmp_path / "samples.npz", ROWS[:1], ROWS[1:3])
    assert len(samples_of(tmp_path / "samples.npz", ONE)) == 3
    np.savez(tmp_path / "order.npz", ROWS[:1], np.ones((1, 2), np.int64))
    assert len(samples_of(tmp_path / "order.npz", TWO)) == 1
    np.savez(tmp_path / "wrong.npz", aa=ROWS, b=np.ones((6, 2), np.int64))
    assert "did you mean 'a'" in refusal(tmp_path / "wrong.npz", TWO)


def test_pickles_are_never_loaded(tmp_path):
    bomb = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "objects.npy", bomb, allow_pickle=True)
    np.savez(tmp_path / "objects.npz", x=bomb)
    for name in ("objects.npy", "objects.npz"):
        assert "Python objects, which are never loaded" in refusal(tmp_path / name)


def test_broken_array_files_are_named(tmp_path):
    np.save(tmp_path / "cut.npy", ROWS)
    whole = (tmp_path / "cut.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-8])
    assert "promises 96 bytes, the file holds 88" in refusal(tmp_path / "cut.npy")
    (tmp_path / "text.npy").write_text("hello")
    assert "text.npy: not a .npy file" in refusal(tmp_path / "text.npy")
    (tmp_path / "empty.npz").write_bytes(b"")
    assert "empty.npz: not a .npz file" in refusal(tmp_path / "empty.npz")
    np.savez(tmp_path / "cut.npz", x=ROWS)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:150])
    assert "cut.npz: not a readable .npz file" in refusal(tmp_path / "cut.npz")
    (tmp_path / "header.npy").write_bytes(whole[:20])
    assert "header.npy: not a .npy array" in refusal(tmp_path / "header.npy")


def test_archives_that_lie_about_their_size_are_refused(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 4)})
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", buffer.getvalue() + bytes(1000))
    assert "promises 17,592,186,044,416 bytes" in refusal(tmp_path / "bomb.npz")
    with zipfile.ZipFile(tmp_path / "vast.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", b"\x93NUMPY")
    vast = bytearray((tmp_path / "vast.npz").read_bytes())
    at = vast.index(b"PK\x01\x02") + 24  # the size in the directory
    vast[at : at + 4] = (0xFFFFFF00).to_bytes(4, "little")
    (tmp_path / "vast.npz").write_bytes(vast)
    monkeypatch.setattr("haoline_analysis.runtime.samples.npy.MAX_EXPANDED_BYTES", 1 << 20)
    assert "expands to 4,294,967,040 bytes" in refusal(tmp_path / "vast.npz")
    (tmp_path / "bomb.npy").write_bytes(buffer.getvalue() + bytes(1000))
    assert "the file holds 1,000" in refusal(tmp_path / "bomb.npy")


def test_a_file_that_is_not_there_is_named_with_the_closest(tmp_path):
    np.save(tmp_path / "rows.npy", ROWS)
    message = refusal(str(tmp_path / "row.npy"))
    assert "there is no file" in message
    assert "did you mean 'rows.npy'" in message


def test_what_cannot_be_read_says_what_can(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"\x00\x01\x02")
    assert "readable are .npy, .npz, images" in refusal(tmp_path / "x.bin")


def test_folders_of_arrays_are_read_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        np.save(tmp_path / f"s{number}.npy", np.full((1, 4), number, np.float32))
    (tmp_path / "notes.txt").write_text("not a sample")
    (tmp_path / ".hidden.npy").write_bytes(b"junk")
    samples = samples_of(tmp_path, ONE)
    assert [each[0, 0] for each in values(samples)] == [1, 2, 10]
    assert samples[2].label == "s10.npy"
    assert samples.origin == f"folder {tmp_path.name}/, 3 files"
    assert any("left out: one file" in note for note in samples.notes)
    (tmp_path / "empty").mkdir()
    assert "holds no images" in refusal(tmp_path / "empty")


def test_a_function_of_an_index_ends_with_index_error():
    samples = samples_of(lambda i: ROWS[i], ONE)
    assert len(samples) == 6
    assert samples[5].feeds["x"][0, 0] == 20
    endless = samples_of(lambda i: np.full(4, i, np.float32), ONE)
    assert len(endless) == 32
    assert any("limit" in note for note in endless.notes)
    assert len(samples_of(lambda i: np.full(4, i, np.float32), ONE, limit=100)) == 100


def test_generator_functions_are_run_again_not_held():
    runs = []

    def rows():
        runs.append(1)
        for row in ROWS:
            yield {"x": row}

    samples = samples_of(rows, ONE)
    assert len(samples) == 6
    before = len(runs)
    assert [each[0, 0] for each in values(samples)] == [0, 4, 8, 12, 16, 20]
    assert [each[0, 0] for each in values(samples)] == [0, 4, 8, 12, 16, 20]
    assert len(runs) <= before + 2
    assert samples[1].feeds["x"][0, 0] == 4
    assert [each[0, 0] for each in values(samples[2:4])] == [8, 12]


def test_an_endless_generator_needs_a_limit():
    def endless():
        while True:
            yield ROWS[0]

    assert len(samples_of(endless, ONE, limit=3)) == 3
    assert "limit=" in refusal(endless)


def test_a_running_generator_is_held():
    samples = samples_of((row for row in ROWS), ONE)
    assert len(list(samples)) == len(list(samples)) == 6
    assert any("held in memory" in note for note in samples.notes)


def test_functions_of_nothing_make_one_sample_or_a_list():
    assert len(samples_of(lambda: {"x": ROWS[0]}, ONE)) == 1
    assert len(samples_of(lambda: [ROWS[0], ROWS[1]], ONE)) == 2


def test_a_failing_function_is_told_in_one_sentence():
    def broken(index):
        raise ValueError("no disk")

    assert refusal(broken) == "broken(31) failed: ValueError: no disk"

    def stops():
        yield ROWS[0]
        raise RuntimeError("half way")

    assert "half way" in refusal(stops)
    assert "no sample" in refusal(lambda: iter(()))


class Rows:
    """A data set as torch has them: pairs of an input and its label."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return ROWS[index], index


@pytest.mark.parametrize(
    "given",
    [ROWS, [ROWS, ROWS[:2]], {"x": ROWS}, lambda i: ROWS[i], Rows(), lambda: iter(ROWS), None],
    ids=["array", "list", "dict", "index", "data set", "generator", "synthetic"],
)
def test_labels_are_told_without_making_samples(given):
    samples = samples_of(given, ONE, limit=5)
    labels = [samples.label(at) for at in range(len(samples))]
    assert labels == [sample.label for sample in samples]
    assert labels[2:4] == [samples[2:4].label(at) for at in range(2)]
    assert len(set(labels)) == 5


def test_data_sets_of_labelled_pairs_feed_the_inputs():
    samples = samples_of(Rows(), ONE)
    assert len(samples) == 6
    assert samples[3].feeds["x"][0, 0] == 12
    assert samples.origin == "Rows, 6 samples"
    assert any("first element" in note for note in samples.notes)
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in samples.split(2)]
    assert [s.feeds["x"][0, 0] for p in pieces for s in p] == [0, 4, 8, 12, 16, 20]


class Torchlike:
    """Stands for a tensor that requires a gradient."""

    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("can't convert a tensor that requires grad")

    def detach(self):
        return type("Detached", (), {"cpu": lambda _: self._array})()


def test_tensors_of_other_libraries_become_arrays():
    assert samples_of({"x": Torchlike(ROWS[:1])}, ONE)[0].feeds["x"].tolist() == ROWS[:1].tolist()


def test_preprocessing_is_called_with_each_item():
    samples = samples_of([ROWS[:1], ROWS[1:2]], ONE, preprocess=lambda array: array * 2)
    assert values(samples)[1].tolist() == (ROWS[1:2] * 2).tolist()
    assert "preprocess" in refusal(ROWS, preprocess=3)

    def broken(array):
        raise KeyError("scale")

    assert "preprocess broken failed: KeyError" in refusal(ROWS, preprocess=broken)


def test_extras_are_imported_only_where_they_are_needed():
    script = (
        "import sys; from sample_models import DIGITS; from haoline_analysis import open_model;"
        "from haoline_analysis.runtime import samples_of; samples_of(None, open_model(DIGITS))[0].picture;"
        "print(sorted({'PIL', 'tokenizers', 'onnxruntime', 'IPython'} & set(sys.modules)))"
    )
    here = Path(__file__).parent
    ran = subprocess.run([sys.executable, "-c", script], cwd=here, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
