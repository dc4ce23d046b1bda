"""The order in which a checkpoint's weights are read: as the modules run, numbers by value, heads last.

Shards list their tensors by the alphabet (``layers.10`` before ``layers.2``) or as they were saved.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from haoline_analysis.model import Gap
from haoline_analysis.structure.roles import role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.model import Model

_FIRST, _MIDDLE, _NORM, _LAST = range(4)
_LEAVES = {"weight": 0, "bias": 1}
_USUAL = {
    part: rank
    for rank, parts in enumerate(
        (
            "input_layernorm ln_1 norm1 layer_norm1 attention_norm self_attn_layer_norm query q_proj w1 gate_proj",
            "self_attn attn attention linear_attn mamba mixer key k_proj w3 up_proj fc1 c_fc c_attn lin1 wi wi_0 wi_1",
            "value v_proj self_attn_ln q_norm k_norm encoder_attn_layer_norm",
            "encoder_attn crossattention out_proj o_proj w2 down_proj fc2 lin2 wo",
            "post_attention_layernorm ln_2 norm2 layer_norm2 pre_feedforward_layernorm ffn_norm final_layer_norm",
            "mlp intermediate feed_forward block_sparse_moe moe ffn router gate",
            "output experts shared_experts post_feedforward_layernorm",
        )
    )
    for part in parts.split()
}
"""Where modules usually stand in a transformer layer, for files that list them by the alphabet."""
_UNUSUAL = 4
_SORTED_SHARE = 0.05
MAX_PARTS = 64
"""Names come from files: a longer one is no module path."""
_SHORT = 2
"""Parts of a name that is outside every module: ``lm_head.weight``."""


def split_name(name: str) -> list[str]:
    """The parts of a name with dots or slashes; what is deeper than ``MAX_PARTS`` stays together."""
    return [part for part in name.replace("/", ".").split(".", MAX_PARTS) if part] or [name]


def reading_order(names: Iterable[str]) -> list[int]:
    """Row numbers in reading order: siblings as they first come, numbers by value, embeddings first, heads last."""
    listed = list(names)
    alphabetical = _is_alphabetical(listed)
    seen: dict[str, int] = {}
    keys = []
    for name in listed:
        parts = split_name(name)
        telling = _depth_that_matters(parts)
        key: list[tuple[int, int, int, str]] = []
        path = ""
        for depth, part in enumerate(parts):
            path = f"{path}.{part}"
            rank = seen.setdefault(path, len(seen))
            place = _place(name, parts) if depth == telling else _MIDDLE
            usual = _USUAL.get(part, _UNUSUAL) if alphabetical else 0
            key.append((place, usual, _number(part, rank), part))
        keys.append(key)
    return sorted(range(len(listed)), key=keys.__getitem__)


def _is_alphabetical(names: list[str]) -> bool:
    """Whether a file lists its names by the alphabet, shard by shard."""
    breaks = sum(second < first for first, second in pairwise(names))
    return breaks <= _SORTED_SHARE * len(names)


def _number(part: str, rank: int) -> int:
    """A number by its value, ``weight`` before ``bias``, everything else by when it first came."""
    if part.isdecimal() and len(part) < 10:
        return int(part)
    return _LEAVES.get(part, rank + len(_LEAVES))


def _depth_that_matters(parts: list[str]) -> int:
    """Where embeddings, final norms and heads are beside the stack: in the outermost module or one below."""
    if len(parts) <= _SHORT:
        return 0
    return -1 if any(map(str.isdecimal, parts)) else 1


def _place(name: str, parts: list[str]) -> int:
    kind = role(".".join([*parts[:-1], "weight"]) if len(parts) > 1 else name)
    if kind in ("embedding", "position"):
        return _FIRST
    if kind == "norm":
        return _MIDDLE if any(mark in name for mark in ("embed", "pre", "bn", "ln_pre")) else _NORM
    return _LAST if kind == "head" else _MIDDLE


def in_reading_order(model: Model) -> Model:
    """The same model with its rows in reading order; the model itself where they are."""
    order = reading_order(op.name for op in model.ops)
    if order == list(range(len(order))):
        return model
    moved = {old: new for new, old in enumerate(order)}
    tensors = [
        replace(tensor, consumers=sorted(moved[op] for op in tensor.consumers), producer=-1) for tensor in model.tensors
    ]
    return replace(
        model,
        ops=[model.ops[old] for old in order],
        tensors=tensors,
        gaps=[Gap(gap.what, tuple(sorted(moved[op] for op in gap.ops))) for gap in model.gaps],
        findings=[replace(found, ops=tuple(sorted(moved[op] for op in found.ops))) for found in model.findings],
    )
