"""Every rule on a model that has what it looks for, and on one that is alike and has not."""

import re
from pathlib import Path

import numpy as np
import pytest
from lint_cases import (
    CASES,
    LOWEST,
    branches,
    depthwise,
    excluded,
    granular,
    hard_swish,
    masked,
    product,
    ranged,
    scaled_bias,
    silu,
    typed,
    uneven,
    weights_of,
    wrong_axis,
)
from lint_models import Net, findings, normal, op_names, qdq_conv
from onnx import TensorProto

from haoline_analysis.quantization.linter import rules

BY_ACTIVATIONS = {"activation-outliers"}  # needs a capture: test_lint_activations.py


def test_every_finding_has_a_case():
    text = "".join(path.read_text() for path in Path(rules.__path__[0]).glob("*.py"))
    made = set(re.findall(r'LintFinding\(\s*f?"([a-z0-9{}-]+)"', text))
    made = made - {"fragile-{what}"} | {"fragile-normalisation", "fragile-softmax"}
    assert made == set(CASES) | BY_ACTIVATIONS


@pytest.mark.parametrize("name", CASES)
def test_a_rule_finds_what_it_is_about(name):
    positive, _, target = CASES[name]
    found = findings(positive(), target)
    assert name in found, sorted(found)
    assert re.search(r"\d", found[name][0].evidence)
    assert re.search(r"https://|ONNX Runtime|onnx-tensorrt|NVIDIA", found[name][0].source)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_silent_where_there_is_nothing(name):
    _, negative, target = CASES[name]
    assert name not in findings(negative(), target)


def test_a_mask_is_traced_to_its_constant():
    model = masked(LOWEST)
    found = findings(model)["mask-sentinel"][0]
    assert op_names(model, found) == ["Where_1"]
    assert "3.4e+38" in found.evidence
    assert found.severity == "warning"
    assert found.fix.options == {"fixes": ["clip-mask"]}


def test_an_infinite_mask_is_one():
    assert "inf" in findings(masked(-np.inf))["mask-sentinel"][0].evidence


def test_a_mask_that_was_quantized_is_an_error():
    found = findings(masked(LOWEST, rounded=True))["mask-sentinel"][0]
    assert found.severity == "error"
    assert "already on such a scale" in found.evidence


def test_a_mask_does_no_harm_where_only_weights_are_quantized():
    net = Net(x=[1, 2, 4, 4])
    masked_scores = net.op("Add", "x", net.weight(np.full((4, 4), LOWEST)))
    net.op("MatMul", net.op("Softmax", masked_scores), net.stored(normal(4, 4), 1))
    assert "mask-sentinel" not in findings(net.model())


def test_a_mask_elsewhere_is_none():
    net = Net(x=[1, 4])
    net.op("Relu", net.op("Add", "x", net.weight(np.float32(LOWEST))))
    assert "mask-sentinel" not in findings(net.model())


def test_a_mask_stored_as_a_matrix_or_made_by_attribute():
    net = Net(x=[1, 2, 4, 4])
    net.op("Softmax", net.op("Add", "x", net.weight(np.triu(np.full((4, 4), LOWEST), 1))))
    assert "mask-sentinel" in findings(net.model())
    net = Net(x=[1, 2, 4, 4])
    net.op("Softmax", net.op("Mul", "x", net.weight(np.float32(-1e9))))
    assert "mask-sentinel" in findings(net.model())


def test_a_normalisation_stays_in_float_with_the_sum_before_it():
    net = Net(x=[1, 4, 16])
    total = net.op("Add", "x", net.op("Tanh", "x"))
    net.op("LayerNormalization", total, net.weight(np.ones(16, np.float32)))
    found = findings(net.model())["fragile-normalisation"][0]
    assert found.fix.options == {"keep_float": ["Add_1", "LayerNormalization_2"]}


@pytest.mark.parametrize("kind", ["Softmax", "Sqrt", "Pow", "Div", "Exp", "Reciprocal"])
def test_fragile_ops_between_quantizers(kind):
    for rounded in (True, False):
        net = Net(x=[1, 16])
        source = net.q("x") if rounded else net.op("Relu", "x")
        more = {"Pow": [net.weight(np.float32(2))], "Div": [source]}.get(kind, [])
        made = net.op(kind, source, *more)
        net.q(made) if rounded else net.op("Relu", made)
        model = net.model()
        assert ("quantized-fragile-op" in findings(model)) == rounded


