"""TorchScript archives: weights by module tree, and the ops of ``forward`` by following its code, which never runs."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.report.analysis import analyze

if TYPE_CHECKING:
    from haoline_analysis.model import Model, Weight

torch = pytest.importorskip("torch")
nn = torch.nn


class Network(nn.Module):
    """Scripted: a branch on a default argument, a loop of known length, a recurrent layer, a tied layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.rnn = nn.LSTM(8, 8, batch_first=True)
        self.head = nn.Linear(8, 4)
        self.tied = self.head
        self.register_buffer("table", torch.arange(4.0))

    def forward(self, x: torch.Tensor, more: bool = False) -> torch.Tensor:
        y = self.stem(x).mean((2, 3))
        y, _ = self.rnn(y[:, None])
        a, b = torch.split(self.head(y[:, 0]), 2, 1)
        if more:
            a = a + 1
        for _i in range(3):
            a = a * 2
        return torch.cat([a, b], 1) + self.table


class Encoder(nn.Module):
    """Traced: attention in parts."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.layer = nn.Embedding(10, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.layer(self.embed(ids))
        return made


def stored(module: Any) -> bytes:
    target = io.BytesIO()
    torch.jit.save(module, target)
    return target.getvalue()


@pytest.fixture(scope="module")
def scripted() -> tuple[Any, bytes]:
    module = torch.jit.script(Network().eval())
    return module, stored(module)


def weights(model: Model) -> dict[str, Weight]:
    return {tensor.name: tensor.weight for tensor in model.tensors if tensor.weight is not None}


def test_every_weight_is_that_of_torch(scripted: tuple[Any, bytes]) -> None:
    module, content = scripted
    found = weights(open_model(content))

    for name, value in module.state_dict().items():
        if name.startswith("tied."):
            continue  # the same module under a second name
        np.testing.assert_array_equal(found[name].numpy(), value.numpy())
    assert found["head.weight"].kind == "initializer"
    assert found["table"].kind == found["stem.1.running_mean"].kind == "buffer"


def test_ops_follow_calls_branches_and_loops(scripted: tuple[Any, bytes]) -> None:
    model = open_model(scripted[1])
    counts = Counter(op.type for op in model.ops)

    assert model.format == "torchscript"
    assert model.holds == "ops"
    for kind in ("conv2d", "batch_norm", "relu", "lstm", "linear", "split", "cat"):
        assert counts[kind] == 1, kind
    assert counts["mul"] == 3  # the loop
    assert counts["add"] == 1  # the branch is not taken
    assert model.facts["torchscript"]["ops"] == dict(counts.most_common())
    assert model.facts["torchscript"]["classes"]["Conv2d"] == 1
    assert [model.tensors[tensor].name for tensor in model.inputs] == ["x"]
    lstm = next(op for op in model.ops if op.type == "lstm")
    assert [model.tensors[tensor].name for tensor in lstm.inputs[3:]] == [
        "rnn.weight_ih_l0",
        "rnn.weight_hh_l0",
        "rnn.bias_ih_l0",
        "rnn.bias_hh_l0",
    ]
    assert len(lstm.outputs) == 3


def test_the_data_flow_is_that_of_the_program(scripted: tuple[Any, bytes]) -> None:
    model = open_model(scripted[1])
    by_type = {op.type: op for op in model.ops}

    assert by_type["batch_norm"].inputs[0] == by_type["conv2d"].outputs[0]
    assert by_type["relu"].inputs == by_type["batch_norm"].outputs
    assert by_type["cat"].inputs[1] == by_type["split"].outputs[1]
    assert model.outputs == by_type["add"].outputs
    assert by_type["conv2d"].attributes["stride"] == [1, 1]


def test_a_traced_module_shows_its_attention_and_scopes() -> None:
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        content = stored(torch.jit.trace(Encoder().eval(), torch.zeros(1, 3, dtype=torch.long)))
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    report = analyze(content)
    counts = Counter(report.ops["type"])

    assert counts["scaled_dot_product_attention"] == 1
    assert counts["linear"] == 4
    assert counts["layer_norm"] == 2
    assert "layer.self_attn" in set(report.scopes["path"])
    assert report.totals.parameters == sum(item.numel() for item in Encoder().parameters())
    assert report.totals.macs is None  # no shapes, no costs
    assert any("no shapes" in gap.what for gap in report.gaps)


def with_code(content: bytes, code: str) -> bytes:
    """The archive with another program."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if "/code/" not in name:
                new.writestr(name, old.read(name))
        name = next(name for name in old.namelist() if b"class Single" in old.read(name) and name.endswith(".py"))
        module = name.partition("/code/")[2].removesuffix(".py").replace("/", ".")
        new.writestr(name, code.replace("HERE", module))
    return target.getvalue()


