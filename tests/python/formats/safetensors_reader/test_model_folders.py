"""Model folders as people have them: sharded, half downloaded, in the hub's cache, or made to lead elsewhere."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors_files import file_with, sparse_folder

from haoline_analysis.errors import (
    ExternalDataError,
    LimitError,
    MalformedModelError,
    ModelError,
    UnsupportedFormatError,
)
from haoline_analysis.formats import open_model
from haoline_analysis.formats.huggingface.index import parse_index
from haoline_analysis.formats.huggingface.tokenizer import tokenizer_facts

CONFIG = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 2, "vocab_size": 16}
SHAPES = {
    "model.embed_tokens.weight": (16, 8),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.layers.1.self_attn.q_proj.weight": (8, 8),
    "lm_head.weight": (16, 8),
}


@pytest.fixture
def folder(tmp_path):
    return sparse_folder(tmp_path / "tiny", SHAPES, 2, CONFIG)


def names(model):
    return [op.name for op in model.ops]


def said(model):
    return " ".join(gap.what for gap in model.gaps)


def test_shards_are_one_model(folder):
    model = open_model(folder)
    assert (model.name, model.format, names(model)) == ("tiny", "huggingface", list(SHAPES))
    assert [shard["tensors"] for shard in model.facts["shards"]] == [2, 2]
    assert model.file_bytes == sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert model.gaps == []
    assert model.architecture.total_parameters == sum(rows * columns for rows, columns in SHAPES.values())


def test_the_index_itself_opens_the_model(folder):
    assert names(open_model(folder / "model.safetensors.index.json")) == list(SHAPES)


def test_numbered_shards_need_no_index(folder):
    (folder / "model.safetensors.index.json").unlink()
    assert names(open_model(folder)) == list(SHAPES)
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert "1 of 2 shards is missing" in said(open_model(folder))


def test_a_missing_shard_is_named_and_the_rest_is_shown(folder):
    (folder / "model-00002-of-00002.safetensors").unlink()
    model = open_model(folder)
    assert names(model) == list(SHAPES)[:2]
    assert "1 of 2 shards is missing (model-00002-of-00002.safetensors): 2 weights are not shown" in said(model)
    card = model.architecture
    assert (card.hidden_size, card.total_parameters, card.active_parameters) == (8, None, None)


def test_one_shard_of_many_says_that_it_is_one(folder):
    model = open_model(folder / "model-00001-of-00002.safetensors")
    assert "shard 1 of 2" in said(model)
    assert (model.architecture.family, model.architecture.total_parameters) == ("llama", None)


def test_a_broken_shard_is_named(folder):
    path = folder / "model-00002-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(MalformedModelError, match=r"the shard model-00002-of-00002\.safetensors is cut off"):
        open_model(folder)


def test_a_shard_that_git_did_not_fetch_is_told_as_such(folder):
    (folder / "model-00002-of-00002.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
    )
    with pytest.raises(UnsupportedFormatError, match="git lfs pull"):
        open_model(folder)


def test_a_pipeline_names_the_models_in_it(folder):
    parent = folder.parent
    (parent / "model_index.json").write_text("{}")
    with pytest.raises(UnsupportedFormatError, match=r"open one of its folders \(tiny\)"):
        open_model(parent)


def test_packed_weights_that_are_not_understood_are_not_lost_in_silence(tmp_path):
    arrays = {
        "a.weight": np.ones((4, 4), np.uint8),
        "b.weight": np.ones((4, 4), np.int8),
        "b.weight_scale": np.ones((4, 1), np.float32),
    }
    (tmp_path / "model.safetensors").write_bytes(file_with(arrays))
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, "quantization_config": {"quant_method": "new"}}))
    assert "1 tensor of whole numbers (a.weight) may be packed weights" in said(open_model(tmp_path))


def test_a_weight_in_two_shards_is_refused(folder):
    content = (folder / "model-00001-of-00002.safetensors").read_bytes()
    (folder / "model-00002-of-00002.safetensors").write_bytes(content)
    with pytest.raises(MalformedModelError, match="in two shards"):
        open_model(folder)


def test_where_index_and_shards_disagree_is_said(folder):
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    placed = index["weight_map"]
    placed["model.norm.weight"] = placed["lm_head.weight"]
    del placed["lm_head.weight"]
    path.write_text(json.dumps(index))
    text = said(open_model(folder))
    assert "1 weights that the index places are not in their shards (model.norm.weight)" in text
    assert "1 weights are not in the index (lm_head.weight)" in text


def cached(folder, tmp_path):
    """The same folder as the hub's cache keeps it: a snapshot of links into blobs."""
    repository = tmp_path / "hub" / "models--someone--tiny"
    snapshot = repository / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abc")
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(repository / "blobs" / f"blob{number}")
        (snapshot / path.name).symlink_to(f"../../blobs/blob{number}")
    return repository, snapshot


