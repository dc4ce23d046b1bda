"""A model that is broken is told or refused by ``quantize``, not later by whoever runs it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import attention, attention_feeds, floats, matrix, model_of

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.quantization import quantize
from haoline_analysis.quantization.quantizers.methods import dynamic, static
from haoline_analysis.quantization.quantizers.trying import Trial, try_model
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.stopping import Stop


def data(count: int = 8) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [{"x": rng.normal(size=(1, 64)).astype("f4")} for _ in range(count)]


def with_range(monkeypatch, name, low, high):
    """Let the calibration say something else of a tensor."""
    from onnxruntime.quantization.calibrate import TensorData

    plain = static.find_ranges

    def broken(*args):
        found = plain(*args)
        found.data[name] = TensorData(lowest=np.float32(low), highest=np.float32(high))
        return found

    monkeypatch.setattr(static, "find_ranges", broken)


def test_an_output_of_which_nothing_is_left_is_told(monkeypatch):
    assert not any("compare" in note for note in quantize(matrix(), calibration=data()).notes)
    with_range(monkeypatch, "y", -1e-3, 1e-3)
    told = [note for note in quantize(matrix(), calibration=data()).notes if "compare says where" in note]
    assert len(told) == 1
    assert told[0].startswith("On calibration ")
    assert "'y' (0.0 dB)" in told[0]


def test_a_model_of_nothing_but_nan_is_refused(monkeypatch):
    with_range(monkeypatch, "y", -np.inf, np.inf)
    with pytest.raises(ModelError):
        quantize(attention(-50), calibration=attention_feeds())


def test_what_onnxruntime_opens_but_cannot_run_is_refused_without_data(monkeypatch):
    """Kernels check the zero points of a stack of matrices only when they run."""
    monkeypatch.setattr(dynamic, "matrices_per_channel", lambda quantizer: quantizer)
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], "experts")]
    weights = {"w": rng.normal(size=(3, 64, 48)).astype("f4")}
    model = model_of(nodes, [floats("x", 1, "n", 64)], [floats("y", 3, "n", 48)], weights)
    with pytest.raises(
        ModelError, match=r"fails on synthetic 0, once quantized at .*MatMul op 'experts_quant'.* zero point"
    ):
        quantize(model, scheme="dynamic-int8", per_channel=True)


def test_nothing_but_nan_of_made_up_inputs_is_told(tmp_path):
    """Nobody knows whether such inputs occur, so that it is no reason to refuse."""
    model = matrix()
    onnx.save(model, tmp_path / "float.onnx")
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(np.full((64, 48), np.nan, np.float32), "w"))
    onnx.save(model, tmp_path / "made.onnx")
    opened = open_model(str(tmp_path / "float.onnx"))
    trial = Trial("model", opened, tmp_path / "float.onnx", tmp_path / "made.onnx", 12288, None)
    assert "nothing but NaN of made-up inputs" in try_model(trial, Stop())[0]
    trial.prepared = trial.made
    assert not try_model(trial, Stop())
    trial.samples = samples_of(data(), opened)
    trial.prepared = tmp_path / "float.onnx"
    with pytest.raises(ModelError, match="nothing but NaN of the first sample"):
        try_model(trial, Stop())


def test_random_numbers_are_not_taken_for_an_error():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], "matmul"),
        helper.make_node("RandomNormalLike", ["a"], ["noise"], "noise", scale=1e3),
        helper.make_node("Add", ["a", "noise"], ["y"], "add"),
    ]
    weights = {"w": np.ones((64, 48), np.float32)}
    model = model_of(nodes, [floats("x", "n", 64)], [floats("y", "n", 48)], weights)
    assert not quantize(model, calibration=data()).notes
