"""A module, its ONNX export and its checkpoint are the same model: they agree on parameters and MACs."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from haoline_analysis.report import analyze

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch_modules import MODULES, ResNet50, inputs_of, made  # noqa: E402

from haoline_analysis.formats.torch.example_inputs import example_inputs  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.report import ModelReport

EVERY = pytest.mark.parametrize("name", list(MODULES))


@cache
def report_of(name: str) -> ModelReport:
    return analyze(made(name), inputs_of(name))


def exported(module: Any, given: Any) -> Any:
    """The module as ONNX, as traced: what optimisers fold (batch norm, masks) is still there."""
    inputs = example_inputs(module, given)
    if hasattr(getattr(module, "config", None), "num_local_experts"):
        module.config._experts_implementation = "batched_mm"  # what the exporter can translate
    with torch.no_grad():
        program = torch.onnx.export(
            module.eval(), inputs.args, kwargs=inputs.kwargs, dynamo=True, optimize=False, verbose=False
        )
    return program.model_proto


@EVERY
def test_parameters_are_the_modules_own(name: str) -> None:
    total = sum(parameter.numel() for parameter in made(name).parameters())
    assert report_of(name).totals.parameters == total


@EVERY
def test_module_and_onnx_agree_on_parameters_and_macs(name: str) -> None:
    pytest.importorskip("onnxscript")
    onnx = analyze(exported(made(name), inputs_of(name)))
    ours = report_of(name).totals
    assert (ours.parameters, ours.macs) == (onnx.totals.parameters, onnx.totals.macs)


@EVERY
def test_module_and_safetensors_agree_on_parameters(name: str, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    module = copy.deepcopy(made(name))
    path = tmp_path / "model.safetensors"
    safetensors.save_model(module, str(path))  # writes shared tensors once
    assert analyze(path).totals.parameters == report_of(name).totals.parameters


@EVERY
def test_every_op_has_a_cost(name: str) -> None:
    assert [gap.what for gap in report_of(name).gaps] == []


def test_resnet_50_at_full_size_on_the_meta_device() -> None:
    """25,557,032 parameters as published, 4.089 GMACs at 224 x 224 as fvcore and the ONNX model zoo's count."""
    with torch.device("meta"):
        module, image = ResNet50(), torch.zeros(1, 3, 224, 224)
    report = analyze(module, image)
    assert report.totals.parameters == 25_557_032
    assert report.totals.macs == 4_089_184_256
    assert (report.ops.category == "residual").sum() == 16


def test_mixture_counts_the_chosen_experts_only() -> None:
    """2 of 4 experts of three 32 x 64 matrices, 128 tokens, 2 layers."""
    ops = report_of("Mixtral").ops
    assert ops.macs[ops.category == "moe"].sum() == 2 * 128 * 2 * 3 * 32 * 64


def test_tied_head_counts_once() -> None:
    ops = report_of("GPT-2").ops
    tied = ops[ops.scope == "lm_head"]
    assert tied.parameters.tolist() == [0]
    assert tied.macs.tolist() == [64 * 32 * 50]
