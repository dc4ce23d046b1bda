"""The architecture card of a GGUF file, from its metadata and the names and shapes of its tensors."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any

from haoline_analysis.architecture.card import Architecture, LayerFacts
from haoline_analysis.architecture.gguf_keys import Keys
from haoline_analysis.architecture.gguf_layers import is_encoder, layer_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPERT = re.compile(r"\.ffn_\w+_(?:ch)?exps\.|\.ffn_(?:gate|up|down)\.\d+\.")
_BUFFER = re.compile(r"^rope_freqs\.|^rope_factors_|\.rope_freqs\.|\.rope_factors_|\.exp_probs_b\.")
_STATE_BYTES = 4
"""Of one element of a recurrent state: float32, as llama.cpp keeps it."""


def is_buffer(name: str) -> bool:
    """Whether a tensor is a table or statistic and nothing that is learned by gradients."""
    return _BUFFER.search(name) is not None


def from_gguf(metadata: Mapping[str, Any], tensors: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    """The card; None for what is no language model or does not say what it is.

    Args:
        metadata: keys and values as the reader gives them; arrays of one value per layer as tuples.
        tensors: logical shapes by name; empty in a file that holds only a vocabulary.
    """
    family = metadata.get("general.architecture")
    if not isinstance(family, str):
        return None
    keys = Keys(metadata, family)
    if not keys.has("block_count"):
        return None
    facts = layer_facts(keys, tensors)
    attends = next((layer for layer in facts if layer.head_dim is not None), None)
    total, active = _parameters(keys, tensors)
    cached = sum(layer.kv_bytes_per_token for layer in facts)
    return Architecture(
        family=family,
        layers=tuple(layer.kind for layer in facts),
        hidden_size=keys.integer("embedding_length"),
        attention_heads=keys.integer("attention.head_count") if attends else None,
        kv_heads=attends.kv_heads if attends else None,
        head_dim=attends.head_dim if attends else None,
        feed_forward_size=keys.integer("feed_forward_length"),
        experts=keys.integer("expert_count"),
        experts_per_token=keys.integer("expert_used_count"),
        shared_experts=keys.integer("expert_shared_count"),
        vocabulary=_vocabulary(keys, tensors),
        context_length=keys.integer("context_length"),
        tied_embeddings=_tied(keys, tensors),
        total_parameters=total,
        active_parameters=active,
        kv_dtype="float16" if cached else None,
        kv_bytes_per_token=cached if _is_known(facts) and not is_encoder(keys) else None,
        state_bytes=_state_bytes(keys, facts),
        layer_facts=facts,
        source="GGUF metadata and tensors" if tensors else "GGUF metadata",
    )


def _is_known(facts: tuple[LayerFacts, ...]) -> bool:
    """Whether every layer that attends says how many heads it has and how large they are."""
    kinds = {"full_attention", "sliding_attention"}
    return bool(facts) and all(layer.kv_heads and layer.head_dim for layer in facts if layer.kind in kinds)


def _vocabulary(keys: Keys, tensors: Mapping[str, tuple[int, ...]]) -> int | None:
    """Rows of the embedding, else what the metadata state, else the tokens listed."""
    embedding = tensors.get("token_embd.weight")
    if embedding:
        return embedding[0]
    stated = keys.integer("vocab_size")
    if stated is not None:
        return stated
    listed = keys.metadata.get("tokenizer.ggml.tokens")
    return len(listed) if isinstance(listed, tuple) else getattr(listed, "count", None)


def _tied(keys: Keys, tensors: Mapping[str, tuple[int, ...]]) -> bool | None:
    """Whether the head is the embedding: there is no ``output.weight``. None where there is no head to speak of."""
    if "token_embd.weight" not in tensors or is_encoder(keys):
        return None
    return "output.weight" not in tensors


def _parameters(keys: Keys, tensors: Mapping[str, tuple[int, ...]]) -> tuple[int | None, int | None]:
    """All parameters, and those that work on one token."""
    counts = {name: prod(shape) for name, shape in tensors.items() if not is_buffer(name)}
    if not counts:
        return None, None
    total = sum(counts.values())
    experts, used = keys.integer("expert_count"), keys.integer("expert_used_count")
    if experts is None:
        return total, total
    if used is None:
        return total, None
    routed = sum(count for name, count in counts.items() if _EXPERT.search(name))
    return total, total - routed + routed * used // experts


def _state_bytes(keys: Keys, facts: tuple[LayerFacts, ...]) -> int | None:
    """State of the mamba layers: the convolution's last inputs and the state itself; None where nothing recurs."""
    layers = sum(layer.kind in {"mamba", "mamba2"} for layer in facts)
    kernel, inner, size = (keys.integer(f"ssm.{key}") for key in ("conv_kernel", "inner_size", "state_size"))
    if not layers or kernel is None or inner is None or size is None:
        return None
    groups = keys.integer("ssm.group_count") or 0
    convolved = inner + 2 * groups * size if "mamba2" in {layer.kind for layer in facts} else inner
    return layers * ((kernel - 1) * convolved + size * inner) * _STATE_BYTES
