"""What each layer of a GGUF model is: from its tensors where they tell, else from the metadata."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from haoline_analysis.architecture.card import LayerFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from haoline_analysis.architecture.gguf_keys import Keys

CACHE_BYTES = 2
"""Of one element of the key and value cache: float16, as llama.cpp keeps it unless told otherwise."""

MAX_LAYERS = 4096

_BLOCK = re.compile(r"(?:(enc|dec)\.)?blk\.(\d{1,9})\.(.+)")

# Layers that attend to a window, of a period, where the file does not list them; (period, whether the first of a
# period is the one that attends to everything). From the models' own configurations, as llama.cpp knows them.
_PERIODS = {
    "gemma2": (2, False),
    "gemma3": (6, False),
    "gemma3n": (5, False),
    "gemma-embedding": (6, False),
    "cohere2": (4, False),
    "gpt-oss": (2, False),
    "llama4": (4, False),
    "exaone4": (4, False),
    "olmo2": (4, False),
    "afmoe": (4, False),
    "plamo3": (8, False),
    "smallthinker": (4, True),
    "modern-bert": (3, True),
}
_DEFAULT_WINDOWS = {"llama4": 8192}
_ENCODERS = ("bert", "t5encoder")
_FIRST_MAMBA = ("mamba", "jamba", "plamo2")
_LINEAR = ("rwkv", "arwkv")


def parts_by_layer(names: Iterable[str], stack: str | None = None) -> dict[int, set[str]]:
    """What tensors each layer has, without the layer's own name: ``{0: {"attn_q.weight", …}}``."""
    found: dict[int, set[str]] = defaultdict(set)
    for name in names:
        match = _BLOCK.match(name)
        if match is not None and match[1] == stack and int(match[2]) < MAX_LAYERS:
            found[int(match[2])].add(match[3])
    return dict(found)


def is_encoder(keys: Keys) -> bool:
    """Whether the whole model reads text at once and keeps no cache."""
    causal = keys.metadata.get(f"{keys.family}.attention.causal")
    return causal is False or keys.family.endswith(_ENCODERS)


def layer_facts(keys: Keys, names: Collection[str]) -> tuple[LayerFacts, ...]:
    """The facts of all layers, encoder layers before decoder layers."""
    count = min(keys.integer("block_count") or 0, MAX_LAYERS)
    if keys.family == "t5":
        encoder = tuple(LayerFacts("encoder_attention", *_heads(keys, index)) for index in range(count))
        decoder = min(keys.integer("decoder_block_count") or count, MAX_LAYERS)
        return encoder + tuple(_attending(keys, index, None) for index in range(decoder))
    parts = parts_by_layer(names)
    count = max(count, max(parts, default=-1) + 1)
    shared = count - (keys.layer("attention.shared_kv_layers", 0) or 0)
    return tuple(_layer(keys, index, parts.get(index), shared) for index in range(count))


def _layer(keys: Keys, index: int, parts: set[str] | None, shared: int) -> LayerFacts:
    kind = _kind(keys, index, parts)
    experts = keys.integer("expert_count") if _has_experts(keys, index, parts, kind) else None
    if kind != "attention":
        return LayerFacts(kind, experts=experts)
    return _attending(keys, index, experts, caches=index < shared)


def _kind(keys: Keys, index: int, parts: set[str] | None) -> str:
    """``attention``, or what a layer without it is."""
    if keys.family.startswith(_LINEAR):
        return "linear_attention"
    if keys.family in {"mamba", "mamba2"}:
        return keys.family
    if parts:
        return _kind_of(keys, parts)
    if keys.layer("attention.head_count_kv", index) != 0:
        interval = keys.integer("full_attention_interval")
        return "attention" if interval is None or (index + 1) % interval == 0 else "linear_attention"
    if keys.family == "kimi-linear":
        return "linear_attention"
    if keys.has("ssm.state_size") and not _only_feeds_forward(keys, index):
        return "mamba" if keys.family in _FIRST_MAMBA else "mamba2"
    if keys.has("shortconv.l_cache"):
        return "convolution"
    return "moe" if keys.integer("expert_count") else "mlp"


