"""A checkpoint becomes a report: its weights as rows, its modules as scopes, and what it cannot tell said."""

import json

import jsonschema
import pandas as pd
import pytest
from stored_models import checkpoint, float_weight, llama, packed_weight
from test_report_round_trip import SCHEMA

from haoline_analysis import ModelReport, analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.findings import Finding
from haoline_analysis.report import container


@pytest.fixture
def report():
    return analyze(llama(), hardware="H100")


def test_parameters_and_bytes_of_shared_storage_count_once(report):
    expected = 64 * 16 + 3 * (4 * 16 * 16 + 16) + 16
    assert report.totals.parameters == report.ops["parameters"].sum() == expected
    assert report.totals.weight_bytes == report.ops["weight_bytes"].sum() == 2 * expected
    head = report.ops.set_index("name").loc["lm_head.weight"]
    assert head["weight_bytes"] == 0
    assert "shares = model.embed_tokens.weight" in head["attributes"]


def test_what_only_ops_could_tell_is_none_and_said_once(report):
    assert report.totals.macs is report.totals.flops is report.totals.peak_activation_bytes is None
    assert [gap.what for gap in report.gaps] == [
        "a checkpoint holds weights but no ops: compute, activations and data flow are not known"
    ]


def test_rows_are_in_the_order_of_the_modules_however_the_file_has_them(report):
    names = list(report.ops["name"])
    assert names[0] == "model.embed_tokens.weight"
    assert names[-2:] == ["model.norm.weight", "lm_head.weight"]
    many = analyze(checkpoint({f"h.{i}.fc.weight": float_weight(2, 2) for i in (0, 1, 10, 11, 2, 3)}))
    assert [name.split(".")[1] for name in many.ops["name"]] == ["0", "1", "2", "3", "10", "11"]


def test_layers_of_one_look_fold(report):
    (layers,) = [run for run in report.repeats if run.count == 3]
    assert (layers.first, layers.last) == ("model.layers.0", "model.layers.2")
    assert report.scopes["weight_bytes"].iloc[0] == report.totals.weight_bytes


def test_a_packed_weight_is_one_row_with_its_logical_shape_and_all_its_bytes():
    report = analyze(checkpoint({"fc.weight": packed_weight(64, 128)}))
    (row,) = report.ops.to_dict("records")
    assert row["shape"] == "64×128"
    assert row["parameters"] == report.totals.parameters == 64 * 128
    assert row["weight_bytes"] == 64 * 128 // 2 + 2 * 64 * 128 // 32
    assert row["weight_precision"] == "int4"
    assert row["bits_per_weight"] == report.totals.bits_per_weight == 4.5
    assert row["quantization"] == "GPTQ int4, groups of 32"
    assert list(report.tensors["dtype"]) == ["int32", "float16"]
    assert report.tensors["bits"].isna().tolist() == [False, True]


def test_a_buffer_has_bytes_but_no_parameters():
    held = {"bn.weight": float_weight(8), "bn.running_mean": float_weight(8, kind="buffer")}
    report = analyze(checkpoint(held))
    assert (report.totals.parameters, report.totals.weight_bytes) == (8, 64)
    assert list(report.tensors["kind"]) == ["initializer", "buffer"]


def test_json_and_the_document_keep_what_the_model_holds(report):
    text = report.to_json()
    jsonschema.validate(json.loads(text), SCHEMA)
    back = ModelReport.from_json(text)
    assert back.to_json() == text
    for name in ("ops", "tensors", "scopes", "memory", "precision_mix"):
        pd.testing.assert_frame_equal(getattr(report, name), getattr(back, name))
    assert back.holds == "weights"
    assert back.architecture == report.architecture
    assert back.summary() == report.summary()
    header, tables = container.decode(report.to_document())
    assert header["model"]["holds"] == "weights"
    assert header["architecture"]["kv_heads"] == 2
    assert tables["ops"].rows == len(report.ops)


def test_facts_of_the_format_are_cut_to_what_a_report_carries():
    facts = {"config": {"a": 1, "ids": list(range(1000))}, "chat_template": "x" * 300_000, "b": float("nan")}
    report = analyze(checkpoint({"w": float_weight(1)}, facts=facts))
    assert report.facts_of_format["config"]["a"] == 1
    assert report.facts_of_format["config"]["ids"][-1] == "… 744 more"
    assert report.facts_of_format["b"] is None
    assert len(json.dumps(report.facts_of_format)) <= 64 * 1024
    assert ModelReport.from_json(report.to_json()).facts_of_format == report.facts_of_format


def test_findings_of_the_reader_are_findings_of_the_report_and_follow_their_rows():
    found = Finding("pickle-code", "warning", "Code in the pickle", (0,), "os.system", "do not load it")
    model = checkpoint({"lm_head.weight": float_weight(2, 2), "embed_tokens.weight": float_weight(2, 2)})
    model.findings.append(found)
    report = analyze(model)
    (row,) = report.findings[0].ops
    assert report.ops["name"][row] == "lm_head.weight"


def test_hardware_says_whether_the_weights_fit_and_nothing_about_time(report):
    assert report.hardware.fits is True
    assert report.hardware.time_us is None
    assert "estimated_us" not in report.ops
    size = 200 * 2**30
    big = analyze(checkpoint({"w": float_weight(1, dtype="float32")}), hardware="H100")
    big.model.tensors[0].weight.stored_bytes = size
    big = analyze(big.model, hardware="H100")
    assert big.hardware.fits is False
    assert big.on("H100", count=4).hardware.fits is True


def test_it_reads_as_a_checkpoint(report):
    text, markdown, page = report.summary(), report.to_markdown(), report.to_html()
    for form in (text, markdown, page):
        assert "Largest weights" in form or "<h3>Weights</h3>" in form
        assert "MACs" not in form
        assert "full attention" in form
        assert "2,048 tokens" in form
    assert "<script>" not in page


def test_there_is_nothing_to_bind(report):
    with pytest.raises(ModelError, match="no inputs"):
        report.bind(batch=2)
    with pytest.raises(ModelError, match="no inputs"):
        analyze(llama(), shapes={"batch": 2})


def test_a_file_without_weights_says_so():
    report = analyze(checkpoint({}, format="gguf"))
    assert report.gaps[0].what.startswith("this file holds neither weights nor ops")
    assert report.totals.bits_per_weight is None
    assert "n/a" in report.summary()
    assert len(report.breakdown) == 0


def test_every_form_breaks_down_what_is_stored():
    report = analyze(llama(packed=True))
    for form in (report.summary(), report.to_markdown(), report.to_html()):
        assert "Weights by role" in form
        assert "GPTQ int4, groups of 32" in form
        assert "Precisions" not in form


def test_another_precision_is_a_question_of_its_bits(report):
    weights = report.on("H100", precision="int4").hardware.figures["memory_parts"]["weights"]
    assert weights == report.totals.parameters / 2
