"""Heads of attention, from a config: how many, how large, and how many keys and values are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.architecture.reading import Config


@dataclass(frozen=True, slots=True)
class Heads:
    """Of one attention layer; None where the config does not tell."""

    heads: int | None
    kv_heads: int | None
    head_dim: int | None
    cached_elements: int | None  # of keys and values together, for each token


def heads_of(config: Config) -> Heads:
    """Heads of the text model.

    With latent attention (DeepSeek-V2, section 2.1) a token leaves one compressed vector and one rotary key.
    """
    heads, size = config.size("heads"), config.size("head_dim")
    hidden = config.size("hidden")
    latent, rotary = config.integer("kv_lora_rank"), config.integer("qk_rope_head_dim")
    if latent and rotary is not None:
        plain = config.integer("qk_nope_head_dim")
        size = rotary + plain if plain is not None else size
        return Heads(heads, _kv_heads(config, heads), size, latent + rotary)
    if size is None and heads and hidden and hidden % heads == 0:
        size = hidden // heads
    kv_heads = _kv_heads(config, heads)
    value = config.size("value_dim") or size
    cached = kv_heads * (size + value) if kv_heads is not None and size is not None and value is not None else None
    return Heads(heads, kv_heads, size, cached)


def _kv_heads(config: Config, heads: int | None) -> int | None:
    """As stated; one for multi-query attention; else as many as there are heads."""
    new_falcon = config.flag("new_decoder_architecture")
    if config.flag("multi_query") and not new_falcon:
        return 1
    if config.flag("multi_query_attention") is False:
        return heads
    return config.size("kv_heads") or heads
