"""Checkpoints made by hand: weights with names, types and shapes, and no ops."""

from __future__ import annotations

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.architecture import Architecture, LayerFacts
from haoline_analysis.model import Model, Op, Packing, Tensor, Weight


class Kept:
    """A source whose numbers are here already."""

    def __init__(self, values):
        self.array = values

    def load(self):
        return self.array


class Counted(Kept):
    """A source that gives rows, and counts how many it gave."""

    def __init__(self, values):
        super().__init__(values)
        self.given = 0

    def rows(self, start, stop):
        self.given += stop - start
        return np.atleast_1d(self.array)[start:stop].astype(np.float32)


def float_weight(*shape, dtype="float32", kind="initializer", values=None):
    """A weight of ones that its type alone describes."""
    if values is None:
        values = np.ones(shape, np.float32)
    return Weight(dtype, tuple(shape), Kept(values), kind, stored_bytes=dtypes.nbytes(dtype, shape))


def packed_weight(rows, columns, group=32):
    """An int4 weight in int32 words, and its scales: what GPTQ writes."""
    stored = (columns // 8, rows)
    scales = (columns // group, rows)
    size = rows * columns // 2
    parts = 2 * scales[0] * scales[1]
    text = f"GPTQ int4, groups of {group}"
    carrier = Weight(
        "int32",
        (rows, columns),
        Kept(np.zeros(stored, np.int32)),
        stored_bytes=size,
        stored_shape=stored,
        packing=Packing("GPTQ", text, dtype="int4", bits=8 * (size + parts) / (rows * columns)),
    )
    part = Weight("float16", scales, Kept(np.ones(scales, np.float16)), stored_bytes=parts)
    part.packing = Packing("GPTQ", text, part="scales")
    return carrier, part


def checkpoint(weights, name="toy", **fields):
    """A model of ``{name: Weight or tuple of Weights}``, a row each."""
    tensors, ops = [], []
    for row, (weight_name, given) in enumerate(weights.items()):
        members = given if isinstance(given, tuple) else (given,)
        rows = []
        for slot, weight in enumerate(members):
            rows.append(len(tensors))
            tensor_name = weight_name if not slot else f"{weight_name}.part{slot}"
            tensors.append(Tensor(tensor_name, weight.dtype, weight.shape, weight, consumers=[row]))
        kind = "Buffer" if members[0].kind == "buffer" else "Weight"
        ops.append(Op(weight_name, kind, "stored", 0, tuple(rows), (), {}, {}))
    fields = {"format": "safetensors", **fields}
    return Model(name=name, ops=ops, tensors=tensors, inputs=(), outputs=(), holds="weights", **fields)


def llama(layers=3, hidden=16, dtype="float16", packed=False, **fields):
    """A tiny Llama in the alphabetical order of its shards, its head sharing the embedding's storage."""
    weights = {"model.embed_tokens.weight": float_weight(64, hidden, dtype=dtype)}
    for layer in range(layers):
        at = f"model.layers.{layer}"
        for part in ("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj"):
            whole = packed_weight(32, 32) if packed else float_weight(hidden, hidden, dtype=dtype)
            weights[f"{at}.{part}.weight"] = whole
        weights[f"{at}.input_layernorm.weight"] = float_weight(hidden, dtype=dtype)
    weights["model.norm.weight"] = float_weight(hidden, dtype=dtype)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    card = Architecture(
        family="llama",
        layers=("full_attention",) * layers,
        hidden_size=hidden,
        attention_heads=4,
        kv_heads=2,
        head_dim=4,
        vocabulary=64,
        context_length=2048,
        tied_embeddings=True,
        kv_dtype="float16",
        kv_bytes_per_token=layers * 32,
        layer_facts=(LayerFacts("full_attention", 2, 4, kv_bytes_per_token=32),) * layers,
        source="config.json",
    )
    return checkpoint(dict(sorted(weights.items())), architecture=card, **fields)
