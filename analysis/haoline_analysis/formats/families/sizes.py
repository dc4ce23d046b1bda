"""Sizes of a decoder, from its architecture card and the shapes of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.architecture import Architecture
    from haoline_analysis.formats.families.naming import Layer, Named
    from haoline_analysis.formats.families.weights import Weights

_ACTIVATIONS = ("float16", "bfloat16", "float32")


class NotThisFamilyError(Exception):
    """The weights are not those that the family has; nobody outside of this package sees it."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What holds for the whole model."""

    family: str
    hidden: int
    heads: int
    head_dim: int
    vocabulary: int
    chosen: int  # experts per token; 0 without experts
    rotary: int  # elements of a head that are rotated
    dtype: str  # of activations
    windows: tuple[int | None, ...]  # per layer


def find_sizes(card: Architecture, named: Named, weights: Weights, facts: Mapping[str, Any]) -> Sizes:
    """Sizes of the model.

    Raises:
        NotThisFamilyError: if there is no embedding or no layer, or the heads are not known.
    """
    if "embedding" not in named.top or not named.layers or not card.attention_heads:
        raise NotThisFamilyError
    embedding = weights.weight(named.top["embedding"])
    if len(embedding.shape) != 2:
        raise NotThisFamilyError
    vocabulary, hidden = embedding.shape
    head_dim = card.head_dim or hidden // card.attention_heads
    if not vocabulary or not hidden or not head_dim:
        raise NotThisFamilyError
    windows = {index: facts.window for index, facts in enumerate(card.layer_facts)}
    return Sizes(
        card.family,
        hidden,
        card.attention_heads,
        head_dim,
        vocabulary,
        card.experts_per_token or 0,
        _rotary(facts, card.family, head_dim),
        embedding.dtype if embedding.dtype in _ACTIVATIONS else "float16",
        tuple(windows.get(index) for index in sorted(named.layers)),
    )


def _rotary(facts: Mapping[str, Any], family: str, head_dim: int) -> int:
    """Elements that turn with the position: all, unless config or metadata state fewer."""
    stated = facts.get("metadata", {}).get(f"{family}.rope.dimension_count")
    share = facts.get("config", {}).get("partial_rotary_factor")
    if isinstance(share, float) and 0 < share < 1:
        stated = int(head_dim * share)
    return stated // 2 * 2 if isinstance(stated, int) and 0 < stated < head_dim else head_dim


def require(layer: Layer, *names: str) -> None:
    """Refuse a layer that lacks a weight.

    Raises:
        NotThisFamilyError: if it does.
    """
    if any(name not in layer.weights for name in names):
        raise NotThisFamilyError
