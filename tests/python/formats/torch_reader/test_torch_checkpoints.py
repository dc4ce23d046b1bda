"""Checkpoints are read without PyTorch, and every value equals what ``torch.load`` gives."""

from __future__ import annotations

import collections
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis.errors import ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.model import Model, Weight

torch = pytest.importorskip("torch")

LAYOUTS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def saved(value: Any, zipped: bool = True) -> bytes:
    target = io.BytesIO()
    torch.save(value, target, _use_new_zipfile_serialization=zipped)
    return target.getvalue()


def weights(model: Model) -> dict[str, Weight]:
    return {tensor.name: tensor.weight for tensor in model.tensors if tensor.weight is not None}


def as_numpy(tensor: Any) -> np.ndarray:
    """The bytes of a torch tensor in an array that can be compared, whatever its element type."""
    plain = tensor.detach().contiguous()
    names = {"bfloat16": torch.int16, **{name: torch.uint8 for name in dir(torch) if name.startswith("float8")}}
    unit = names.get(str(plain.dtype).removeprefix("torch."))
    return (plain.view(unit) if unit is not None else plain).numpy()


def assert_same(weight: Weight, tensor: Any) -> None:
    found, wanted = weight.numpy(), as_numpy(tensor)
    assert found.shape == tuple(tensor.shape)
    assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(wanted).tobytes()


def small_network() -> Any:
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(8, 4)]
    return torch.nn.Sequential(*layers)


@LAYOUTS
def test_every_value_of_a_state_dict_is_that_of_torch_load(zipped: bool) -> None:
    state = small_network().state_dict()
    model = open_model(saved(state, zipped))

    assert model.format == "pytorch"
    assert model.holds == "weights"
    assert list(weights(model)) == list(state)
    for name, weight in weights(model).items():
        assert_same(weight, state[name])
    kinds = {op.name: op.type for op in model.ops}
    assert kinds["0.weight"] == "Weight"
    assert kinds["1.running_var"] == kinds["1.num_batches_tracked"] == "Buffer"


TYPES = "float64 float32 float16 bfloat16 complex64 complex128 int64 int32 int16 int8 uint8 bool"
NEW_TYPES = "uint16 uint32 uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu"


@pytest.mark.parametrize("name", [*TYPES.split(), *NEW_TYPES.split()])
def test_every_element_type_is_read(name: str) -> None:
    dtype = getattr(torch, name)
    raw = torch.arange(64, dtype=torch.uint8)
    tensor = (raw % 2).to(torch.bool) if name == "bool" else raw.view(dtype).reshape(2, -1)
    weight = weights(open_model(saved({"w": tensor})))["w"]

    assert weight.nbytes == tensor.numel() * tensor.element_size()
    assert_same(weight, tensor)


