"""Counting parameters by what they are for, from names and shapes."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHER_MODELS = re.compile(
    r"(?:^|\.)(?:vision_tower|vision_model|vision_encoder|vision_embed_tokens|visual|vision_backbone|image_newline"
    r"|multi_modal_projector|mm_projector|embed_vision|embed_audio|audio_tower|audio_model|audio_encoder"
    r"|vision_language_adapter|patch_merger|talker|token2wav|img_processor|img_projection)(?:\.|$)"
)
"""Parts of a multimodal model that do not work on text tokens."""
_EXPERT = re.compile(r"(?:^|\.)(?:experts|mlp_experts|ffn_(?:gate|up|down)_exps)(?:\.|$)")
_HEAD = re.compile(r"(?:^|\.)(?:lm_head|embed_out|output|output_layer)\.weight$")
EMBEDDING = re.compile(
    r"(?:^|\.)(?:embed_tokens|wte|embeddings|word_embeddings|tok_embeddings|shared|embed_in|token_embd|embedding)\.weight$"
)


def is_text(name: str) -> bool:
    """Whether a weight is of the text model rather than of one that turns images or sound into tokens."""
    return _OTHER_MODELS.search(name) is None


def is_expert(name: str) -> bool:
    """Whether a weight is of experts that a router chooses among; shared experts are not."""
    return _EXPERT.search(name) is not None


def total(tensors: Mapping[str, tuple[int, ...]]) -> int:
    """All parameters."""
    return sum(prod(shape) for shape in tensors.values())


def active(tensors: Mapping[str, tuple[int, ...]], experts: int | None, chosen: int | None) -> int | None:
    """Parameters that work on one text token: of experts, the share that is chosen; None where that is not known."""
    routed = sum(prod(shape) for name, shape in tensors.items() if is_text(name) and is_expert(name))
    text = sum(prod(shape) for name, shape in tensors.items() if is_text(name))
    if not routed:
        return text
    if not experts or not chosen:
        return None
    return text - routed + routed * chosen // experts


def has_head(tensors: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether an output head is stored."""
    return any(_HEAD.search(name) for name in tensors)


def embedding(tensors: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | None:
    """Shape [vocabulary, hidden] of the token embedding."""
    found = [shape for name, shape in tensors.items() if len(shape) == 2 and is_text(name) and EMBEDDING.search(name)]
    return max(found, default=None)
