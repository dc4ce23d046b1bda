"""Configs and names of any content make a card or none, within bounds."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from haoline_analysis.architecture import from_config

KEYS = [
    *("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim"),
    *("layer_types", "sliding_window", "sliding_window_pattern", "use_sliding_window", "max_window_layers"),
    *("hybrid_override_pattern", "full_attention_interval", "attn_layer_period", "attn_layer_offset"),
    *("attn_layer_indices", "layers_block_type", "num_experts", "num_experts_per_tok", "first_k_dense_replace"),
    *("decoder_sparse_step", "expert_layer_period", "expert_layer_offset", "mlp_only_layers", "is_encoder_decoder"),
    *("encoder_layers", "decoder_layers", "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "conv_kernel"),
    *("state_size", "expand", "mamba_num_heads", "tie_word_embeddings", "torch_dtype", "text_config", "architectures"),
    *("multi_query", "new_decoder_architecture", "linear_num_key_heads", "attention_chunk_size", "vocab_size"),
]
FAMILIES = [
    "llama",
    "mamba",
    "mamba2",
    "gemma2",
    "gemma3",
    "jamba",
    "bamba",
    "zamba2",
    "falcon_h1",
    "bert",
    "t5",
    "qwen2",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 40)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([*FAMILIES, "M*E-"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.lists(
    st.sampled_from(
        [
            "model",
            "layers",
            "h",
            "0",
            "1",
            "9999",
            "self_attn",
            "q_proj",
            "k_proj",
            "v_proj",
            "experts",
            "weight",
            "A_log",
        ]
    ),
    min_size=1,
    max_size=7,
).map(".".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12),
    st.none() | st.dictionaries(NAMES, st.lists(st.integers(0, 2**62), max_size=3).map(tuple), max_size=8),
)
def test_any_config_and_any_names(config, tensors):
    card = from_config(config, tensors)
    if card is None:
        return
    assert 0 < len(card.layers) <= 2 * 4096
    assert len(card.layers) == len(card.layer_facts)
    for size in (card.hidden_size, card.attention_heads, card.vocabulary, card.context_length, card.head_dim):
        assert size is None or size > 0
    if tensors is not None and card.active_parameters is not None:
        assert card.active_parameters >= 0


def test_numbers_of_thousands_of_digits_in_names_are_no_numbers():
    name = "model.layers.0.mlp.experts." + "9" * 5000 + ".w1.weight"
    from_config(None, {name: (4, 4), "model.layers." + "9" * 5000 + ".self_attn.q_proj.weight": (4, 4)})
