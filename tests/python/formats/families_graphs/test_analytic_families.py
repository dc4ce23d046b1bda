"""Op lists of checkpoints: parameters and multiply-accumulates against published figures, PyTorch's and by hand."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from gguf_files import write_model

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.families import analytic_model
from haoline_analysis.report import analyze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.report import ModelReport


def write_checkpoint(folder: Path, config: Mapping[str, object], shapes: Mapping[str, Sequence[int]]) -> Path:
    """A model folder whose bfloat16 weights are a hole in the file."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape, dtype=np.int64)) * 2
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def graph(source: Path, seq: int, batch: int = 1) -> ModelReport:
    return analyze(source, graph="analytic", shapes={"batch": batch, "seq": seq})


EXPERT_MACS = {
    "mixtral-8x7b": 2 * 3 * 4096 * 14336 * 32,  # experts per token x (gate, up, down) x hidden x inner x layers
    "gpt-oss-20b": 4 * 3 * 2880 * 2880 * 24,
}
"""Of one token: torch's FlopCounterMode, which measured the figures, does not see the experts."""


@pytest.mark.parametrize(
    ("name", "seq"),
    [
        *(("llama-3-8b", 512), ("llama-3.1-70b", 1024), ("qwen3-8b", 512), ("gemma-3-12b", 512)),
        *(("gpt2", 128), ("gpt2", 256), ("mixtral-8x7b", 1024), ("gpt-oss-20b", 512)),
    ],
)
def test_published_models_cost_what_torch_measured(material, tmp_path, name: str, seq: int) -> None:
    folder = material / "llm"
    truth = json.loads((folder / "truth.json").read_text())[name]
    shapes = json.loads(gzip.decompress((folder / "manifests" / f"{name}.json.gz").read_bytes()))["params"]
    config = json.loads((folder / "configs" / f"{name}.json").read_text())
    report = graph(write_checkpoint(tmp_path, config, shapes), seq)
    measured = truth["measured_flops_torch_FlopCounterMode"][f"eager_L{seq}"]
    assert 2 * report.totals.macs == measured + 2 * seq * EXPERT_MACS.get(name, 0)
    assert report.totals.parameters == truth["text_params"]
    assert report.holds == "ops"
    assert any("not read from the file" in gap.what for gap in report.gaps)


BASE = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 128,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
WIDE = {**BASE, "head_dim": 32}
MIXED = {**BASE, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
GPT2 = {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 128, "n_positions": 64, "eos_token_id": 2}
TINY = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "phi3", "starcoder2", "smollm3"), BASE),
    **dict.fromkeys(("qwen3", "gemma", "gemma2", "gemma3_text"), WIDE),
    "phi": {**BASE, "num_key_value_heads": 4},
    "gpt2": GPT2,
    "mixtral": {**BASE, "num_local_experts": 4},
    "qwen2_moe": {**MIXED, "shared_expert_intermediate_size": 48},
    "qwen3_moe": {**MIXED, "head_dim": 32},
    "gpt_oss": {**WIDE, "num_local_experts": 4, "num_experts_per_tok": 2},
}
TOKENS = 8
EXPERTS = {"mixtral": 96, "qwen2_moe": 32, "qwen3_moe": 32, "gpt_oss": 96}
"""Inner size of an expert; two of them meet each token in each of two layers."""


@pytest.mark.parametrize("family", TINY)
def test_families_cost_what_torch_counts(family: str, tmp_path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from torch.utils.flop_counter import FlopCounterMode

    config = transformers.AutoConfig.for_model(family, **TINY[family])
    config._attn_implementation = "eager"
    module = transformers.AutoModelForCausalLM.from_config(config).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, TOKENS, dtype=torch.long), use_cache=False)
    module.save_pretrained(tmp_path)
    report = graph(tmp_path, TOKENS)
    experts = TOKENS * 2 * 3 * 64 * EXPERTS.get(family, 0) * 2
    assert 2 * report.totals.macs == counter.get_total_flops() + 2 * experts
    assert report.totals.parameters == sum(parameter.numel() for parameter in module.parameters())
    left = [gap.what for gap in report.gaps if "not read by these ops" in gap.what]
    assert left == []


