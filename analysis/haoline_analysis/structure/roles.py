"""What a stored weight is for: embedding, attention, feed-forward, … told from its name and shape.

Names are those of Hugging Face transformers, GGUF (llama.cpp), the original Llama checkpoints, timm and torchvision.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROLES = (
    "embedding",
    "attention",
    "feed_forward",
    "expert",
    "router",
    "norm",
    "head",
    "position",
    "convolution",
    "state_space",
    "bias",
    "other",
)
"""Every role, in the order in which tables list them."""

MAX_NAME = 1000
"""Characters of a name that are looked at: names come from files."""

_WORDS: dict[str, str] = {
    "position": r"wpe|pos_?emb\w*|pos_embed\w*|positional_embedding\w*|embed_positions|position_embd|position_ids"
    r"|position_embeddings?|rotary\w*|inv_freq|rope_freqs|rope_factors\w*|freqs_c(os|is)|relative_\w*bias\w*"
    r"|relative_position\w*|attn_rel_b",
    "router": r"router|ffn_gate_inp\w*|exp_probs_b|e_score_correction_bias|shared_expert_gate|gate_weight"
    r"|(mlp|moe|mixer|block_sparse_moe|feed_forward|ffn)\.gate(?=\.(weight|wg|bias)|$)",
    "expert": r"\w*experts?|ffn_\w+_(exps|shexp|chexps)",
    "norm": r"\w*norm\w*|ln(_?\w+)?|\w*_ln|bn\d*|running_(mean|var)|num_batches_tracked",
    "state_space": r"mamba\w*|ssm(_\w+)?|a_log|dt_proj|dt_bias|x_proj|time_mix\w*|time_decay|time_first"
    r"|mixer\.(d|conv1d|in_proj|out_proj|ssm)",
    "head": r"lm_head|predictions\.decoder",
    "embedding": r"embed_tokens\w*|wte|token_embd|token_types|tok_embeddings|word_embeddings|token_type_embeddings"
    r"|\w*patch_emb\w*|class_embedding|cls_token|dist_token|class_token|embeddings?|embed|\w*embed_in|shared"
    r"|conv_proj|per_layer_token_embd|token_embedding",
    "attention": r"\w*attn\w*|\w*attention\w*|[qkvo]_proj|qkv\w*|c_attn|query|key|value|query_key_value|wqkv|w[qkv]"
    r"|in_proj_(weight|bias)",
    "feed_forward": r"mlp\w*|ffn\w*|feed_?forward\w*|fc[12]|c_fc|intermediate|densereludense|wi(_[01])?|up_proj"
    r"|down_proj|gate_proj|gate_up_proj|w[123]|dense_h_to_4h|dense_4h_to_h|lin[12]|linear[12]|output\.dense",
    "convolution": r"\w*conv\w*|downsample|features",
}
"""Parts of names by role, the surest first."""
_RULES = {role: re.compile(rf"(^|\.)({words})(\.|$)") for role, words in _WORDS.items()}
_TOP = re.compile(
    r"(\w+\.)?(output|embed_out|classifier|score|heads?|fc|qa_outputs|logits|proj_out|head_dist)"
    r"(\.(head|\d+|out_proj|dense|decoder))?(\.(weight|bias))?"
)
"""Heads by names that mean something else deeper in a model."""
_BIAS = re.compile(r"(^|[._])bias(es)?$")
_CONVOLUTION_RANK = 4
_OF_CATEGORY = {
    "embed": "embedding",
    "conv": "convolution",
    "moe": "expert",
    "position": "position",
    "attention": "attention",
}
_ONLY_NAMES = ("position", "router", "norm", "state_space")
"""Roles that a bias has too: those whose layers would not be told apart without it."""


@lru_cache(maxsize=200_000)
def _named(name: str) -> str:
    """The role by name alone; ``other`` where no rule speaks."""
    lowered = name[:MAX_NAME].lower().replace("/", ".")
    for found, pattern in _RULES.items():
        if found == "embedding" and _TOP.fullmatch(lowered):
            return "head"
        if pattern.search(lowered):
            return found
    return "other"


def role_of_op(category: str, path: str, weight_name: str = "") -> str:
    """The role of the weights of an op: by its module, else its category, else what its weight is called."""
    if category == "norm":
        return category
    for told in (_named(path), _OF_CATEGORY.get(category, "other"), _named(weight_name)):
        if told != "other":
            return told
    return "other"


def role(name: str, shape: Sequence[int | None] | None = None, facts: Mapping[str, object] | None = None) -> str:
    """One of ``ROLES``.

    Args:
        name: dotted, as the file has it.
        shape: of the logical weight; None: unknown.
        facts: what else is known; ``{"kind": "buffer"}`` keeps an unnamed vector from being taken for a norm.
    """
    found = _named(name)
    if _BIAS.search(name[-MAX_NAME:].lower()) and found not in _ONLY_NAMES:
        return "bias"
    rank = len(shape) if shape is not None else None
    if rank is not None and rank >= _CONVOLUTION_RANK and found in ("other", "head", "feed_forward"):
        return "convolution"
    kind = (facts or {}).get("kind")
    if rank == 1 and kind != "buffer" and found in ("other", "convolution") and name.endswith("weight"):
        return "norm"  # a vector that multiplies: batch normalisation inside a sequence of numbers
    return found
