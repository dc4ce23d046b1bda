"""What a stored weight is to its decoder: names of published checkpoints and of GGUF to names of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LAYER = re.compile(r"^(?P<path>(?:[\w-]+\.)*?(?:layers|h|blk)\.(?P<index>\d{1,9}))\.(?P<rest>.+)$")
_ELSEWHERE = re.compile(r"(?:^|\.)(?:vision|visual|audio|encoder|v\.blk|mm\.|multi_modal|mtp|nextn)", re.IGNORECASE)
_EXPERT = re.compile(r"^(?:block_sparse_moe|mlp)\.experts\.(?P<number>\d{1,9})\.(?P<part>\w+)\.weight$")
_OLD_EXPERT = re.compile(r"^ffn_(?P<part>gate|up|down)\.(?P<number>\d{1,9})\.weight$")

_TOP = {
    "embed_tokens.weight": "embedding",
    "wte.weight": "embedding",
    "token_embd.weight": "embedding",
    "wpe.weight": "positions",
    "position_embd.weight": "positions",
    "norm.weight": "norm",
    "final_layernorm.weight": "norm",
    "final_layernorm.bias": "norm.bias",
    "norm.bias": "norm.bias",
    "ln_f.weight": "norm",
    "ln_f.bias": "norm.bias",
    "output_norm.weight": "norm",
    "output_norm.bias": "norm.bias",
    "lm_head.weight": "head",
    "lm_head.bias": "head.bias",
    "output.weight": "head",
    "output.bias": "head.bias",
}

_MODULES = {
    "q": ("self_attn.q_proj", "attn_q"),
    "k": ("self_attn.k_proj", "attn_k"),
    "v": ("self_attn.v_proj", "attn_v"),
    "qkv": ("self_attn.qkv_proj", "attn.c_attn", "attn_qkv"),
    "o": ("self_attn.o_proj", "self_attn.dense", "attn.c_proj", "attn_output"),
    "q_norm": ("self_attn.q_norm", "self_attn.q_layernorm", "attn_q_norm"),
    "k_norm": ("self_attn.k_norm", "self_attn.k_layernorm", "attn_k_norm"),
    "attention_norm": ("input_layernorm", "ln_1", "attn_norm"),
    "after_attention": ("post_attention_layernorm", "post_attention_norm"),
    "ffn_norm": ("pre_feedforward_layernorm", "ln_2", "ffn_norm"),
    "after_ffn": ("post_feedforward_layernorm", "post_ffw_norm"),
    "gate": ("mlp.gate_proj", "ffn_gate"),
    "up": ("mlp.up_proj", "mlp.c_fc", "mlp.fc1", "ffn_up"),
    "down": ("mlp.down_proj", "mlp.c_proj", "mlp.fc2", "ffn_down"),
    "gate_up": ("mlp.gate_up_proj",),
    "router": ("block_sparse_moe.gate", "mlp.gate", "mlp.router", "ffn_gate_inp"),
    "experts.gate": ("ffn_gate_exps",),
    "experts.up": ("ffn_up_exps",),
    "experts.down": ("mlp.experts.down_proj", "block_sparse_moe.experts.down_proj", "ffn_down_exps"),
    "experts.gate_up": (*("mlp.experts.gate_up_proj", "block_sparse_moe.experts.gate_up_proj", "ffn_gate_up_exps"),),
    "shared.gate": ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
    "shared.up": ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
    "shared.down": ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
    "shared.router": ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"),
}
_BY_MODULE = {module: ours for ours, modules in _MODULES.items() for module in modules}
_SINKS = ("self_attn.sinks", "attn_sinks", "attn_sinks.weight")
_EXPERT_PARTS = {"w1": "gate", "w3": "up", "w2": "down", "gate_proj": "gate", "up_proj": "up", "down_proj": "down"}


@dataclass(slots=True)
class Layer:
    """Weights of one decoder layer: our name to the row of the checkpoint."""

    path: str  # "model.layers.0"
    weights: dict[str, int] = field(default_factory=dict)
    experts: dict[str, dict[int, int]] = field(default_factory=dict)  # "gate" -> number of the expert -> row


@dataclass(slots=True)
class Named:
    """All weights that have a name of ours."""

    top: dict[str, int] = field(default_factory=dict)
    layers: dict[int, Layer] = field(default_factory=dict)
    rest: list[int] = field(default_factory=list)  # rows that no op here reads


def name_weights(names: list[str]) -> Named:
    """Find out what each row is."""
    named = Named()
    for row, name in enumerate(names):
        if not _placed(named, row, name):
            named.rest.append(row)
    for layer in named.layers.values():
        _settle(layer.weights)
    return named


def _placed(named: Named, row: int, name: str) -> bool:
    if _ELSEWHERE.search(name):
        return False
    match = _LAYER.match(name)
    if match is None:
        ours = _TOP.get(".".join(name.split(".")[-2:]))
        if ours is None or ours in named.top:
            return False
        named.top[ours] = row
        return True
    layer = named.layers.setdefault(int(match["index"]), Layer(match["path"]))
    return layer.path == match["path"] and _in_layer(layer, row, match["rest"])


def _in_layer(layer: Layer, row: int, rest: str) -> bool:
    expert = _EXPERT.match(rest) or _OLD_EXPERT.match(rest)
    if expert is not None:
        part = _EXPERT_PARTS.get(expert["part"], expert["part"])
        layer.experts.setdefault(part, {})[int(expert["number"])] = row
        return part in {"gate", "up", "down"}
    module, _, kind = rest.rpartition(".")
    if rest.startswith("mlp.experts."):  # parameters without a module of their own
        module, kind = (rest.removesuffix("_bias"), "bias") if rest.endswith("_bias") else (rest, "weight")
    if rest in _SINKS:
        layer.weights["sinks"] = row
        return True
    ours = _BY_MODULE.get(module)
    if ours is None or kind not in {"weight", "bias"}:
        return False
    layer.weights[ours if kind == "weight" else f"{ours}.bias"] = row
    return True


def _settle(weights: dict[str, int]) -> None:
    """The norm after attention is the one before the feed-forward part, where that has none of its own."""
    if "ffn_norm" in weights:
        return
    for kind in ("", ".bias"):
        if f"after_attention{kind}" in weights:
            weights[f"ffn_norm{kind}"] = weights.pop(f"after_attention{kind}")
