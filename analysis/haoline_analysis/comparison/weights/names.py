"""One name for one weight, whoever wrote the file: Hugging Face, GGUF, the original Llama, the ONNX exporters.

The canonical names are those of GGUF (llama.cpp's ``gguf-py/gguf/constants.py``), since they name the function:
``blk.3.attn_q.weight``. Weights of experts have no number: GGUF and newer Hugging Face classes stack them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from haoline_analysis.comparison.side import canonical as without_tails

MAX_NAME = 1000

_BLOCK = re.compile(
    r"^(?P<stack>.*?)(?:^|\.)(?:layers?|h|blocks?|blk|encoder_layers?|decoder_layers?)\.(?P<number>\d{1,9})\.(?P<rest>.+)$"
)
_EXPERT = re.compile(r"(^|\.)(experts)\.\d+\.")
_STACKS = (("vision", "v"), ("visual", "v"), ("audio", "a"), ("encoder", "enc"), ("enc", "enc"), ("decoder", "dec"))
_WORD = 5
"""Characters from which on a word may be part of a longer one: ``vision_tower``."""
_INNER: tuple[tuple[str, str], ...] = (
    # experts and router
    (r"(.*\.)?experts\.(gate_proj|w1)", "ffn_gate_exps"),
    (r"(.*\.)?experts\.(up_proj|w3)", "ffn_up_exps"),
    (r"(.*\.)?experts\.(down_proj|w2)", "ffn_down_exps"),
    (r"(.*\.)?experts\.gate_up_proj", "ffn_gate_up_exps"),
    (r"(.*\.)?shared_experts?\.gate_proj", "ffn_gate_shexp"),
    (r"(.*\.)?shared_experts?\.up_proj", "ffn_up_shexp"),
    (r"(.*\.)?shared_experts?\.down_proj", "ffn_down_shexp"),
    (r"(mlp|block_sparse_moe|feed_forward|moe)\.(gate|router)(\.linear)?", "ffn_gate_inp"),
    # attention
    (r"(encdecattention|encoder_attn|crossattention)\.(q|q_proj|query)", "cross_attn_q"),
    (r"(encdecattention|encoder_attn|crossattention)\.(k|k_proj|key)", "cross_attn_k"),
    (r"(encdecattention|encoder_attn|crossattention)\.(v|v_proj|value)", "cross_attn_v"),
    (r"(encdecattention|encoder_attn|crossattention)\.(o|out_proj|o_proj)", "cross_attn_o"),
    (r"attention\.output\.layernorm", "attn_output_norm"),
    (r"attention\.output\.dense", "attn_output"),
    (r".*\.(q_norm|q_layernorm)", "attn_q_norm"),
    (r".*\.(k_norm|k_layernorm)", "attn_k_norm"),
    (r"(.*attn|.*attention|.*self|mixer)\.(q_proj|query|wq|q|q_lin)", "attn_q"),
    (r"(.*attn|.*attention|.*self|mixer)\.(k_proj|key|wk|k|k_lin)", "attn_k"),
    (r"(.*attn|.*attention|.*self|mixer)\.(v_proj|value|wv|v|v_lin)", "attn_v"),
    (r"(.*attn|.*attention|.*selfattention|mixer)\.(o_proj|out_proj|c_proj|wo|o|dense|out_lin|proj)", "attn_output"),
    (r"(.*attn|.*attention)\.(c_attn|qkv_proj|query_key_value|wqkv|qkv|in_proj)", "attn_qkv"),
    (r".*\.kv_a_proj_with_mqa", "attn_kv_a_mqa"),
    (r".*\.kv_a_layernorm", "attn_kv_a_norm"),
    (r".*\.kv_b_proj", "attn_kv_b"),
    (r".*\.q_a_proj", "attn_q_a"),
    (r".*\.q_a_layernorm", "attn_q_a_norm"),
    (r".*\.q_b_proj", "attn_q_b"),
    # feed-forward
    (r"(mlp|feed_forward|densereludense|ffn)\.(gate_proj|w1|wi_0)", "ffn_gate"),
    (r"(mlp|feed_forward|densereludense|ffn)\.(up_proj|w3|c_fc|wi_1|wi|fc1|lin1|dense_h_to_4h)", "ffn_up"),
    (r"(mlp|feed_forward|densereludense|ffn)\.(down_proj|w2|c_proj|wo|fc2|lin2|dense_4h_to_h)", "ffn_down"),
    (r"mlp\.gate_up_proj", "ffn_gate_up"),
    (r"(intermediate\.dense|fc1)", "ffn_up"),
    (r"(output\.dense|fc2)", "ffn_down"),
    # norms
    (r"(input_layernorm|ln_1|attention_norm|self_attn_layer_norm|norm|norm1|sa_layer_norm|layer_norm1)", "attn_norm"),
    (r"output\.layernorm", "layer_output_norm"),
    (r"(pre_feedforward_layernorm|ln_2|ffn_norm|final_layer_norm|norm2|layer_norm2)", "ffn_norm"),
    (r"post_feedforward_layernorm", "post_ffw_norm"),
    (r"encoder_attn_layer_norm", "cross_attn_norm"),
    # state space
    (r"mixer\.in_proj", "ssm_in"),
    (r"mixer\.conv1d", "ssm_conv1d"),
    (r"mixer\.(dt_proj|dt_bias)", "ssm_dt"),
    (r"mixer\.x_proj", "ssm_x"),
    (r"mixer\.a_log", "ssm_a"),
    (r"mixer\.d", "ssm_d"),
    (r"mixer\.norm", "ssm_norm"),
)
_OUTER: tuple[tuple[str, str], ...] = (
    (
        r"(embed_tokens|wte|tok_embeddings|word_embeddings|shared|embeddings|embed_in|embeddings\.word_embeddings)",
        "token_embd",
    ),
    (r"(wpe|embed_positions|embeddings\.position_embeddings|position_embeddings)", "position_embd"),
    (r"(embeddings\.token_type_embeddings|token_type_embeddings)", "token_types"),
    (r"(embeddings\.layernorm|embed_layer_norm|layernorm_embedding)", "token_embd_norm"),
    (r"(norm|ln_f|norm_f|final_layernorm|final_layer_norm|layer_norm)", "output_norm"),
    (r"(lm_head|embed_out)", "output"),
)
_COMPILED = {
    "inner": [(re.compile(rf"{pattern}$"), name) for pattern, name in _INNER],
    "outer": [
        (
            re.compile(
                rf"(?:(?:model|transformer|backbone|bert|roberta|gpt_neox|language_model|decoder|encoder)\.)*{p}$"
            ),
            n,
        )
        for p, n in _OUTER
    ],
}
_WRAPPERS = re.compile(r"^(module|_orig_mod|base_model|_fsdp_wrapped_module)\.")

PARTS = {
    "attn_qkv": ("attn_q", "attn_k", "attn_v"),
    "ffn_gate_up": ("ffn_gate", "ffn_up"),
    "ffn_gate_up_exps": ("ffn_gate_exps", "ffn_up_exps"),
}
"""Weights that some files keep as one, and others in parts."""


class Key(NamedTuple):
    """A weight by its function: ``("", 3, "attn_q", "weight")``; number -1 outside the layers."""

    stack: str
    number: int
    name: str
    leaf: str


def dotted(name: str) -> str:
    """A name in the form of PyTorch's: dots between modules, no wrappers, no tails of quantizers."""
    text = without_tails(name[:MAX_NAME]).replace("/", ".").strip(".")
    while found := _WRAPPERS.match(text):
        text = text[found.end() :]
    return text


