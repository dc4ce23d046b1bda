"""Notebook 7 draws and steers graph views like JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .graph_cell import GraphCell
from .server import TOKEN, LabServer

CELLS = (
    "from haoline_jupyter import GraphView\nview = GraphView('models/digits_cnn.onnx', height=320)\nview",
    "view.color = 'macs'\nview.selection = view.report.ops['type'] == 'Gemm'",
)


@pytest.fixture
def page(browser: Browser, server: LabServer) -> Iterator[Page]:
    """The notebook in Notebook 7, run."""
    pytest.importorskip("notebook")
    path = server.notebook("notebook7.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/notebooks/{path}?token={TOKEN}")
    page.get_by_role("menuitem", name="Run", exact=True).click(timeout=60_000)
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    yield page
    context.close()


def test_a_graph_is_drawn_and_follows_python(page: Page) -> None:
    cell = GraphCell(page.locator("body"))
    expect(cell.pick("color")).to_have_value("macs")
    expect(cell.root.get_by_test_id("haoline-op-detail")).to_contain_text("Gemm")


def test_what_is_seen_is_saved(page: Page, server: LabServer) -> None:
    cell = GraphCell(page.locator("body"))
    expect(cell.pick("color")).to_have_value("macs")
    cell.pick("color").select_option("parameters")
    page.keyboard.press("Escape")
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name="Save Notebook", exact=True).click()
    page.wait_for_timeout(1500)
    (output,) = server.read_notebook("notebook7.ipynb").cells[0].outputs
    assert output["data"]["application/vnd.haoline.report+json"]["state"]["color"] == "parameters"
