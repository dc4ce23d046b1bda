"""Memory of training: saved activations are those of autograd's hooks, optimizer states those of ``torch.optim``."""

from __future__ import annotations

from typing import Any

import pytest

from haoline_analysis.cost.optimizers import OPTIMIZERS
from haoline_analysis.cost.saved import saved_by_autograd
from haoline_analysis.cost.training import can_train, parameters
from haoline_analysis.formats import open_model
from haoline_analysis.report.analysis import analyze
from haoline_analysis.shapes import Evaluator

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Convolutions(nn.Module):
    """Convolutions, normalisation, pooling, a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.second, self.group = nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(2, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(torch.relu(self.norm(self.first(x))), 2)
        x = x + functional.gelu(self.group(self.second(x)))
        x = functional.avg_pool2d(x, 2) * torch.sigmoid(functional.silu(x)).mean()
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, size: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(size, size) for _ in range(4))
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.up, self.down = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

    def forward(self, x: Any) -> Any:
        batch, length, size = x.shape
        y = self.first(x)
        q, k, v = (part(y).view(batch, length, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(batch, length, size))
        return x + self.down(functional.gelu(self.up(self.second(x))))


class Transformer(nn.Module):
    """Embedding, two blocks, tied head."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.blocks, self.norm = nn.Embedding(20, 16), nn.Sequential(Block(), Block()), nn.LayerNorm(16)
        self.head = nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, ids: Any) -> Any:
        return torch.log_softmax(self.head(self.norm(self.blocks(self.embed(ids)))), -1)


CASES = pytest.mark.parametrize(
    ("module", "example"),
    [(Convolutions(), torch.randn(2, 3, 8, 8)), (Transformer(), torch.zeros(3, 7, dtype=torch.int64))],
    ids=["convolutions", "transformer"],
)


def kept_by_autograd(module: Any, example: Any) -> int:
    """Bytes of all storages that autograd keeps, weights aside."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return tensor

    module.train()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module(example)
    return sum(storage.nbytes() for storage in kept.values())


@CASES
def test_saved_activations_are_what_autograd_keeps(module: Any, example: Any) -> None:
    model = open_model(module, example_inputs=(example,))
    evaluation = Evaluator(model).evaluate({})
    saved = saved_by_autograd(model, evaluation)

    assert not saved.guessed
    assert saved.nbytes(evaluation) == kept_by_autograd(module, example)


@CASES
def test_optimizer_states_are_those_of_torch(module: Any, example: Any) -> None:
    trained, _ = parameters(open_model(module, example_inputs=(example,)))
    made = {
        "SGD": torch.optim.SGD(module.parameters(), 0.1),
        "SGD with momentum": torch.optim.SGD(module.parameters(), 0.1, momentum=0.9),
        "Adam, AdamW": torch.optim.AdamW(module.parameters()),
        "Adafactor": torch.optim.Adafactor(module.parameters()),
    }
    ours = {optimizer.name: optimizer for optimizer in OPTIMIZERS}
    for name, optimizer in made.items():
        optimizer.zero_grad()
        module(example).sum().backward()
        optimizer.step()
        states = [value for state in optimizer.state.values() for value in state.values() if value is not None]
        held = sum(value.nbytes for value in states if isinstance(value, torch.Tensor))
        assert sum(map(ours[name].states, trained)) == held, name
        assert sum(map(ours[name].gradient, trained)) == sum(item.grad.nbytes for item in module.parameters())


def test_the_report_has_a_row_for_each_optimizer() -> None:
    frame = analyze(Transformer(), torch.zeros(3, 7, dtype=torch.int64)).training
    assert frame is not None
    frame = frame.set_index("optimizer")
    count = sum(parameter.numel() for parameter in Transformer().parameters())

    assert frame.loc["SGD", "weights"] == 4 * count
    assert frame.loc["SGD", "states"] == 0
    mixed = frame.loc["AdamW, bf16 compute, fp32 master weights"]
    assert mixed["weights"] == mixed["gradients"] == 2 * count
    assert mixed["saved_activations"] < frame.loc["SGD", "saved_activations"]
    assert (frame["total"] == frame[["weights", "gradients", "states", "saved_activations"]].sum(axis=1)).all()


def test_activations_follow_the_batch_and_states_do_not() -> None:
    dims = {"ids": {0: torch.export.Dim("batch")}}
    model = open_model(Transformer(), example_inputs=(torch.zeros(3, 7, dtype=torch.int64),), dynamic_shapes=dims)
    small, large = (analyze(model, shapes={"batch": size}).training for size in (2, 8))
    assert small is not None
    assert large is not None
    assert large["saved_activations"][0] == 4 * small["saved_activations"][0]
    assert (large["states"] == small["states"]).all()


def test_eight_bit_states_have_a_scale_a_block() -> None:
    from haoline_analysis.cost.optimizers import Parameter

    rule = next(optimizer for optimizer in OPTIMIZERS if optimizer.name == "8-bit Adam").states
    assert rule(Parameter("float32", (64, 64))) == 2 * (4096 + 4 * 16)
    assert rule(Parameter("float32", (100,))) == 800


def test_an_onnx_graph_is_not_trained_from_here() -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import helper

    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    done = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [value], [done])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    assert not can_train(open_model(model))
    assert analyze(model).training is None