def llama(experts: int = 0) -> dict[str, tuple[int, ...]]:
    """A GGUF of one layer: hidden 64, 4 heads of 16, 2 of them KV heads, inner size 96."""
    wide, narrow = ((experts, 96, 64), (experts, 64, 96)) if experts else ((96, 64), (64, 96))
    suffix = "_exps" if experts else ""
    shapes = {
        "token_embd.weight": (128, 64),
        "blk.0.attn_norm.weight": (64,),
        "blk.0.attn_q.weight": (64, 64),
        "blk.0.attn_k.weight": (32, 64),
        "blk.0.attn_v.weight": (32, 64),
        "blk.0.attn_output.weight": (64, 64),
        "blk.0.ffn_norm.weight": (64,),
        f"blk.0.ffn_gate{suffix}.weight": wide,
        f"blk.0.ffn_up{suffix}.weight": wide,
        f"blk.0.ffn_down{suffix}.weight": narrow,
        "output_norm.weight": (64,),
    }
    return {**shapes, "blk.0.ffn_gate_inp.weight": (experts, 64)} if experts else shapes


KEYS = {"block_count": 1, "embedding_length": 64, "attention.head_count": 4, "attention.head_count_kv": 2}
ATTENTION = 64 * 64 + 2 * 32 * 64 + 64 * 64  # MACs of a token: queries, keys and values, output
HEAD = 128 * 64


def scores(tokens: int) -> int:
    """MACs of scores and weighted values of all tokens with each other, 4 heads of 16."""
    return tokens * tokens * 2 * 64


def test_a_dense_gguf_by_hand(tmp_path) -> None:
    pytest.importorskip("gguf")
    report = graph(write_model(tmp_path / "m.gguf", "llama", KEYS, llama()), 8, batch=3)
    assert report.totals.macs == 3 * (8 * (ATTENTION + 3 * 96 * 64 + HEAD) + scores(8))
    assert report.totals.parameters == sum(int(np.prod(shape)) for shape in llama().values())
    classes = report.scopes.set_index("path").class_name
    assert (classes["blk.0"], classes["blk.0.attention"], classes["blk.0.attention.attn_q"]) == (
        "DecoderLayer",
        "Attention",
        "Linear",
    )
    by_scope = report.ops.groupby("scope").macs.sum()
    assert by_scope["blk.0.attention"] == 3 * scores(8)
    assert by_scope["blk.0.feed_forward.ffn_up"] == 3 * 8 * 96 * 64


def test_experts_of_a_gguf_by_hand(tmp_path) -> None:
    pytest.importorskip("gguf")
    keys = {**KEYS, "expert_count": 4, "expert_used_count": 2}
    report = graph(write_model(tmp_path / "m.gguf", "llama", keys, llama(4)), 8)
    assert report.totals.macs == 8 * (ATTENTION + 2 * 3 * 96 * 64 + 4 * 64 + HEAD) + scores(8)


def test_experts_stored_one_by_one_are_one_weight(tmp_path) -> None:
    pytest.importorskip("gguf")
    together = llama(4)
    apart = {name: shape for name, shape in together.items() if "_exps" not in name}
    for name in ("gate", "up", "down"):
        shape = together[f"blk.0.ffn_{name}_exps.weight"][1:]
        apart |= {f"blk.0.ffn_{name}.{number}.weight": shape for number in range(4)}
    keys = {**KEYS, "expert_count": 4, "expert_used_count": 2}
    first = graph(write_model(tmp_path / "a.gguf", "llama", keys, together), 8)
    second = graph(write_model(tmp_path / "b.gguf", "llama", keys, apart), 8)
    assert second.totals.macs == first.totals.macs
    assert (second.totals.parameters, second.totals.weight_bytes) == (
        first.totals.parameters,
        first.totals.weight_bytes,
    )
    stack = next(tensor.weight for tensor in second.model.tensors if tensor.name == "blk.0.experts.gate")
    assert stack.numpy().shape == (4, 96, 64)
    assert stack.values(1, 3).shape == (2, 96, 64)


def test_tied_embeddings_are_one_weight(tmp_path) -> None:
    pytest.importorskip("gguf")
    model = open_model(write_model(tmp_path / "m.gguf", "llama", KEYS, llama()), graph="analytic")
    readers = [op.type for op in model.ops for tensor in op.inputs if model.tensors[tensor].name == "token_embd.weight"]
    assert readers == ["embedding", "linear"]


