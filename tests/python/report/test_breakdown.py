"""What is stored by role and type, for every format; its sums are the totals."""

import pytest
from report_models import mlp
from stored_models import checkpoint, float_weight, llama, packed_weight

from haoline_analysis import ModelReport, analyze
from haoline_analysis.report import container


@pytest.mark.parametrize("make", [llama, mlp, lambda: llama(packed=True)])
def test_the_sums_are_the_totals(make):
    report = analyze(make())
    breakdown = report.breakdown
    assert breakdown["parameters"].sum() == report.totals.parameters
    assert breakdown["weight_bytes"].sum() == report.totals.weight_bytes
    assert breakdown["share"].sum() == pytest.approx(1)


def test_a_checkpoint_by_role():
    breakdown = analyze(llama(layers=2)).breakdown.set_index("role")
    assert list(breakdown.index) == ["embedding", "attention", "feed_forward", "norm"]
    assert breakdown.loc["attention", "tensors"] == 4
    assert breakdown.loc["attention", "parameters"] == 2 * 2 * 16 * 16
    assert breakdown.loc["attention", "bits_per_weight"] == 16


def test_packed_weights_are_told_from_those_that_are_not():
    held = {"a.q_proj.weight": packed_weight(32, 64), "b.q_proj.weight": float_weight(32, 64, dtype="float16")}
    breakdown = analyze(checkpoint(held)).breakdown
    assert list(breakdown["dtype"]) == ["float16", "int4"]
    assert breakdown["quantization"].isna().tolist() == [True, False]
    assert breakdown["quantization"].iloc[1] == "GPTQ int4, groups of 32"
    assert list(breakdown["tensors"]) == [1, 2]


def test_it_travels_with_the_report():
    report = analyze(llama())
    back = ModelReport.from_json(report.to_json())
    assert back.breakdown.equals(report.breakdown)
    assert container.decode(report.to_document())[1]["breakdown"].rows == len(report.breakdown)
