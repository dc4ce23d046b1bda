"""Ten real architectures, as sparse checkpoints of true size: what the card says is what is known of them."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections import Counter

import pytest
from safetensors_files import sparse_folder

from haoline_analysis import analyze
from haoline_analysis.architecture import from_config
from haoline_analysis.formats import open_model

NAMES = [
    *("llama-3-8b", "llama-3.1-70b", "qwen3-8b", "mixtral-8x7b", "gpt-oss-20b"),
    *("gemma-3-12b", "nemotron-3-nano-30b-a3b", "gpt2", "mamba2-2.7b", "t5-base"),
]
FACTS = {
    "hidden_size": "hidden",
    "attention_heads": "q_heads",
    "kv_heads": "kv_heads",
    "head_dim": "head_dim",
    "experts": "experts",
    "experts_per_token": "experts_per_token",
    "vocabulary": "vocab",
    "context_length": "max_context",
    "tied_embeddings": "tied_embeddings",
    "active_parameters": "active_params_all",
    "total_parameters": "total_params",
    "kv_bytes_per_token": "kv_bytes_per_token_short_ctx",
}


@pytest.fixture(scope="module")
def table(material):
    return json.loads((material / "llm" / "truth.json").read_text())


@pytest.fixture(scope="module")
def given(material):
    """Config and shapes of an architecture."""

    def load(name):
        manifest = json.loads(gzip.decompress((material / "llm" / "manifests" / f"{name}.json.gz").read_bytes()))
        return json.loads((material / "llm" / "configs" / f"{name}.json").read_text()), manifest

    return load


def kinds(truth):
    """Layers by kind in the words of the card; cross attention is part of decoder layers."""
    names = {"encoder_self": "encoder_attention", "decoder_self": "full_attention"}
    counted = Counter()
    for text, count in truth["layers"].items():
        kind = text.partition("(")[0]
        if kind != "cross_attention":
            counted[names.get(kind, kind)] += count
    return counted


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_of_true_size_has_the_card_and_the_parameters_of_the_table(name, table, given, tmp_path):
    truth, (config, manifest) = table[name], given(name)
    shards = 30 if name == "llama-3.1-70b" else 4
    folder = sparse_folder(tmp_path / name, manifest["params"], shards, config)
    card = open_model(folder).architecture
    assert {fact: getattr(card, fact) for fact in FACTS} == {fact: truth[key] for fact, key in FACTS.items()}
    assert Counter(card.layers) == kinds(truth)
    state = truth["recurrent_state"]
    assert card.state_bytes == (state and state["total_bytes_hf_measured_convention"])
    groups = Counter((layer.kv_bytes_per_token, layer.window) for layer in card.layer_facts if layer.kv_bytes_per_token)
    assert groups == {
        (group["bytes_per_token_per_layer"], group["window"]): group["layers"] for group in truth["kv_groups"]
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_report_counts_what_the_table_says(name, table, given, tmp_path):
    config, manifest = given(name)
    report = analyze(sparse_folder(tmp_path / name, manifest["params"], 2, config))
    assert report.totals.parameters == table[name]["total_params"]
    assert report.totals.weight_bytes == 2 * table[name]["total_params"]
    assert report.architecture.active_parameters == table[name]["active_params_all"]


def test_a_70b_checkpoint_costs_memory_for_its_headers_only(given, tmp_path):
    config, manifest = given("llama-3.1-70b")
    folder = sparse_folder(tmp_path / "70b", manifest["params"], 30, config)
    tracemalloc.start()
    try:
        model = open_model(folder)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(model.facts["shards"]) == 30
    assert model.file_bytes > 141e9
    assert peak < 20e6


def test_cross_attention_of_a_decoder_keeps_what_the_encoder_made(table, given):
    config, manifest = given("t5-base")
    card = from_config(config, manifest["params"])
    expected = table["t5-base"]["cross_attention"]["bytes_per_encoder_token"]
    assert sum(layer.cross_kv_bytes_per_token for layer in card.layer_facts) == expected


def test_buffers_that_a_checkpoint_stores_are_no_parameters(table, given, tmp_path):
    """Nemotron's files hold the routers' correction biases, which the model does not count."""
    config, manifest = given("nemotron-3-nano-30b-a3b")
    stored = {**manifest["params"], **manifest["buffers"]}
    model = open_model(sparse_folder(tmp_path / "nemotron", stored, 1, config))
    truth = table["nemotron-3-nano-30b-a3b"]
    assert len(model.ops) == len(stored)
    assert sum(op.type == "Buffer" for op in model.ops) == len(manifest["buffers"]) == 23
    assert model.architecture.total_parameters == truth["total_params"]


def test_experts_that_are_numbered_count_like_fused_ones(table, given):
    """Mixtral as it is published: eight tensors of each kind in a layer, under other names."""
    config, manifest = given("mixtral-8x7b")
    shapes = {}
    for name, shape in manifest["params"].items():
        stem = name.replace(".mlp.", ".block_sparse_moe.")
        if "experts.gate_up_proj" in name:
            for expert in range(shape[0]):
                for part in ("w1", "w3"):
                    shapes[stem.replace("gate_up_proj", f"{expert}.{part}.weight")] = (shape[1] // 2, shape[2])
        elif "experts.down_proj" in name:
            shapes.update({stem.replace("down_proj", f"{e}.w2.weight"): tuple(shape[1:]) for e in range(shape[0])})
        else:
            shapes[stem] = tuple(shape)
    assert from_config(config, shapes).active_parameters == table["mixtral-8x7b"]["active_params_all"]


@pytest.mark.parametrize("name", ["llama-3-8b", "qwen3-8b", "gemma-3-12b", "mixtral-8x7b"])
def test_tensors_alone_tell_what_shapes_can(name, table, given):
    truth, (_, manifest) = table[name], given(name)
    card = from_config({}, {key: tuple(shape) for key, shape in manifest["params"].items()})
    assert card.source == "tensors"
    assert len(card.layers) == truth["n_layers"]
    assert set(card.layers) == {"full_attention"}
    assert (card.hidden_size, card.vocabulary) == (truth["hidden"], truth["vocab"])
    assert card.tied_embeddings == truth["tied_embeddings"]
    assert card.kv_bytes_per_token == truth["kv_bytes_per_token_short_ctx"]
    assert (card.experts, card.experts_per_token) == (truth["experts"], None)
    has_norm = name in ("qwen3-8b", "gemma-3-12b")
    assert card.head_dim == (truth["head_dim"] if has_norm else None)
    assert card.kv_heads == (truth["kv_heads"] if has_norm else None)


def test_tensors_alone_tell_a_hybrid_from_a_plain_stack(given, table):
    name = "nemotron-3-nano-30b-a3b"
    card = from_config(None, {key: tuple(shape) for key, shape in given(name)[1]["params"].items()})
    assert Counter(card.layers) == kinds(table[name])
    assert card.experts == table[name]["experts"]


def test_what_is_no_stack_of_layers_has_no_card():
    assert from_config({}, {"conv1.weight": (64, 3, 7, 7), "fc.weight": (1000, 512)}) is None
    assert from_config(None, None) is None


@pytest.mark.parametrize("value", [-1, 0, 2**70, "32", None, [], 1.5, True])
def test_a_wrong_value_in_a_config_is_a_fact_not_known(value):
    config = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4}
    card = from_config({**config, "vocab_size": value, "max_position_embeddings": value}, None)
    assert (card.vocabulary, card.context_length) == (None, None)
    assert card.head_dim == 16


def test_a_config_with_a_billion_layers_does_not_fill_memory():
    assert (
        len(from_config({"num_hidden_layers": 10**9, "hidden_size": 64, "num_attention_heads": 1}, None).layers) <= 4096
    )


CONFIG = {"num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}


@pytest.mark.parametrize(
    ("config", "layers", "cache"),
    [
        ({"model_type": "mistral", "sliding_window": 8}, "SSSS", 4 * 128),
        ({"model_type": "qwen2", "sliding_window": 8, "use_sliding_window": False}, "FFFF", 4 * 128),
        ({"model_type": "qwen2", "sliding_window": 8, "use_sliding_window": True, "max_window_layers": 3}, "FFFS", 512),
        ({"model_type": "gemma2", "sliding_window": 8}, "SFSF", 512),
        ({"model_type": "qwen3_next", "full_attention_interval": 4}, "LLLF", 128),
        ({"model_type": "jamba", "attn_layer_period": 4, "attn_layer_offset": 2}, "MMFM", 128),
        ({"model_type": "falcon", "multi_query": True, "num_key_value_heads": None}, "FFFF", 256),
        ({"model_type": "deepseek_v3", "kv_lora_rank": 32, "qk_rope_head_dim": 8, "qk_nope_head_dim": 16}, "FFFF", 320),
        ({"model_type": "bert"}, "EEEE", 0),
    ],
)
def test_families_say_in_many_ways_what_mixes_tokens(config, layers, cache):
    names = {
        "S": "sliding_attention",
        "F": "full_attention",
        "L": "linear_attention",
        "M": "mamba",
        "E": "encoder_attention",
    }
    card = from_config({**CONFIG, **config}, None)
    assert card.layers == tuple(names[letter] for letter in layers)
    assert card.kv_bytes_per_token == cache
