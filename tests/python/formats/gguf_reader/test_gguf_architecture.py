"""The architecture card of GGUF files: ten published models written as GGUF, then the keys one by one."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from gguf_files import write_model

from haoline_analysis.architecture.gguf_metadata import from_gguf
from haoline_analysis.formats import open_model

gguf = pytest.importorskip("gguf")

PATTERN = "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"  # of nemotron 3 nano: mamba2, experts, attention


def decoder(blocks, hidden, heads, kv, context, inner, **more):
    """Keys that every decoder has, as llama.cpp's converter writes them."""
    return {
        "block_count": blocks,
        "embedding_length": hidden,
        "attention.head_count": heads,
        "attention.head_count_kv": kv,
        "context_length": context,
        "feed_forward_length": inner,
        **{key.replace("__", "."): value for key, value in more.items()},
    }


SSM = {"ssm.conv_kernel": 4, "ssm.state_size": 128}
EXPERTS = {"expert_count": 32, "expert_used_count": 4, "expert_feed_forward_length": 2880}
KEY_256 = {"attention.key_length": 256, "attention.value_length": 256, "attention.sliding_window": 1024}
KEY_64 = {"attention.key_length": 64, "attention.value_length": 64, "attention.sliding_window": 128}
HYBRID = {
    "expert_count": 128,
    "expert_used_count": 6,
    "expert_shared_count": 1,
    "attention.key_length": 128,
    "attention.value_length": 128,
    **SSM,
    "ssm.inner_size": 4096,
    "ssm.group_count": 8,
    "ssm.time_step_rank": 64,
}
MODELS = {
    "llama-3-8b": ("llama", decoder(32, 4096, 32, 8, 8192, 14336)),
    "llama-3.1-70b": ("llama", decoder(80, 8192, 64, 8, 131072, 28672)),
    "qwen3-8b": (
        "qwen3",
        decoder(36, 4096, 32, 8, 40960, 12288, attention__key_length=128, attention__value_length=128),
    ),
    "mixtral-8x7b": ("llama", decoder(32, 4096, 32, 8, 32768, 14336, expert_count=8, expert_used_count=2)),
    "gpt-oss-20b": ("gpt-oss", {**decoder(24, 2880, 64, 8, 131072, 2880), **EXPERTS, **KEY_64}),
    "gemma-3-12b": ("gemma3", {**decoder(48, 3840, 16, 8, 131072, 15360), **KEY_256}),
    "nemotron-3-nano-30b-a3b": (
        "nemotron_h_moe",
        {
            **decoder(52, 2688, 32, [2 if kind == "*" else 0 for kind in PATTERN], 262144, 0),
            "feed_forward_length": [1856 if kind == "E" else 0 for kind in PATTERN],
            **HYBRID,
        },
    ),
    "gpt2": ("gpt2", decoder(12, 768, 12, 12, 1024, 3072)),
    "mamba2-2.7b": (
        "mamba2",
        {**decoder(64, 2560, 0, 0, 1 << 20, 0), **SSM, "ssm.inner_size": 5120, "ssm.group_count": 1},
    ),
    "t5-base": ("t5", decoder(12, 768, 12, 12, 512, 3072, decoder_block_count=12, attention__key_length=64)),
}
"""``general.architecture`` and its keys."""

