"""Texts through tokenizers: files, folders, functions; padding, cutting, and the inputs that follow."""

import json
import pickle

import numpy as np
import pytest
from sample_models import BERT, embedding, identity

from haoline_analysis import MissingExtraError, open_model
from haoline_analysis.runtime.samples import InputError, samples_of

tokenizers = pytest.importorskip("tokenizers")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "##s", "on", "mat"]
MASKED = embedding(attention_mask=("int64", ["batch", "seq"]), token_type_ids=("int64", ["batch", "seq"]))


def word_piece():
    """A BERT-like tokenizer of ten words."""
    vocabulary = {word: at for at, word in enumerate(WORDS)}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


@pytest.fixture
def folder(tmp_path):
    """A folder as transformers saves it."""
    (tmp_path / "tok").mkdir()
    word_piece().save(str(tmp_path / "tok" / "tokenizer.json"))
    config = {"model_max_length": 6, "pad_token": {"content": "mat"}}
    (tmp_path / "tok" / "tokenizer_config.json").write_text(json.dumps(config))
    return tmp_path / "tok"


def refusal(inputs, model=MASKED, **options):
    with pytest.raises(InputError) as caught:
        list(samples_of(inputs, model, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_list_of_texts_is_tokenized_each_at_its_own_length(folder):
    samples = samples_of(["The cats sat", "on the mat"], MASKED, tokenizer=folder / "tokenizer.json")
    assert len(samples) == 2
    first = samples[0]
    assert first.feeds["input_ids"].tolist() == [[2, 4, 5, 7, 6, 3]]
    assert first.feeds["attention_mask"].tolist() == [[1] * 6]
    assert first.feeds["token_type_ids"].tolist() == [[0] * 6]
    assert first.tokens == ("[CLS]", "The", "cat", "s", "sat", "[SEP]")
    assert samples[1].feeds["input_ids"].shape == (1, 5)
    assert first.label == "The cats sat"
    assert samples.origin == "2 texts"
    assert samples.label(1) == samples[1].label == "on the mat"
    assert samples.tokenized
    assert samples[:1].tokenized


@pytest.mark.parametrize("kind", ["object", "path", "folder", "string"])
def test_tokenizers_come_as_objects_files_and_folders(folder, kind):
    given = {
        "object": word_piece(),
        "path": folder / "tokenizer.json",
        "folder": folder,
        "string": str(folder),
    }[kind]
    assert samples_of("the cat", MASKED, tokenizer=given)[0].feeds["input_ids"].tolist() == [[2, 4, 5, 3]]


def test_a_text_file_is_one_sample_a_line(tmp_path, folder):
    (tmp_path / "texts.txt").write_text("the cat\n\n  on the mat \n", "utf-8")
    samples = samples_of(tmp_path / "texts.txt", MASKED, tokenizer=folder)
    assert [s.label for s in samples] == ["the cat", "on the mat"]
    assert samples.origin == "texts.txt, 2 texts"
    assert "needs a tokenizer" in refusal(tmp_path / "texts.txt")
    (tmp_path / "latin.txt").write_bytes("déjà vu".encode("latin-1"))
    assert "not UTF-8 text (byte 1)" in refusal(tmp_path / "latin.txt", tokenizer=folder)
    (tmp_path / "blank.txt").write_text("\n \n")
    assert "holds no text" in refusal(tmp_path / "blank.txt", tokenizer=folder)


def test_long_texts_are_cut_but_keep_their_end_mark(folder):
    samples = samples_of("the cat sat on the mat on the mat", MASKED, tokenizer=folder)
    assert samples[0].feeds["input_ids"].tolist() == [[2, 4, 5, 6, 8, 3]]
    assert samples[0].tokens[-1] == "[SEP]"
    assert any("cut to 6 tokens" in note for note in samples.notes)


def test_truncation_and_padding_of_the_file_itself(tmp_path):
    made = word_piece()
    made.enable_truncation(4)
    made.enable_padding(length=16, pad_id=5, pad_token="cat")
    made.save(str(tmp_path / "tokenizer.json"))
    samples = samples_of(["the cat sat on the mat", "mat"], MASKED, tokenizer=tmp_path)
    assert samples[0].feeds["input_ids"].tolist() == [[2, 4, 5, 3]]
    assert samples[1].feeds["input_ids"].tolist() == [[2, 9, 3]]  # not padded: the model leaves the length open
    assert any("cut to 4 tokens" in note for note in samples.notes)
    fixed = samples_of("mat", identity(input_ids=("int64", [1, 5])), tokenizer=tmp_path)
    assert fixed[0].feeds["input_ids"].tolist() == [[2, 9, 3, 5, 5]]


def test_fixed_lengths_are_padded_and_masked(folder):
    model = identity(input_ids=("int64", [1, 8]), attention_mask=("int32", [1, 8]))
    samples = samples_of(["the cat", "the cat sat on the mat on the mat"], model, tokenizer=folder)
    first, second = samples
    assert first.feeds["input_ids"].tolist() == [[2, 4, 5, 3, 9, 9, 9, 9]]  # the folder pads with "mat"
    assert first.feeds["attention_mask"].tolist() == [[1, 1, 1, 1, 0, 0, 0, 0]]
    assert first.feeds["attention_mask"].dtype == np.int32
    assert first.tokens[4:] == ("[pad]",) * 4
    assert second.feeds["input_ids"].shape == (1, 8)
    assert second.feeds["input_ids"][0, -1] == 3
    assert any("cut and padded to the model's 8" in note for note in samples.notes)


def test_a_fixed_batch_of_texts(folder):
    model = identity(input_ids=("int64", [2, 8]), position_ids=("int64", [2, 8]))
    samples = samples_of(["the cat", "the mat", "the cat sat"], model, tokenizer=folder)
    assert len(samples) == 2
    assert samples[0].feeds["input_ids"].shape == (2, 8)
    assert samples[0].feeds["position_ids"].tolist() == [list(range(8))] * 2


def test_what_follows_from_the_length_is_made(folder):
    past = ("float32", ["batch", 2, "past", 4])
    model = embedding(
        attention_mask=("int64", ["batch", "past + seq"]), position_ids=("int64", ["batch", "seq"]),
        past_key=past, past_value=past, use_cache_branch=("bool", [1]),
    )  # fmt: skip
    samples = samples_of("the cat", model, tokenizer=folder)
    feeds = samples[0].feeds
    assert feeds["position_ids"].tolist() == [[0, 1, 2, 3]]
    assert feeds["attention_mask"].tolist() == [[1, 1, 1, 1]]
    assert feeds["past_key"].shape == (1, 2, 0, 4)
    assert feeds["use_cache_branch"].tolist() == [False]
    assert any("position_ids, past_key" in note for note in samples.notes)


def test_inputs_that_no_text_tells_are_missing(folder):
    model = embedding(pixel_values=("float32", ["batch", 3, 8, 8]))
    assert "'pixel_values' is missing" in refusal("the cat", model, tokenizer=folder)
    assert "no input of the model takes token ids" in refusal(
        "the cat", identity(x=("float32", ["batch", 4])), tokenizer=folder
    )


def test_functions_tokenize_too():
    def like_transformers(text):
        ids = [2, *[5] * len(text.split()), 3]
        return {"input_ids": [ids], "attention_mask": np.ones((1, len(ids)), np.int64)}

    samples = samples_of("a b c", MASKED, tokenizer=like_transformers)
    assert samples[0].feeds["input_ids"].tolist() == [[2, 5, 5, 5, 3]]
    assert samples[0].feeds["token_type_ids"].tolist() == [[0] * 5]
    assert samples[0].tokens is None
    assert samples_of("abc", MASKED, tokenizer=lambda text: [ord(c) % 50 for c in text])[0].feeds[
        "input_ids"
    ].tolist() == [[47, 48, 49]]
    assert "no 'input_ids'" in refusal("x", tokenizer=lambda text: {"logits": [1]})
    assert "no list of whole numbers" in refusal("x", tokenizer=lambda text: [0.5])

    def broken(text):
        raise RuntimeError("no vocabulary")

    assert "no vocabulary" in refusal("x", tokenizer=broken)


class LikeTransformers:
    """What transformers' tokenizers offer beside being callable."""

    pad_token_id = 7
    model_max_length = 4
    eos_token_id = 3

    def __call__(self, text):
        return {"input_ids": [*[5] * len(text.split()), 3]}

    def convert_ids_to_tokens(self, ids):
        return [WORDS[each] for each in ids]


def test_limits_and_words_of_transformers_are_taken_over():
    samples = samples_of("a b c d e f", MASKED, tokenizer=LikeTransformers())
    assert samples[0].feeds["input_ids"].tolist() == [[5, 5, 5, 3]]
    assert samples[0].tokens == ("cat", "cat", "cat", "[SEP]")
    fixed = samples_of("a", identity(input_ids=("int64", [1, 4])), tokenizer=LikeTransformers())
    assert fixed[0].feeds["input_ids"].tolist() == [[5, 3, 7, 7]]


def test_byte_level_tokens_are_shown_as_the_text_they_stand_for(tmp_path):
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(["déjà vu"] * 9, tokenizers.trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet))
    sample = samples_of("déjà vu", embedding(300), tokenizer=made)[0]
    assert "".join(sample.tokens) == "déjà vu"


def test_ids_given_as_arrays_get_their_words(folder):
    samples = samples_of({"input_ids": np.array([[2, 5, 3], [2, 9, 3]])}, embedding(), tokenizer=folder)
    assert samples[1].tokens == ("[CLS]", "mat", "[SEP]")


def test_pieces_of_texts_pickle(folder):
    samples = samples_of(["the cat", "the mat", "the cat sat"], MASKED, tokenizer=folder)
    pieces = [pickle.loads(pickle.dumps(piece)) for piece in samples.split(2)]
    assert [s.label for piece in pieces for s in piece] == ["the cat", "the mat", "the cat sat"]


def test_vocabularies_of_old_bert_folders(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORDS))
    assert samples_of("the cat", MASKED, tokenizer=tmp_path)[0].feeds["input_ids"].tolist() == [[2, 4, 5, 3]]


