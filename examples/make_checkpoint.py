"""Checkpoints of language models to open: safetensors in shards, GPTQ, GGUF, and files of true size that are holes.

Needs numpy alone. The weights are random: the files show what readers make of them, and nothing of a model's quality.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

TINY = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": 256,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 768,
    "vocab_size": 2048,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 8192,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "intermediate_size": 28672,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
CHAT = "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"


def shapes(config: dict) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight, as Hugging Face names them."""
    hidden, inner, vocabulary = (config[key] for key in ("hidden_size", "intermediate_size", "vocab_size"))
    kv = hidden // config["num_attention_heads"] * config["num_key_value_heads"]
    made = {"model.embed_tokens.weight": (vocabulary, hidden)}
    for index in range(config["num_hidden_layers"]):
        layer = f"model.layers.{index}"
        rows = {"q": hidden, "k": kv, "v": kv}
        made[f"{layer}.input_layernorm.weight"] = (hidden,)
        for name, size in rows.items():
            made[f"{layer}.self_attn.{name}_proj.weight"] = (size, hidden)
            if config["model_type"] == "qwen2":
                made[f"{layer}.self_attn.{name}_proj.bias"] = (size,)
        made[f"{layer}.self_attn.o_proj.weight"] = (hidden, hidden)
        made[f"{layer}.post_attention_layernorm.weight"] = (hidden,)
        made[f"{layer}.mlp.gate_proj.weight"] = (inner, hidden)
        made[f"{layer}.mlp.up_proj.weight"] = (inner, hidden)
        made[f"{layer}.mlp.down_proj.weight"] = (hidden, inner)
    return {**made, "model.norm.weight": (hidden,), "lm_head.weight": (vocabulary, hidden)}


