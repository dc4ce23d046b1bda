"""A saved notebook shows its reports with no kernel, trusted or not."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .lab import Lab
from .report import Report

CELLS = ("%load_ext haoline_jupyter", "%haoline models/digits_cnn.onnx --hardware h100-sxm")
BUDGET_BYTES = 60_000


@pytest.fixture
def saved(lab: Lab) -> str:
    """A notebook that ran, was saved and closed, and that this server does not trust."""
    path = lab.server.notebook("saved.ipynb", *CELLS)
    lab.open_notebook(path)
    lab.run_all(path)
    Report(lab.output(path, 1))
    lab.save(path)
    lab.close(path)
    lab.reload()
    text = (lab.server.root / path).read_text()
    (lab.server.root / "stranger.ipynb").write_text(text.replace("%load_ext", "# not what was signed\\n%load_ext"))
    return "stranger.ipynb"


def open_without_kernel(lab: Lab, path: str) -> None:
    """Open a notebook and start no kernel for it."""
    lab.page.evaluate(
        """path => { void jupyterapp.commands.execute(
            'docmanager:open', {path, kernelPreference: {shouldStart: false, canStart: false}}) }""",
        path,
    )
    lab.panel_ready(path)


def test_report_is_drawn_without_kernel_and_trust(lab: Lab, saved: str) -> None:
    open_without_kernel(lab, saved)
    report = Report(lab.output(saved, 1))
    assert report.rows().count() > 5
    expect(report.hardware()).to_contain_text("H100")
    lab.screenshot("saved-without-kernel")


def test_a_report_adds_little_to_the_file(lab: Lab, saved: str) -> None:
    node = lab.server.read_notebook(saved)
    size = len(json.dumps(node.cells[1].outputs))
    assert 0 < size < BUDGET_BYTES, f"{size} bytes"
