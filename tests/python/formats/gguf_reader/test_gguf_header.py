"""What a GGUF file says, in any version and byte order, in one file or several."""

from __future__ import annotations

import numpy as np
import pytest
from gguf_files import F16, F32, Q4_0, STRING, Maker, write_sparse

from haoline_analysis.formats import open_model

VALUES = np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5


def small(version: int = 3, order: str = "<") -> bytes:
    """Two tensors, F32 [2, 3] and F16 [4], and a few metadata."""
    make = Maker(version, order)
    pairs = [
        make.text("general.architecture", "llama"),
        make.text("general.name", "tiny"),
        make.number("llama.block_count", 1),
    ]
    tensors = [make.tensor("token_embd.weight", (2, 3)), make.tensor("output_norm.weight", (4,), F16, 32)]
    data = VALUES.astype(f"{order}f4").tobytes() + bytes(8) + np.full(4, 0.5, f"{order}f2").tobytes()
    return make.file(pairs, tensors, data)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_and_byte_order_says_the_same(version: int, order: str) -> None:
    model = open_model(small(version, order))
    assert (model.name, model.format, model.holds, model.ir_version) == ("tiny", "gguf", "weights", version)
    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in model.tensors] == [
        ("token_embd.weight", "float32", (2, 3)),
        ("output_norm.weight", "float16", (4,)),
    ]
    first, second = (tensor.weight for tensor in model.tensors)
    assert np.array_equal(first.numpy(), VALUES)
    assert np.array_equal(first.values(1, 2), VALUES[1:2])
    assert second.numpy().tolist() == [0.5] * 4
    assert (first.nbytes, second.nbytes) == (24, 8)
    assert model.facts["gguf"]["byte_order"] == {"<": "little", ">": "big"}[order]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_scales_of_blocks_follow_the_byte_order(order: str) -> None:
    make = Maker(order=order)
    block = np.array([0.25], f"{order}f2").tobytes() + bytes(range(16))
    model = open_model(make.file([], [make.tensor("w", (1, 32), Q4_0)], block))
    expected = [0.25 * ((byte & 15) - 8) for byte in range(16)] + [0.25 * ((byte >> 4) - 8) for byte in range(16)]
    assert model.tensors[0].weight.values().tolist() == [expected]


def test_long_arrays_are_counted_and_not_read() -> None:
    make = Maker()
    tokens = [f"token {index}" for index in range(500)]
    pairs = [
        make.strings("tokenizer.ggml.tokens", tokens),
        make.strings("general.tags", ["text", "tiny"]),
        make.numbers("llama.attention.head_count_kv", [4, 0, 2]),
        make.text("tokenizer.ggml.model", "gpt2"),
        make.number("tokenizer.ggml.bos_token_id", 7),
    ]
    facts = open_model(make.file(pairs)).facts
    nbytes = sum(8 + len(token) for token in tokens)
    assert facts["metadata"]["tokenizer.ggml.tokens"] == f"500 × string, {nbytes:,} bytes"
    assert facts["metadata"]["general.tags"] == ["text", "tiny"]
    assert facts["metadata"]["llama.attention.head_count_kv"] == [4, 0, 2]
    assert facts["tokenizer"] == {"kind": "gpt2", "size": 500, "bos_token_id": 7}


def test_a_chat_template_is_shown_as_it_stands() -> None:
    template = "{{ cycler.__init__.__globals__ }}{% for m in messages %}{{ m }}{% endfor %}"
    make = Maker()
    facts = open_model(make.file([make.text("tokenizer.chat_template", template)])).facts
    assert facts["chat_template"] == template
    assert "tokenizer.chat_template" not in facts["metadata"]
    long = open_model(make.file([make.text("tokenizer.chat_template", "x" * 70_000)])).facts
    assert len(long["chat_template"]) == 20_000


def test_the_mixture_the_file_names() -> None:
    make = Maker()
    assert open_model(make.file([make.number("general.file_type", 15)])).facts["file_type"] == "Q4_K_M"
    assert "file_type" not in open_model(make.file([make.number("general.file_type", 1024)])).facts