def test_outlier_channels_tell_both_qualities():
    weight = uneven(20)
    found = findings(product(weight))["outlier-channels"][0]
    assert found.severity == "warning"
    assert found.fix.options == {"per_channel": True}
    one, many = map(float, re.findall(r"([\d.]+) dB", found.evidence))
    for quality, axes in ((one, None), (many, 0)):
        peaks = np.abs(weight).max(axes, keepdims=True)
        step = peaks / 127
        noise = np.mean((np.rint(weight / step) * step - weight) ** 2, 0)
        measured = np.median(10 * np.log10(np.mean(weight**2, 0) / noise))
        assert quality == pytest.approx(measured, abs=1.0)


def test_outlier_channels_are_past_where_scales_are_per_channel():
    assert "outlier-channels" in findings(product(uneven(), None))
    assert "outlier-channels" not in findings(product(uneven(), 1))


def test_an_even_depthwise_convolution_is_only_mentioned():
    net = Net()
    net.op("Conv", "x", net.weight(normal(8, 1, 3, 3)), group=8)
    assert findings(net.model())["depthwise-per-tensor"][0].severity == "info"
    assert findings(depthwise(None))["depthwise-per-tensor"][0].severity == "warning"


@pytest.mark.parametrize(("kind", "since"), [(TensorProto.INT16, 21), (TensorProto.FLOAT8E4M3FN, 19)])
def test_types_that_an_opset_does_not_know(kind, since):
    assert f"opset {since}" in findings(typed(kind, since - 1))["opset-too-old"][0].evidence
    assert "opset-too-old" not in findings(typed(kind, since))


def test_scales_per_channel_need_opset_13():
    found = findings(product(normal(8, 8), 1, opset=12))["opset-too-old"][0]
    assert (found.severity, "per channel (opset 13)" in found.evidence) == ("error", True)
    assert "opset-too-old" not in findings(product(normal(8, 8), 1, opset=13))


def test_a_bias_that_was_cut_off():
    net = Net(x=[4, 8])
    stored = np.array([2**31 - 1, 5], np.int32), np.full(2, 1e-9, np.float32), np.zeros(2, np.int32)
    bias = net.op("DequantizeLinear", *map(net.weight, stored), axis=0)
    net.q(net.op("Gemm", net.q("x"), net.stored(normal(8, 2), 1), bias))
    assert findings(net.model())["bias-overflow"][0].severity == "error"


def test_a_float_bias_that_the_scales_cannot_hold():
    net = Net(x=[4, 8])
    net.q(net.op("Gemm", net.q("x", 1e-9), net.stored(normal(8, 2), 1), net.weight(np.float32([1e6, 0]))))
    assert "bias-overflow" in findings(net.model())


def test_how_far_a_bias_is_off():
    assert "off by 100%" in findings(scaled_bias(2))["bias-scale"][0].evidence


def test_concatenations_are_judged_more_strictly_than_sums():
    assert "scale-mismatch" in findings(branches(True, 0.3, "Concat"))
    assert "scale-mismatch" not in findings(branches(True, 0.3, "Add"))


@pytest.mark.parametrize("make", [silu, hard_swish])
def test_activations_cut_apart(make):
    found = findings(make(True))["split-activation"][0]
    assert found.severity == "warning"
    assert found.fix.options["keep_float"]


def test_activations_as_products_in_float():
    assert findings(hard_swish(False))["split-activation"][0].severity == "info"


def test_saturation_counts_the_pairs_that_can_overflow():
    found = findings(weights_of(127), "cpu")["u8s8-saturation"][0]
    assert found.severity == "warning"
    share = float(re.search(r"([\d.]+)% of the pairs", found.evidence)[1])
    assert 35 < share < 65  # of random signs, half of the pairs agree
    assert findings(weights_of(127))["u8s8-saturation"][0].severity == "info"
    assert "u8s8-saturation" not in findings(weights_of(127), "cpu-vnni")
    assert "u8s8-saturation" not in findings(weights_of(127), "cpu-arm")


