"""What a capture adds: rules that judge activations, on what was measured."""

import numpy as np
import pytest
from lint_models import Net, findings, normal

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import lint

pytest.importorskip("onnxruntime")


def model(lifted):
    """A product behind a gain that lifts one channel far above the others, or none."""
    net = Net(x=[16, 64])
    gain = np.where(np.arange(64) == 7, 300 if lifted else 1, 1).astype(np.float32)
    net.op("MatMul", net.op("Mul", "x", net.weight(gain)), net.weight(normal(64, 8)))
    return net.model()


def captured(made):
    from haoline_analysis.runtime import capture

    return capture(made, {"x": normal(16, 64)})


def test_outliers_of_activations_are_found_where_they_were_measured():
    made = model(True)
    assert "activation-outliers" not in findings(made)
    found = findings(made, activations=captured(made))["activation-outliers"][0]
    assert found.severity == "warning"
    assert "of the range" in found.evidence or "median channel" in found.evidence
    assert found.fix.options == {"int16": ["Mul_0"]}


def test_even_activations_are_not():
    made = model(False)
    assert "activation-outliers" not in findings(made, activations=captured(made))


def test_a_measured_range_tells_whether_a_bias_overflows():
    net = Net(x=[16, 64])
    weight = normal(64, 2) * np.float32(1e-4)
    net.op("Gemm", net.op("Mul", "x", net.weight(np.float32(1e-4))), net.weight(weight), net.weight(np.float32([1, 0])))
    made = net.model()
    assert "bias-overflow" not in findings(made)
    assert "bias-overflow" in findings(made, activations=captured(made))


def test_a_capture_of_another_model_is_refused():
    net = Net(y=[1, 4])
    net.op("Relu", "y")
    with pytest.raises(ModelError, match="another model"):
        lint(net.model(), activations=captured(model(True)))


@pytest.mark.parametrize("wrong", ["captured", {"x": 1}, 3])
def test_what_is_no_capture_is_refused(wrong):
    with pytest.raises(ModelError, match="a capture"):
        lint(model(True), activations=wrong)