class Single(nn.Module):
    """One layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight


@pytest.fixture(scope="module")
def single() -> bytes:
    return stored(torch.jit.script(Single()))


HEAD = "class Single(Module):\n  __parameters__ = ['weight']\n  def forward(self, x: Tensor):\n"


def followed(single: bytes, body: str, rest: str = "") -> Model:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return open_model(with_code(single, HEAD + lines + rest))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("__import__('os').system('touch ran')\nreturn torch.relu(x)", id="import"),
        pytest.param("return torch.relu(x) if eval('1') else x", id="eval"),
        pytest.param("return torch.relu((lambda: x)())", id="lambda"),
        pytest.param("return torch.relu([y for y in [x]])", id="comprehension"),
        pytest.param(f"return torch.relu(x, CONSTANTS.c{'9' * 5000})", id="a constant of 5000 digits"),
    ],
)
def test_the_code_never_runs(single: bytes, body: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = followed(single, body)
    assert list(tmp_path.iterdir()) == []
    assert {op.type for op in model.ops} <= {"relu", "Weight"}


def test_code_that_calls_itself_ends(single: bytes) -> None:
    model = followed(single, "y = torch.relu(x)\nreturn (self).forward(y)")
    assert any("followed to its end" in gap.what for gap in model.gaps)
    assert len(model.ops) < 100


def test_code_that_doubles_itself_ends(single: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty functions, each calling the one before twice: a billion calls if all were followed."""
    monkeypatch.setattr("haoline_analysis.formats.torch.script_walk.MAX_STEPS", 5000)
    rest = "def f0(x: Tensor):\n  return torch.relu(x)\n"
    for level in range(30):
        rest += f"def f{level + 1}(x: Tensor):\n  return HERE.f{level}(HERE.f{level}(x))\n"
    model = followed(single, "return HERE.f30(x)", rest)
    assert any("followed to its end" in gap.what for gap in model.gaps)


def test_lists_that_double_end(single: bytes) -> None:
    body = "a = [x, x]\n" + "a = [a, a]\n" * 60 + "return torch.cat(a)"
    model = followed(single, body)
    assert any("followed to its end" in gap.what for gap in model.gaps)


@pytest.mark.parametrize("length", ["10 ** 9", "1000000000000", "x", "-5, 5, 0"])
def test_loops_without_measure_are_followed_once_at_most(single: bytes, length: str) -> None:
    model = followed(single, f"for i in range({length}):\n  x = torch.relu(x)\nreturn x")
    assert len(model.ops) <= 1


@pytest.mark.parametrize("code", ["class", "(" * 300, "def f(:\n", "\0", "x = " + "-" * 100_000 + "1"])
def test_code_that_cannot_be_parsed_is_one_error(single: bytes, code: str) -> None:
    with pytest.raises(ModelError):
        open_model(with_code(single, code))


def test_an_archive_without_its_forward_shows_its_weights(single: bytes) -> None:
    model = open_model(with_code(single, "class Other(Module):\n  pass\n"))
    assert model.holds == "weights"
    assert [op.name for op in model.ops] == ["weight"]
    assert any("no code of Single.forward" in gap.what for gap in model.gaps)


def test_truncated_archives_are_one_error(single: bytes) -> None:
    for length in range(100, len(single), 251):
        with pytest.raises(ModelError):
            open_model(single[:length])