def test_a_snapshot_of_the_hub_cache_opens_through_its_links(folder, tmp_path):
    repository, snapshot = cached(folder, tmp_path)
    for place in (snapshot, repository, snapshot / "model.safetensors.index.json"):
        model = open_model(place)
        assert (model.name, names(model)) == ("tiny", list(SHAPES))
        assert model.architecture.family == "llama"
    single = open_model(snapshot / "model-00001-of-00002.safetensors")
    assert single.architecture.family == "llama"


def test_a_link_to_a_snapshot_or_a_folder_opens_too(folder, tmp_path):
    _, snapshot = cached(folder, tmp_path)
    (tmp_path / "shortcut").symlink_to(snapshot)
    assert names(open_model(tmp_path / "shortcut")) == list(SHAPES)


@pytest.mark.parametrize(
    "name",
    ["../secret.safetensors", "/etc/passwd", "a/../../secret.safetensors", "C:\\secret", "..\\secret", "", "a\0b"],
)
def test_an_index_that_leads_out_of_the_folder_is_refused(folder, name):
    (folder.parent / "secret.safetensors").write_bytes(file_with({"lm_head.weight": np.ones(2, np.float32)}))
    index = {"weight_map": {"lm_head.weight": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ExternalDataError):
        open_model(folder)


def test_a_link_that_leads_out_of_the_folder_is_refused(folder):
    outside = folder.parent / "outside.safetensors"
    (folder / "model-00002-of-00002.safetensors").rename(outside)
    (folder / "model-00002-of-00002.safetensors").symlink_to(outside)
    with pytest.raises(ExternalDataError, match="links out of the model's folder"):
        open_model(folder)


def test_a_snapshot_may_not_link_into_another_repository(folder, tmp_path):
    _, snapshot = cached(folder, tmp_path)
    other = tmp_path / "hub" / "models--someone--other" / "blobs"
    other.mkdir(parents=True)
    target = snapshot / "model-00002-of-00002.safetensors"
    (other / "x").write_bytes(target.read_bytes())
    target.unlink()
    target.symlink_to(other / "x")
    with pytest.raises(ExternalDataError):
        open_model(snapshot)


def test_what_is_no_file_is_refused_without_waiting_for_it(folder):
    target = folder / "model-00002-of-00002.safetensors"
    target.unlink()
    os.mkfifo(target)
    with pytest.raises(ExternalDataError, match="not a regular file"):
        open_model(folder)


def test_a_config_outside_the_folder_is_not_read(folder):
    outside = folder.parent / "secret.json"
    (folder / "config.json").rename(outside)
    (folder / "config.json").symlink_to(outside)
    model = open_model(folder)
    assert "config.json is not used" in said(model)
    assert "config" not in model.facts


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", '{"a": NaN,', "[" * 100_000, '{"a":' * 1000, "\xff"])
def test_a_broken_config_is_a_gap(folder, content):
    (folder / "config.json").write_bytes(content.encode("latin-1"))
    model = open_model(folder)
    assert names(model) == list(SHAPES)
    assert "config" not in model.facts


def test_a_config_of_many_megabytes_is_not_read(folder):
    (folder / "config.json").write_text("[" + "0," * 3_000_000 + "0]")
    assert "config.json is not used" in said(open_model(folder))


def test_what_is_beside_is_told(folder):
    (folder / "generation_config.json").write_text('{"temperature": 0.6}')
    (folder / "chat_template.jinja").write_text("{{ messages }}" * 5000)
    model = open_model(folder)
    assert model.facts["generation_config"] == {"temperature": 0.6}
    assert model.facts["chat_template"].startswith("{{ messages }}")
    assert len(model.facts["chat_template"]) == 20_000
    assert model.facts["config"]["hidden_size"] == 8


def test_quantization_that_modelopt_states_beside(folder):
    stated = {"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"}}
    (folder / "hf_quant_config.json").write_text(json.dumps(stated))
    model = open_model(folder)
    assert model.facts["quantization_config"]["quant_algo"] == "NVFP4"
    assert model.architecture.kv_dtype == "float8_e4m3fn"
    assert model.architecture.kv_bytes_per_token == 2 * 2 * 8


def test_a_folder_of_pickled_shards_is_read_without_unpickling(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"a.weight": torch.ones(2, 3)}, tmp_path / "pytorch_model-00001-of-00002.bin")
    torch.save({"b.weight": torch.full((4,), 7.0)}, tmp_path / "pytorch_model-00002-of-00002.bin")
    (tmp_path / "training_args.bin").write_bytes(b"junk")
    placed = {"a.weight": "pytorch_model-00001-of-00002.bin", "b.weight": "pytorch_model-00002-of-00002.bin"}
    for has_index in (False, True):
        if has_index:
            (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": placed}))
        model = open_model(tmp_path)
        assert names(model) == ["a.weight", "b.weight"]
        np.testing.assert_array_equal(model.tensors[1].weight.values(), [7, 7, 7, 7])


def test_a_folder_of_one_gguf_is_that_gguf(tmp_path):
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(tmp_path / "tiny.gguf", "llama")
    writer.add_tensor("blk.0.attn_q.weight", np.ones((2, 4), np.float32))
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        step()
    model = open_model(tmp_path)
    assert (model.format, names(model)) == ("gguf", ["blk.0.attn_q.weight"])


def test_safetensors_come_before_other_forms_of_the_same_weights(folder):
    for name in ("pytorch_model.bin", "tiny.gguf", "consolidated.safetensors", "model.onnx"):
        (folder / name).write_bytes(b"junk")
    assert names(open_model(folder)) == list(SHAPES)


def test_checkpoints_that_do_not_belong_together_are_named(tmp_path):
    for name in ("one.safetensors", "two.safetensors"):
        (tmp_path / name).write_bytes(file_with({"w": np.ones(2, np.float32)}))
    with pytest.raises(UnsupportedFormatError, match=r"several checkpoints \(one\.safetensors, two\.safetensors\)"):
        open_model(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UnsupportedFormatError, match="folder without a model"):
        open_model(tmp_path)


def test_a_config_of_something_else_beside_a_single_file_is_left_alone(tmp_path):
    (tmp_path / "config.json").write_text('{"theme": "dark"}')
    (tmp_path / "w.safetensors").write_bytes(file_with({"w": np.ones(2, np.float32)}))
    model = open_model(tmp_path / "w.safetensors")
    assert "config" not in model.facts
    assert model.architecture is None


def test_a_head_stored_though_it_is_the_embedding_is_a_finding(tmp_path):
    table = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    arrays = {"model.embed_tokens.weight": table, "lm_head.weight": table}
    (finding,) = open_model(file_with(arrays)).findings
    assert (finding.id, finding.ops) == ("tied-weights-stored-twice", (0, 1))
    assert "16,384 bytes" in finding.advice
    arrays["lm_head.weight"] = table + 1
    assert open_model(file_with(arrays)).findings == []
    assert open_model(file_with(dict.fromkeys(arrays, np.zeros((64, 64), np.float32)))).findings == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "tokenizer.json",
            '{"added_tokens":[{"id":3},{"id":0}],"model":{"type":"BPE","vocab":{"a":0,"b\\"}":1,"c":2},"merges":[]}}',
            ("BPE", 4),
        ),
        (
            "tokenizer.json",
            '{"added_tokens":[],"model":{"type":"Unigram","vocab":[["a",0.1],["b",-2]]}}',
            ("Unigram", 2),
        ),
        ("vocab.json", '{"a":0, "b": 1}', ("BPE", 2)),
        ("vocab.txt", "[PAD]\n[UNK]\nword\n", ("WordPiece", 3)),
        ("tokenizer.model", b"\x0a\x03\x0a\x01a\x0a\x03\x0a\x01b\x12\x02\x18\x01", ("SentencePiece", 2)),
    ],
)
def test_tokens_are_counted_in_every_kind_of_file(name, content, expected, tmp_path):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = tokenizer_facts(tmp_path)
    assert (found["kind"], found["size"], found["file"]) == (*expected, name)


