"""Normalisations, as one op and written out: found as a whole, and left in float as a whole."""

import numpy as np
import pytest
from lint_models import Net, findings, normal, op_names
from onnx import TensorProto

from haoline_analysis.quantization import lint, quantize

WRITTEN = {"layer": 9, "root": 7, "root-reciprocal": 7}
"""Ops of a normalisation that is written out."""


def normalised(net, source, kind):
    """A normalisation with gain, of the last axis."""
    if kind == "root":  # as exported of half precision, too
        source = net.op("Cast", source, to=TensorProto.FLOAT)
    gain, axes = net.weight(np.ones(16, np.float32)), net.weight(np.array([-1]))
    if kind == "op":
        return net.op("LayerNormalization", source, gain)
    centred = net.op("Sub", source, net.op("ReduceMean", source, axes)) if kind == "layer" else source
    spread = net.op("ReduceMean", net.op("Pow", centred, net.weight(np.float32(2))), axes)
    root = net.op("Sqrt", net.op("Add", spread, net.weight(np.float32(1e-5))))
    if kind == "layer":
        scaled = net.op("Mul", net.op("Div", centred, root), gain)
        return net.op("Add", scaled, net.weight(np.zeros(16, np.float32)))
    one = net.weight(np.float32(1))
    inverse = net.op("Reciprocal", root) if kind == "root-reciprocal" else net.op("Div", one, root)
    return net.op("Mul", gain, net.op("Mul", source, inverse))


def residual(kind):
    """Two products, each behind the normalisation of a running sum."""
    net = Net(x=[4, 16])
    total = net.op("Add", "x", net.op("Tanh", "x"))
    for _ in range(2):
        product = net.op("MatMul", normalised(net, total, kind), net.weight(normal(16, 16)))
        total = net.op("Add", total, product)
    return net.model()


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_written_out_normalisation_is_left_in_float_as_a_whole(kind):
    model = residual(kind)
    found = findings(model)["fragile-normalisation"][0]
    names, kept = op_names(model, found), found.fix.options["keep_float"]
    assert len(names) == 2 * WRITTEN[kind]
    assert {name.split("_")[0] for name in names} <= {
        "ReduceMean", "Sub", "Pow", "Add", "Sqrt", "Div", "Reciprocal", "Mul"
    }  # fmt: skip
    sums = [node.name for node in model.graph.node if node.op_type == "Add" and "matmul" in " ".join(node.input)]
    assert sorted(kept) == sorted({*names, "Add_1", sums[0]})


def test_a_root_that_normalises_nothing_is_none():
    net = Net(x=[4, 16])
    net.op("Sqrt", net.op("Add", net.op("Relu", "x"), net.weight(np.float32(1))))
    assert "fragile-normalisation" not in findings(net.model())


@pytest.fixture
def made(tmp_path):
    pytest.importorskip("onnxruntime")

    def make(kind, **options):
        calibration = [{"x": normal(4, 16)} for _ in range(4)]
        return quantize(
            residual(kind), calibration=calibration, target="cpu-vnni", output=tmp_path / "m.onnx", **options
        )

    return make


@pytest.mark.parametrize("kind", ["op", *WRITTEN])
def test_what_is_rounded_within_is_found_and_the_fix_ends_it(kind, made):
    found = {finding.id: finding for finding in lint(made(kind), target="cpu-vnni").findings}["quantized-fragile-op"]
    assert found.severity == "warning"
    again = lint(made(kind, **found.fix.options), target="cpu-vnni")
    assert "quantized-fragile-op" not in {finding.id for finding in again.findings}


@pytest.mark.parametrize("kind", ["op", *WRITTEN])
def test_following_the_advice_about_the_float_model_leaves_nothing_to_warn_of(kind, made):
    options = lint(residual(kind), target="cpu-vnni").options()
    after = lint(made(kind, **options), target="cpu-vnni")
    assert [finding.id for finding in after.findings if finding.severity != "info"] == []
    assert after.score > lint(made(kind), target="cpu-vnni").score


def test_a_normalisation_between_convolutions_is_as_much_in_float_as_it_can_be(tmp_path):
    """What convolutions hand on is rounded for them, whatever is left in float."""
    pytest.importorskip("onnxruntime")
    net = Net(x=[1, 8, 6, 16])
    first = net.op("Conv", "x", net.weight(normal(8, 8, 1, 1)))
    middle = net.op("LayerNormalization", first, net.weight(np.ones(16, np.float32)))
    net.op("Conv", middle, net.weight(normal(8, 8, 1, 1)))
    model, data = net.model(), [{"x": normal(1, 8, 6, 16)} for _ in range(4)]
    options = lint(model, target="cpu-vnni").options()
    report = lint(quantize(model, calibration=data, target="cpu-vnni", **options), target="cpu-vnni")
    assert [finding.id for finding in report.findings if finding.severity != "info"] == []
    assert "ineffective-exclusion" in {finding.id for finding in report.findings}
