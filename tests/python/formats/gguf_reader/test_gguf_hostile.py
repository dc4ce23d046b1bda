"""Files made to break a reader: one typed error each, in bounded time and memory."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import contextmanager

import pytest
from gguf_files import ARRAY, F32, Q4_K, STRING, UINT8, UINT32, Maker, write_sparse

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model

MAKE = Maker()
HUGE = (1 << 40, 1 << 62, (1 << 64) - 1)


@contextmanager
def bounded():
    """Little memory, and no loop over a count that the file states."""
    tracemalloc.start()
    started = time.process_time()
    try:
        yield
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 100e6
    assert time.process_time() - started < 30  # the slowest walks four million strings; the counts here would take ages


def refused(data, error: type[ModelError], match: str) -> None:
    with bounded(), pytest.raises(error, match=match):
        open_model(data)


@pytest.mark.parametrize("count", HUGE)
@pytest.mark.parametrize("kind", [UINT8, UINT32, STRING, ARRAY])
def test_arrays_longer_than_the_file(kind: int, count: int) -> None:
    refused(MAKE.file([MAKE.array("a", kind, count)]) + bytes(4096), MalformedModelError, "'a'")


@pytest.mark.parametrize("count", HUGE)
def test_counts_of_tensors_and_metadata(count: int) -> None:
    refused(MAKE.header(tensor_count=count) + bytes(500), MalformedModelError, f"{count} tensors")
    refused(MAKE.header(pair_count=count) + bytes(500), MalformedModelError, f"{count} metadata entries")


@pytest.mark.parametrize("count", HUGE)
def test_strings_beyond_the_file(count: int) -> None:
    key = MAKE.header([MAKE.length(count) + b"key"])
    refused(key + bytes(100), MalformedModelError, "a metadata key")
    value = MAKE.header([MAKE.pair("k", STRING, MAKE.length(count))])
    refused(value + bytes(100), MalformedModelError, "'k'")
    within = MAKE.header([MAKE.array("list", STRING, 2, MAKE.string("ok") + MAKE.length(count))])
    refused(within + bytes(100), MalformedModelError, "'list'")
    name = MAKE.header([], [MAKE.length(count)])
    refused(name + bytes(100), MalformedModelError, "a tensor's name")


def test_counts_that_a_sparse_file_would_satisfy(tmp_path) -> None:
    """Fifty gigabytes of zeros are room for six billion empty strings, tensors and keys."""
    strings = MAKE.header([MAKE.array("a", STRING, 1 << 32)])
    arrays = MAKE.header([MAKE.array("a", ARRAY, 1 << 31)])
    for number, header in enumerate(
        [strings, arrays, MAKE.header(tensor_count=1 << 30), MAKE.header(pair_count=1 << 30)]
    ):
        path = write_sparse(tmp_path / f"{number}.gguf", header, 50_000_000_000)
        refused(path, LimitError, "at most|more than")


def test_one_string_as_long_as_the_file(tmp_path) -> None:
    size = 50_000_000_000
    header = MAKE.header([MAKE.pair("k", STRING, MAKE.length(size - 1000))])
    with bounded():
        model = open_model(write_sparse(tmp_path / "text.gguf", header, size))
    assert "49,999,999,000 bytes" in model.facts["metadata"]["k"]
    key = MAKE.header([MAKE.length(size - 1000)])
    refused(write_sparse(tmp_path / "key.gguf", key, size), LimitError, "at most 65536")


def test_many_texts_are_not_all_kept() -> None:
    texts = [MAKE.text(f"k{number}", "x" * 65_000) for number in range(400)]
    refused(MAKE.file(texts), LimitError, "names and values")


@pytest.mark.parametrize("depth", [5, 100_000])
def test_arrays_in_arrays_in_arrays(depth: int) -> None:
    nested = (MAKE.word(ARRAY) + MAKE.length(1)) * depth + MAKE.word(UINT8) + MAKE.length(0)
    refused(MAKE.file([MAKE.pair("deep", ARRAY, nested)]), LimitError, "arrays in arrays")


@pytest.mark.parametrize("alignment", [0, 3, 33, 1 << 31])
def test_alignments(alignment: int) -> None:
    refused(MAKE.file([MAKE.number("general.alignment", alignment)]), MalformedModelError, "alignment")
    refused(MAKE.file([MAKE.text("general.alignment", "32")]), MalformedModelError, "alignment")


def test_an_alignment_of_one_is_fine() -> None:
    tensors = [MAKE.tensor("a", (1,)), MAKE.tensor("b", (1,), F32, 4)]
    model = open_model(MAKE.file([MAKE.number("general.alignment", 1)], tensors, bytes(8), alignment=1))
    assert len(model.tensors) == 2


def test_the_same_key_or_name_twice() -> None:
    refused(MAKE.file([MAKE.number("a", 1), MAKE.number("a", 1)]), MalformedModelError, "'a' twice")
    tensors = [MAKE.tensor("w", (8,)), MAKE.tensor("w", (8,), F32, 32)]
    refused(MAKE.file([], tensors, bytes(64)), MalformedModelError, "two tensors called 'w'")


@pytest.mark.parametrize("offset", [64, 1 << 40, (1 << 64) - 32])
def test_offsets_beyond_the_file(offset: int) -> None:
    refused(MAKE.file([], [MAKE.tensor("w", (8,), F32, offset)], bytes(64)), MalformedModelError, "'w' ends at")


def test_offsets_that_overlap_or_are_not_aligned() -> None:
    overlapping = [MAKE.tensor("a", (16,)), MAKE.tensor("b", (8,), F32, 32)]
    refused(MAKE.file([], overlapping, bytes(128)), MalformedModelError, "'a' and 'b' overlap")
    same = [MAKE.tensor("a", (8,)), MAKE.tensor("b", (8,))]
    refused(MAKE.file([], same, bytes(128)), MalformedModelError, "overlap")
    refused(
        MAKE.file([], [MAKE.tensor("a", (4,), F32, 4)], bytes(128)), MalformedModelError, "multiple of the alignment"
    )


def test_shapes() -> None:
    refused(MAKE.file([], [MAKE.tensor("w", (1 << 40, 1 << 40))]), MalformedModelError, "nothing can hold")
    refused(MAKE.file([], [MAKE.tensor("w", (1,) * 9)], bytes(64)), MalformedModelError, "9 axes")
    many = MAKE.string("w") + MAKE.word(0xFFFFFFFF)
    refused(MAKE.header([], [many]) + bytes(100), MalformedModelError, "axes")
    refused(MAKE.file([], [MAKE.tensor("w", (255,), Q4_K)], bytes(256)), MalformedModelError, "blocks of 256")
    empty = open_model(MAKE.file([], [MAKE.tensor("w", (0, 8)), MAKE.tensor("v", (8,))], bytes(32)))
    assert empty.tensors[0].weight.nbytes == 0
    assert empty.tensors[0].weight.values().shape == (0, 8)


def test_unknown_types_versions_and_text() -> None:
    refused(MAKE.file([MAKE.pair("k", 13, bytes(8))]), MalformedModelError, "type 13")
    refused(MAKE.file([MAKE.array("k", 77, 1, bytes(8))]), MalformedModelError, "type 77")
    refused(Maker(version=4).file(), UnsupportedFormatError, "version 4")
    refused(b"GGUF", ModelError, "GGUF")
    refused(MAKE.file([MAKE.string(b"\xff\xfe") + MAKE.word(4) + bytes(4)]), MalformedModelError, "UTF-8")


def test_a_download_that_broke_off(tmp_path) -> None:
    data = MAKE.file([MAKE.text("general.name", "x")], [MAKE.tensor("w", (1000,))], bytes(4000))
    refused(data[:-1], MalformedModelError, "is it complete")
    path = tmp_path / "w.gguf"
    path.write_bytes(data)
    model = open_model(path)
    path.write_bytes(data[:-8])
    with pytest.raises(ModelError, match="changed"):
        model.tensors[0].weight.values()


def test_parts_that_contradict_each_other(tmp_path) -> None:
    for number in (1, 2):
        pairs = [MAKE.number("split.no", number - 1), MAKE.number("split.count", 2)]
        (tmp_path / f"m-0000{number}-of-00002.gguf").write_bytes(MAKE.file(pairs, [MAKE.tensor("w", (8,))], bytes(32)))
    refused(tmp_path / "m-00001-of-00002.gguf", MalformedModelError, "two parts")
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(MAKE.file([MAKE.number("split.count", 7)]))
    refused(tmp_path / "m-00001-of-00002.gguf", MalformedModelError, "one of 7 parts")
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(b"nonsense")
    refused(tmp_path / "m-00001-of-00002.gguf", ModelError, "m-00002-of-00002.gguf")


def test_a_name_that_promises_very_many_parts(tmp_path) -> None:
    path = tmp_path / "m-00001-of-99999.gguf"
    path.write_bytes(MAKE.file())
    with bounded():
        gap = open_model(path).gaps[0].what
    assert gap.startswith("99998 of 99999 parts are not beside the file: m-00002-of-99999.gguf, ")


@pytest.mark.parametrize(
    "name", ["blk." + "9" * 5000 + ".attn_q.weight", "a." * 30_000 + "w", "." * 100, "", "\0", "../../x"]
)
def test_names_that_no_model_has(name: str) -> None:
    from haoline_analysis.report import analyze

    keys = [MAKE.text("general.architecture", "llama"), MAKE.number("llama.block_count", 1)]
    data = MAKE.file(keys, [MAKE.tensor(name, (8,))], bytes(32))
    with bounded():
        assert analyze(data).totals.parameters == 8
    with pytest.raises(ModelError, match="ops of the family llama are not known"):
        open_model(data, graph="analytic")
