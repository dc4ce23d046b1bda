"""Live modules: what is read of them, and that they are left as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.report import analyze

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch import nn  # noqa: E402
from torch_modules import bert, gpt2, llama, made, mixtral, whisper  # noqa: E402

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Op


class Block(nn.Module):
    """A small network with what modules do: in-place ops, dropout, a buffer, tied weights, an idle part."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(8, 4))
        self.register_buffer("scale", torch.arange(4.0))
        self.register_buffer("never_read", torch.zeros(3))
        self.head, self.again, self.idle = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(2, 2)
        self.again.weight = self.head.weight

    def forward(self, x: Any) -> Any:
        return self.again(self.head(x + self.inner(x) * self.scale))


def read(module: Any, *inputs: Any, **options: Any) -> Model:
    return open_model(module, example_inputs=inputs, **options)


def op(model: Model, name: str) -> Op:
    return next(item for item in model.ops if item.name == name)


def maker(model: Model, reader: str, slot: int = 0) -> str:
    """Type of the op that makes an input of the op of type ``reader``."""
    read_by = next(item for item in model.ops if item.type == reader)
    return model.ops[model.tensors[read_by.inputs[slot]].producer].type


def test_ops_are_those_people_write_and_carry_their_module() -> None:
    model = read(Block(), torch.zeros(2, 4))
    assert [(item.name, item.type) for item in model.ops] == [
        ("inner.0/linear", "linear"),
        ("inner.1/relu", "relu"),
        ("inner.3/linear", "linear"),
        ("mul", "mul"),
        ("add", "add"),
        ("head/linear", "linear"),
        ("again/linear", "linear"),
    ]
    assert {item.domain for item in model.ops} == {"aten"}
    assert op(model, "inner.0/linear").metadata["namespace"].startswith(": /inner: Sequential/inner.0: Linear/")


def test_scopes_are_the_module_tree() -> None:
    scopes = analyze(Block(), torch.zeros(2, 4)).ops.scope.tolist()
    assert scopes == ["inner.0", "inner.1", "inner.3", "", "", "head", "again"]


def test_weights_have_the_modules_names_and_values() -> None:
    module = Block()
    weights = {tensor.name: tensor.weight for tensor in read(module, torch.zeros(2, 4)).tensors if tensor.weight}
    held = weights["inner.0.weight"]
    np.testing.assert_array_equal(held.numpy(), module.inner[0].weight.detach().numpy())
    np.testing.assert_array_equal(held.values(2, 4), module.inner[0].weight[2:4].detach().numpy())
    assert weights["scale"].kind == "buffer"
    assert "never_read" not in weights


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float16", "int8"])
def test_values_of_every_type(dtype: str) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.tensor([1.0, -2.0, 3.0]).to(getattr(torch, dtype)))

        def forward(self, x: Any) -> Any:
            return x * self.table.float()

    model = read(Scaled(), torch.zeros(3))
    weight = next(tensor.weight for tensor in model.tensors if tensor.weight)
    assert weight.dtype == dtype
    assert weight.numpy().astype(np.float32).tolist() == [1, -2, 3]
    assert weight.values(1, 3).tolist() == [-2, 3]


def test_tied_weights_are_one_tensor() -> None:
    report = analyze(Block(), torch.zeros(2, 4))
    idle = report.totals.parameters + nn.Linear(2, 2).weight.numel() + 2
    assert idle == sum(parameter.numel() for parameter in Block().parameters())
    assert (
        report.tensors.name.str.endswith("head.weight") | report.tensors.name.str.endswith("again.weight")
    ).sum() == 1


def test_what_lies_in_another_parameters_storage_counts_once() -> None:
    class Sliced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.whole = nn.Parameter(torch.zeros(6, 4))
            self.part = nn.Parameter(self.whole.data[2:4])

        def forward(self, x: Any) -> Any:
            return x @ self.whole.t() + (x @ self.part.t()).sum()

    totals = analyze(Sliced(), torch.zeros(2, 4)).totals
    assert (totals.parameters, totals.weight_bytes) == (24, 96)


def test_values_on_the_meta_device_are_refused_but_sizes_are_known() -> None:
    with torch.device("meta"):
        module = Block()
    model = read(module, torch.zeros(2, 4, device="meta"))
    weight = next(tensor.weight for tensor in model.tensors if tensor.name == "head.weight")
    assert weight.nbytes == 64
    with pytest.raises(ModelError, match=r"head\.weight is on the meta device"):
        weight.values()


def test_the_module_is_left_as_it_was() -> None:
    module = mixtral()
    module.model.layers[0].eval()
    module.config._experts_implementation = "eager"
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    hooks = [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()]
    analyze(module)
    assert [part.training for part in module.modules()] == modes
    assert [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()] == hooks
    assert module.config._experts_implementation == "eager"
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.is_grad_enabled()


def test_experts_that_loop_are_traced_as_one_product() -> None:
    looping = mixtral()
    looping.config._experts_implementation = "eager"
    assert analyze(looping).totals.macs == analyze(mixtral()).totals.macs


def test_training_mode_is_analysed_as_inference_and_said_so() -> None:
    model = read(Block().train(), torch.zeros(2, 4))
    assert [item.what for item in model.assumptions] == ["mode"]
    assert "dropout" not in [item.type for item in model.ops]
    assert not read(Block().eval(), torch.zeros(2, 4)).assumptions