def test_an_exclusion_between_rounded_neighbours_names_them_all():
    net = Net()
    first = net.q(net.op("Conv", net.q("x"), net.stored(normal(8, 8, 1, 1))))
    middle = net.q(net.op("Relu", net.op("Conv", first, net.weight(normal(8, 8, 1, 1)))))
    net.q(net.op("Conv", middle, net.stored(normal(8, 8, 1, 1))))
    model = net.model()
    found = findings(model)["ineffective-exclusion"][0]
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    assert op_names(model, found) == [convolutions[1]]
    assert set(found.fix.options["keep_float"]) >= set(convolutions[:2])
    assert "weight-not-quantized" not in findings(model)


def test_a_stored_recipe_of_another_kind_is_no_recipe():
    for text in ("[]", "{", '{"recipe": 3}', '{"recipe": {"keep_float": 5}}', "[" * 100_000):
        model = excluded(True)
        model.metadata_props[0].value = text
        assert "ineffective-exclusion" not in findings(model)


def test_scales_along_a_wrong_axis_are_an_error_for_tensorrt_only():
    assert findings(wrong_axis(1), "tensorrt")["wrong-weight-axis"][0].severity == "error"
    assert findings(wrong_axis(1))["wrong-weight-axis"][0].severity == "warning"


def test_an_embedding_that_is_also_the_output_layer():
    net = Net(x=[4, 8])
    tied = net.weight(normal(32, 8))
    index = net.op("Cast", net.op("ReduceMax", "x", keepdims=0), to=TensorProto.INT64)
    net.op("Gemm", net.op("Add", "x", net.op("Gather", tied, index)), tied, transB=1)
    found = findings(net.model())["shared-initializer"][0]
    assert found.severity == "info"
    assert found.fix.options == {"fixes": ["unshare-initializers"]}
    net = Net(x=[4, 8])
    weight = net.weight(normal(8, 8))
    net.op("MatMul", net.op("MatMul", "x", weight), weight)
    assert "shared-initializer" not in findings(net.model())


def test_integers_between_two_signs_stay_in_float_on_x86_only():
    net = Net()
    source = net.s8(net.op("Tanh", "x"))  # two readers: it stays int8
    left, right = (net.s8(net.op("Conv", source, net.stored(normal(8, 8, 1, 1)))) for _ in range(2))
    net.op("Mul", net.op("Relu", net.op("Add", left, right)), source)
    model = net.model()
    found = findings(model, "cpu-vnni")["unfused-quantizers"][0]
    assert {name.split("_")[0] for name in op_names(model, found)} >= {"Conv"}
    assert found.fix.options == {"symmetric": False}
    told = findings(model, "cpu-arm").get("unfused-quantizers", [])
    assert "int8" not in "".join(finding.evidence for finding in told)


def test_a_sum_with_a_float_constant_stays_in_float():
    net = Net()
    net.q(net.op("Add", net.q("x"), net.weight(normal(8, 1, 1))))
    assert "float constant" in findings(net.model())["unfused-quantizers"][0].evidence


def test_coarse_weights_among_fine_ones_are_named():
    model = granular([0, None, 0])
    assert op_names(model, findings(model)["mixed-granularity"][0]) == ["Conv_9"]


@pytest.mark.parametrize("scale", [0.0, -0.1, np.inf, np.nan, 1e30])
def test_scales_that_are_none(scale):
    assert findings(ranged(scale))["suspicious-range"][0].severity == "error"


def test_weights_that_leave_their_grid_unused_or_run_over_it():
    poor = np.full((8, 8, 3, 3), 3, np.int8)
    for integers, words in ((poor, "uses 2%"), (np.where(poor > 0, 127, 0).astype(np.int8), "at the ends")):
        net = Net()
        stored = net.weight(integers), net.weight(np.float32(0.01)), net.weight(np.int8(0))
        net.q(net.op("Conv", net.q("x"), net.op("DequantizeLinear", *stored)))
        assert words in findings(net.model())["suspicious-range"][0].evidence


def test_quantized_operators_are_judged_too():
    net = Net(x=[1, 4])
    grid = net.weight(np.float32(0.1)), net.weight(np.uint8(128))
    integers = net.op("QuantizeLinear", "x", *grid)
    made = net.op("QLinearSoftmax", integers, *grid, *grid, domain="com.microsoft", opset=13)
    net.op("DequantizeLinear", made, *grid)
    found = findings(net.model(), "tensorrt")
    assert "quantized-fragile-op" in found
    assert found["no-quantized-kernel"][0].severity == "error"


