"""A model file in a tab of its own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .lab import Lab
from .report import Report

MODEL = "models/digits_cnn.onnx"


def open_by_double_click(lab: Lab) -> None:
    """As a person does, in the file browser."""
    lab.page.evaluate("() => jupyterapp.commands.execute('filebrowser:open-path', {path: 'models'}).then(() => null)")
    lab.page.evaluate("() => jupyterapp.shell.activateById('filebrowser')")
    lab.page.locator(".jp-DirListing-item", has_text="digits_cnn.onnx").dblclick()
    lab.page.get_by_test_id("haoline-model-tab").wait_for()


def test_double_click_opens_the_report(lab: Lab) -> None:
    requests: list[str] = []
    lab.page.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    open_by_double_click(lab)
    report = Report(lab.page.get_by_test_id("haoline-model-tab"))
    assert report.rows().count() > 5
    asked = [url for url in requests if "/api/contents/models/digits_cnn.onnx" in url]
    assert any("content=0" in url for url in asked)
    others = [url for url in asked if "content=0" not in url]
    assert all(re.match(r"GET .*/checkpoints\?", url) for url in others), "neither the file nor a copy may travel"
    assert not list((lab.server.root / "models").glob(".ipynb_checkpoints/*"))
    lab.screenshot("model-tab-light")


def test_the_sidebar_steers_a_model_tab(lab: Lab) -> None:
    open_by_double_click(lab)
    report = Report(lab.page.get_by_test_id("haoline-model-tab"))
    before = report.stat("time")
    lab.choose("t4")
    expect(report.hardware()).to_contain_text("T4")
    assert report.stat("time") != before
    lab.reload()
    again = Report(lab.page.get_by_test_id("haoline-model-tab"))
    expect(again.hardware()).to_contain_text("T4")


@pytest.mark.parametrize("content", [b"", b"not a model", b"<script>window.hacked = 1</script>"])
def test_a_bad_file_gets_one_clear_message(lab: Lab, content: bytes) -> None:
    name = "bad.onnx"
    (lab.server.root / name).write_bytes(content)
    lab.open(name)
    message = lab.page.locator(".hl-model-message[data-kind=error]")
    expect(message).to_contain_text(name)
    assert "Traceback" not in message.inner_text()
    assert lab.page.evaluate("() => window.hacked") is None


def test_a_file_name_is_not_code(lab: Lab) -> None:
    name = 'it\'s "quoted" \\ \u00fc.onnx'
    (lab.server.root / name).write_bytes((lab.server.root / MODEL).read_bytes())
    lab.open(name)
    Report(lab.page.get_by_test_id("haoline-model-tab"))