def test_broken_tokenizers_are_named(tmp_path):
    assert "there is no tokenizer at" in refusal("x", tokenizer=str(tmp_path / "none.json"))
    (tmp_path / "tokenizer.json").write_text("{}")
    assert "tokenizer.json: not a tokenizer" in refusal("x", tokenizer=tmp_path / "tokenizer.json")
    (tmp_path / "empty").mkdir()
    assert "holds no tokenizer.json" in refusal("x", tokenizer=tmp_path / "empty")
    assert "not int" in refusal("x", tokenizer=3)


def test_a_text_without_a_tokenizer_is_no_file():
    assert "there is no file 'the cat'" in refusal("the cat")
    assert "tokenizer" in refusal(["the cat", "the mat"])


def test_long_texts_are_no_paths(folder):
    long = "the cat sat " * 1000
    assert samples_of(long, MASKED, tokenizer=folder)[0].feeds["input_ids"].shape == (1, 6)
    assert len(samples_of([long, "the\0cat"], MASKED, tokenizer=folder)) == 2
    assert "cannot be read" in refusal(long)


def test_models_that_read_text_themselves_need_no_tokenizer():
    model = identity(text=("string", ["n"]))
    samples = samples_of(["the cat", "the mat"], model)
    assert len(samples) == 2
    assert samples[1].feeds["text"].tolist() == ["the mat"]


def test_bert_takes_sentences_of_a_small_tokenizer(folder):
    samples = samples_of(["the cat sat on the mat"], open_model(BERT), tokenizer=folder)
    assert {name: array.shape for name, array in samples[0].feeds.items()} == {
        "input_ids": (1, 6),
        "attention_mask": (1, 6),
        "token_type_ids": (1, 6),
    }


def test_a_missing_package_is_told_with_the_extra(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r'pip install "haoline-jupyter\[text\]"'):
        samples_of("x", MASKED, tokenizer=folder)
