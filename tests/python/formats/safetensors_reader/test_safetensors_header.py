"""What a safetensors file holds is what its own package reads from it."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors_files import entry, file_of, file_with

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.safetensors.dtypes import NAMES


def weights(model):
    return {tensor.name: tensor.weight for tensor in model.tensors}


def test_every_type_reads_as_the_package_wrote_it():
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save
    torch.manual_seed(0)
    kinds = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
    given = {str(kind): torch.randn(6, 5).to(kind) for kind in kinds}
    given["bool"] = torch.tensor([True, False, True])
    for kind in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        given[str(kind)] = torch.randint(0, 100, (3, 2)).to(kind)
    given["scalar"], given["empty"] = torch.tensor(2.5), torch.zeros(0, 4)
    read = weights(open_model(save(given)))
    assert set(read) == set(given)
    for name, tensor in given.items():
        assert read[name].shape == tuple(tensor.shape)
        assert read[name].nbytes == tensor.numel() * tensor.element_size()
        expected = tensor.to(torch.float32).numpy().reshape(read[name].values().shape)
        np.testing.assert_array_equal(read[name].values(), expected)
        if tensor.ndim and tensor.shape[0] > 1:
            np.testing.assert_array_equal(read[name].values(1, 2), expected[1:2])


def test_four_bit_floats_count_as_two_in_a_byte():
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save
    bytes_ = torch.tensor([[0x21, 0x43], [0x65, 0xF7]], dtype=torch.uint8)
    weight = weights(open_model(save({"w": bytes_.view(torch.float4_e2m1fn_x2)})))["w"]
    assert (weight.dtype, weight.shape, weight.nbytes) == ("float4_e2m1", (2, 4), 4)
    np.testing.assert_array_equal(weight.values(), [[0.5, 1, 1.5, 2], [3, 4, 6, -6]])


@pytest.mark.parametrize("code", NAMES)
def test_every_type_of_the_specification_is_known(code):
    bits = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "BF16": 16}.get(code)
    bits = bits or int("".join(character for character in code.split("_")[0] if character.isdigit()))
    weight = weights(open_model(file_of({"w": entry(code, [2, 4], 0, bits)}, bytes(bits))))["w"]
    assert (weight.dtype, weight.nbytes) == (NAMES[code], bits)
    assert weight.numpy().shape == (2, 4)


def test_a_type_that_is_not_known_is_a_gap_and_not_a_refusal():
    model = open_model(file_of({"w": entry("F3_NEW", [4], 0, 2)}, b"ab"))
    assert model.tensors[0].weight.nbytes == 2
    assert "f3_new" in model.gaps[0].what
    with pytest.raises(ModelError, match="not known"):
        model.tensors[0].weight.numpy()


def test_fields_may_come_in_any_order_and_with_spaces():
    text = ' "a\\u00e9" : { "data_offsets" : [ 0 , 8 ] , "shape" : [ 2 ] , "dtype" : "F32" , "more": [{"x": null}] } '
    read = weights(open_model(file_of("{" + text + "}  ", np.float32([1, 2]).tobytes())))
    np.testing.assert_array_equal(read["aé"].values(), [1, 2])


def test_metadata_and_names_with_quotes_survive():
    content = file_with({'we"ird\n': np.float32([3])}, {"format": "pt", "note": 'a "quoted" word'})
    model = open_model(content)
    assert model.metadata == {"format": "pt", "note": 'a "quoted" word'}
    assert model.tensors[0].name == 'we"ird\n'


def test_a_file_holds_weights_and_rows_for_them():
    content = file_with({"layer.weight": np.ones((2, 3), np.float32), "layer.num_batches_tracked": np.int64([7])})
    model = open_model(content)
    assert (model.format, model.holds, model.inputs, model.outputs) == ("safetensors", "weights", (), ())
    assert [(op.name, op.type, op.domain) for op in model.ops] == [
        ("layer.weight", "Weight", "stored"),
        ("layer.num_batches_tracked", "Buffer", "stored"),
    ]


def test_masks_that_gpt2_stores_are_no_parameters():
    content = file_with(
        {"h.0.attn.bias": np.ones((1, 1, 4, 4), np.float32), "h.0.attn.c_attn.bias": np.ones(6, np.float32)}
    )
    assert [op.type for op in open_model(content).ops] == ["Buffer", "Weight"]


def test_rows_of_a_large_tensor_are_read_without_the_others(tmp_path, monkeypatch):
    path = tmp_path / "big.safetensors"
    path.write_bytes(file_with({"w": np.arange(40_000, dtype=np.float32).reshape(1000, 40)}))
    weight = open_model(path).tensors[0].weight
    taken = []
    read = type(weight.source.storage).read
    monkeypatch.setattr(
        type(weight.source.storage), "read", lambda self, at, size: taken.append(size) or read(self, at, size)
    )
    np.testing.assert_array_equal(weight.values(500, 502)[:, 0], [20_000, 20_040])
    assert taken == [2 * 40 * 4]


def test_a_file_that_changes_after_opening_is_not_misread(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(file_with({"w": np.ones(100, np.float32)}))
    model = open_model(path)
    path.write_bytes(file_with({"w": np.ones(7, np.float32)}))
    with pytest.raises(ModelError, match="changed"):
        model.tensors[0].weight.numpy()
