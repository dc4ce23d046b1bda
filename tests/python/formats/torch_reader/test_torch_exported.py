"""``.pt2`` files are read without PyTorch: the ops, shapes and costs of the program that was saved."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.torch.dims import expression
from haoline_analysis.report.analysis import analyze

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from haoline_analysis.model import Model, Op

torch = pytest.importorskip("torch")
nn = torch.nn


class Network(nn.Module):
    """Convolution, normalisation, a tied layer, a buffer, a split and a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout(0.1))
        self.head = nn.Linear(8, 4)
        self.tied = self.head
        self.register_buffer("table", torch.arange(4.0))

    def forward(self, image: Any) -> Any:
        pooled = self.stem(image).mean((2, 3))
        first, second = torch.split(self.head(pooled) + self.tied(pooled), 2, 1)
        with torch.no_grad():
            scale = self.table * 2.0
        return torch.cat([first, second], 1).transpose(0, 1).reshape(-1) + scale.repeat(image.shape[0])


def program(dynamic: bool = False) -> Any:
    torch.manual_seed(0)
    shapes = {"image": {0: torch.export.Dim("batch", min=2, max=64)}} if dynamic else None
    return torch.export.export(Network().eval(), (torch.randn(2, 3, 8, 8),), dynamic_shapes=shapes)


@pytest.fixture(scope="module")
def exported() -> Any:
    return program()


@pytest.fixture(scope="module")
def content(exported: Any) -> bytes:
    target = io.BytesIO()
    torch.export.save(exported, target)
    return target.getvalue()


def shapes(model: Model, op: Op) -> list[Any]:
    return [model.tensors[tensor].shape for tensor in op.outputs]