@LAYOUTS
def test_views_are_read_through_their_strides(zipped: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    views = {
        "transposed": base.t(),
        "column": base[:, 2],
        "steps": base[::2, 1::3],
        "repeated": base[:1].expand(5, 6),
        "scalar": base[3, 5],
        "empty": base[:0],
    }
    found = weights(open_model(saved(views, zipped)))
    for name, view in views.items():
        assert_same(found[name], view)
        wanted = view.numpy().reshape(found[name].values().shape)
        np.testing.assert_array_equal(found[name].values(), wanted)
    np.testing.assert_array_equal(found["transposed"].values(1, 3), base.t()[1:3].numpy())


def test_a_shared_storage_counts_once() -> None:
    table = torch.zeros(10, 4)
    fused = torch.arange(12.0)
    model = open_model(saved({"embed": table, "head": table, "q": fused[:6], "k": fused[6:], "t": table.t()}))
    found = weights(model)

    assert found["embed"] is found["head"]
    assert sum(weight.stored_bytes or 0 for weight in set(found.values())) == table.nbytes + fused.nbytes
    assert_same(found["k"], fused[6:])


def test_a_slice_saved_with_its_whole_is_found() -> None:
    whole = torch.zeros(1_000_000)
    model = open_model(saved({"w": whole[:10]}))

    assert weights(model)["w"].nbytes == 40
    assert [finding.id for finding in model.findings] == ["checkpoint-keeps-whole-storages"]


@LAYOUTS
def test_optimizer_states_are_told_and_are_no_weights(zipped: bool) -> None:
    network = small_network()
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.zeros(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    stored = {"epoch": 7, "state_dict": network.state_dict(), "optimizer": optimizer.state_dict()}
    model = open_model(saved(stored, zipped))

    assert list(weights(model)) == list(network.state_dict())
    facts = model.facts["pickle"]
    moments = 2 * sum(parameter.nbytes for parameter in network.parameters())
    steps = 4 * len(list(network.parameters()))
    assert facts["optimizer"] == {"tensors": 3 * len(list(network.parameters())), "bytes": moments + steps}
    assert facts["values"]["epoch"] == 7
    assert any("Optimizer states" in gap.what for gap in model.gaps)


def test_averages_beside_the_weights_are_told() -> None:
    state = small_network().state_dict()
    model = open_model(saved({"model": state, "ema": {name: value.clone() for name, value in state.items()}}))

    assert list(weights(model)) == list(state)
    assert model.facts["pickle"]["weights_under"] == "model"
    assert model.facts["pickle"]["beside"]["ema"]["tensors"] == len(state)


@LAYOUTS
def test_a_whole_module_gives_its_module_tree(zipped: bool) -> None:
    network = small_network()
    model = open_model(saved(network, zipped))
    found = weights(model)

    assert set(found) == set(network.state_dict())
    assert found["0.weight"].kind == "initializer"
    assert found["1.running_mean"].kind == "buffer"
    assert model.findings == []  # classes of torch.nn set nothing in motion
    assert model.facts["pickle"]["holds"] == "a whole module"


class Somebodys(torch.nn.Module):
    """A class that only its author has."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(2, 2)


def test_a_class_of_somebodys_is_a_warning() -> None:
    model = open_model(saved(Somebodys()))

    assert set(weights(model)) == {"inner.weight", "inner.bias"}
    (finding,) = model.findings
    assert (finding.id, finding.severity) == ("pickle-needs-classes", "warning")
    assert "Somebodys" in finding.evidence
    assert "at byte" in finding.evidence


def test_quantized_tensors_give_stored_and_real_values() -> None:
    real = torch.linspace(-1, 1, 12).reshape(3, 4)
    whole = torch.quantize_per_tensor(real, 0.05, 3, torch.quint8)
    rows = torch.quantize_per_channel(real, torch.tensor([0.1, 0.02, 0.05]), torch.tensor([0, 1, 2]), 0, torch.qint8)
    columns = torch.quantize_per_channel(real, torch.full((4,), 0.03), torch.arange(4), 1, torch.qint8)
    found = weights(open_model(saved({"whole": whole, "rows": rows, "columns": columns})))

    for name, tensor in {"whole": whole, "rows": rows, "columns": columns}.items():
        packing = found[name].packing
        assert packing is not None
        assert packing.bits == 8
        np.testing.assert_array_equal(found[name].numpy(), tensor.int_repr().numpy())
        np.testing.assert_allclose(found[name].values(1, 3), tensor.dequantize()[1:3].numpy(), atol=1e-7)


def test_sparse_tensors_are_a_named_gap_with_their_parts() -> None:
    sparse = torch.sparse_coo_tensor(torch.tensor([[0, 2]]), torch.tensor([1.0, 2.0]), (4,))
    model = open_model(saved({"s": sparse, "w": torch.ones(2)}))

    assert any("sparse" in gap.what and "s" in gap.what for gap in model.gaps)
    assert "w" in weights(model)
    assert any(weight.kind == "sparse" for weight in weights(model).values())


def test_a_conjugated_view_is_a_named_gap() -> None:
    value = torch.tensor([1 + 2j, 3 - 1j])
    model = open_model(saved({"plain": value, "conjugated": value.conj()}))

    assert list(weights(model)) == ["plain"]
    assert any("conjugate" in gap.what and "conjugated" in gap.what for gap in model.gaps)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read(protocol: int) -> None:
    target = io.BytesIO()
    torch.save({"w": torch.arange(3.0), "n": 1 << 70}, target, pickle_protocol=protocol)
    model = open_model(target.getvalue())

    assert model.facts["pickle"]["protocol"] == protocol
    assert weights(model)["w"].numpy().tolist() == [0, 1, 2]


def test_meta_tensors_have_a_shape_and_no_values() -> None:
    weight = weights(open_model(saved({"w": torch.empty(3, 5, device="meta")})))["w"]

    assert weight.shape == (3, 5)
    with pytest.raises(ModelError, match="meta device"):
        weight.numpy()


def test_parameters_and_odd_containers_are_found() -> None:
    stored = {
        "layers": [torch.nn.Parameter(torch.ones(2)), {"deep": (torch.zeros(3), None)}],
        "named": collections.OrderedDict(a=torch.arange(2)),
        "count": 3,
    }
    assert set(weights(open_model(saved(stored)))) == {"layers.0", "layers.1.deep.0", "named.a"}


def test_values_stay_in_the_file_until_somebody_asks(tmp_path: Path) -> None:
    path = tmp_path / "big.pt"
    torch.save({"w": torch.arange(1000.0).reshape(10, 100)}, path)
    model = open_model(path)
    weight = weights(model)["w"]

    np.testing.assert_array_equal(weight.values(7, 9), np.arange(700.0, 900.0).reshape(2, 100))
    path.write_bytes(b"gone")
    with pytest.raises(ModelError, match="changed"):
        weight.numpy()


@pytest.mark.parametrize(
    ("value", "words"),
    [({"a": 1, "b": [1]}, "holds no tensors"), ([1, 2], "holds no tensors")],
)
def test_a_checkpoint_without_tensors_is_refused(value: Any, words: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=words):
        open_model(saved(value))


def test_plain_pickles_are_refused_by_what_they_are() -> None:
    import pickle

    with pytest.raises(UnsupportedFormatError, match=r"pickle of a dict .'vocabulary'"):
        open_model(pickle.dumps({"vocabulary": {}}))
    with pytest.raises(UnsupportedFormatError, match=r"pickle of a collections\.Counter"):
        open_model(pickle.dumps(collections.Counter("aab")))


def test_packed_weights_are_found_and_the_config_beside_is_used(tmp_path: Path) -> None:
    import json

    config = {
        "model_type": "llama",
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_attention_heads": 4,
        "num_hidden_layers": 1,
        "vocab_size": 32,
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    stem = "model.layers.0.self_attn.q_proj"
    packed = {
        f"{stem}.qweight": torch.zeros(8, 64, dtype=torch.int32),
        f"{stem}.qzeros": torch.zeros(2, 8, dtype=torch.int32),
        f"{stem}.scales": torch.ones(2, 64, dtype=torch.float16),
        f"{stem}.g_idx": torch.arange(64, dtype=torch.int32) // 32,
    }
    torch.save(packed, tmp_path / "gptq_model.bin")
    model = open_model(tmp_path / "gptq_model.bin")

    (op,) = model.ops
    assert op.name == f"{stem}.weight"
    weight = model.tensors[op.inputs[0]].weight
    assert weight is not None
    assert weight.packing is not None
    assert weight.packing.scheme == "GPTQ"
    assert sorted(weight.shape) == [64, 64]
    assert model.architecture is not None
    assert model.architecture.family == "llama"


def test_a_sharded_folder_of_checkpoints_opens_as_one(tmp_path: Path) -> None:
    import json

    parts = {
        "pytorch_model-00001-of-00002.bin": {"a": torch.ones(3)},
        "pytorch_model-00002-of-00002.bin": {"b": torch.zeros(2)},
    }
    for name, state in parts.items():
        torch.save(state, tmp_path / name)
    index = {"weight_map": {key: name for name, state in parts.items() for key in state}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    model = open_model(tmp_path)

    assert sorted(weights(model)) == ["a", "b"]
    assert weights(model)["a"].numpy().tolist() == [1, 1, 1]
