"""What a layer keeps of the tokens before: keys and values of attention, states of recurrences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.architecture.card import LayerFacts

if TYPE_CHECKING:
    from haoline_analysis.architecture.heads import Heads
    from haoline_analysis.architecture.reading import Config

ATTENTION = frozenset({"full_attention", "sliding_attention", "chunked_attention"})
STATE_WIDTH = 4
"""Bytes of an element of a recurrent state: float32, as implementations keep it."""
_BOTH = ("falcon_h1", "zamba2")
"""Families whose attention layers hold a state space too."""
CONVOLUTION_WIDTH = 2
"""Bytes of an element of a convolution's state: the model's own type."""


def layer_facts(kind: str, config: Config, heads: Heads, width: int, experts: int | None) -> LayerFacts:
    """Facts of one layer; ``width`` are bytes of a cached element."""
    window = config.size("window") if kind == "sliding_attention" else None
    if kind == "chunked_attention":
        window = config.integer("attention_chunk_size")
    if kind not in ATTENTION:
        return LayerFacts(kind, experts=experts)
    per_token = heads.cached_elements
    return LayerFacts(
        kind,
        kv_heads=heads.kv_heads,
        head_dim=heads.head_dim,
        window=window,
        experts=experts,
        kv_bytes_per_token=(per_token or 0) * width,
    )


def state_bytes(kind: str, config: Config) -> int | None:
    """State of one sequence in a layer of this kind; None where the config does not tell.

    Mamba-2: heads · head size · state size, and a convolution over the inner size and 2 · groups · state size
    (Dao and Gu 2024, section 7); Mamba: inner size · state size (Gu and Dao 2023, section 3.3); gated delta rule:
    value heads · key size · value size.
    """
    both = kind == "full_attention" and config.word("model_type") in _BOTH
    if kind == "mamba2" or both:
        return _mamba2(config)
    if kind == "mamba":
        return _mamba(config)
    if kind == "linear_attention":
        return _delta(config)
    return 0


def _first(config: Config, *names: str) -> int | None:
    return next((value for value in map(config.integer, names) if value), None)


def _mamba2(config: Config) -> int | None:
    heads = _first(config, "mamba_num_heads", "mamba_n_heads", "num_heads")
    size = _first(config, "mamba_head_dim", "mamba_d_head", "head_dim")
    state = _first(config, "ssm_state_size", "mamba_d_state", "state_size")
    groups = _first(config, "n_groups", "mamba_n_groups") or 1
    convolution = _first(config, "conv_kernel", "mamba_d_conv")
    if heads is None or size is None or state is None or convolution is None:
        return None
    channels = heads * size + 2 * groups * state
    return heads * size * state * STATE_WIDTH + channels * convolution * CONVOLUTION_WIDTH


def _mamba(config: Config) -> int | None:
    hidden, expand = config.size("hidden"), _first(config, "mamba_expand", "expand")
    inner = _first(config, "intermediate_size") if config.word("model_type") in ("mamba", "falcon_mamba") else None
    inner = inner or (hidden * expand if hidden and expand else None)
    state = _first(config, "mamba_d_state", "state_size")
    convolution = _first(config, "mamba_d_conv", "conv_kernel")
    if inner is None or state is None or convolution is None:
        return None
    return inner * state * STATE_WIDTH + inner * convolution * CONVOLUTION_WIDTH


def _delta(config: Config) -> int | None:
    keys, values = config.integer("linear_num_key_heads"), config.integer("linear_num_value_heads")
    key, value = config.integer("linear_key_head_dim"), config.integer("linear_value_head_dim")
    convolution = config.integer("linear_conv_kernel_dim")
    if not (keys and values and key and value and convolution):
        return None
    channels = 2 * keys * key + values * value
    return values * key * value * STATE_WIDTH + channels * convolution * CONVOLUTION_WIDTH