@pytest.mark.parametrize(
    "given",
    [
        {"input_ids": torch.zeros(1, 12, dtype=torch.long)},
        (torch.zeros(1, 12, dtype=torch.long),),
        torch.zeros(1, 12, dtype=torch.long),
        ((torch.zeros(1, 12, dtype=torch.long),), {"use_cache": False}),
    ],
    ids=["dict", "tuple", "tensor", "both"],
)
def test_example_inputs_come_in_any_form(given: Any) -> None:
    assert analyze(gpt2(), given).inputs[0].shape == (1, 12)


def test_arrays_and_inputs_on_another_device_will_do() -> None:
    with torch.device("meta"):
        module = Block()
    model = read(module, np.zeros((2, 4), np.float32))
    assert model.facts["export"]["route"] == "torch.export"


def test_inputs_of_hugging_face_models_are_made_up_and_said_so() -> None:
    report = analyze(whisper())
    assert {port.name: port.shape for port in report.inputs} == {
        "input_features": (1, 8, 40),
        "decoder_input_ids": (1, 16),
    }
    assert [item.what for item in report.assumptions][:2] == ["input input_features", "input decoder_input_ids"]


def test_other_modules_need_example_inputs() -> None:
    with pytest.raises(ModelError, match="Block needs example_inputs"):
        open_model(Block())


def test_lazy_modules_must_have_run() -> None:
    with pytest.raises(ModelError, match=r"0\.weight has no shape yet"):
        read(nn.Sequential(nn.LazyLinear(3)), torch.zeros(2, 4))


def test_dynamic_dims_are_symbols_that_can_be_bound() -> None:
    module, example = llama(), {"input_ids": torch.zeros(2, 16, dtype=torch.long)}
    dims = {"input_ids": {0: "batch", 1: "seq"}}
    model = open_model(module, example_inputs=example, dynamic_shapes=dims)
    assert model.tensors[model.inputs[0]].shape == ("batch", "seq")
    traced, bound = analyze(model), analyze(model, shapes={"batch": 3, "seq": 20})
    assert traced.totals.macs == analyze(module, example).totals.macs
    fixed = analyze(module, {"input_ids": torch.zeros(3, 20, dtype=torch.long)})
    assert (bound.totals.macs, bound.totals.flops) == (fixed.totals.macs, fixed.totals.flops)


def test_a_dim_that_cannot_be_a_symbol_is_named() -> None:
    """A batch of 1 is taken for a constant."""
    example = {"input_ids": torch.zeros(1, 16, dtype=torch.long)}
    model = open_model(llama(), example_inputs=example, dynamic_shapes={"input_ids": {0: "batch", 1: "seq"}})
    assert [gap.what[:46] for gap in model.gaps] == ["dimension batch of input_ids is fixed at 1: th"]
    assert model.tensors[model.inputs[0]].shape == (1, "seq")


def test_hugging_face_configs_become_an_architecture_card() -> None:
    card = analyze(mixtral()).architecture
    assert card is not None
    assert (card.experts, card.experts_per_token, card.attention_heads, card.kv_heads) == (4, 2, 4, 2)
    assert card.total_parameters == sum(parameter.numel() for parameter in mixtral().parameters())


def test_dims_that_torch_names_keep_their_expressions() -> None:
    class Doubled(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.cat([x, x], 1)[:, 1:]

    length = torch.export.Dim("length", min=2)
    model = read(Doubled(), torch.zeros(2, 6), dynamic_shapes=({1: length},))
    assert model.tensors[model.outputs[0]].shape == (2, "2*length - 1")


def test_an_exported_program_is_read_as_it_is() -> None:
    program = torch.export.export(Block().eval(), (torch.zeros(2, 4),))
    report = analyze(program)
    assert report.totals.macs == analyze(Block(), torch.zeros(2, 4)).totals.macs
    assert open_model(program).name == "Block"


def test_a_write_through_a_view_reaches_what_is_read_later() -> None:
    class Masked(nn.Module):
        def forward(self, x: Any) -> Any:
            y = x * 2
            y[:, 0] = 1
            return y.sum()

    model = read(Masked(), torch.zeros(2, 4))
    assert [item.type for item in model.ops] == ["mul", "select", "fill", "select_scatter", "sum"]
    assert maker(model, "sum") == "select_scatter"
    assert (maker(model, "select_scatter", 0), maker(model, "select_scatter", 1)) == ("mul", "fill")


def test_residual_sums_and_attention_are_recognised() -> None:
    categories = analyze(bert()).ops.category.tolist()
    assert categories.count("residual") == 4
    assert categories.count("attention") == 2
    assert categories.count("embed") == 3


def test_elementwise_ops_after_a_layer_are_marked_as_fused() -> None:
    fused = analyze(Block(), torch.zeros(2, 4)).ops
    assert dict(zip(fused.name, fused.fused, strict=True))["inner.1/relu"]


def test_equal_layers_fold() -> None:
    module = made("Llama")
    assert [found.class_name for found in analyze(module).scopes.itertuples() if found.path == "model.layers.1"]


def test_precision_is_that_of_the_weights_and_activations() -> None:
    ops = analyze(Block().to(torch.bfloat16), torch.zeros(2, 4, dtype=torch.bfloat16)).ops
    assert set(ops.precision[ops.type == "linear"]) == {"bf16"}
    assert set(ops.weight_precision.dropna()) == {"bf16"}