def test_tokens_of_a_real_tokenizer(minilm, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    (tmp_path / "tokenizer.json").write_bytes(minilm.tokenizer.read_bytes())
    found = tokenizer_facts(tmp_path)
    assert found["size"] == tokenizers.Tokenizer.from_file(str(minilm.tokenizer)).get_vocab_size() > 30_000


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"model":{"vocab":{"a":', b"\xff" * 50, b"\x0a\xff\xff\xff\xff\x0f", b"[" * 9999]
)
@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "tokenizer.model"])
def test_a_broken_tokenizer_is_no_reason_to_fail(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert tokenizer_facts(tmp_path) is None


@pytest.mark.parametrize(
    ("index", "error"),
    [
        ("{}", MalformedModelError),
        ("[]", MalformedModelError),
        ('{"weight_map": []}', MalformedModelError),
        ('{"weight_map": {"a": 1}}', MalformedModelError),
        ('{"weight_map": {"a": "x", "a": "y"}}', MalformedModelError),
        ('{"weight_map": {}, "weight_map": {}}', MalformedModelError),
        ('{"metadata": ' + "[" * 5000 + "]" * 5000 + ', "weight_map": {}}', LimitError),
    ],
)
def test_a_broken_index_is_refused(index, error):
    with pytest.raises(error):
        parse_index(index.encode())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80) | st.text(alphabet='{}[]":,weight_map0', max_size=80).map(str.encode))
def test_any_index_is_read_or_refused(content):
    for text in (content, b'{"weight_map":' + content, b'{"weight_map":{"a":"b"' + content):
        try:
            parse_index(text)
        except ModelError:
            continue