SPECIAL = (
    (r"^(model|transformer|backbone)\.(language_model\.)?", ""),
    (r"^(embed_tokens|wte|embeddings|shared)\.", "token_embd."),
    (r"^wpe\.", "position_embd."),
    (r"^(norm|norm_f|ln_f)\.", "output_norm."),
    (r"^lm_head\.", "output."),
    (r"^(encoder|decoder)\.final_layer_norm", lambda match: match[1][:3] + ".output_norm"),
    (r"\.layer\.(\d+)\.layer_norm", r".norm_\1"),
    (r"^(encoder|decoder)\.block\.(\d+)(?:\.layer\.\d+)?\.", lambda match: f"{match[1][:3]}.blk.{match[2]}."),
    (r"^(layers|h)\.", "blk."),
    (r"\.(self_attn|attn|mixer)\.([qkvo])_proj", lambda match: ".attn_" + match[2].replace("o", "output")),
    (r"\.(SelfAttention|EncDecAttention)\.", lambda match: ".attn_" if match[1][0] == "S" else ".cross_attn_"),
    (
        r"\.(mlp|mixer)\.experts\.(\w+?)(_proj)(_bias)?$",
        lambda match: f".ffn_{match[2]}_exps." + ("bias" if match[4] else "weight"),
    ),
    (r"\.mlp\.(gate|up|down)_proj", r".ffn_\1"),
    (r"\.mixer\.shared_experts\.(up|down)_proj", r".ffn_\1_shexp"),
    (r"\.(mlp|mixer)\.(gate|router)\.e_score_correction_bias", ".exp_probs_b.bias"),
    (r"\.(mlp|mixer)\.(gate|router)\.", ".ffn_gate_inp."),
    (r"\.attn\.c_attn", ".attn_qkv"),
    (r"\.attn\.c_proj", ".attn_output"),
    (
        r"\.mixer\.(in_proj|out_proj|conv1d|norm|A_log|D|dt_bias)",
        lambda match: f".ssm_{match[1].split('_')[0].lower()}",
    ),
)
"""Names of the published checkpoints to those of GGUF, as far as the tests below need them."""


def gguf_name(name: str) -> str:
    for pattern, replacement in SPECIAL:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.fixture(scope="module", params=MODELS)
def published(request, material, tmp_path_factory):
    """Truth and model of a published architecture, its weights a sparse GGUF."""
    folder = material / "llm"
    manifest = json.loads(gzip.decompress((folder / "manifests" / f"{request.param}.json.gz").read_bytes()))
    truth = json.loads((folder / "truth.json").read_text())[request.param]
    correction = {name: shape for name, shape in manifest["buffers"].items() if "e_score" in name}
    tensors = {
        gguf_name(name): tuple(shape)
        for name, shape in {**manifest["params"], **correction}.items()
        if not re.search("vision_tower|multi_modal", name)
    }
    family, keys = MODELS[request.param]
    keys = {key: value for key, value in keys.items() if value != 0}
    path = tmp_path_factory.mktemp("gguf") / f"{request.param}.gguf"
    return truth, open_model(write_model(path, family, keys, tensors))


def test_parameters_of_published_models(published) -> None:
    truth, model = published
    card = model.architecture
    assert card.total_parameters == truth["text_params"]
    assert card.active_parameters == truth["active_params_all"]
    parameters = sum(tensor.weight.elements for tensor in model.tensors if tensor.weight.kind != "buffer")
    assert parameters == truth["text_params"]


def test_cache_of_published_models(published) -> None:
    truth, model = published
    card = model.architecture
    assert card.kv_bytes_per_token == truth["kv_bytes_per_token_short_ctx"]
    unlimited = sum(layer.kv_bytes_per_token for layer in card.layer_facts if layer.window is None)
    assert unlimited == truth["kv_bytes_per_token_marginal_long"]
    windows = {layer.window for layer in card.layer_facts if layer.window}
    assert windows == {group["window"] for group in truth["kv_groups"] if group["window"]}
    recurrent = truth["recurrent_state"]
    assert card.state_bytes == (recurrent and recurrent["llamacpp_f32_bytes"])


def test_cards_of_published_models(published) -> None:
    truth, model = published
    card = model.architecture
    assert (card.hidden_size, card.vocabulary) == (truth["hidden"], truth["vocab"])
    assert (card.experts, card.experts_per_token) == (truth["experts"], truth["experts_per_token"])
    assert card.tied_embeddings is truth["tied_embeddings"]
    if card.family != "mamba2":
        assert card.context_length == truth["max_context"]
        heads = (card.attention_heads, card.kv_heads, card.head_dim)
        assert heads == (truth["q_heads"], truth["kv_heads"], truth["head_dim"])
    counted: dict[str, int] = {}
    for kind in card.layers:
        counted[kind] = counted.get(kind, 0) + 1
    names = {"encoder_self": "encoder_attention", "decoder_self": "full_attention"}
    stated = {kind.split("(")[0]: count for kind, count in truth["layers"].items() if "cross" not in kind}
    assert counted == {names.get(kind, kind): count for kind, count in stated.items()}


