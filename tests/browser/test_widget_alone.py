"""Where the labextension is not there, as in VS Code and Colab, the widget brings the views along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from .lab import Lab
from .report import Report
from .server import LabServer

CELLS = (
    "%load_ext haoline_jupyter",
    "%haoline models/digits_cnn.onnx --hardware t4",
    "%haoline models/llama_1b.onnx --hardware t4",
)


@pytest.fixture
def bare(browser: Browser, server: LabServer) -> Iterator[Lab]:
    """A JupyterLab page that cannot load our labextension; anywidget's own is there."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.route("**/extensions/haoline-jupyter/**", lambda route: route.abort())
    lab = Lab(context.new_page(), server)
    yield lab
    context.close()


def test_reports_draw_themselves_and_carry_the_picker(bare: Lab) -> None:
    path = bare.server.notebook("bare.ipynb", *CELLS)
    bare.open_notebook(path)
    bare.run_all(path)
    first, second = Report(bare.output(path, 1)), Report(bare.output(path, 2))
    assert bare.page.get_by_test_id("haoline-sidebar").count() == 0
    before = first.stat("time")
    first.hardware().click()
    first.root.get_by_test_id("haoline-profile-search").fill("h100")
    first.root.locator("[data-profile='h100-sxm']").click()
    expect(first.hardware()).to_contain_text("H100")
    expect(first.root.get_by_test_id("haoline-stat-time")).not_to_have_text(before)
    expect(second.root.get_by_test_id("haoline-graph-canvas")).to_be_visible()
    bare.screenshot("widget-alone")


def test_the_bundle_travels_once_for_all_reports(bare: Lab) -> None:
    path = bare.server.notebook("once.ipynb", *CELLS)
    bare.page.evaluate(
        "() => { const make = URL.createObjectURL; window.modules = 0;"
        " URL.createObjectURL = (blob) => { window.modules += blob.type.includes('javascript'); return make(blob); } }"
    )
    bare.open_notebook(path)
    bare.run_all(path)
    for cell in (1, 2):
        Report(bare.output(path, cell))
    stub, bundle = 2, 1  # anywidget makes a module of each widget's stub
    assert bare.page.evaluate("() => window.modules") == stub + bundle
