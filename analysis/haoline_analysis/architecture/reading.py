"""Reading a Hugging Face config: the part that describes the text model, and its many names for one fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_INNER = ("text_config", "language_config", "llm_config", "text_model_config", "decoder", "text_encoder")
MOST = 1 << 40
"""No size in a config is larger."""

_NAMES: dict[str, tuple[str, ...]] = {
    "hidden": ("hidden_size", "n_embd", "d_model", "dim", "model_dim", "hidden_dim"),
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers"),
    "heads": ("num_attention_heads", "n_head", "num_heads", "n_heads",
              "decoder_attention_heads", "encoder_attention_heads"),
    "kv_heads": ("num_key_value_heads", "n_head_kv", "num_kv_heads", "n_kv_heads",
                 "num_query_groups", "multi_query_group_num"),
    "head_dim": ("head_dim", "d_kv", "attention_head_dim", "kv_channels"),
    "value_dim": ("v_head_dim", "value_head_dim"),
    "feed_forward": ("intermediate_size", "d_ff", "n_inner", "ffn_dim", "ffn_hidden_size",
                     "encoder_ffn_dim", "inner_dim"),
    "experts": ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_moe_experts"),
    "chosen": ("num_experts_per_tok", "num_experts_per_token", "experts_per_token",
               "moe_top_k", "top_k_experts", "moe_topk", "moe_k", "num_selected_experts"),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"),
    "vocabulary": ("vocab_size", "padded_vocab_size"),
    "context": ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length",
                "max_sequence_length", "max_target_positions", "model_max_length"),
    "window": ("sliding_window", "window_size", "attention_window_size", "sliding_window_size"),
}  # fmt: skip


class Config:
    """Typed access to the text model's config; an absent or wrong value is None."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the whole config; that of the text model inside it comes first."""
        self.whole = config
        self.text: Mapping[str, Any] = config
        for key in _INNER:
            inner = config.get(key)
            if isinstance(inner, dict) and (self.integer_in(inner, "layers") or self.integer_in(inner, "hidden")):
                self.text = inner
                break
        self.is_inner = self.text is not config

    @staticmethod
    def integer_in(config: Mapping[str, Any], fact: str) -> int | None:
        """A size by our name of it."""
        for name in _NAMES[fact]:
            value = config.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST:
                return value
        return None

    def size(self, fact: str) -> int | None:
        """A size by our name of it, of the text model, else of the whole."""
        found = self.integer_in(self.text, fact)
        return self.integer_in(self.whole, fact) if found is None and self.is_inner else found

    def integer(self, name: str) -> int | None:
        """A size by its own name; zero counts."""
        value = self.text.get(name)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and 0 <= value < MOST else None  # type: ignore[operator]

    def flag(self, name: str) -> bool | None:
        """A truth value, of the text model, else of the whole."""
        for config in (self.text, self.whole):
            value = config.get(name)
            if isinstance(value, bool):
                return value
        return None

    def words(self, *names: str) -> list[str]:
        """A list of words by one of its names; empty if there is none."""
        for name in names:
            value = self.text.get(name)
            if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
                return value
        return []

    def integers(self, name: str) -> list[int] | None:
        """A list of integers; None if there is none."""
        value = self.text.get(name)
        if isinstance(value, list) and all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            return value
        return None

    def word(self, *names: str) -> str:
        """A word by one of its names; empty if there is none."""
        for config in (self.text, self.whole):
            for name in names:
                value = config.get(name)
                if isinstance(value, str):
                    return value[:100]
        return ""

    @property
    def family(self) -> str:
        """``model_type`` of the whole model, else the class it names; empty if it states neither."""
        found = self.whole.get("model_type") or self.text.get("model_type")
        if isinstance(found, str) and found:
            return found[:100]
        classes = self.whole.get("architectures")
        first = classes[0] if isinstance(classes, list) and classes else self.whole.get("_class_name")
        return first[:100] if isinstance(first, str) else ""
