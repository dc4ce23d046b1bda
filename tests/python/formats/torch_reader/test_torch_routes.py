"""Modules that ``torch.export`` cannot take: the ops of one run, or those of an ONNX export, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from haoline_analysis.errors import MissingExtraError, ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.report.analysis import analyze

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Branching(nn.Module):
    """What it does hangs on the values it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 4)
        self.tied = self.head

    def forward(self, image: Any, again: Any = None) -> Any:
        y = torch.relu_(self.norm(self.conv(image)))
        if y.sum().item() > -1:
            y = y + 1
        y = self.encoder(y.mean((2, 3))[:, None])[:, 0]
        return {"first": self.head(y), "second": self.tied(y), "again": again}


class Steady(nn.Module):
    """The same without the branch."""

    def __init__(self, other: Branching) -> None:
        super().__init__()
        self.other = other

    def forward(self, image: Any) -> Any:
        other = self.other
        y = torch.relu_(other.norm(other.conv(image))) + 1
        y = other.encoder(y.mean((2, 3))[:, None])[:, 0]
        return other.head(y), other.tied(y)


IMAGE = torch.zeros(2, 3, 8, 8)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_ops_of_a_run_cost_what_those_of_an_export_do(device: str) -> None:
    module = Steady(Branching()).to(device)
    run, export = analyze(module, IMAGE, route="hooks"), analyze(module, IMAGE.to(device), route="export")

    for figure in ("parameters", "macs", "weight_bytes"):
        assert getattr(run.totals, figure) == getattr(export.totals, figure), figure
    kinds = [[op.type for op in report.model.ops if op.type in MAIN] for report in (run, export)]
    assert kinds[0] == kinds[1]
    assert run.model.facts["export"] == {"route": "hooks"}


MAIN = {"conv2d", "batch_norm", "linear", "relu", "layer_norm", "scaled_dot_product_attention", "mean", "add"}


def test_a_module_that_cannot_be_exported_is_run_and_it_is_said() -> None:
    module = Branching()
    report = analyze(module, IMAGE)

    facts = report.model.facts["export"]
    assert facts["route"] == "hooks"
    assert facts["failed"]
    assert any("torch.export cannot take this module" in gap.what for gap in report.gaps)
    assert report.totals.parameters == sum(item.numel() for item in module.parameters())
    assert module.training  # as it was
    paths = set(report.scopes["path"])
    assert {"conv", "encoder.self_attn"} <= paths
    assert report.model.tensors[report.model.inputs[0]].name == "image"


def test_an_op_without_fused_kernels_keeps_its_parts() -> None:
    """The encoder layer would run as one op on CPU, which tells nothing of its attention."""
    model = open_model(Branching().eval(), example_inputs=IMAGE, route="hooks")
    assert "scaled_dot_product_attention" in {op.type for op in model.ops}
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_module_that_raises_is_one_error() -> None:
    class Broken(nn.Module):
        def forward(self, x: Any) -> Any:
            raise ValueError(f"no use for {tuple(x.shape)}")

    with pytest.raises(ModelError, match="cannot be run: ValueError: no use for"):
        open_model(Broken(), example_inputs=IMAGE, route="hooks")


def test_hooks_are_gone_afterwards() -> None:
    from torch.nn.modules import module as modules

    before = len(modules._global_forward_hooks), len(modules._global_forward_pre_hooks)
    open_model(nn.Linear(2, 2), example_inputs=torch.zeros(1, 2), route="hooks")
    assert (len(modules._global_forward_hooks), len(modules._global_forward_pre_hooks)) == before


def test_the_onnx_route_keeps_the_file_where_asked(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    module = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    path = tmp_path / "kept.onnx"
    report = analyze(module, torch.zeros(2, 8), route="onnx", keep_onnx=path)

    assert path.is_file()
    assert report.model.facts["export"]["kept"] == str(path)
    assert report.totals.parameters == 36
    assert report.totals.macs == analyze(module, torch.zeros(2, 8)).totals.macs
    assert any("ONNX export" in gap.what for gap in report.gaps)


def test_the_onnx_route_leaves_no_file_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
    model = open_model(nn.Linear(8, 4), example_inputs=torch.zeros(2, 8), route="onnx")
    weight = next(tensor.weight for tensor in model.tensors if tensor.weight is not None)

    assert list(tmp_path.iterdir()) == []
    assert weight.numpy().size > 0


def test_a_missing_exporter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haoline_analysis.formats.torch.onnx_route._is_there", lambda name: name != "onnxscript")
    with pytest.raises(MissingExtraError, match="pip install onnxscript"):
        open_model(nn.Linear(8, 4), example_inputs=torch.zeros(2, 8), route="onnx")


def test_meta_modules_have_no_weights_to_export_to_onnx() -> None:
    with pytest.raises(ModelError, match="meta device"):
        open_model(nn.Linear(8, 4, device="meta"), example_inputs=torch.zeros(2, 8, device="meta"), route="onnx")