@lru_cache(maxsize=100_000)
def key(name: str, post_norm: str = "ffn_norm") -> Key | None:
    """The function of a weight by its name; None where no convention speaks.

    ``post_norm`` is what ``post_attention_layernorm`` is: of models with norms on both sides of the attention
    (Gemma 2 and 3) it is not the norm before the feed-forward part.
    """
    text = dotted(name)
    module, _, leaf = text.rpartition(".")
    if leaf not in ("weight", "bias"):
        if leaf.endswith("_bias"):
            module, leaf = f"{module}.{leaf.removesuffix('_bias')}", "bias"
        else:
            module, leaf = text, "weight"
        if leaf == "weight" and text.endswith("dt_bias"):
            leaf = "bias"
    module = _EXPERT.sub(r"\1\2.", module)
    block = _BLOCK.match(f"{module}")
    if block:
        rest = block["rest"].lower()
        rest = re.sub(r"^layer\.\d+\.", "", rest)
        found = _inner(rest, post_norm)
        return None if found is None else Key(_stack(block["stack"]), int(block["number"]), found, leaf)
    found = _matched("outer", module.lower()) or (module if module in _GGUF_OUTER else None)
    return None if found is None else Key(_stack(module) if "." in module else "", -1, found, leaf)


_GGUF_OUTER = frozenset({"token_embd", "position_embd", "token_types", "token_embd_norm", "output_norm", "output"})
_GGUF_INNER = re.compile(r"(attn|ffn|ssm|cross_attn|post|layer_output)_\w+$")


def _inner(rest: str, post_norm: str) -> str | None:
    if rest == "post_attention_layernorm":
        return post_norm
    if _GGUF_INNER.match(rest):
        return {"attn_o": "attn_output", "post_attention_norm": "post_attention_norm"}.get(rest, rest)
    return _matched("inner", rest)


def _matched(where: str, text: str) -> str | None:
    return next((name for pattern, name in _COMPILED[where] if pattern.fullmatch(text)), None)


def _stack(prefix: str) -> str:
    """Which of several stacks of layers: of an encoder, a decoder, a vision tower."""
    lowered = prefix.lower()
    if "language_model" in lowered or "text_model" in lowered:
        return ""
    for word, short in _STACKS:
        if word in (lowered if len(word) > _WORD else lowered.split(".")):
            return short
    return ""
