"""Weights written as safetensors: the package reads back what went in, byte for byte."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_files import model, node
from safetensors_files import file_with

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.safetensors.sources import ElementSource
from haoline_analysis.formats.safetensors.writer import write

RANDOM = np.random.default_rng(3)


def holding(*tensors):
    """An ONNX model of these initializers."""
    made = model([node("Relu", "x", "y"), *(node("Identity", tensor.name, f"{tensor.name}_out") for tensor in tensors)])
    made.graph.initializer.extend(tensors)
    return made


def stored(opened):
    """What each tensor is stored as: type, shape, bytes."""
    found = {}
    for tensor in opened.tensors:
        weight = tensor.weight
        found[tensor.name] = (weight.dtype, weight.stored_shape or weight.shape, weight.numpy().tobytes())
    return found


def test_what_the_package_wrote_comes_back_as_the_same_bytes(tmp_path):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("safetensors.torch")
    torch.manual_seed(1)
    given = {
        "b": torch.randn(3, 4).to(torch.bfloat16),
        "a": torch.randn(5),
        "z": torch.arange(7),
        "e": torch.zeros(0, 2),
    }
    given["f8"] = torch.randn(4, 4).to(torch.float8_e4m3fn)
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    package.save_file(given, first, {"format": "pt"})
    done = write(open_model(first), second)
    assert (done.tensors, done.files, done.skipped) == (5, [second], [])
    assert second.read_bytes() == first.read_bytes()
    read = package.load_file(second)
    assert all(torch.equal(read[name].float(), tensor.float()) for name, tensor in given.items())


def test_every_element_type_survives(tmp_path):
    names = [
        "float64",
        "float32",
        "float16",
        "int64",
        "int32",
        "int16",
        "int8",
        "uint64",
        "uint32",
        "uint16",
        "uint8",
        "bool",
    ]
    values = {name: RANDOM.integers(0, 2, (2, 4)).astype(name) for name in names}
    floats = ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu")
    values.update({name: RANDOM.uniform(1, 2, (2, 4)).astype(getattr(ml_dtypes, name)) for name in floats})
    tensors = [numpy_helper.from_array(array, name) for name, array in values.items()]
    source, target = open_model(holding(*tensors)), tmp_path / "all.safetensors"
    write(source, target)
    read = {tensor.name: tensor.weight for tensor in open_model(target).tensors}
    assert set(read) == set(values)
    for name, array in values.items():
        assert read[name].numpy().tobytes() == array.tobytes()


def test_four_bit_integers_take_a_byte_each_because_the_format_has_none_smaller(tmp_path):
    values = np.array([[-8, 7, 3], [0, -1, 1]], np.int8)
    tensor = helper.make_tensor("w", TensorProto.INT4, [2, 3], values.flatten())
    write(open_model(holding(tensor)), tmp_path / "w.safetensors")
    weight = open_model(tmp_path / "w.safetensors").tensors[0].weight
    assert weight.dtype == "int8"
    np.testing.assert_array_equal(weight.numpy(), values)


def test_four_bit_floats_stay_packed(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("safetensors.torch")
    bytes_ = torch.arange(16, dtype=torch.uint8).reshape(2, 8)
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    package.save_file({"w": bytes_.view(torch.float4_e2m1fn_x2)}, first)
    monkeypatch.delattr(ElementSource, "raw")  # as for sources that do not say where their bytes are
    write(open_model(first), second)
    assert second.read_bytes() == first.read_bytes()


def test_packed_weights_keep_their_integers_and_scales(tmp_path):
    arrays = {
        "l.qweight": RANDOM.integers(0, 2**31, (8, 16)).astype(np.int32),
        "l.qzeros": RANDOM.integers(0, 2**31, (2, 2)).astype(np.int32),
        "l.scales": RANDOM.uniform(size=(2, 16)).astype(np.float16),
    }
    source = open_model(file_with(arrays))
    assert source.ops[0].name == "l.weight"
    write(source, tmp_path / "m.safetensors")
    copy = open_model(tmp_path / "m.safetensors")
    assert stored(copy) == stored(source)
    np.testing.assert_array_equal(
        copy.tensors[copy.ops[0].inputs[0]].weight.values(), source.tensors[source.ops[0].inputs[0]].weight.values()
    )


def test_shared_storage_is_written_once_and_its_other_names_are_told(tmp_path):
    content = file_with({"embed.weight": RANDOM.normal(size=(4, 4)).astype(np.float32)})
    source = open_model(content)
    source.tensors.append(type(source.tensors[0])("head.weight", "float32", (4, 4), source.tensors[0].weight))
    done = write(source, tmp_path / "m.safetensors")
    assert (done.tensors, done.aliases) == (1, {"head.weight": "embed.weight"})
    assert open_model(tmp_path / "m.safetensors").metadata["head.weight"] == "embed.weight"


def test_shards_come_with_an_index_that_opens(tmp_path):
    arrays = {f"layer.{number}.weight": RANDOM.normal(size=(8, 8)).astype(np.float32) for number in range(5)}
    source = open_model(file_with(arrays))
    seen = []
    done = write(source, tmp_path / "out", shard_bytes=600, progress=lambda now, total: seen.append((now, total)))
    assert [path.name for path in done.files] == [
        "model-00001-of-00003.safetensors",
        "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
        "model.safetensors.index.json",
    ]
    assert seen[-1] == (5 * 256, 5 * 256)
    assert stored(open_model(tmp_path / "out")) == stored(source)


def test_the_package_opens_what_is_written(tmp_path):
    package = pytest.importorskip("safetensors")
    arrays = {"ä.weight": RANDOM.normal(size=(3, 5)).astype(np.float16), "n": np.arange(4, dtype=np.int64)}
    write(open_model(file_with(arrays)), tmp_path / "m.safetensors", metadata={"made": 'by "us"'})
    with package.safe_open(tmp_path / "m.safetensors", "numpy") as opened:
        assert opened.metadata() == {"made": 'by "us"'}
        for name, array in arrays.items():
            np.testing.assert_array_equal(opened.get_tensor(name), array)


def test_what_cannot_be_written_is_named(tmp_path):
    texts = helper.make_tensor("words", TensorProto.STRING, [1], [b"a"])
    number = numpy_helper.from_array(np.ones(2, np.float32), "w")
    done = write(open_model(holding(texts, number)), tmp_path / "m.safetensors")
    assert [(skipped.name, skipped.reason) for skipped in done.skipped] == [
        ("words", "safetensors has no type for string")
    ]
    with pytest.raises(ModelError, match="no weights that safetensors can hold"):
        write(open_model(model([node("Relu", "x", "y")])), tmp_path / "none.safetensors")


def test_a_failure_leaves_neither_a_half_file_nor_the_old_one_changed(tmp_path):
    source_path, target = tmp_path / "source.safetensors", tmp_path / "target.safetensors"
    source_path.write_bytes(file_with({"a": np.ones(4, np.float32), "b": np.ones(4, np.float32)}))
    target.write_bytes(b"what was there")
    source = open_model(source_path)
    source_path.write_bytes(b"gone")
    with pytest.raises(ModelError):
        write(source, target)
    assert target.read_bytes() == b"what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.safetensors", "target.safetensors"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ModelError, match="cannot be written"):
        write(open_model(file_with({"w": np.ones(2, np.float32)})), tmp_path / "no" / "m.safetensors")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_blocks_of_gguf_are_written_as_real_numbers_where_asked_for(dtype, tmp_path):
    gguf = pytest.importorskip("gguf")
    values = RANDOM.normal(size=(5, 64)).astype(np.float32)
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q4_0)
    writer.add_tensor("blk.0.attn_q.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q4_0)
    writer.add_tensor("blk.0.attn_norm.weight", values[0])
    for step in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file, writer.close):
        step()
    source, target = open_model(tmp_path / "m.gguf"), tmp_path / "m.safetensors"
    assert [skipped.name for skipped in write(source, target).skipped] == ["blk.0.attn_q.weight"]
    assert write(source, target, dequantize=dtype).skipped == []
    read = {tensor.name: tensor.weight for tensor in open_model(target).tensors}
    expected = gguf.quants.dequantize(packed, gguf.GGMLQuantizationType.Q4_0)
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype
    np.testing.assert_array_equal(read["blk.0.attn_q.weight"].values(), expected.astype(kind).astype(np.float32))
    np.testing.assert_array_equal(read["blk.0.attn_norm.weight"].values(), values[0])
    with pytest.raises(ModelError, match="expected one of float16"):
        write(source, target, dequantize="int4")