def _only_feeds_forward(keys: Keys, index: int) -> bool:
    """Whether a hybrid model lists a feed-forward size for this layer alone, which then does nothing else."""
    listed = keys.metadata.get(f"{keys.family}.feed_forward_length")
    return isinstance(listed, tuple) and bool(keys.layer("feed_forward_length", index))


def _kind_of(keys: Keys, parts: set[str]) -> str:
    if any(part.startswith(("ssm_ba", "ssm_beta", "ssm_alpha", "ssm_f_a", "ssm_g_a")) for part in parts):
        return "linear_attention"
    if any(part.startswith(("attn_q", "attn_k", "attn_kv")) and "norm" not in part for part in parts):
        return "attention"
    if any(part.startswith("ssm_") for part in parts):
        return "mamba" if "ssm_x.weight" in parts or keys.family in _FIRST_MAMBA else "mamba2"
    if any(part.startswith("shortconv") for part in parts):
        return "convolution"
    return "moe" if any("_exps" in part for part in parts) else "mlp"


def _has_experts(keys: Keys, index: int, parts: set[str] | None, kind: str) -> bool:
    if parts:
        return any("_exps" in part or "ffn_gate_inp." in part for part in parts)
    if kind not in {"attention", "linear_attention"}:
        return kind == "moe"
    return index >= (keys.layer("leading_dense_block_count", 0) or 0)


def _attending(keys: Keys, index: int, experts: int | None, *, caches: bool = True) -> LayerFacts:
    """An attention layer with what it caches per token."""
    window = _window(keys, index)
    kv_heads, key_size = _heads(keys, index, windowed=window is not None)
    if is_encoder(keys):
        return LayerFacts("encoder_attention", kv_heads, key_size, window, experts)
    kind = "full_attention" if window is None else "sliding_attention"
    cached = _cached(keys, kv_heads, key_size, windowed=window is not None) if caches else 0
    return LayerFacts(kind, kv_heads, key_size, window, experts, cached)


def _heads(keys: Keys, index: int, *, windowed: bool = False) -> tuple[int | None, int | None]:
    """KV heads, and elements of a key in each."""
    queries = keys.layer("attention.head_count", index)
    kv_heads = keys.layer("attention.head_count_kv", index) if keys.has("attention.head_count_kv") else queries
    size = keys.integer("attention.key_length_swa") if windowed else None
    size = size or keys.integer("attention.key_length")
    hidden = keys.integer("embedding_length")
    if size is None and hidden and queries:
        size = hidden // queries or None
    return kv_heads or None, size


def _cached(keys: Keys, kv_heads: int | None, key_size: int | None, *, windowed: bool) -> int:
    """Bytes of one token's keys and values; of latent attention, the compressed vector and its rotary part."""
    rank, rotary = keys.integer("attention.kv_lora_rank"), keys.integer("rope.dimension_count")
    if rank and rotary and keys.has("attention.key_length_mla"):
        return (rank + rotary) * CACHE_BYTES
    value_size = keys.integer("attention.value_length_swa") if windowed else None
    value_size = value_size or keys.integer("attention.value_length") or key_size
    return (kv_heads or 0) * ((key_size or 0) + (value_size or 0)) * CACHE_BYTES


def _window(keys: Keys, index: int) -> int | None:
    """Tokens that this layer looks back; None: all of them."""
    window = keys.integer("attention.sliding_window") or _DEFAULT_WINDOWS.get(keys.family)
    if window is None:
        return None
    listed = keys.flags("attention.sliding_window_pattern")
    if listed is not None:
        return window if index < len(listed) and listed[index] else None
    period, first = _PERIODS.get(keys.family, (0, False))
    period = keys.integer("attention.sliding_window_pattern") or period
    if period == 0:
        return window
    everything = 0 if first else period - 1
    return None if index % period == everything else window