def card(family: str, tensors=(), **keys):
    stated = {f"{family}.{key.replace('__', '.')}": value for key, value in keys.items()}
    return from_gguf({"general.architecture": family, **stated}, dict.fromkeys(tensors, (1,)))


HEADS = {"embedding_length": 512, "attention__head_count": 8}


def test_kv_heads_of_each_layer() -> None:
    made = card("openelm", block_count=3, **HEADS, attention__head_count_kv=(2, 4, 8))
    assert [layer.kv_heads for layer in made.layer_facts] == [2, 4, 8]
    assert made.kv_bytes_per_token == (2 + 4 + 8) * 2 * 64 * 2


def test_without_kv_heads_each_query_head_has_its_own() -> None:
    assert card("llama", block_count=1, **HEADS).kv_bytes_per_token == 8 * 2 * 64 * 2


@pytest.mark.parametrize(
    ("family", "keys", "expected"),
    [
        ("gemma2", {}, "SFSF"),
        ("smallthinker", {}, "FSSS"),
        ("gpt-oss", {"attention__sliding_window_pattern": 4}, "SSSF"),
        ("mimo2", {"attention__sliding_window_pattern": (False, True, True, False)}, "FSSF"),
        ("phi3", {}, "SSSS"),
    ],
)
def test_patterns_of_windows(family: str, keys, expected: str) -> None:
    made = card(family, block_count=4, **HEADS, attention__sliding_window=128, **keys)
    assert "".join(kind[0].upper() for kind in made.layers) == expected
    assert [layer.window for layer in made.layer_facts] == [128 if kind == "S" else None for kind in expected]


def test_windows_with_heads_of_their_own_and_shared_caches() -> None:
    made = card(
        "gemma4",
        block_count=3,
        **HEADS,
        attention__key_length=64,
        attention__value_length=64,
        attention__key_length_swa=32,
        attention__value_length_swa=32,
        attention__sliding_window=128,
        attention__sliding_window_pattern=(True, False, False),
        attention__shared_kv_layers=1,
    )
    assert [layer.kv_bytes_per_token for layer in made.layer_facts] == [8 * 64 * 2, 8 * 128 * 2, 0]


def test_latent_attention_caches_one_vector() -> None:
    keys = {"attention__kv_lora_rank": 512, "rope__dimension_count": 64, "attention__key_length": 576}
    made = card("deepseek2", block_count=2, **HEADS, **keys, attention__key_length_mla=192, attention__head_count_kv=1)
    assert made.kv_bytes_per_token == 2 * (512 + 64) * 2


def test_encoders_keep_no_cache_and_have_no_head() -> None:
    made = card("bert", ["token_embd.weight"], block_count=2, **HEADS, attention__causal=False)
    assert made.layers == ("encoder_attention",) * 2
    assert (made.kv_bytes_per_token, made.tied_embeddings) == (None, None)


def test_kinds_from_tensors() -> None:
    tensors = [
        *("blk.0.attn_q.weight", "blk.1.ssm_x.weight", "blk.1.ssm_a", "blk.2.ssm_in.weight"),
        *("blk.3.ssm_ba.weight", "blk.4.shortconv.conv.weight", "blk.5.ffn_up_exps.weight", "blk.6.ffn_up.weight"),
    ]
    made = card("some", tensors, block_count=7, **HEADS)
    assert made.layers == (
        *("full_attention", "mamba", "mamba2", "linear_attention", "convolution", "moe", "mlp"),
    )  # fmt: skip


def test_dense_layers_before_those_with_experts() -> None:
    keys = {"expert_count": 8, "expert_used_count": 2, "leading_dense_block_count": 1}
    assert [layer.experts for layer in card("deepseek2", block_count=3, **HEADS, **keys).layer_facts] == [None, 8, 8]


@pytest.mark.parametrize("value", [-1, 0, 1 << 31, "four", 2.5, (), (0, 0)])
def test_nonsense_is_not_believed(value) -> None:
    made = card("llama", block_count=value, embedding_length=value, attention__head_count=value, expert_count=value)
    assert made is None or len(made.layers) <= 4096


def test_what_is_no_language_model_has_no_card() -> None:
    assert from_gguf({}, {}) is None
    assert from_gguf({"general.architecture": "clip"}, {}) is None
