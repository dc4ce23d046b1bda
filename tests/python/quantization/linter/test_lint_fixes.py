"""Fixes that can be made: their ops are the float model's, they leave something to quantize, and change something."""

import numpy as np
import pytest
from lint_models import Net, conv_net, findings, normal

from haoline_analysis.quantization import lint, quantize


def perceptron():
    net = Net(x=[4, 16])
    made = net.op("Relu", net.op("Gemm", "x", net.weight(normal(16, 16)), net.weight(normal(16))))
    made = net.op("Relu", net.op("Gemm", made, net.weight(normal(16, 16)), net.weight(normal(16))))
    net.op("MatMul", made, net.weight(normal(16, 4)))
    return net.model()


def uneven_depthwise(ratio):
    """A depthwise convolution of which one filter is larger than the others."""
    weight = normal(8, 1, 3, 3)
    weight[0] *= ratio
    return conv_net(weight, group=8)


@pytest.mark.parametrize(
    "scheme", ["dynamic-int8", "weights-int8", "weights-int4", "static-int8", "static-int8-qoperator"]
)
@pytest.mark.parametrize("target", ["cpu", "cuda", "tensorrt"])
def test_ops_of_a_fix_are_those_of_the_float_model(scheme, target, tmp_path):
    pytest.importorskip("onnxruntime")
    model = perceptron()
    names = {node.name for node in model.graph.node}
    data = {"calibration": [{"x": normal(4, 16)} for _ in range(4)]} if scheme.startswith("static") else {}
    made = quantize(model, scheme=scheme, output=tmp_path / "m.onnx", **data)
    for finding in lint(made, target=target).findings:
        assert set(finding.fix.options.get("keep_float", ()) if finding.fix else ()) <= names, finding.id


@pytest.mark.parametrize("make", [perceptron, conv_net])
def test_no_fix_leaves_nothing_to_quantize(make):
    found = findings(make(), "cuda")["no-quantized-kernel"][0]
    assert found.severity == "warning"
    assert found.fix is None
    assert "keep_float" not in lint(make(), target="cuda").options()


def test_integer_operators_are_made_anew_for_tensorrt():
    net = Net(x=[1, 4])
    grid = net.weight(np.float32(0.1)), net.weight(np.uint8(128))
    added = net.op("QLinearAdd", *2 * (net.op("QuantizeLinear", "x", *grid), *grid), *grid, domain="com.microsoft")
    net.op("DequantizeLinear", added, *grid)
    assert findings(net.model(), "tensorrt")["no-quantized-kernel"][0].fix.options == {"scheme": "tensorrt-int8"}


def test_a_convolution_of_run_time_scales_has_one_scale_whatever_is_asked(tmp_path):
    pytest.importorskip("onnxruntime")
    model = uneven_depthwise(1)
    made = quantize(model, scheme="dynamic-int8", per_channel=True, output=tmp_path / "m.onnx")
    fix = {finding.id: finding for finding in lint(made, target="cpu").findings}["depthwise-per-tensor"].fix
    assert fix.options == {"keep_float": [model.graph.node[0].name]}
    again = quantize(model, scheme="dynamic-int8", output=tmp_path / "n.onnx", **fix.options)
    assert "depthwise-per-tensor" not in {finding.id for finding in lint(again, target="cpu").findings}


@pytest.mark.parametrize(("ratio", "severity"), [(1, "info"), (100, "warning")])
def test_depthwise_filters_are_judged_by_what_one_scale_leaves_of_them(ratio, severity):
    found = findings(uneven_depthwise(ratio))["depthwise-per-tensor"][0]
    assert found.severity == severity
    assert "dB with one scale" in found.evidence
    assert ("per_channel" in lint(uneven_depthwise(ratio)).options()) == (severity == "warning")


def attention():
    """Attention with a mask, between two products."""
    net = Net(x=[1, 2, 8, 8])
    source = net.op("MatMul", "x", net.weight(normal(8, 8)))
    scores = net.op("MatMul", source, net.op("Transpose", source, perm=[0, 1, 3, 2]))
    weights = net.op("Softmax", net.op("Add", scores, net.weight(np.triu(np.full((8, 8), -10, np.float32), 1))))
    net.op("MatMul", net.op("MatMul", weights, source), net.weight(normal(8, 8)))
    return net.model()


def mismatched(reader="Softmax"):
    """A sum of a branch and of one ten thousand times smaller."""
    net = Net()
    left, right = (net.op("Conv", "x", net.weight(normal(8, 8, 1, 1, scale=scale))) for scale in (1, 1e-4))
    made = net.op("Add", left, right)
    made = net.op("Softmax", made) if reader == "Softmax" else made
    net.op("Conv", made, net.weight(normal(8, 8, 1, 1)))
    return net.model()


def chain():
    net = Net(x=[4, 16])
    made = "x"
    for _ in range(4):
        made = net.op("MatMul", made, net.weight(normal(16, 16)))
    return net.model()


FIXED = {
    "quantized-fragile-op": (attention, [1, 2, 8, 8]),
    "scale-mismatch": (mismatched, [1, 8, 6, 6]),
    "first-last-layer": (chain, [4, 16]),
}


@pytest.mark.parametrize("name", FIXED)
def test_a_fix_ends_what_it_is_for_and_brings_no_new_warning(name, tmp_path):
    pytest.importorskip("onnxruntime")
    make, shape = FIXED[name]
    model, data = make(), [{"x": normal(*shape)} for _ in range(8)]

    def warned(**options):
        made = quantize(model, calibration=data, target="cpu-vnni", output=tmp_path / "m.onnx", **options)
        found = lint(made, target="cpu-vnni").findings
        return {finding.id: finding for finding in found}, {f.id for f in found if f.severity != "info"}

    before, warnings = warned()
    after, more = warned(**before[name].fix.options)
    assert name not in after
    assert more <= warnings


def test_a_sum_that_a_convolution_reads_is_rounded_whatever_is_left_in_float(tmp_path):
    pytest.importorskip("onnxruntime")
    data = [{"x": normal(1, 8, 6, 6)} for _ in range(8)]
    made = quantize(mismatched("Conv"), calibration=data, target="cpu-vnni", output=tmp_path / "m.onnx")
    found = {finding.id: finding for finding in lint(made, target="cpu-vnni").findings}
    assert found["scale-mismatch"].fix is None


def test_weights_that_were_left_in_float_are_no_longer_judged(tmp_path):
    pytest.importorskip("onnxruntime")
    weight = normal(8, 8, 1, 1)
    weight[0] *= 100
    model = conv_net(weight)
    made = quantize(model, scheme="dynamic-int8", output=tmp_path / "m.onnx")
    fix = {finding.id: finding for finding in lint(made, target="cpu").findings}["outlier-channels"].fix
    again = quantize(model, scheme="dynamic-int8", output=tmp_path / "n.onnx", **fix.options)
    assert "outlier-channels" not in {finding.id for finding in lint(again, target="cpu").findings}
