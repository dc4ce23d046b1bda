"""Two engines side by side."""

from __future__ import annotations

import json

import pytest
from engine_models import ENGINES, engine, layer, model

from haoline_analysis import ModelError, analyze
from haoline_analysis.comparison.engines import compare_engines
from haoline_analysis.report import container


@pytest.fixture(scope="module")
def built() -> dict:
    return {kind: analyze(ENGINES / f"resnet18-{kind}.graph.json") for kind in ("fp32", "fp16", "qat")}


def test_engines_of_one_model_pair_by_the_ops_they_name(built):
    compared = compare_engines(built["fp32"], built["fp16"])
    assert len(compared.layers) == 23  # reformats go with the layer they serve
    assert set(compared.layers.change) == {"precision"}
    assert set(compared.layers.confidence) == {"named"}
    assert compared.layers.precision.tolist() == ["fp32"] * 23
    assert compared.layers.other_precision.tolist() == ["fp16"] * 23


def test_times_of_the_units_sum_to_both_totals(built):
    compared = compare_engines(built["fp32"], built["fp16"])
    assert compared.layers.measured_us.sum() == pytest.approx(2123.776)
    assert compared.layers.other_us.sum() == pytest.approx(1016.832)
    assert compared.layers.delta_us.sum() == pytest.approx(1016.832 - 2123.776)
    assert compared.totals["speedup"] == pytest.approx(2123.776 / 1016.832)


def test_engines_of_two_exports_pair_by_what_their_layers_compute(built):
    compared = compare_engines(built["fp16"], built["qat"])
    paired = compared.layers[compared.layers.confidence == "inferred"]
    assert len(paired) == 23  # 20 convolutions, the Gemm, two poolings
    assert ("Conv_41 + Relu_42", "layer4.1.conv1.weight + QuantizeLinear_228 + Conv_230") in {
        (row.layer, row.other_layer) for row in paired.itertuples()
    }
    assert compared.totals["changes"]["added"] == 11  # quantizers, and the view of the last Gemm
    assert compared.layers.other_us.sum() == pytest.approx(1095.68)


def test_an_engine_against_itself_is_the_same(built):
    compared = compare_engines(built["qat"], built["qat"])
    assert set(compared.layers.change) == {"same"}
    assert compared.totals["speedup"] == 1.0


def test_what_is_fused_otherwise_is_told():
    first = engine(layer("a + b", ["x"], ["y"]), times=[0.01])
    second = engine(layer("a", ["x"], ["t"]), layer("b", ["t"], ["y"]), times=[0.006, 0.007])
    compared = compare_engines(first, second)
    row = compared.layers.iloc[0]
    assert (row.change, row.layer, row.other_layer) == ("fusion", "a + b", "a, b")
    assert row.delta_us == pytest.approx(3.0)


def test_reformats_of_one_side_only():
    first = engine(layer("a", ["x"], ["y"]))
    reformat = layer("Reformatting CopyNode for Input Tensor 0 to a", ["x"], ["t"], "Reformat")
    second = engine(reformat, layer("a", ["t"], ["y"]))
    compared = compare_engines(first, second)
    assert compared.layers.change.tolist() == ["same"]
    assert (compared.totals["first"]["reformats"], compared.totals["second"]["reformats"]) == (0, 1)
    assert compared.totals["speedup"] is None


def test_the_pair_is_one_document(built):
    _, tables = container.decode(compare_engines(built["fp32"], built["fp16"]).to_document())
    there = tables["ops"]["counterpart"].values.tolist()
    names, others = list(tables["ops"]["name"].values), list(tables["other/ops"]["name"].values)
    assert all(others[j] == names[i] for i, j in enumerate(there) if not names[i].startswith("Reform"))
    assert "fp32 → fp16" in tables["ops"]["changed"].values[0]


def test_forms(built):
    compared = compare_engines(built["fp32"], built["fp16"])
    assert "2.09× as fast" in repr(compared)
    assert compared.to_markdown().startswith("# resnet18-fp32 against resnet18-fp16")
    told = json.loads(compared.to_json())
    assert told["totals"]["first"]["layers"] == 32
    assert len(told["layers"]) == 23
    assert "<table" in compared._repr_mimebundle_()["text/html"]


def test_engines_only(built):
    with pytest.raises(ModelError, match="is no engine"):
        compare_engines(built["fp32"], model("[r] y = Relu(x)"))