def test_quantized_weights_keep_their_bytes() -> None:
    """Bytes of the graph are those of the file: a block type is no float16."""
    from gguf_files import Q4_0, Maker

    make, tensors, at = Maker(), [], 0
    for name, shape in llama().items():
        kind = Q4_0 if len(shape) == 2 else 0
        tensors.append(make.tensor(name, shape, kind, at))
        size = int(np.prod(shape)) * 18 // 32 if kind else int(np.prod(shape)) * 4
        at += size + -size % 32
    pairs = [
        make.text("general.architecture", "llama"),
        *(make.number(f"llama.{key}", value) for key, value in KEYS.items()),
    ]
    data = make.file(pairs, tensors, bytes(at))
    stored, ops = analyze(data), analyze(data, graph="analytic")
    assert ops.totals.weight_bytes == stored.totals.weight_bytes
    assert ops.totals.parameters == stored.totals.parameters


@pytest.mark.parametrize(
    ("change", "value"),
    [
        *(("blk.0.attn_q.weight", (60, 64)), ("blk.0.attn_q.weight", (64, 32)), ("blk.0.attn_norm.weight", (63,))),
        *(("blk.0.ffn_down.weight", (64,)), ("token_embd.weight", (64,)), ("output_norm.weight", None)),
        *(("blk.0.attn_k.weight", None), ("blk.0.ffn_up.weight", None)),
    ],
)
def test_weights_that_are_not_the_familys(tmp_path, change: str, value) -> None:
    pytest.importorskip("gguf")
    shapes = {**llama(), change: value}
    path = write_model(tmp_path / "m.gguf", "llama", KEYS, {name: shape for name, shape in shapes.items() if shape})
    assert analytic_model(open_model(path)) is None
    with pytest.raises(ModelError, match="ops of the family llama are not known"):
        open_model(path, graph="analytic")


def test_unknown_families_and_graphs(tmp_path) -> None:
    pytest.importorskip("gguf")
    path = write_model(tmp_path / "m.gguf", "mamba", KEYS, llama())
    with pytest.raises(ModelError, match="family mamba"):
        open_model(path, graph="analytic")
    with pytest.raises(ModelError, match="expected 'analytic'"):
        open_model(path, graph="complete")


def test_weights_stored_in_parts_are_one_weight_of_all_their_bytes(tmp_path) -> None:
    """GPTQ: integers, zeros, scales and order are what one projection reads."""
    hidden, inner, group = 256, 512, 128
    matrices = {
        **dict.fromkeys(("self_attn.q_proj", "self_attn.o_proj"), (hidden, hidden)),
        **dict.fromkeys(("self_attn.k_proj", "self_attn.v_proj"), (hidden // 2, hidden)),
        **dict.fromkeys(("mlp.gate_proj", "mlp.up_proj"), (inner, hidden)),
        "mlp.down_proj": (hidden, inner),
    }
    stored: dict[str, tuple[str, tuple[int, ...]]] = {
        "model.embed_tokens.weight": ("F16", (64, hidden)),
        "model.norm.weight": ("F16", (hidden,)),
        "model.layers.0.input_layernorm.weight": ("F16", (hidden,)),
        "model.layers.0.post_attention_layernorm.weight": ("F16", (hidden,)),
    }
    for name, (rows, columns) in matrices.items():
        stored |= {
            f"model.layers.0.{name}.qweight": ("I32", (columns // 8, rows)),
            f"model.layers.0.{name}.qzeros": ("I32", (columns // group, rows // 8)),
            f"model.layers.0.{name}.scales": ("F16", (columns // group, rows)),
            f"model.layers.0.{name}.g_idx": ("I32", (columns,)),
        }
    header, end = {}, 0
    for name, (dtype, shape) in stored.items():
        size = int(np.prod(shape)) * (4 if dtype == "I32" else 2)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    sizes = {"hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": 1, "vocab_size": 64}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True}
    scheme = {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": group}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", **sizes, **heads, **scheme}))
    parameters = sum(rows * columns for rows, columns in matrices.values())
    report = graph(tmp_path, 8)
    assert report.totals.weight_bytes == end
    assert report.totals.parameters == parameters + 64 * hidden + 3 * hidden
    assert report.totals.macs == 8 * (parameters + 64 * hidden) + 2 * 8 * 8 * hidden
