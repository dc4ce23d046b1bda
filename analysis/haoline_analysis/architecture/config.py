"""The architecture card from a Hugging Face config and, where they are known, the shapes of the tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from haoline_analysis import dtypes
from haoline_analysis.architecture import parameters
from haoline_analysis.architecture.caches import ATTENTION, layer_facts, state_bytes
from haoline_analysis.architecture.card import Architecture, LayerFacts
from haoline_analysis.architecture.heads import Heads, heads_of
from haoline_analysis.architecture.layer_kinds import MAX_LAYERS, layer_kinds
from haoline_analysis.architecture.reading import Config
from haoline_analysis.architecture.tensors import from_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

ENCODER = "encoder_attention"
_TIED = (
    "gemma",
    "gpt2",
    "t5",
    "mt5",
    "bert",
    "mamba",
    "opt",
    "bloom",
    "whisper",
    "bart",
    "gpt_neo",
    "codegen",
    "cohere",
)
"""Families (or beginnings of their names) that share embedding and head unless their config says otherwise."""
_UNTIED = ("gemma3n_audio", "mt5", "gptj", "gpt_neox", "codegen")
_SIXTEEN = ("float16", "bfloat16")


def from_config(
    config: Mapping[str, Any] | None, tensors: Mapping[str, tuple[int, ...]] | None, *, kv_dtype: str | None = None
) -> Architecture | None:
    """The card of a text model.

    Args:
        config: content of ``config.json``; may be empty.
        tensors: logical shape of every parameter by name; None if not all of them are known.
        kv_dtype: element type of the key-value cache, where one is stated; else 16 bits, as servers keep it.

    Returns:
        None where neither config nor tensors show a stack of layers.
    """
    read = Config(config or {})
    kinds = layer_kinds(read)
    if not kinds or not (read.size("hidden") or read.size("heads")):
        return from_tensors(tensors or {}, read)
    width = dtypes.BITS[kv_dtype] // 8 if kv_dtype else 2
    heads = heads_of(read)
    experts, chosen = read.size("experts"), read.size("chosen")
    facts = _stack(read, kinds, heads, width, experts)
    card = Architecture(
        family=read.family,
        layers=tuple([layer.kind for layer in facts]),
        hidden_size=read.size("hidden"),
        attention_heads=heads.heads,
        kv_heads=heads.kv_heads,
        head_dim=heads.head_dim,
        feed_forward_size=read.size("feed_forward"),
        experts=experts,
        experts_per_token=chosen,
        shared_experts=read.size("shared_experts"),
        vocabulary=read.size("vocabulary"),
        context_length=read.size("context"),
        tied_embeddings=_tied(read, tensors),
        kv_dtype=kv_dtype or _cache_type(read),
        kv_bytes_per_token=_cache(facts, heads),
        state_bytes=_states(read, facts),
        layer_facts=facts,
        source="config.json",
    )
    return _counted(card, read, tensors)


def _stack(
    config: Config,
    kinds: tuple[str, ...],
    heads: Heads,
    width: int,
    experts: int | None,
) -> tuple[LayerFacts, ...]:
    """Encoder layers, then decoder layers, with cross attention in the decoder of a model that has both."""
    sparse = _sparse_layers(config, len(kinds), experts)
    if config.flag("is_encoder_decoder"):
        encoders = min(config.integer("encoder_layers") or config.integer("num_layers") or len(kinds), MAX_LAYERS)
        decoders = config.integer("decoder_layers") or config.integer("num_decoder_layers") or len(kinds)
        encoder = LayerFacts(ENCODER, heads.kv_heads, heads.head_dim)
        decoder = layer_facts("full_attention", config, heads, width, None)
        decoder = replace(decoder, cross_kv_bytes_per_token=decoder.kv_bytes_per_token)
        return (*[encoder] * encoders, *[decoder] * min(decoders, MAX_LAYERS))
    made = [
        layer_facts(kind, config, heads, width, experts if layer in sparse else None)
        for layer, kind in enumerate(kinds)
    ]
    if config.family in _ENCODERS and not _is_decoder(config):
        made = [replace(layer, kind=ENCODER, kv_bytes_per_token=0) for layer in made]
    return tuple(made)


_ENCODERS = frozenset(
    (
        *("bert", "roberta", "xlm-roberta", "distilbert", "electra", "deberta", "deberta-v2", "albert", "mpnet"),
        *("camembert", "modernbert", "nomic_bert", "esm", "layoutlm", "layoutlmv3", "wav2vec2", "hubert"),
        *("vit", "deit", "dinov2", "siglip_vision_model", "clip_vision_model"),
    )
)
"""Families that attend to all tokens at once and keep no cache."""


def _is_decoder(config: Config) -> bool:
    return bool(config.flag("is_decoder"))


def _sparse_layers(config: Config, count: int, experts: int | None) -> set[int]:
    """Layers whose feed-forward part is experts."""
    if not experts:
        return set()
    kinds = layer_kinds(config)
    if "moe" in kinds:
        return {layer for layer, kind in enumerate(kinds) if kind == "moe"}
    first = config.integer("first_k_dense_replace") or 0
    step = config.integer("decoder_sparse_step") or config.integer("expert_layer_period") or 1
    offset = config.integer("expert_layer_offset")
    dense = set(config.integers("mlp_only_layers") or [])
    chosen = {layer for layer in range(first, count) if layer not in dense}
    if offset is not None:
        return {layer for layer in chosen if layer % step == offset % step}
    return {layer for layer in chosen if (layer + 1) % step == 0}


def _tied(config: Config, tensors: Mapping[str, tuple[int, ...]] | None) -> bool | None:
    """As stated; else by whether a head is stored; else by what the family does."""
    said = config.flag("tie_word_embeddings")
    if said is not None:
        return said
    if tensors and parameters.embedding(tensors) is not None:
        return not parameters.has_head(tensors)
    if not config.family:
        return None
    return config.family.startswith(_TIED) and not config.family.startswith(_UNTIED)


def _cache_type(config: Config) -> str:
    stated = config.word("torch_dtype", "dtype")
    return stated if stated in _SIXTEEN else "float16"


def _cache(facts: tuple[LayerFacts, ...], heads: Heads) -> int | None:
    """Bytes of one more token; None if a layer attends and its heads are not known."""
    if heads.cached_elements is None and any(layer.kind in ATTENTION for layer in facts):
        return None
    return sum(layer.kv_bytes_per_token for layer in facts)


def _states(config: Config, facts: tuple[LayerFacts, ...]) -> int | None:
    """Bytes of all recurrent states; None where there are none, or where the config does not tell."""
    sizes = [state_bytes(layer.kind, config) for layer in facts]
    if None in sizes:
        return None
    return sum(size for size in sizes if size is not None) or None


def _counted(card: Architecture, config: Config, tensors: Mapping[str, tuple[int, ...]] | None) -> Architecture:
    """Add what follows from the tensors, and what holds for models that do not attend at all."""
    if card.layers and not any("attention" in kind for kind in card.layers):
        card = replace(card, kv_heads=0, kv_bytes_per_token=0)
    if not tensors:
        return card
    table = parameters.embedding(tensors)
    return replace(
        card,
        vocabulary=card.vocabulary or (table[0] if table else None),
        hidden_size=card.hidden_size or (table[1] if table else None),
        total_parameters=parameters.total(tensors),
        active_parameters=parameters.active(tensors, card.experts, card.experts_per_token),
        source="config.json and tensors" if config.whole else "tensors",
    )
