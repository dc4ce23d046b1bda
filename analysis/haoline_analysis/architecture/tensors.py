"""The architecture card from names and shapes alone, where there is no config or it tells nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.architecture import parameters
from haoline_analysis.architecture.card import Architecture, LayerFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.architecture.reading import Config

    Shapes = Mapping[str, tuple[int, ...]]

_LAYER = re.compile(r"^(?P<stack>(?:.*?\.)?(?:layers|h|block|blocks|layer|blk))\.(?P<index>\d{1,4})\.(?P<rest>.+)$")
_SEPARATE = re.compile(r"(?:^|\.)(?P<what>q_proj|k_proj|v_proj|query|key|value|q_lin|k_lin|v_lin|q|k|v)\.weight$")
_FUSED = re.compile(r"(?:^|\.)(?:qkv_proj|c_attn|query_key_value|Wqkv|qkv|in_proj)\.weight$")
_STATE_SPACE = re.compile(r"(?:^|\.)A_log$")
_LATENT = re.compile(r"(?:^|\.)kv_a_proj_with_mqa\.weight$")
_DELTA = re.compile(r"(?:^|\.)linear_attn\.")
_UP = re.compile(r"(?:^|\.)(?:up_proj|w3|fc1|c_fc|wi|wi_0|dense_h_to_4h)\.weight$")
_NORM_OF_HEAD = re.compile(r"(?:^|\.)(?:q_norm|k_norm|q_layernorm|query_norm)\.weight$")
_EXPERT_INDEX = re.compile(r"(?:^|\.)experts\.(\d{1,9})\.")
_ROUTER = re.compile(r"(?:^|\.)(?:gate|router)\.weight$")


def from_tensors(tensors: Shapes, config: Config | None = None) -> Architecture | None:
    """What shapes tell: layers by kind, hidden size, vocabulary, keys and values of a token.

    Heads only where a norm has their size; None if there is no stack of layers.
    """
    stack = _main_stack(tensors)
    if not stack:
        return None
    table = parameters.embedding(tensors)
    hidden = table[1] if table else None
    size = next((shape[0] for name, shape in tensors.items() if _NORM_OF_HEAD.search(name) and len(shape) == 1), None)
    facts = tuple([_layer(stack[index], size) for index in sorted(stack)])
    if all(layer.kind == "other" for layer in facts):
        return None
    experts = max((layer.experts or 0 for layer in facts), default=0) or None
    chosen = config.size("chosen") if config is not None else None
    first = next((layer for layer in facts if layer.kind == "full_attention"), None)
    known = all(layer.kind != "full_attention" or layer.kv_bytes_per_token for layer in facts)
    return Architecture(
        family=config.family if config is not None and config.family else "unknown",
        layers=tuple([layer.kind for layer in facts]),
        hidden_size=hidden,
        attention_heads=_query_heads(stack, size),
        kv_heads=first.kv_heads if first else None,
        head_dim=size,
        feed_forward_size=_feed_forward(stack, hidden),
        experts=experts,
        experts_per_token=chosen,
        vocabulary=table[0] if table else None,
        tied_embeddings=not parameters.has_head(tensors) if table else None,
        total_parameters=parameters.total(tensors),
        active_parameters=parameters.active(tensors, experts, chosen),
        kv_dtype="float16",
        kv_bytes_per_token=sum(layer.kv_bytes_per_token for layer in facts) if known else None,
        layer_facts=facts,
        source="tensors",
    )


def _main_stack(tensors: Shapes) -> dict[int, dict[str, tuple[int, ...]]]:
    """Weights of each layer of the text model's longest stack, by index and name inside the layer."""
    stacks: dict[str, dict[int, dict[str, tuple[int, ...]]]] = {}
    for name, shape in tensors.items():
        found = _LAYER.match(name)
        if found is not None and parameters.is_text(name):
            stacks.setdefault(found["stack"], {}).setdefault(int(found["index"]), {})[found["rest"]] = shape
    return max(stacks.values(), key=len, default={})


def _projections(layer: Shapes) -> dict[str, tuple[int, ...]]:
    """Shapes of the separate query, key and value projections, by their first letter."""
    found: dict[str, tuple[int, ...]] = {}
    for name, shape in layer.items():
        part = _SEPARATE.search(name)
        if part is not None and len(shape) == 2:
            found.setdefault(part["what"][0], shape)
    return found


def _layer(layer: Shapes, size: int | None) -> LayerFacts:
    kind = _kind(layer)
    experts = _experts(layer)
    if kind != "full_attention":
        return LayerFacts(kind, experts=experts)
    latent = next((shape[0] for name, shape in layer.items() if _LATENT.search(name)), None)
    if latent is not None:  # one compressed vector and one rotary key (DeepSeek-V2, section 2.1)
        return LayerFacts(kind, experts=experts, kv_bytes_per_token=2 * latent)
    projections = _projections(layer)
    keys, values = projections.get("k"), projections.get("v")
    if keys is None or values is None:
        return LayerFacts(kind, head_dim=size, experts=experts)
    return LayerFacts(
        kind,
        kv_heads=keys[0] // size if size and keys[0] % size == 0 else None,
        head_dim=size,
        experts=experts,
        kv_bytes_per_token=2 * (keys[0] + values[0]),
    )


def _kind(layer: Shapes) -> str:
    if any(_DELTA.search(name) for name in layer):
        return "linear_attention"
    projections = _projections(layer)
    decays = [shape for name, shape in layer.items() if _STATE_SPACE.search(name)]
    if decays and "q" not in projections:
        return "mamba" if len(decays[0]) == 2 else "mamba2"
    if any(_LATENT.search(name) for name in layer):
        return "full_attention"
    if "q" in projections or any(_FUSED.search(name) for name in layer):
        return "full_attention"
    if any(parameters.is_expert(name) for name in layer):
        return "moe"
    return "mlp" if any(_UP.search(name) for name in layer) else "other"


def _experts(layer: Shapes) -> int | None:
    """From numbered experts, a fused tensor's first axis, or the router's rows."""
    numbers = {int(found[1]) for name in layer if (found := _EXPERT_INDEX.search(name)) is not None}
    if numbers:
        return len(numbers)
    fused = [shape[0] for name, shape in layer.items() if parameters.is_expert(name) and len(shape) == 3]
    if fused:
        return fused[0]
    if not any(parameters.is_expert(name) for name in layer):
        return None
    return next((shape[0] for name, shape in layer.items() if _ROUTER.search(name) and len(shape) == 2), None)


def _query_heads(stack: Mapping[int, Shapes], size: int | None) -> int | None:
    for layer in stack.values():
        queries = _projections(layer).get("q")
        if queries is not None and size and queries[0] % size == 0:
            return queries[0] // size
    return None


def _feed_forward(stack: Mapping[int, Shapes], hidden: int | None) -> int | None:
    for layer in stack.values():
        for name, shape in layer.items():
            if len(shape) == 2 and hidden in shape and _UP.search(name) and not parameters.is_expert(name):
                return shape[1] if shape[0] == hidden else shape[0]
    return None
