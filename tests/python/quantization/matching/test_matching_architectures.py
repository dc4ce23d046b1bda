"""What real architectures have and a plain network has not: each with what onnxruntime makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from checking import check
from matching_models import MODELS, Builder, stripped, variant


def made(kind: str, how: str, names: str, folder: Path) -> Path:
    path = variant(kind, how, folder)
    return stripped(path, folder / "stripped.onnx", ports=True) if names == "stripped" else path


def conv(make: Builder, x: str, name: str, out: int, of: int, *, norm: bool = False) -> str:
    """A convolution with a bias, and with the batch normalization that many put behind it all the same."""
    weights = make.weight(f"{name}.w", out, of, 3, 3), make.weight(f"{name}.b", out, scale=0.1)
    x = make.op("Conv", x, *weights, name=name, pads=[1] * 4, kernel_shape=[3, 3])
    if not norm:
        return x
    statistics = [
        make.constant(f"{name}.{part}", make.rng.uniform(low, high, out).astype(np.float32))
        for part, low, high in (("gamma", 0.5, 2), ("beta", -0.5, 0.5), ("mean", -0.2, 0.2), ("var", 0.5, 2))
    ]
    return make.op("BatchNormalization", x, *statistics, name=f"{name}/norm")


def gated_convolutions(gate: str) -> onnx.ModelProto:
    """Convolutions before activations that onnxruntime fuses with them or computes on 16 channels where 8 are."""
    make, x, of, width = Builder(), "x", 3, 8 if gate == "SiLU" else 16
    for name in ("one", "two", "three"):
        x, of = conv(make, x, name, width, of), width
        if gate == "HardSwish":
            x = make.op("HardSwish", x, name=f"{name}/act")
        elif gate == "HardSwish in steps":
            x = make.op("Mul", x, make.op("HardSigmoid", x, name=f"{name}/gate", alpha=1 / 6), name=f"{name}/act")
        else:
            x = make.op("Mul", x, make.op("Sigmoid", x, name=f"{name}/gate"), name=f"{name}/act")
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "optimised", "fp16"])
@pytest.mark.parametrize("gate", ["HardSwish", "HardSwish in steps", "SiLU"])
def test_gated_activations_between_convolutions(gate, how, names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "convolutions", lambda: gated_convolutions(gate))
    model, matching, _ = check("convolutions", how, made("convolutions", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/act", "two/act", "three/act", "mean"} <= found


def wide() -> onnx.ModelProto:
    """As many channels as let a bias tell an op from others; a normalization inside of the weights changes it."""
    make, x, of = Builder(), "x", 3
    for name in ("one", "two", "three"):
        x, of = make.op("Relu", conv(make, x, name, 64, of, norm=True), name=f"{name}/relu"), 64
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 3, 16, 16]}, ["mean"])


@pytest.mark.parametrize("names", ["kept", "stripped"])
@pytest.mark.parametrize("how", ["same", "optimised"])
def test_a_batch_normalization_changes_a_bias_and_not_the_convolution(how, names, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "convolutions", wide)
    model, matching, _ = check("convolutions", how, made("convolutions", how, names, tmp_path))
    found = {model.tensors[one.tensor].name for one in matching.matches}
    assert {"one/relu", "two/relu", "three/relu", "mean"} <= found


def tokens_and_maps() -> onnx.ModelProto:
    """Tokens that become a map for a convolution, as transformers for images reduce their keys."""
    make = Builder()
    x = make.op("MatMul", "x", make.weight("up", 16, 16), name="up/out")
    x = make.op("Transpose", x, name="turned", perm=[0, 2, 1])
    x = make.op("Reshape", x, make.constant("map", np.array([1, 16, 4, 4])), name="map/out")
    x = make.op("Conv", x, make.weight("reduce", 16, 16, 2, 2), name="reduced", strides=[2, 2], kernel_shape=[2, 2])
    make.op("GlobalAveragePool", x, name="mean")
    return make.model({"x": [1, 16, 16]}, ["mean"])


def test_what_only_moves_elements_is_left_out_step_by_step(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(MODELS, "tokens", tokens_and_maps)
    check("tokens", "same", variant("tokens", "same", tmp_path))
