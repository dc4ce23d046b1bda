"""The architecture card: the facts about a transformer or state-space model that serving it depends on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer of the stack."""

    kind: str
    """``full_attention``, ``sliding_attention``, ``cross_attention``, ``linear_attention``, ``mamba``, ``mamba2``,
    ``moe``, ``mlp``, …: what mixes tokens, else what the layer is."""
    kv_heads: int | None = None
    head_dim: int | None = None
    window: int | None = None
    """Tokens that attention looks back; None: all of them."""
    experts: int | None = None
    kv_bytes_per_token: int = 0
    """Key and value cache of one token in this layer, at ``Architecture.kv_dtype``."""
    cross_kv_bytes_per_token: int = 0
    """Keys and values of one encoder token that a decoder layer attends to, constant while it decodes."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the model is made of. A fact that is not known is None, never zero."""

    family: str
    """``llama``, ``mixtral``, …: the ``model_type`` or ``general.architecture`` that the file states."""
    layers: tuple[str, ...]
    """Kind per layer index; encoder layers before decoder layers."""
    hidden_size: int | None = None
    attention_heads: int | None = None
    kv_heads: int | None = None
    """Of the first layer that attends; ``layer_facts`` has them layer by layer."""
    head_dim: int | None = None
    feed_forward_size: int | None = None
    experts: int | None = None
    experts_per_token: int | None = None
    shared_experts: int | None = None
    vocabulary: int | None = None
    context_length: int | None = None
    tied_embeddings: bool | None = None
    total_parameters: int | None = None
    active_parameters: int | None = None
    """That work on one token: all but the experts that are not chosen."""
    kv_dtype: str | None = None
    """Element type that the bytes of the cache are counted in."""
    kv_bytes_per_token: int | None = None
    """Key and value cache of one more token, all layers together; window layers counted while their window fills."""
    state_bytes: int | None = None
    """Recurrent state of one sequence (state-space and linear-attention layers), whatever its length."""
    layer_facts: tuple[LayerFacts, ...] = ()
    source: str = ""
    """Where the facts are from: ``config.json``, ``GGUF metadata``, ``tensors``."""
