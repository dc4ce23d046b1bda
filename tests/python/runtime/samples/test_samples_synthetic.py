"""Inputs made up where none are given: in range, repeatable, labelled, and accepted by onnxruntime."""

import pickle

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper
from sample_models import BERT, DIGITS, ROOT, build, embedding, identity

from haoline_analysis import open_model
from haoline_analysis.runtime.samples import InputError, samples_of

MODELS = [
    DIGITS,
    ROOT / "tests/models/unet.onnx",
    ROOT / "tests/models/seq2seq.onnx",
    ROOT / "tests/models/mixtral.onnx",
]


def only(model, **options):
    samples = samples_of(None, model, **options)
    assert samples.synthetic
    assert samples.origin == "synthetic"
    return samples[0].feeds


@pytest.mark.parametrize("path", MODELS[:3], ids=lambda path: path.stem)
def test_onnxruntime_takes_what_is_made_up(path):
    feeds = only(open_model(path))
    outputs = ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, dict(feeds))
    assert all(np.isfinite(each).all() for each in outputs if each.dtype.kind == "f")


def test_a_sequence_is_no_longer_than_the_positions_that_the_model_knows():
    """The table of positions has 32 rows, and is read by a Range as long as the sequence."""
    assert only(open_model(ROOT / "examples/models/repeater.onnx"))["input_ids"].shape == (1, 32)


def test_bert_runs_on_ids_of_its_vocabulary():
    samples = samples_of(None, open_model(BERT), shapes={"seq": 8})
    feeds = samples[0].feeds
    ids = feeds["input_ids"]
    assert ids.shape == (1, 8)
    assert ids.dtype == np.int64
    assert ids.min() >= 1
    assert ids.max() < 30_522
    assert (feeds["attention_mask"] == 1).all()
    assert (feeds["token_type_ids"] == 0).all()
    assert any("below 30,522, the rows of embeddings.word_embeddings.weight" in note for note in samples.notes)
    outputs = ort.InferenceSession(BERT, providers=["CPUExecutionProvider"]).run(None, dict(feeds))
    assert outputs[0].shape == (1, 8, 768)


def test_ids_reach_over_the_whole_vocabulary():
    ids = np.concatenate([s.feeds["input_ids"] for s in samples_of(None, embedding(50), limit=20)])
    assert set(np.unique(ids)) == set(range(1, 50))


def test_tables_are_found_through_casts_and_reshapes():
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["c"], to=7),
        helper.make_node("Reshape", ["c", "flat"], ["r"]),
        helper.make_node("Gather", ["words", "r"], ["y"]),
    ]
    weights = {"words": np.zeros((7, 2), np.float32), "flat": np.array([-1], np.int64)}
    model = build(nodes, {"input_ids": ("int32", ["batch", "seq"])}, weights)
    ids = only(model)["input_ids"]
    assert ids.dtype == np.int32
    assert ids.max() < 7


def test_the_smallest_of_several_tables_counts():
    nodes = [helper.make_node("Gather", ["big", "t"], ["a"]), helper.make_node("Gather", ["small", "t"], ["b"], axis=1)]
    weights = {"big": np.zeros((50, 2), np.float32), "small": np.zeros((2, 3), np.float32)}
    model = build(nodes, {"t": ("int64", ["batch", "seq"])}, weights, ["a", "b"])
    assert only(model)["t"].max() < 3


def test_a_decoder_with_a_cache_starts_empty():
    past = ("float32", ["batch", 2, "past_sequence_length", 4])
    feeds = only(
        embedding(
            attention_mask=("int64", ["batch", "past_sequence_length + seq"]),
            position_ids=("int64", ["batch", "seq"]),
            **{"past_key_values.0.key": past, "past_key_values.0.value": past},
        )
    )
    assert feeds["past_key_values.0.key"].shape == (1, 2, 0, 4)
    assert feeds["attention_mask"].shape == (1, 128)
    assert feeds["position_ids"].tolist() == [list(range(128))]


def test_a_cache_of_fixed_length_is_zeros_and_shifts_the_positions():
    feeds = only(embedding(position_ids=("int64", ["batch", "seq"]), past_key=("float16", [1, 2, 5, 4])))
    assert feeds["past_key"].shape == (1, 2, 5, 4)
    assert not feeds["past_key"].any()
    assert feeds["position_ids"][0, :3].tolist() == [5, 6, 7]


