"""The severity column: what the findings say about each op."""

import pandas as pd
from report_models import mlp

from haoline_analysis import ModelReport, analyze
from haoline_analysis.findings import Finding
from haoline_analysis.report import container
from haoline_analysis.report.severity import severity_column


def finding(severity, *ops):
    return Finding("id", severity, "title", ops, "evidence", "advice")


def test_an_op_has_the_worst_of_its_findings_and_null_without_one():
    column = severity_column(
        5, [finding("warning", 1, 2), finding("error", 2), finding("info", 1, 3), finding("error")]
    )
    assert [None if pd.isna(word) else word for word in column.values] == [None, "warning", "error", "info", None]


def test_words_are_ordered_from_the_least_to_the_worst():
    column = severity_column(1, [])
    assert list(column.values.categories) == ["info", "warning", "error"]
    assert (column.scale, column.aggregate) == ("ordinal", "max")


def test_the_document_and_the_overlay_carry_it():
    report = analyze(mlp(), hardware="H100")
    report.content.found = [finding("error", 2)]
    for data in (report.to_document(), report.to_overlay()):
        _, tables = container.decode(data)
        column = tables["ops"]["severity"]
        assert column.values[:4] == [None, None, "error", None]
        assert column.scale == "ordinal"


def test_it_follows_from_the_findings_and_is_not_stored_twice():
    report = analyze(mlp(), hardware="H100")
    report.content.found = [finding("warning", 1)]
    restored = ModelReport.from_json(report.to_json())
    assert "severity" not in restored.tables["ops"]
    _, tables = container.decode(restored.to_document())
    assert tables["ops"]["severity"].values[1] == "warning"


def test_a_users_own_severity_is_not_replaced():
    report = analyze(mlp())
    report.tables["ops"].add(type(report.tables["ops"]["macs"])("severity", list(range(len(report.ops)))))
    _, tables = container.decode(report.to_document())
    assert tables["ops"]["severity"].values[:2] == ["0", "1"]