def test_tables_are_no_parameters() -> None:
    make = Maker()
    model = open_model(make.file([], [make.tensor("rope_freqs.weight", (8,))], bytes(32)))
    assert model.tensors[0].weight.kind == "buffer"
    assert model.ops[0].type == "Buffer"


def parts(folder, *, count: int = 3, tensors: str = "abc") -> None:
    for number, name in enumerate(tensors):
        make = Maker()
        pairs = [make.number("split.no", number), make.number("split.count", count)]
        if number == 0:
            pairs += [make.text("general.name", "parted"), make.number("split.tensors.count", 3)]
        data = np.full(8, number, "<f4").tobytes()
        path = folder / f"model-{number + 1:05d}-of-{count:05d}.gguf"
        path.write_bytes(make.file(pairs, [make.tensor(name, (8,))], data))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_part_finds_the_others(tmp_path, number: int) -> None:
    parts(tmp_path)
    model = open_model(tmp_path / f"model-{number:05d}-of-00003.gguf")
    assert model.name == "parted"
    assert [(tensor.name, tensor.weight.values().tolist()[0]) for tensor in model.tensors] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
    ]
    assert [shard["tensors"] for shard in model.facts["shards"]] == [1, 1, 1]
    assert model.file_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert model.gaps == []


def test_a_missing_part_is_named(tmp_path) -> None:
    parts(tmp_path)
    (tmp_path / "model-00001-of-00003.gguf").unlink()
    model = open_model(tmp_path / "model-00003-of-00003.gguf")
    assert [tensor.name for tensor in model.tensors] == ["b", "c"]
    assert "1 of 3 parts are not beside the file: model-00001-of-00003.gguf" in [gap.what for gap in model.gaps]


def test_a_part_under_another_name_says_so(tmp_path) -> None:
    parts(tmp_path)
    renamed = (tmp_path / "model-00002-of-00003.gguf").rename(tmp_path / "renamed.gguf")
    model = open_model(renamed)
    assert any("one of 3 parts" in gap.what for gap in model.gaps)


def test_parts_may_be_links_of_a_download_cache(tmp_path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshot").mkdir()
    parts(tmp_path / "blobs")
    for number, path in enumerate(sorted((tmp_path / "blobs").iterdir())):
        blob = path.rename(path.with_name(f"blob{number}"))
        (tmp_path / "snapshot" / path.name).symlink_to(blob)
    model = open_model(tmp_path / "snapshot" / "model-00002-of-00003.gguf")
    assert [tensor.name for tensor in model.tensors] == ["a", "b", "c"]


def test_fifty_gigabytes_open_at_once_and_in_little_memory(tmp_path) -> None:
    """Only the header is read: the work done is that of its 1,000 tensors, whatever their bytes."""
    import tracemalloc

    make = Maker()
    each = 50_000_000
    infos = [make.tensor(f"blk.{index}.ffn_up.weight", (5000, 5000), F16, index * each) for index in range(1000)]
    header = make.file([make.text("general.architecture", "llama"), make.number("llama.block_count", 1000)], infos)
    path = write_sparse(tmp_path / "large.gguf", header, len(header) + 1000 * each)
    open_model(small())
    tracemalloc.start()
    model = open_model(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert model.file_bytes > 50e9
    assert sum(tensor.weight.nbytes for tensor in model.tensors) == 1000 * each
    assert peak < 30e6


def test_types_that_are_not_known_are_a_named_gap() -> None:
    make = Maker()
    model = open_model(make.file([], [make.tensor("w", (32,), 137), make.tensor("v", (8,), F32, 64)], bytes(96)))
    assert [gap.what for gap in model.gaps][:1] == [
        "1 tensors are of the ggml type 137, whose size is not known ('w' is one)"
    ]
    assert model.tensors[0].weight.nbytes is None
    assert model.tensors[1].weight.nbytes == 32


def test_text_lists_that_are_nested_are_walked_over() -> None:
    make = Maker()
    inner = make.word(STRING) + make.length(2) + make.string("a") + make.string("bc")
    pairs = [make.array("templates", 9, 2, inner * 2), make.text("after", "here")]
    metadata = open_model(make.file(pairs)).facts["metadata"]
    assert metadata == {"templates": f"2 × array, {2 * len(inner)} bytes", "after": "here"}
