"""The report of an engine: columns, totals, scopes, findings with their evidence, and every form of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from haoline_analysis import BindingError, ModelReport, analyze
from haoline_analysis.report import container

ENGINES = Path(__file__).resolve().parents[3] / "examples" / "engines"


@pytest.fixture(scope="module", params=["fp32", "fp16", "qat"])
def report(request) -> ModelReport:
    return analyze(ENGINES / f"resnet18-{request.param}.graph.json")


@pytest.fixture(scope="module")
def qat() -> ModelReport:
    return analyze(ENGINES / "resnet18-qat.graph.json")


def engine(*layers: dict, profile: list | None = None) -> ModelReport:
    """The report of layers given as TensorRT writes them."""
    rows = None if profile is None else json.dumps([{"count": 1}, *profile]).encode()
    return analyze(json.dumps({"Layers": list(layers), "Bindings": []}).encode(), profile=rows)


def layer(name: str, kind: str, reads: str = "Half", makes: str = "Half", **more) -> dict:
    value = {"Name": f"{name}.in", "Dimensions": [1, 8], "Format/Datatype": reads}
    made = {"Name": f"{name}.out", "Dimensions": [1, 8], "Format/Datatype": makes}
    return {"Name": name, "LayerType": kind, "Inputs": [value], "Outputs": [made], **more}


def found(report: ModelReport, name: str):
    return next((finding for finding in report.findings if finding.id == name), None)


def test_time_per_layer_sums_to_the_total_of_the_profile(report):
    stated = json.loads((ENGINES / f"{report.name}.profile.json").read_text())
    assert report.ops.measured_us.sum() == pytest.approx(sum(row["timeMs"] for row in stated[1:]) * 1e3)
    assert report.totals.measured_us == pytest.approx(report.ops.measured_us.sum())
    assert report.ops.share.sum() == pytest.approx(1.0)
    assert report.tables["ops"]["measured_us"].provenance == "measured"


def test_totals(report):
    assert report.totals.parameters == 11_684_712
    assert report.totals.macs == 58_050_347_008  # 32 pictures of 1.814 G
    assert report.totals.layers == len(report.ops)
    bits = {"resnet18-fp32": 32, "resnet18-fp16": 16}.get(report.name)
    assert bits is None or report.totals.weight_bytes == report.totals.parameters * bits // 8


def test_columns_say_what_each_layer_is(qat):
    row = qat.ops.set_index("name").loc["layer1.0.conv2.weight + QuantizeLinear_32 + Conv_34 + Add_36 + Relu_37"]
    assert (row.type, row.category, row.precision, row.weight_precision) == ("CaskConvolution", "conv", "int8", "int8")
    assert row.input_formats == "INT8 CHW32, FP16 CHW32"
    assert row.output_formats == "FP16 CHW32"
    assert row.source_ops == "layer1.0.conv2.weight, QuantizeLinear_32, Conv_34, Add_36, Relu_37"
    assert row.tactic.startswith("sm80_xmma_fprop") or "int8" in row.tactic
    assert row.parameters == 36864 + 64
    assert "Kernel = [3, 3]" in row.attributes


def test_changes_of_precision_are_marked_on_the_tensors_that_leave_one(qat):
    changed = qat.tensors.dropna(subset="precision_change").set_index("name").precision_change
    assert changed["onnx::DequantizeLinear_125"] == "fp32 → int8"  # written by the first quantizer
    assert changed["onnx::MaxPool_136"] == "int8 → fp32"  # the first convolution hands FP32 to the pooling
    assert "onnx::DequantizeLinear_154" not in changed


def test_reformats_are_told_from_quantizing(qat):
    categories = qat.ops.set_index("name").category
    assert categories["QuantizeLinear_2"] == "quantize"
    assert categories["Reformatting CopyNode for Output Tensor 0 to MaxPool_12"] == "cast"
    assert categories["copied_squeeze_after_(Unnamed Layer* 307) [ElementWise]"] == "reshape"


def test_scopes_come_from_the_names_of_weights_and_nodes(qat):
    assert {"layer1.0", "layer4.1"} <= set(qat.scopes.path)
    named = engine(layer("/blocks.0/attn/MatMul + /blocks.0/attn/Add", "gemm"), layer("/blocks.0/mlp/MatMul", "gemm"))
    assert {"blocks.0", "blocks.0/attn", "blocks.0/mlp"} <= {path.strip("/") for path in named.scopes.path}


def test_a_finding_on_reformatting_counts_layers_and_time(report):
    finding = found(report, "engine-reformatting")
    reformats = report.ops.name.str.startswith("Reformatting")
    share = report.ops.share[reformats].sum()
    assert (finding is not None) == (share >= 0.03)
    if finding is not None:
        assert finding.ops == tuple(report.ops.index[reformats])
        assert f"{reformats.sum()} of {len(report.ops)} layers" in finding.evidence
        assert f"{share:.1%}" in finding.evidence


def test_findings_on_quantized_engines(qat):
    left = found(qat, "engine-left-in-fp32")
    assert [qat.ops.name[row] for row in left.ops] == ["MaxPool_12"]
    assert "95 us or 8.7%" in left.evidence
    lone = found(qat, "engine-unfused-quantizers")
    assert len(lone.ops) == 10
    assert all(qat.ops.name[row].startswith("QuantizeLinear") for row in lone.ops)


def test_every_finding_names_its_source(report):
    assert all("Source: https://docs.nvidia.com/" in finding.advice for finding in report.findings)


def test_an_engine_of_one_precision_leaves_nothing_in_fp32():
    assert found(engine(layer("a", "gemm", "Float"), layer("b", "gemm", "Float")), "engine-left-in-fp32") is None


def test_without_times_findings_count_layers_only():
    mixed = engine(layer("a", "gemm", "Float"), layer("b", "gemm", "Half"))
    finding = found(mixed, "engine-left-in-fp32")
    assert finding.severity == "info"
    assert "us or" not in finding.evidence
    assert "measured_us" not in mixed.ops
    assert mixed.totals.measured_us is None


def test_one_layer_that_takes_much():
    rows = [{"name": name, "timeMs": time, "averageMs": time} for name, time in zip("abcd", (1, 1, 1, 5), strict=True)]
    finding = found(engine(*(layer(name, "gemm") for name in "abcd"), profile=rows), "engine-dominant-layer")
    assert finding.ops == (3,)
    assert "62.5%" in finding.evidence


def test_layers_that_did_not_run_have_no_time():
    mixed = engine(layer("a", "gemm"), layer("b", "gemm"), profile=[{"name": "a", "timeMs": 1.0, "averageMs": 1.0}])
    assert mixed.ops.measured_us.isna().tolist() == [False, True]
    assert any("did not run" in gap.what and gap.ops == (1,) for gap in mixed.gaps)


def test_macs_are_absent_where_a_layer_does_not_say_what_it_computes():
    assert engine(layer("a", "kgen")).totals.macs is None


def test_an_engine_is_not_placed_on_this_machine(report):
    assert report.hardware is None
    report.set_hardware("nvidia-h100-sxm")
    assert report.hardware is None
    assert "Estimated on" not in report.summary()
    assert "A100 80GB PCIe (compute capability 8.0), measured on it" in report.summary()


def test_shapes_cannot_be_bound(report):
    with pytest.raises(BindingError, match="chosen when it was built"):
        analyze(report.model, shapes={"batch": 8})


def test_every_form_of_it(report):
    head, tables = container.decode(report.to_document())
    assert head["model"]["holds"] == "layers"
    assert head["facts"]["engine"]["device"]["name"] == "NVIDIA A100 80GB PCIe"
    assert tables["ops"].rows == report.totals.layers
    restored = ModelReport.from_json(report.to_json())
    assert restored.ops.equals(report.ops) or list(restored.ops.name) == list(report.ops.name)
    assert restored.findings == report.findings
    assert report.name in report.to_markdown()
    assert "Measured time" in report.to_html()
    assert report.breakdown.weight_bytes.sum() == report.totals.weight_bytes
    assert report.precision_mix.loc[:, "ops"].sum() == report.totals.layers
    assert report.holds == "layers"
