"""Types, sizes and values against the ``gguf`` package."""

from __future__ import annotations

import numpy as np
import pytest
from gguf_files import Maker

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.gguf.dequantize import DECODERS
from haoline_analysis.formats.gguf.types import FILE_TYPES, TYPES

gguf = pytest.importorskip("gguf")

KNOWN = sorted(gguf.GGML_QUANT_SIZES)
DECODED = [kind for kind in KNOWN if kind.name in DECODERS]


def test_sizes_of_all_types() -> None:
    assert {int(kind): (kind.name, *sizes) for kind, sizes in gguf.GGML_QUANT_SIZES.items()}.items() <= {
        code: (kind.name, kind.block, kind.size) for code, kind in TYPES.items()
    }.items()


def test_names_of_mixtures() -> None:
    named = {int(kind): kind.name.removeprefix("MOSTLY_").removeprefix("ALL_") for kind in gguf.LlamaFileType}
    named.pop(int(gguf.LlamaFileType.GUESSED))
    assert named == FILE_TYPES


def test_what_is_decoded() -> None:
    expected = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"}
    assert set(DECODERS) == expected | {"IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4"}


def noise(kind, rows: int = 5, blocks: int = 3) -> np.ndarray:
    """Bytes of ``rows`` rows of blocks, any pattern: scales that are infinite or no numbers among them."""
    _, size = gguf.GGML_QUANT_SIZES[kind]
    return np.random.default_rng(int(kind)).integers(0, 256, (rows, blocks * size), np.uint8)


@pytest.mark.parametrize("kind", DECODED, ids=lambda kind: kind.name)
def test_rows_equal_the_packages(kind) -> None:
    data = noise(kind)
    block, size = gguf.GGML_QUANT_SIZES[kind]
    make = Maker()
    weight = open_model(make.file([], [make.tensor("w", (5, 3 * block), int(kind))], data.tobytes())).tensors[0].weight
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(data, kind)
        values = weight.values()
    assert values.dtype == np.float32
    assert np.array_equal(values, expected, equal_nan=True)
    assert np.array_equal(weight.values(1, 4), expected[1:4], equal_nan=True)
    assert np.array_equal(weight.numpy(), data)
    assert (weight.nbytes, weight.packing.bits) == (data.nbytes, 8 * size / block)


def test_part_of_a_single_row() -> None:
    """A one-dimensional tensor has rows of one element: blocks are read whole and cut."""
    make = Maker()
    data = noise(gguf.GGMLQuantizationType.Q8_0, 1, 4)
    weight = open_model(make.file([], [make.tensor("w", (128,), 8)], data.tobytes())).tensors[0].weight
    expected = gguf.quants.dequantize(data, gguf.GGMLQuantizationType.Q8_0)[0]
    for start, stop in [(0, 128), (5, 6), (31, 33), (40, 100), (64, 64)]:
        assert np.array_equal(weight.values(start, stop), expected[start:stop], equal_nan=True)


def test_rows_longer_than_one_portion(monkeypatch) -> None:
    from haoline_analysis.formats.gguf import sources

    monkeypatch.setattr(sources, "_CHUNK_BLOCKS", 4)
    test_rows_equal_the_packages(gguf.GGMLQuantizationType.Q4_K)
    test_part_of_a_single_row()


def test_every_type_of_the_material(material) -> None:
    path = material / "gguf" / "tiny-llama-allquants.gguf"
    model, reader = open_model(path), gguf.GGUFReader(path)
    assert len(model.tensors) == 27
    for tensor, read in zip(model.tensors, reader.tensors, strict=True):
        weight = tensor.weight
        assert (tensor.name, weight.nbytes) == (read.name, read.n_bytes)
        assert weight.shape == tuple(int(dim) for dim in reversed(read.shape))
        if weight.packing is not None and read.tensor_type.name not in DECODERS:
            with pytest.raises(ModelError, match="cannot be dequantized here"):
                weight.values()
        else:
            assert np.array_equal(weight.values(), gguf.quants.dequantize(np.array(read.data), read.tensor_type))
    last = model.tensors[-1].weight.source.info
    assert last.start + last.nbytes <= path.stat().st_size < last.start + last.nbytes + 32


def test_tokenizers_of_the_material(material) -> None:
    for name in ("bert-bge", "phi-3", "deepseek-coder"):  # the package needs seconds for the others
        path = material / "gguf" / "vocab" / "models" / f"ggml-vocab-{name}.gguf"
        facts, fields = open_model(path).facts, gguf.GGUFReader(path).fields
        assert facts["tokenizer"]["size"] == len(fields["tokenizer.ggml.tokens"].data)
        assert facts["tokenizer"]["kind"] == fields["tokenizer.ggml.model"].contents()
        merges = fields.get("tokenizer.ggml.merges")
        assert facts["tokenizer"].get("merges") == (None if merges is None else len(merges.data))
        keys = {key for key in fields if not key.startswith("GGUF.")}
        assert set(facts["metadata"]) == keys - {"tokenizer.chat_template"}
        assert ("chat_template" in facts) == ("tokenizer.chat_template" in keys)


@pytest.mark.parametrize("name", ["Q4_0", "Q8_0", "Q4_K", "Q6_K", "MXFP4", "NVFP4"])
def test_blocks_that_the_package_turned_to_big_endian(name: str) -> None:
    from types import SimpleNamespace

    convert = pytest.importorskip("gguf.scripts.gguf_convert_endian")
    kind = gguf.GGMLQuantizationType[name]
    data = noise(kind, 1)
    with np.errstate(all="ignore"):
        expected = gguf.quants.dequantize(data, kind)
    turned = SimpleNamespace(data=data.reshape(-1).copy())
    block, size = gguf.GGML_QUANT_SIZES[kind]
    for offset in range(0, data.size, size):
        convert.byteswap_tensors[kind](turned, offset)
    make = Maker(order=">")
    model = open_model(make.file([], [make.tensor("w", (1, 3 * block), int(kind))], turned.data.tobytes()))
    assert np.array_equal(model.tensors[0].weight.values(), expected, equal_nan=True)
