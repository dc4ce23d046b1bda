"""No bytes make the reader raise anything but its own errors, or take long.

``corpus/gguf`` holds what once was or might be trouble; a file that a run finds goes there too.
"""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from gguf_files import ARRAY, F16, F32, FLOAT32, Q4_0, Q4_K, STRING, UINT32, Maker
from hypothesis import given, settings
from hypothesis import strategies as st

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model

SECONDS = 5.0
CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "gguf"
SPECIAL = (0, 1, 0xFF, 0xFFFF, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@cache
def specimen(version: int = 3, order: str = "<") -> bytes:
    """A small model with one of everything a header may hold."""
    make = Maker(version, order)
    pairs = [
        make.text("general.architecture", "gemma3"),
        make.number("general.alignment", 32),
        make.number("gemma3.block_count", 2),
        make.number("gemma3.embedding_length", 32),
        make.numbers("gemma3.attention.head_count", [4, 2]),
        make.numbers("gemma3.attention.head_count_kv", [2, 1]),
        make.number("gemma3.attention.sliding_window", 16),
        make.number("gemma3.expert_count", 4),
        make.strings("tokenizer.ggml.tokens", [f"<{index}>" for index in range(70)]),
        make.array("tokenizer.ggml.scores", FLOAT32, 70, bytes(280)),
        make.array("nested", ARRAY, 1, make.word(STRING) + make.length(1) + make.string("x")),
        make.text("tokenizer.chat_template", "{{ x }}"),
        make.number("split.count", 1),
    ]
    tensors = [
        make.tensor("token_embd.weight", (4, 32), F32, 0),
        make.tensor("blk.0.attn_q.weight", (2, 32), Q4_0, 512),
        make.tensor("blk.1.ffn_up_exps.weight", (2, 1, 256), Q4_K, 576),
        make.tensor("output_norm.weight", (5,), F16, 896),
    ]
    return make.file(pairs, tensors, bytes(range(256)) * 4)


def attempt(data: bytes) -> None:
    """Open and read everything; anything but a ModelError fails the test."""
    start = time.process_time()
    with suppress(ModelError):
        model = open_model(b"GGUF" + data[4:])
        assert len(model.ops) == len(model.tensors)
        for tensor in model.tensors:
            with suppress(ModelError):
                assert tensor.weight.values().shape == tensor.shape
            with suppress(ModelError):
                tensor.weight.numpy()
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_specimen_itself_opens(version: int) -> None:
    for order in "<>":
        model = open_model(specimen(version, order))
        assert (len(model.ops), model.gaps, len(model.architecture.layers)) == (4, [], 2)


def test_truncation_at_every_byte() -> None:
    data = specimen()
    for length in range(4, len(data)):
        attempt(data[:length])


def test_every_byte_of_the_header_replaced() -> None:
    data = specimen()
    for at in range(4, len(data) - 1024):
        for byte in (0x00, 0xFF, data[at] ^ 1):
            attempt(data[:at] + bytes([byte]) + data[at + 1 :])


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_numbers_of_the_header_replaced(data) -> None:
    version, order = data.draw(st.sampled_from((1, 2, 3))), data.draw(st.sampled_from("<>"))
    damaged = bytearray(specimen(version, order))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(4, len(damaged) - 1024 - 8))
        code, bits = data.draw(st.sampled_from((("I", 32), ("Q", 64))))
        value = data.draw(st.one_of(st.sampled_from(SPECIAL), st.integers(0, (1 << 64) - 1)))
        struct.pack_into(order + code, damaged, at, value & ((1 << bits) - 1))
    attempt(bytes(damaged))
    cut = data.draw(st.integers(4, len(damaged)))
    attempt(bytes(damaged[:cut]) + bytes(damaged[cut + data.draw(st.integers(0, 9)) :]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_after_the_mark(noise: bytes) -> None:
    attempt(b"GGUF" + noise)
    attempt(b"GGUF\x03\0\0\0" + noise)
    attempt(Maker().header(tensor_count=len(noise) % 4, pair_count=len(noise) // 4 % 4) + noise)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_to_a_real_file(material, data) -> None:
    damaged = bytearray((material / "gguf" / "tiny-llama-allquants.gguf").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(4, 3000))] = data.draw(st.integers(0, 255))
    attempt(bytes(damaged))


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.stem)
def test_corpus(path: Path) -> None:
    attempt(path.read_bytes())


def test_the_corpus_is_there() -> None:
    assert len(list(CORPUS.iterdir())) >= 10


def make_corpus() -> None:
    """Write the corpus anew."""
    make = Maker()
    CORPUS.mkdir(parents=True, exist_ok=True)
    nested = (make.word(ARRAY) + make.length(1)) * 9 + make.word(UINT32) + make.length(0)
    files = {
        "array-count-2-40": make.file([make.array("a", UINT32, 1 << 40)]),
        "array-of-strings-2-40": make.file([make.array("a", STRING, 1 << 40)]),
        "nested-arrays": make.file([make.pair("a", ARRAY, nested)]),
        "string-beyond-file": make.header([make.length(1 << 62)]),
        "tensor-count-2-62": make.header(tensor_count=1 << 62),
        "pair-count-2-62": make.header(pair_count=1 << 62),
        "alignment-zero": make.file([make.number("general.alignment", 0)]),
        "alignment-odd": make.file([make.number("general.alignment", 33)]),
        "duplicate-key": make.file([make.number("a", 1), make.number("a", 2)]),
        "duplicate-tensor": make.file([], [make.tensor("w", (8,)), make.tensor("w", (8,), F32, 32)], bytes(64)),
        "offset-beyond-file": make.file([], [make.tensor("w", (8,), F32, 1 << 40)], bytes(32)),
        "offsets-overlap": make.file([], [make.tensor("a", (16,)), make.tensor("b", (8,), F32, 32)], bytes(64)),
        "unknown-type": make.file([], [make.tensor("w", (8,), 137)], bytes(32)),
        "unknown-value-type": make.file([make.pair("k", 13, bytes(8))]),
        "shape-overflow": make.file([], [make.tensor("w", (1 << 33, 1 << 33))]),
        "axes-2-32": make.header([], [make.string("w") + make.word(0xFFFFFFFF)]),
        "half-a-block": make.file([], [make.tensor("w", (48,), Q4_0)], bytes(64)),
        "version-1": specimen(1),
        "big-endian": specimen(3, ">"),
    }
    for name, content in files.items():
        (CORPUS / f"{name}.gguf").write_bytes(content)


if __name__ == "__main__":
    make_corpus()
