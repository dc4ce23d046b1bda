"""Whatever a file states, the ops of its family are written, or it is refused with one sentence."""

from __future__ import annotations

import time
from contextlib import suppress

from gguf_files import Maker
from hypothesis import given, settings
from hypothesis import strategies as st

from haoline_analysis.errors import ModelError
from haoline_analysis.report import analyze

SHAPES = {
    "token_embd.weight": (16, 8),
    "blk.0.attn_norm.weight": (8,),
    "blk.0.attn_q.weight": (8, 8),
    "blk.0.attn_k.weight": (4, 8),
    "blk.0.attn_v.weight": (4, 8),
    "blk.0.attn_output.weight": (8, 8),
    "blk.0.ffn_norm.weight": (8,),
    "blk.0.ffn_gate_inp.weight": (4, 8),
    "blk.0.ffn_gate_exps.weight": (4, 6, 8),
    "blk.0.ffn_up_exps.weight": (4, 6, 8),
    "blk.0.ffn_down_exps.weight": (4, 8, 6),
    "output_norm.weight": (8,),
    "output.weight": (16, 8),
}
KEYS = {
    "block_count": 1,
    "embedding_length": 8,
    "attention.head_count": 2,
    "attention.head_count_kv": 1,
    "expert_count": 4,
    "expert_used_count": 2,
    "rope.dimension_count": 4,
    "attention.sliding_window": 16,
}
FAMILIES = ("llama", "qwen2moe", "gemma3", "gpt2", "phi3", "gpt-oss")


def file(family: str, shapes, keys) -> bytes:
    make, tensors, at = Maker(), [], 0
    for name, shape in shapes.items():
        tensors.append(make.tensor(name, shape, 0, at))
        size = 4
        for dim in shape:
            size *= dim
        at += size + -size % 32
    pairs = [make.text("general.architecture", family)]
    pairs += [make.number(f"{family}.{key}", value) for key, value in keys.items()]
    return make.file(pairs, tensors, bytes(at))


def test_the_specimen_itself_has_ops() -> None:
    for family in FAMILIES:
        assert analyze(file(family, SHAPES, KEYS), graph="analytic").totals.macs > 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_other_shapes_and_numbers(data) -> None:
    shapes, keys = dict(SHAPES), dict(KEYS)
    for name in data.draw(st.lists(st.sampled_from(sorted(SHAPES)), max_size=2)):
        shapes[name] = tuple(data.draw(st.lists(st.sampled_from((0, 1, 2, 4, 6, 8, 16)), min_size=1, max_size=4)))
    for name in data.draw(st.lists(st.sampled_from(sorted(SHAPES)), max_size=1)):
        shapes.pop(name)
    for key in data.draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=2)):
        keys[key] = data.draw(st.sampled_from((0, 1, 3, 4, 8, 1 << 16, (1 << 32) - 1)))
    family = data.draw(st.sampled_from(FAMILIES))
    start = time.process_time()
    with suppress(ModelError):
        report = analyze(file(family, shapes, keys), graph="analytic", shapes={"batch": 1, "seq": 4})
        assert len(report.ops) > 0
    assert time.process_time() - start < 5
