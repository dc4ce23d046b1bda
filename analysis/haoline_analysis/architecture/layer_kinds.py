"""What mixes tokens in each layer, by the several ways in which configs say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.architecture.reading import Config

MAX_LAYERS = 4096

FULL, SLIDING = "full_attention", "sliding_attention"

_SYNONYMS = {
    "attention": FULL,
    "global": FULL,
    "global_attention": FULL,
    "full": FULL,
    "local": SLIDING,
    "local_attention": SLIDING,
    "sliding": SLIDING,
    "sliding_window": SLIDING,
    "recurrent": "linear_attention",
    "hybrid": FULL,  # of Zamba2: attention beside a state space
    "ffn": "mlp",
}
_LETTERS = {"M": "mamba2", "E": "moe", "*": FULL, "-": "mlp"}
"""Of ``hybrid_override_pattern`` (Nemotron-H)."""
_STATEFUL = {"mamba": "mamba", "mamba2": "mamba2", "falcon_mamba": "mamba", "xlstm": "mlstm"}
"""Families whose every layer is a recurrence."""
_ALL_SLIDING = ("mistral", "mixtral", "starcoder2", "phi3", "mistral3")
"""Families whose every layer slides where the config gives a window."""


def layer_kinds(config: Config) -> tuple[str, ...]:
    """Kind per decoder layer; empty if the number of layers is not known."""
    count = min(config.size("layers") or 0, MAX_LAYERS)
    listed = _listed(config)
    if listed and count in (0, len(listed)):
        return tuple(listed[:MAX_LAYERS])
    family = config.word("model_type")
    if family in _STATEFUL:
        return (_STATEFUL[family],) * count
    return tuple([_kind(config, family, layer) for layer in range(count)])


def _listed(config: Config) -> list[str]:
    """Kinds that the config lists layer by layer; a list shorter than the stack is repeated."""
    pattern = config.word("hybrid_override_pattern")
    if pattern and set(pattern) <= set(_LETTERS):
        return [_LETTERS[letter] for letter in pattern]
    words = config.words("layer_types", "layers_block_type", "attention_layers", "block_types", "_block_types")
    count = min(config.size("layers") or len(words), MAX_LAYERS)
    mamba = "mamba2" if config.integer("mamba_n_heads") or config.integer("mamba_num_heads") else "mamba"
    names = [_SYNONYMS.get(word, word[:40]) for word in words]
    if config.integer("mamba_d_state") or config.integer("ssm_state_size") or config.family in ("zamba2", "nemotron_h"):
        mamba = "mamba2" if config.family == "zamba2" else mamba
        names = [mamba if name in ("mamba", "linear_attention") else name for name in names]
    return [names[layer % len(names)] for layer in range(count)] if names else []


def _kind(config: Config, family: str, layer: int) -> str:
    """Kind of a layer by periods and indices."""
    interval = config.integer("full_attention_interval")
    if interval:
        return FULL if (layer + 1) % interval == 0 else "linear_attention"
    period = config.integer("attn_layer_period")
    if period:
        return FULL if layer % period == (config.integer("attn_layer_offset") or 0) else "mamba"
    indices = config.integers("attn_layer_indices")
    if indices is not None:
        return FULL if layer in indices else "mamba2"
    if family == "bamba":
        return "mamba2"
    return _attention(config, family, layer)


def _attention(config: Config, family: str, layer: int) -> str:
    """Full or sliding attention."""
    pattern = config.integer("sliding_window_pattern") or config.integer("_sliding_window_pattern")
    if pattern is None and family == "gemma2":
        pattern = 2
    if pattern is None and family in ("gemma3", "gemma3_text") and config.size("window"):
        pattern = 6
    if config.flag("use_sliding_window") is False or not config.size("window"):
        return FULL
    if pattern:
        return FULL if (layer + 1) % pattern == 0 else SLIDING
    if config.flag("use_sliding_window"):
        # In Qwen2 the layers below max_window_layers attend to everything.
        return SLIDING if layer >= (config.integer("max_window_layers") or 0) else FULL
    return SLIDING if family in _ALL_SLIDING else FULL
