"""Sums over ops and scopes are the totals, and JSON and the binary document lose nothing."""

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given, settings
from report_models import conditional, hostile, mlp, models

from haoline_analysis import ModelReport, analyze
from haoline_analysis.errors import MalformedModelError, ModelError, UnsupportedFormatError
from haoline_analysis.report import container
from haoline_analysis.table import Column

SCHEMA = json.loads(files("haoline_analysis.report").joinpath("schema.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).parents[3]
LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
REAL = [*sorted(ROOT.glob("examples/models/*.onnx")), *sorted(ROOT.glob("tests/models/*.onnx"))]
REAL += [LIGHT / "light_resnet50.onnx", LIGHT / "light_shufflenet.onnx"]
ADDITIVE = ("parameters", "macs", "flops", "weight_bytes")
FRAMES = ("ops", "tensors", "scopes", "memory", "precision_mix")


def assert_sums_are_totals(report):
    for name in ADDITIVE:
        assert report.ops[name].sum() == report.totals[name], name
        assert report.scopes[name].iloc[0] == report.totals[name], name
    assert report.scopes["ops"].iloc[0] == len(report.ops) == report.totals.ops


def assert_same(first, second):
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    for name in ("id", "facts", "bindings", "assumptions", "findings", "ranges", "repeats"):
        assert getattr(first, name) == getattr(second, name), name
    assert dict(first.totals) == dict(second.totals)
    assert [(gap.what, tuple(gap.ops)) for gap in first.gaps] == [(gap.what, gap.ops) for gap in second.gaps]
    assert first.hardware.as_dict() == second.hardware.as_dict()
    assert first.summary() == second.summary()


@settings(deadline=None, max_examples=25)
@given(models())
def test_any_small_model_adds_up_and_survives_json(made):
    report = analyze(made, hardware="H100")
    assert_sums_are_totals(report)
    text = report.to_json()
    jsonschema.validate(json.loads(text), SCHEMA)
    back = ModelReport.from_json(text)
    assert_same(report, back)
    assert back.to_json() == text


@pytest.mark.parametrize("make", [mlp, hostile, conditional])
def test_awkward_models_survive_json(make):
    report = analyze(make(), hardware="H100")
    assert_sums_are_totals(report)
    jsonschema.validate(json.loads(report.to_json()), SCHEMA)
    assert_same(report, ModelReport.from_json(report.to_json()))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_models_add_up_and_survive_json(path):
    report = analyze(path, hardware="A100 40GB")
    assert_sums_are_totals(report)
    text = report.to_json()
    jsonschema.validate(json.loads(text), SCHEMA)
    assert_same(report, ModelReport.from_json(text))


def test_every_scope_is_the_sum_of_what_is_in_it():
    report = analyze(mlp(depth=4))
    ops, scopes = report.ops, report.scopes
    for path, macs, count in zip(scopes["path"], scopes["macs"], scopes["ops"], strict=True):
        inside = ops[[path == "" or scope == path or scope.startswith(f"{path}.") for scope in ops["scope"]]]
        assert (inside["macs"].sum(), len(inside)) == (macs, count)


def test_the_document_holds_what_the_tables_hold():
    report = analyze(mlp(), hardware="H100")
    header, tables = container.decode(report.to_document())
    assert header["kind"] == "report"
    assert header["totals"]["macs"] == report.totals.macs
    assert list(tables["ops"].columns) == [*report.tables["ops"].columns, "severity"]
    np.testing.assert_array_equal(tables["ops"]["macs"].values, report.ops["macs"].to_numpy(float))
    assert tables["ops"]["name"].values == list(report.ops["name"])
    assert tables["tensors"].rows == len(report.tensors)
    assert tables["scopes"]["parent"].values.dtype == tables["ops"]["scope"].values.dtype == np.int32


def test_the_edges_of_the_document_are_those_of_the_model():
    report = analyze(mlp())
    _, tables = container.decode(report.to_document())
    uses, makes = tables["uses"], tables["makes"]
    assert list(zip(*(uses[name].values.tolist() for name in ("op", "slot", "tensor")), strict=True)) == [
        (op, slot, tensor) for op, node in enumerate(report.model.ops) for slot, tensor in enumerate(node.inputs)
    ]
    assert makes["op"].values.tolist() == list(range(len(report.model.ops)))


def test_the_document_says_what_a_loop_gives_its_body(material):
    report = analyze(material / "conformance-flops/loop5.onnx")
    _, tables = container.decode(report.to_document())
    (loop,) = [index for index, op in enumerate(report.model.ops) if op.bodies]
    assert tables["feeds"]["op"].values.tolist() == [loop] * 3
    assert tables["feeds"]["tensor"].values.tolist() == list(report.model.ops[loop].bodies[0].inputs)


def test_the_document_says_which_results_of_its_body_a_loop_hands_on(material):
    report = analyze(material / "conformance-flops/loop5.onnx")
    _, tables = container.decode(report.to_document())
    (loop,) = [index for index, op in enumerate(report.model.ops) if op.bodies]
    yields = tables["yields"]
    _condition, *results = report.model.ops[loop].bodies[0].outputs
    assert yields["op"].values.tolist() == [loop] * len(results)
    assert yields["slot"].values.tolist() == list(range(len(results)))
    assert yields["tensor"].values.tolist() == results


def test_the_document_says_what_either_branch_of_an_if_hands_on():
    report = analyze(conditional())
    _, tables = container.decode(report.to_document())
    (owner,) = [op for op in report.model.ops if op.bodies]
    assert tables["yields"]["slot"].values.tolist() == [0, 0]
    assert tables["yields"]["tensor"].values.tolist() == [body.outputs[0] for body in owner.bodies]


def test_the_overlay_replaces_estimates_and_nothing_else():
    report = analyze(mlp(), hardware="H100")
    report.set_hardware("A100", count=2)
    header, tables = container.decode(report.to_overlay())
    assert header["kind"] == "overlay"
    assert header["id"] == report.id
    assert header["hardware"]["count"] == 2
    assert set(tables) == {"ops"}
    assert set(tables["ops"].columns) <= {"estimated_us", "bound", "utilisation", "severity"}
    np.testing.assert_allclose(tables["ops"]["estimated_us"].values, report.ops["estimated_us"].to_numpy(float))


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"kind": 1}', "[" * 100_000])
def test_text_that_is_no_report_is_refused(text):
    with pytest.raises(MalformedModelError):
        ModelReport.from_json(text)


def test_a_newer_schema_is_refused_by_number():
    data = json.loads(analyze(mlp(1)).to_json()) | {"schema": 99}
    with pytest.raises(UnsupportedFormatError, match="99"):
        ModelReport.from_json(json.dumps(data))


def test_a_report_with_a_part_missing_is_refused():
    data = json.loads(analyze(mlp(1)).to_json())
    del data["tables"]["ops"]["columns"][0]["values"]
    with pytest.raises(MalformedModelError, match="schema"):
        ModelReport.from_json(json.dumps(data))


def test_a_restored_report_moves_to_other_hardware_but_cannot_be_rebound():
    report = ModelReport.from_json(analyze(mlp(), hardware="H100").to_json())
    assert report.on("A100").hardware.profile.id != report.hardware.profile.id
    with pytest.raises(ModelError, match="without its model"):
        report.bind(batch=2)


def test_json_keeps_how_a_column_is_to_be_coloured():
    report = analyze(mlp())
    ops = report.tables["ops"]
    gain = Column("gain", np.linspace(-1, 1, ops.rows), aggregate="min", scale="diverging", center=0.25)
    ops.add(gain)
    text = report.to_json()
    jsonschema.validate(json.loads(text), SCHEMA)
    restored = ModelReport.from_json(text).tables["ops"]
    assert (restored["gain"].aggregate, restored["gain"].scale, restored["gain"].center) == ("min", "diverging", 0.25)
    assert (restored["macs"].scale, restored["macs"].center) == (None, None)
