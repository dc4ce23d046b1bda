"""The report in its forms: text, Markdown, HTML, data, columns of the op table."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from lint_cases import CASES, LOWEST, masked
from lint_models import Net, normal

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import lint
from haoline_analysis.report import ModelReport, analyze


class Reader(HTMLParser):
    """Elements, links and text of a page, with every tag closed."""

    void = frozenset({"meta", "br"})

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.links, self.texts = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def report():
    return lint(masked(LOWEST))


def test_the_text_names_what_was_found(report):
    text = repr(report)
    assert "Readiness" in text
    assert f"{report.score} / 100" in text
    assert "[warning] Mask constants stretch the scale in front of Softmax (Where_1)" in text
    assert "quantize(…, fixes=['clip-mask'])" in text


def test_markdown_and_html_are_written(report, tmp_path):
    markdown = report.to_markdown(tmp_path / "lint.md")
    assert (tmp_path / "lint.md").read_text(encoding="utf-8") == markdown
    assert "### warning: Mask constants" in markdown
    assert "](<https://github.com/pytorch/executorch/pull/8736>)" in markdown
    page = report.to_html(tmp_path / "lint.html")
    assert (tmp_path / "lint.html").read_text(encoding="utf-8") == page
    seen = Reader(page)
    assert seen.tags.count("details") == len(report.findings)
    assert "script" not in seen.tags
    assert all(link.startswith("https://") for link in seen.links)
    assert len(seen.links) >= 1


def test_a_notebook_gets_text_and_html(report):
    bundle = report._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    Reader(bundle["text/html"])


def test_names_from_the_file_are_only_text():
    model = masked(LOWEST)
    evil = '<img src=x onerror=alert(1)>"`|\x1b[31m'
    model.graph.node[1].name = evil
    report = lint(model)
    assert "<img" not in report.to_html()
    assert "<img" not in report.to_markdown()
    assert "\x1b" not in repr(report) + report.to_html() + report.to_markdown()


def test_data_survives_json(report):
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["score"] == report.score
    assert [found["id"] for found in data["findings"]] == [found.id for found in report.findings]
    assert data["findings"][0]["ops"] == ["Where_1"]
    assert data["findings"][0]["fix"]["options"] == {"fixes": ["clip-mask"]}


def test_the_model_report_gets_columns(report):
    ops = report.report.ops
    assert {"lint_risk", "lint_severity", "lint"} <= set(ops.columns)
    row = ops[ops["name"] == "Where_1"] if "name" in ops else ops.loc[["Where_1"]]
    assert row["lint"].iloc[0].startswith("mask-sentinel")
    assert row["lint_severity"].iloc[0] == "warning"
    assert 0 < row["lint_risk"].iloc[0] < 1
    restored = ModelReport.from_json(report.report.to_json())
    assert "lint_risk" in restored.ops


def test_linting_a_report_keeps_it_and_may_be_repeated():
    report = analyze(masked(LOWEST))
    assert lint(report).report is report
    assert lint(report, target="tensorrt").report is report
    with pytest.raises(ModelError, match="without its model"):
        lint(ModelReport.from_json(report.to_json()))


def test_options_of_the_grave_findings_are_offered(report):
    assert report.options() == {"fixes": ["clip-mask"]}
    assert "keep_float" in report.options("info")


def test_a_quantized_model_is_judged_by_another_name():
    report = lint(CASES["relu-in-quantizer"][0]())
    assert report.quantized
    assert "Soundness" in repr(report)


def test_a_model_without_findings():
    net = Net()
    net.op("Relu", "x")
    report = lint(net.model())
    assert (report.findings, report.score, report.risk.empty) == ([], 100, True)
    assert "None: nothing speaks against" in report.to_html()
    assert "None." in report.to_markdown()


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelError):
        lint(tmp_path / "absent.onnx")
    with pytest.raises(ModelError):
        lint(b"nothing")


def test_weights_beyond_the_budget_are_said_to_be_unread(monkeypatch):
    from haoline_analysis.quantization.linter import weights

    monkeypatch.setattr(weights, "BUDGET", 1000)
    net = Net(x=[4, 64])
    uneven = normal(64, 64) * np.where(np.arange(64) == 3, 500, 1).astype(np.float32)
    net.op("MatMul", "x", net.weight(uneven))
    report = lint(net.model())
    assert "were not read" in report.gaps[0]
    assert "were not read" in report.to_markdown()
    assert "outlier-channels" not in {finding.id for finding in report.findings}
