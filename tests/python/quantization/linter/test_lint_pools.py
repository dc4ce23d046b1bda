"""Averages whose last window reaches over the end: onnxruntime's integer kernel divides by what is not there."""

import numpy as np
import pytest
from lint_models import Net, findings, normal

from haoline_analysis.quantization import quantize

WRONG = "average-over-the-end"


def pooled(size=6, rounded=True, **attributes):
    net = Net(x=[1, 8, size, size])
    source = net.q("x") if rounded else net.op("Relu", "x")
    made = net.op("AveragePool", source, **{"kernel_shape": [3, 3], "strides": [2, 2], **attributes})
    net.q(made) if rounded else net.op("Flatten", made)
    return net.model()


OVER = {"ceil_mode": 1, "count_include_pad": 1}


@pytest.mark.parametrize(
    "attributes", [OVER, {**OVER, "kernel_shape": [640, 640], "strides": [640, 640]}, {**OVER, "pads": [1, 1, 1, 1]}]
)
def test_a_window_over_the_end_is_an_error_on_cpus(attributes):
    found = findings(pooled(**attributes), "cpu")[WRONG][0]
    assert found.severity == "error"
    assert WRONG not in findings(pooled(**attributes), "tensorrt")
    assert findings(pooled(rounded=False, **attributes))[WRONG][0].severity == "info"


@pytest.mark.parametrize(
    ("size", "attributes"), [(6, {"ceil_mode": 1}), (6, {"count_include_pad": 1, "pads": [1, 1, 1, 1]}), (7, OVER)]
)
def test_windows_that_fit_or_count_what_is_there_are_none(size, attributes):
    assert WRONG not in findings(pooled(size, **attributes), "cpu")


def test_the_evidence_has_both_divisors():
    text = findings(pooled(2, **{**OVER, "kernel_shape": [640, 640], "strides": [640, 640]}), "cpu")[WRONG][0].evidence
    assert "4 values" in text
    assert "409,600" in text


def test_what_is_said_is_what_onnxruntime_does_and_quantize_mends_it(tmp_path):
    tools = pytest.importorskip("onnxruntime.quantization")
    ort = pytest.importorskip("onnxruntime")
    net = Net(x=[1, 8, 2, 2])
    scaled = net.op("Mul", "x", net.op("Sigmoid", "x"))
    average = net.op("AveragePool", scaled, **OVER, kernel_shape=[64, 64], strides=[64, 64])
    net.op("Conv", average, net.weight(normal(4, 8, 1, 1)))
    model, data = net.model(), [{"x": normal(1, 8, 2, 2)} for _ in range(8)]

    class Samples(tools.CalibrationDataReader):
        left = iter(data)

        def get_next(self):
            return next(self.left, None)

    def run(source):
        return ort.InferenceSession(source, providers=["CPUExecutionProvider"]).run(None, data[0])[0]

    wanted = run(model.SerializeToString())
    tools.quantize_static(model, tmp_path / "wrong.onnx", Samples(), activation_type=tools.QuantType.QUInt8)
    assert np.abs(run(tmp_path / "wrong.onnx") - wanted).max() > 0.5 * np.abs(wanted).max()
    assert WRONG in findings(tmp_path / "wrong.onnx")
    right = quantize(model, calibration=data, target="cpu-vnni", output=tmp_path / "right.onnx")
    assert np.abs(run(right.path) - wanted).max() < 0.1 * np.abs(wanted).max()
    assert WRONG not in findings(right)