@pytest.mark.parametrize("packed", [True, False])
def test_the_head_size_of_a_cache_is_the_one_that_its_attention_needs(packed):
    width = (4 + 2 * 2) * 6 if packed else 4 * 6
    inputs = {"x": ("float32", ["batch", "seq", width])}
    inputs |= {} if packed else {"k": ("float32", ["batch", "seq", 12]), "v": ("float32", ["batch", "seq", 12])}
    past = ("float32", ["batch", 2, "past_sequence_length", "kv_cache_dim"])
    inputs |= {"past.key": past, "past.value": past, "seqlens_k": ("int32", ["batch"]), "total_len": ("int32", [])}
    names = ["x", *(["", ""] if packed else ["k", "v"]), "past.key", "past.value", "seqlens_k", "total_len"]
    node = helper.make_node(
        "GroupQueryAttention", names, ["y", "pk", "pv"], domain="com.microsoft", num_heads=4, kv_num_heads=2
    )
    feeds = only(build([node], inputs))
    assert feeds["past.key"].shape == feeds["past.value"].shape == (1, 2, 0, 6)
    assert feeds["seqlens_k"].tolist() == [127]
    assert int(feeds["total_len"]) == 128


def test_other_inputs_get_what_their_names_mean():
    feeds = only(
        embedding(
            seqlens_k=("int32", ["batch", 1]), total_sequence_length=("int32", []), lengths=("int64", ["batch"]),
            timestep=("int64", []), use_cache_branch=("bool", [1]), attention_mask=("float32", ["batch", 1, 1, "seq"]),
        )
    )  # fmt: skip
    assert int(feeds["total_sequence_length"]) == 128
    assert int(feeds["seqlens_k"][0, 0]) == 127
    assert feeds["lengths"].tolist() == [128]
    assert int(feeds["timestep"]) == 500
    assert not feeds["use_cache_branch"].any()
    assert (feeds["attention_mask"] == 1).all()


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16", "int32", "uint8", "bool", "string"])
def test_every_element_type_can_be_made(kind):
    array = only(identity(x=(kind, ["batch", 6])))["x"]
    assert array.shape == (1, 6)
    assert array.dtype.name == kind or kind == "string"


def test_pictures_lie_in_the_range_of_their_preset():
    model = identity(image=("float32", ["batch", 3, 96, 96]))
    samples = samples_of(None, model)
    image = samples[0].feeds["image"]
    assert -2.2 < image.min() < -0.5
    assert 0.5 < image.max() < 2.7
    assert samples[0].picture.shape == (96, 96, 3)
    assert samples[0].picture.std() > 10
    unit = only(model, preprocess="0-1")["image"]
    assert unit.min() >= 0
    assert unit.max() <= 1
    grey = samples_of(None, open_model(DIGITS))[0]
    assert grey.feeds["image"].shape == (1, 1, 8, 8)
    assert 0 <= grey.feeds["image"].min() <= grey.feeds["image"].max() <= 1


def test_the_same_seed_makes_the_same_samples_whoever_asks():
    model = embedding()
    samples = samples_of(None, model, limit=6, seed=3)
    again = samples_of(None, model, limit=6, seed=3)
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in again.split(4)]
    ids = [s.feeds["input_ids"] for piece in pieces for s in piece]
    np.testing.assert_array_equal(np.concatenate(ids), np.concatenate([s.feeds["input_ids"] for s in samples]))
    assert all(piece.synthetic for piece in pieces)
    assert not np.array_equal(ids[0], ids[1])
    assert not np.array_equal(samples_of(None, model, seed=4)[0].feeds["input_ids"], ids[0])
    assert [s.label for s in samples][:2] == ["synthetic 0", "synthetic 1"]


def test_assumed_sizes_are_noted():
    notes = samples_of(None, embedding()).notes
    assert any("dimension batch = 1" in note for note in notes)
    assert any("input_ids" in note and "1×128" in note for note in notes)


def test_absurd_sizes_are_not_made_up():
    with pytest.raises(InputError, match="give it yourself"):
        samples_of(None, identity(x=("float32", [1 << 40])))


def test_unknown_ranks_are_not_made_up():
    with pytest.raises(InputError, match="'x' is float32 of any shape"):
        samples_of(None, identity(x=("float32", None)))
    assert samples_of({"x": np.ones((2, 3), np.float32)}, identity(x=("float32", None)))[0].feeds["x"].shape == (2, 3)


def test_models_without_inputs_run_on_nothing():
    node = helper.make_node("Constant", [], ["y"], value_float=1.0)
    assert samples_of(None, build([node], {}))[0].feeds == {}
