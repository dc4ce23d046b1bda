"""Files that ``formats.py`` opens: checkpoints of true size whose weights are a hole in the file."""

from __future__ import annotations

import json
import struct
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN, INNER, KV, LAYERS, VOCABULARY = 8192, 28672, 1024, 80, 128256  # of Llama 3 70B
SHARDS = 30
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
LAYER = {
    "input_layernorm": (HIDDEN,),
    "self_attn.q_proj": (HIDDEN, HIDDEN),
    "self_attn.k_proj": (KV, HIDDEN),
    "self_attn.v_proj": (KV, HIDDEN),
    "self_attn.o_proj": (HIDDEN, HIDDEN),
    "post_attention_layernorm": (HIDDEN,),
    "mlp.gate_proj": (INNER, HIDDEN),
    "mlp.up_proj": (INNER, HIDDEN),
    "mlp.down_proj": (HIDDEN, INNER),
}
GGUF = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def shapes() -> dict[str, tuple[int, ...]]:
    """All 723 weights by their published names."""
    found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        found |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in LAYER.items()}
    return found | {"model.norm.weight": (HIDDEN,), "lm_head.weight": (VOCABULARY, HIDDEN)}


def _hole(path: Path, header: bytes, size: int) -> None:
    with path.open("wb") as file:
        file.write(header)
        file.truncate(size)


def safetensors_70b(folder: Path) -> Path:
    """141 GB of bfloat16 in 30 shards with an index and a config."""
    made = folder / "llama-70b"
    if (made / "config.json").exists():
        return made
    made.mkdir(parents=True, exist_ok=True)
    entries = list(shapes().items())
    each = -(-len(entries) // SHARDS)
    index = {}
    for number in range(SHARDS):
        name = f"model-{number + 1:05d}-of-{SHARDS:05d}.safetensors"
        header, end = {}, 0
        for tensor, shape in entries[number * each : (number + 1) * each]:
            size = 2 * prod(shape)
            header[tensor] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            index[tensor] = name
            end += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        _hole(made / name, struct.pack("<Q", len(text)) + text, 8 + len(text) + end)
    (made / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    (made / "config.json").write_text(json.dumps(CONFIG))
    return made


def gguf_50gb(folder: Path) -> Path:
    """Llama 3 70B in Q5_K with Q6_K for values and down projections, and a tokenizer of full size."""
    path = folder / "llama-70b-q5_k_m.gguf"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    tokens = [f"token{number}" for number in range(VOCABULARY)]
    merges = [f"tok en{number}" for number in range(280_147)]
    keys = {"block_count": LAYERS, "embedding_length": HIDDEN, "feed_forward_length": INNER, "context_length": 131072}
    keys |= {"attention.head_count": 64, "attention.head_count_kv": 8}
    pairs = [_pair("general.architecture", 8, _text("llama"))]
    pairs += [_pair(f"llama.{key}", 4, struct.pack("<I", value)) for key, value in keys.items()]
    pairs += [_pair("tokenizer.ggml.model", 8, _text("gpt2"))]
    pairs += [_strings("tokenizer.ggml.tokens", tokens), _strings("tokenizer.ggml.merges", merges)]
    pairs += [_pair("tokenizer.ggml.token_type", 9, struct.pack(f"<IQ{VOCABULARY}i", 5, VOCABULARY, *[1] * VOCABULARY))]
    infos, end = [], 0
    for name, shape in shapes().items():
        code, size = _stored(name, shape)
        dims = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        infos.append(_text(_gguf_name(name)) + dims + struct.pack("<IQ", code, end))
        end += size + -size % 32
    header = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(pairs)) + b"".join(pairs) + b"".join(infos)
    header += bytes(-len(header) % 32)
    _hole(path, header, len(header) + end)
    return path


def _stored(name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    """Type and bytes: norms float32, some Q6_K, the rest Q5_K."""
    count = prod(shape)
    if len(shape) == 1:
        return 0, 4 * count
    if "v_proj" in name or "down_proj" in name or "lm_head" in name:
        return 14, count // 256 * 210
    return 13, count // 256 * 176


def _gguf_name(name: str) -> str:
    top = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    module = name.removesuffix(".weight")
    if module in top:
        return f"{top[module]}.weight"
    _, _, layer, part = module.split(".", 3)
    return f"blk.{layer}.{GGUF[part]}.weight"


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _strings(key: str, texts: list[str]) -> bytes:
    return _pair(key, 9, struct.pack("<IQ", 8, len(texts)) + b"".join(map(_text, texts)))