def residual(net, skip, conv_bias=False):
    """A quantized convolution of ``x`` added to a branch, and the sum quantized."""
    made = net.op("Conv", net.s8("x"), net.stored(normal(8, 8, 1, 1)))
    if conv_bias:
        made = net.op("Add", made, net.weight(normal(8, 1, 1)))
    net.s8(net.op("Relu", net.op("Add", made, skip)))
    return net.model()


@pytest.mark.parametrize("bias", [False, True])
def test_tensorrt_fuses_a_convolution_with_the_sum_where_the_other_branch_is_quantized(bias):
    net = Net()
    assert "one-branch-quantized" not in findings(residual(net, net.s8(net.op("Tanh", "x")), bias), "tensorrt")
    net = Net()
    found = findings(residual(net, net.op("Tanh", "x"), bias), "tensorrt")["one-branch-quantized"][0]
    assert found.severity == "warning"


def test_a_sum_that_stays_in_float_is_only_mentioned():
    net = Net()
    rounded = qdq_conv(net, net.q("x"), normal(8, 8, 1, 1))
    net.op("Tanh", net.op("Add", rounded, net.op("Tanh", "x")))
    assert findings(net.model())["one-branch-quantized"][0].severity == "info"
    assert findings(branches(False))["one-branch-quantized"][0].severity == "warning"


def test_biases_as_integers_are_refused_by_tensorrt():
    found = findings(scaled_bias(1), "tensorrt")["integer-bias"][0]
    assert (found.severity, found.fix.options) == ("error", {"scheme": "tensorrt-int8"})
    assert "integer-bias" not in findings(scaled_bias(1), "cpu")


@pytest.mark.parametrize("kind", ["Mul", "Sub", "Max", "ReduceMean", "Split", "Softmax"])
def test_what_tensorrt_computes_on_integers(kind):
    """By its operator reference: elementwise ops, reductions and slices take int8, a softmax does not."""
    net = Net()
    operands = [net.s8("x")] * (2 if kind in ("Mul", "Sub", "Max") else 1)
    for _ in range(2):
        net.s8(net.op(kind, *operands, **({"num_outputs": 1} if kind == "Split" else {})))
    assert ("no-quantized-kernel" in findings(net.model(), "tensorrt")) == (kind == "Softmax")


def test_products_of_dequantized_operands_run_in_float_whatever_follows():
    net = Net(x=[4, 16])
    made = "x"
    for _ in range(3):
        made = net.op("Relu", net.op("MatMul", net.s8(made), net.stored(normal(16, 16), 1)))
    model = net.model()
    found = findings(model, "cuda")["no-quantized-kernel"][0]
    assert [name.split("_")[0] for name in op_names(model, found)] == ["MatMul"] * 3
    assert found.severity == "warning"
    assert "no-quantized-kernel" not in findings(model, "tensorrt")


def convolved(integers, group=1):
    net = Net()
    grid = net.weight(integers), net.weight(np.float32(0.01)), net.weight(np.int8(0))
    net.q(net.op("Conv", net.q("x"), net.op("DequantizeLinear", *grid), group=group))
    return net.model()


def test_saturation_adds_neighbouring_channels_of_a_convolution():
    """onnxruntime lays the kernel out by position, then channel (ReorderFilter in qlinearconv.cc)."""
    alternating = np.where(np.arange(8) % 2, 127, -127).astype(np.int8)
    by_channel = np.broadcast_to(alternating[:, None, None], (4, 8, 3, 3)).copy()
    assert "u8s8-saturation" not in findings(convolved(by_channel), "cpu")
    text = findings(convolved(np.abs(by_channel)), "cpu")["u8s8-saturation"][0].evidence
    assert " 100% of the pairs" in text


def test_a_depthwise_convolution_adds_in_32_bits():
    assert "u8s8-saturation" not in findings(convolved(np.full((8, 1, 3, 3), 127, np.int8), 8), "cpu")
    assert "u8s8-saturation" in findings(convolved(np.full((16, 1, 3, 3), 127, np.int8), 8), "cpu")