def rewritten(content: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The archive with its program changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("models/model.json"):
                parsed = json.loads(data)
                change(parsed)
                data = json.dumps(parsed).encode()
            new.writestr(name, data)
    return target.getvalue()


def test_ops_shapes_and_costs_are_those_of_the_program_in_hand(exported: Any, content: bytes) -> None:
    live, stored = analyze(exported), analyze(content)

    assert stored.model.format == "pt2"
    assert [op.type for op in stored.model.ops] == [op.type for op in live.model.ops]
    assert [op.name for op in stored.model.ops] == [op.name for op in live.model.ops]
    for ours, theirs in zip(stored.model.ops, live.model.ops, strict=True):
        shapes = [
            [report.model.tensors[tensor].shape for tensor in op.outputs]
            for report, op in ((stored, ours), (live, theirs))
        ]
        assert shapes[0] == shapes[1], ours.name
        assert len(ours.inputs) == len(theirs.inputs), ours.name
        assert ours.metadata == theirs.metadata
    for figure in ("parameters", "macs", "flops", "weight_bytes", "peak_activation_bytes"):
        assert getattr(stored.totals, figure) == getattr(live.totals, figure), figure


def test_weights_are_read_from_the_archive(exported: Any, content: bytes) -> None:
    model = open_model(content)
    found = {tensor.name: tensor.weight for tensor in model.tensors if tensor.weight is not None}

    for name, value in exported.state_dict.items():
        weight = found[name]
        assert weight is not None
        np.testing.assert_array_equal(weight.numpy(), value.detach().numpy())
    assert found["head.weight"] is found["tied.weight"]
    assert found["table"] is not None
    assert found["table"].kind == "buffer"
    assert model.producer.startswith("PyTorch 2.")
    assert model.facts["export"]["route"] == "file"


def test_symbolic_sizes_can_be_bound(tmp_path: Path) -> None:
    path = tmp_path / "dynamic.pt2"
    torch.export.save(program(dynamic=True), path)
    model = open_model(path)
    (name,) = [dim for dim in model.tensors[model.inputs[0]].shape or () if isinstance(dim, str)]
    two, eight = (analyze(path, shapes={name: size}).totals.macs for size in (2, 8))
    assert eight == 4 * two


def test_a_transformer_of_transformers_is_the_same_stored_and_live(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = transformers.LlamaConfig(num_key_value_heads=2, vocab_size=50, **sizes)
    module = transformers.LlamaForCausalLM(config).eval()
    given = {"input_ids": torch.zeros(1, 8, dtype=torch.int64), "use_cache": False}
    with torch.no_grad():
        made = torch.export.export(module, (), given)
    path = tmp_path / "llama.pt2"
    torch.export.save(made, path)
    live, stored = analyze(made), analyze(path)

    assert [op.type for op in stored.model.ops] == [op.type for op in live.model.ops]
    assert stored.totals.macs == live.totals.macs
    assert stored.totals.parameters == live.totals.parameters == sum(item.numel() for item in module.parameters())


def older(exported: Any, content: bytes) -> bytes:
    """The layout before PyTorch 2.8: the program beside a checkpoint of its weights, all at the top."""
    state = io.BytesIO()
    torch.save(exported.state_dict, state)
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as new, zipfile.ZipFile(target, "w") as old:
        model = next(name for name in new.namelist() if name.endswith("models/model.json"))
        old.writestr("serialized_exported_program.json", new.read(model))
        old.writestr("serialized_state_dict.pt", state.getvalue())
        old.writestr("version", "8.4")
    return target.getvalue()


def test_the_older_layout_is_read_with_its_checkpoint_inside(exported: Any, content: bytes) -> None:
    report = analyze(older(exported, content))
    found = {tensor.name: tensor.weight for tensor in report.model.tensors if tensor.weight is not None}

    assert report.totals.macs == analyze(content).totals.macs
    weight = found["stem.0.weight"]
    assert weight is not None
    np.testing.assert_array_equal(weight.numpy(), exported.state_dict["stem.0.weight"].detach().numpy())


def test_a_payload_among_the_example_inputs_is_found(content: bytes) -> None:
    from torch_files import PROTO, STOP, archive, called, tensor, text

    target = io.BytesIO(content)
    evil = archive(PROTO + b"(" + tensor() + called("os", "system", text("id")) + b"t" + STOP)
    with zipfile.ZipFile(target, "a") as made:
        root = made.namelist()[0].partition("/")[0]
        made.writestr(f"{root}/data/more/model.pt", evil)
    (finding,) = open_model(target.getvalue()).findings
    assert finding.severity == "error"
    assert "os.system" in finding.evidence


def first_node(parsed: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = parsed["graph_module"]["graph"]["nodes"][0]
    return node


@pytest.mark.parametrize(
    "change",
    [
        lambda parsed: parsed.pop("graph_module"),
        lambda parsed: parsed["graph_module"].pop("signature"),
        lambda parsed: parsed["graph_module"]["graph"].pop("nodes"),
        lambda parsed: first_node(parsed).pop("inputs"),
        lambda parsed: first_node(parsed).update(inputs=[{"name": "x", "arg": {"as_tensor": {"name": "nobody"}}}]),
        lambda parsed: first_node(parsed).update(inputs=[{"name": "x", "arg": {"as_tensor": 3}}]),
        lambda parsed: first_node(parsed).update(outputs=[{"as_tensors": 3}]),
        lambda parsed: parsed["graph_module"]["graph"].update(tensor_values=[]),
        lambda parsed: parsed["graph_module"]["graph"]["tensor_values"]["conv2d"].update(sizes=7),
        lambda parsed: parsed["graph_module"].update(graph=[]),
    ],
)
def test_broken_programs_are_one_error(content: bytes, change: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises(MalformedModelError):
        open_model(rewritten(content, change))


def test_absurd_sizes_are_not_believed(content: bytes) -> None:
    absurd: list[Any] = [
        {"as_int": 1 << 62},
        {"as_int": -5},
        {"as_expr": {"expr_str": "9" * 1500}},
        {"as_expr": 3},
        None,
    ]

    def change(parsed: dict[str, Any]) -> None:
        parsed["graph_module"]["graph"]["tensor_values"]["conv2d"]["sizes"] = absurd

    model = open_model(rewritten(content, change))
    assert model.tensors[model.ops[0].outputs[0]].shape == (None,) * len(absurd)


def test_weights_beyond_their_entries_are_refused(content: bytes) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"" if name.endswith("weight_0") else old.read(name))
    with pytest.raises(MalformedModelError, match="storage"):
        open_model(target.getvalue())


def test_deep_json_is_refused(content: bytes) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        new.writestr("m/archive_format", "pt2")
        new.writestr("m/models/model.json", "[" * 200_000)
    with pytest.raises(LimitError, match="nests"):
        open_model(target.getvalue())


def test_compiled_packages_are_refused_by_name() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        new.writestr("m/archive_format", "pt2")
        new.writestr("m/data/aotinductor/model/x.so", b"\x7fELF")
    with pytest.raises(UnsupportedFormatError, match="AOTInductor"):
        open_model(target.getvalue())


def test_truncated_archives_are_one_error(content: bytes) -> None:
    for length in range(100, len(content), 997):
        with pytest.raises(ModelError):
            open_model(content[:length])


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Symbol('s0', positive=True, integer=True)", "s0"),
        ("Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(1))", "(2*s0) + 1"),
        ("Mul(Integer(-1), Symbol('s0'))", "-1*s0"),
        ("FloorDiv(Symbol('s0'), Integer(2))", "s0 // 2"),
        ("Max(Integer(1), Symbol('u0'))", "max(1, u0)"),
        ("Mod(Symbol('s0'), Integer(8))", "s0 % 8"),
        ("s0 + 1", "s0 + 1"),
        ("Integer(12)", 12),
        ("__import__('os').system('id')", None),
        ("Symbol('__import__(1)')", None),
        ("lambda: 0", None),
        ("(" * 500 + ")" * 500, None),
        ("9" * 5000, None),
        ("s0 ** 9999999", None),
        ("- -5", "--5"),
        ("-5", -5),
    ],
)
def test_expressions_are_taken_apart_and_never_evaluated(text: str, meaning: str | int | None) -> None:
    assert expression(text) == meaning
