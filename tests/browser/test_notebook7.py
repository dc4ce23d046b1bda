"""Notebook 7 draws and steers graph views like JupyterLab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .graph_cell import GraphCell
from .server import TOKEN, LabServer

KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
EXAMPLES = Path(__file__).parents[2] / "examples"
CELLS = (
    "from haoline_jupyter import GraphView\nview = GraphView('models/digits_cnn.onnx', height=320)\nview",
    "view.color = 'macs'\nview.selection = view.report.ops['type'] == 'Gemm'",
)


class NotebookServer(LabServer):
    """One Notebook 7 process."""

    app = "notebook"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """Notebook 7 over a copy of the examples."""
    pytest.importorskip("notebook")
    running = NotebookServer(tmp_path_factory.mktemp("notebook7"))
    shutil.copytree(EXAMPLES, running.root, dirs_exist_ok=True)
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser, server: LabServer) -> Iterator[Page]:
    """The notebook in Notebook 7, run."""
    path = server.notebook("notebook7.ipynb", *CELLS)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{server.url}/notebooks/{path}?token={TOKEN}")
    page.wait_for_function(f"() => {KERNEL}?.status === 'idle'", timeout=60_000)
    page.evaluate("() => { void jupyterapp.commands.execute('notebook:run-all-cells') }")
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
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save').then(() => null)")
    (output,) = server.read_notebook("notebook7.ipynb").cells[0].outputs
    assert output["data"]["application/vnd.haoline.report+json"]["state"]["color"] == "parameters"