def weights(config: dict, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values, float32: norms near one, matrices that grow a little wider with depth, some outlier channels."""
    rng = np.random.default_rng(seed)
    made = {}
    for row, (name, shape) in enumerate(shapes(config).items()):
        if name.endswith("norm.weight"):
            made[name] = (1 + 0.1 * rng.standard_normal(shape)).astype(np.float32)
            continue
        values = rng.standard_normal(shape).astype(np.float32) * (0.02 + 0.0003 * row)
        if values.ndim == 2:
            values[:, rng.integers(0, shape[1], 3)] *= 6
        made[name] = values
    return made


def bfloat16(values: np.ndarray) -> np.ndarray:
    """The upper halves of float32, uint16, rounded to even."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes | int]]) -> None:
    """One file: name -> (type, shape, bytes). A number in place of bytes leaves a hole of that size."""
    header, place = {"__metadata__": {"format": "pt"}}, 0
    for name, (kind, shape, data) in tensors.items():
        size = data if isinstance(data, int) else len(data)
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            if isinstance(data, int):
                file.seek(data, 1)
            else:
                file.write(data)
        file.truncate(8 + len(text) + place)


def write_folder(folder: Path, config: dict, tensors: dict, shards: int) -> Path:
    """A model folder: the shards, their index, the config."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(tensors)
    placed = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        own = names[len(names) * shard // shards : len(names) * (shard + 1) // shards]
        write_safetensors(folder / file, {name: tensors[name] for name in own})
        placed.update(dict.fromkeys(own, file))
    total = sum(data if isinstance(data, int) else len(data) for _, _, data in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": placed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.7, "top_p": 0.9}))
    return folder


def float_checkpoint(folder: Path, config: dict = TINY, shards: int = 3) -> Path:
    """The model in bfloat16, in shards."""
    tensors = {name: ("BF16", v.shape, bfloat16(v).tobytes()) for name, v in weights(config).items()}
    return write_folder(folder, config, tensors, shards)


def hollow_checkpoint(folder: Path, config: dict = LLAMA_70B, shards: int = 30) -> Path:
    """Files with true headers and of true size whose weights are holes: they take no room on the disk."""
    tensors = {}
    for name, shape in shapes(config).items():
        tensors[name] = ("BF16", shape, 2 * int(np.prod(shape)))
    return write_folder(folder, config, tensors, shards)


def gptq_checkpoint(folder: Path, config: dict = TINY, group: int = 128) -> Path:
    """Matrices of the layers in four bits with a scale and a zero for each group of inputs, as GPTQ stores them."""
    tensors = {}
    for name, values in weights(config).items():
        if values.ndim == 2 and ".layers." in name:
            tensors.update(_gptq(name.removesuffix(".weight"), values, group))
        else:
            half = values.astype(np.float16)
            tensors[name] = ("F16", half.shape, half.tobytes())
    scheme = {"quant_method": "gptq", "bits": 4, "group_size": group, "desc_act": False, "sym": True}
    return write_folder(folder, {**config, "torch_dtype": "float16", "quantization_config": scheme}, tensors, 1)


def _gptq(name: str, values: np.ndarray, group: int) -> dict:
    """The four tensors of a matrix [outputs, inputs]."""
    groups = values.T.reshape(-1, group, len(values))  # [groups, inputs of a group, outputs]
    scales = np.maximum(np.abs(groups).max(axis=1) / 7, 1e-8)
    levels = np.clip(np.rint(groups / scales[:, None]) + 8, 0, 15).astype(np.uint32).reshape(-1, len(values))
    packed = sum(levels[bit::8] << np.uint32(4 * bit) for bit in range(8)).astype(np.uint32)
    zeros = np.full((len(scales), len(values) // 8), 0x77777777, np.uint32)  # stored one less, as GPTQ does
    order = (np.arange(values.shape[1]) // group).astype(np.int32)
    half = scales.astype(np.float16)
    return {
        f"{name}.qweight": ("I32", packed.shape, packed.tobytes()),
        f"{name}.qzeros": ("I32", zeros.shape, zeros.tobytes()),
        f"{name}.scales": ("F16", half.shape, half.tobytes()),
        f"{name}.g_idx": ("I32", order.shape, order.tobytes()),
    }


_GGUF_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_F32, _Q4_0, _Q8_0 = 0, 2, 8


def gguf_name(name: str) -> str:
    """What GGUF calls a weight of Hugging Face."""
    stem, _, kind = name.rpartition(".")
    if stem.startswith("model.layers."):
        layer, rest = stem.removeprefix("model.layers.").split(".", 1)
        return f"blk.{layer}.{_GGUF_NAMES[rest]}.{kind}"
    return f"{_GGUF_NAMES[stem]}.{kind}"


def gguf_file(path: Path, config: dict = TINY, alignment: int = 32) -> Path:
    """The same model in GGUF: most matrices in four bits, embedding, head and values in eight, the rest in float32."""
    tensors = []
    for name, values in weights(config).items():
        careful = name.startswith(("lm_head", "model.embed")) or ".v_proj" in name
        kind = _F32 if values.ndim == 1 else _Q8_0 if careful else _Q4_0
        tensors.append((gguf_name(name), values.shape, kind, _BLOCKS[kind](values)))
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), 0)
    entries = _gguf_metadata(config, alignment)
    infos, place = b"", 0
    for name, shape, kind, data in tensors:
        dims = struct.pack(f"<{len(shape)}Q", *reversed(shape))
        infos += _text(name) + struct.pack("<I", len(shape)) + dims + struct.pack("<IQ", kind, place)
        place += len(data) + -len(data) % alignment
    head = head[:16] + struct.pack("<Q", len(entries)) + b"".join(entries) + infos
    head += bytes(-len(head) % alignment)
    body = b"".join(data + bytes(-len(data) % alignment) for *_, data in tensors)
    path.write_bytes(head + body)
    return path


def _gguf_metadata(config: dict, alignment: int) -> list[bytes]:
    """What a converter states: architecture, sizes, tokenizer, chat template."""
    family, count = config["model_type"], config["vocab_size"]
    numbers = {
        f"{family}.block_count": config["num_hidden_layers"],
        f"{family}.context_length": config["max_position_embeddings"],
        f"{family}.embedding_length": config["hidden_size"],
        f"{family}.feed_forward_length": config["intermediate_size"],
        f"{family}.attention.head_count": config["num_attention_heads"],
        f"{family}.attention.head_count_kv": config["num_key_value_heads"],
        "general.file_type": 2,
        "general.alignment": alignment,
    }
    texts = {
        "general.architecture": family,
        "general.name": "A tiny model with random weights",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.chat_template": CHAT,
    }
    tokens = b"".join(_text(f"token{index}") for index in range(count))
    listed = struct.pack("<IIQ", 9, 8, count) + tokens
    return [
        *(_text(key) + struct.pack("<I", 8) + _text(value) for key, value in texts.items()),
        *(_text(key) + struct.pack("<II", 4, value) for key, value in numbers.items()),
        _text("tokenizer.ggml.tokens") + listed,
    ]


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _q8_0(values: np.ndarray) -> bytes:
    """Blocks of 32: a half-precision scale, then signed bytes."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float16)
    levels = np.rint(blocks / np.maximum(scale.astype(np.float32), 1e-8)).clip(-127, 127).astype(np.int8)
    return np.concatenate([scale.view(np.uint8), levels.view(np.uint8)], axis=1).tobytes()


def _q4_0(values: np.ndarray) -> bytes:
    """Blocks of 32: a half-precision scale, then four-bit levels about 8, the two halves of a block interleaved."""
    blocks = values.reshape(-1, 32)
    widest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], 1)
    scale = (widest / -8).astype(np.float16)
    inverse = np.where(scale == 0, 0, 1 / np.where(scale == 0, 1, scale.astype(np.float32)))
    levels = np.clip(blocks * inverse + 8.5, 0, 15).astype(np.uint8)
    return np.concatenate([scale.view(np.uint8), levels[:, :16] | levels[:, 16:] << 4], axis=1).tobytes()


_BLOCKS = {_F32: lambda values: values.astype("<f4").tobytes(), _Q4_0: _q4_0, _Q8_0: _q8_0}
