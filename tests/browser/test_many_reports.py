"""Twenty reports in one notebook: the page stays responsive, and nothing is left of what is re-run or deleted."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import CDPSession, expect

from .lab import Lab

CELLS = 20
LOAD = "%load_ext haoline_jupyter\nfrom haoline_jupyter import GraphView"
REPORT = "%haoline models/llama_1b.onnx --hardware t4"
GRAPH = "GraphView('models/llama_1b.onnx')"
KERNEL = """
import gc, comm, ipywidgets.widgets.widget as widgets
from haoline_jupyter.session import session
gc.collect()
print(len(session.widgets), len(widgets._instances), len(comm.get_comm_manager().comms))
"""
WIDGETS_A_VIEW = 2
"""The view and ipywidgets' layout of it."""

GROWTH_BYTES = 6_000_000
"""What a page may hold more after two more runs of all cells. One report that stays behind is over a megabyte."""
SLACK = 1.25
"""Editors, prompts and caches of JupyterLab come and go: counts of nodes and listeners are alike, not equal."""
SLOWER = 3
"""How much longer a frame of a page with twenty reports at rest may take than of a page with none."""


@dataclass
class Held:
    """What a page holds once its garbage is collected."""

    bytes: int
    nodes: int
    listeners: int
    graphs: int
    models: int


class Page:
    """A notebook of many views, and a look behind it."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.path = lab.server.notebook(name, LOAD, *[REPORT, GRAPH] * (CELLS // 2))
        lab.open_notebook(self.path)
        self.session: CDPSession = lab.page.context.new_cdp_session(lab.page)
        self.session.send("HeapProfiler.enable")

    def held(self) -> Held:
        """What the page holds now."""
        self.lab.page.wait_for_timeout(2500)
        for _ in range(3):
            self.session.send("HeapProfiler.collectGarbage")
        heap = self.session.send("Runtime.getHeapUsage")
        counters = self.session.send("Memory.getDOMCounters")
        graphs, models = self.lab.page.evaluate(
            "() => [document.querySelectorAll('[data-testid=haoline-graph-canvas]').length,"
            " globalThis[Symbol.for('haoline')].models.size]"
        )
        used = int(heap["usedSize"] + heap.get("backingStorageSize", 0))
        return Held(used, counters["nodes"], counters["jsEventListeners"], graphs, models)

    def kernel(self) -> tuple[int, ...]:
        """Views, widgets and comms that the kernel holds."""
        self.lab.run(self.path, KERNEL.strip())
        output = self.lab.panel(self.path).locator(".jp-Cell").last.locator(".jp-OutputArea-output")
        return tuple(int(word) for word in output.inner_text().split())

    def delete(self, first: int) -> None:
        """Delete the cells from one on."""
        self.lab.page.evaluate(
            """([path, first]) => {
              const panel = [...jupyterapp.shell.widgets('main')].find((widget) => widget.context?.path === path);
              panel.model.sharedModel.deleteCellRange(first, panel.model.cells.length);
            }""",
            [self.path, first],
        )

    def frame(self) -> float:
        """The median time between frames of the page, in milliseconds."""
        return self.lab.page.evaluate(
            """() => new Promise((done) => {
              const gaps = [];
              let last = performance.now();
              const tick = (now) => {
                gaps.push(now - last);
                last = now;
                if (gaps.length < 60) requestAnimationFrame(tick);
                else done(gaps.sort((a, b) => a - b)[30]);
              };
              requestAnimationFrame(tick);
            })"""
        )


def test_twenty_reports_leave_the_page_responsive(lab: Lab) -> None:
    page = Page(lab, "many-at-rest.ipynb")
    before = page.frame()
    lab.run_all(page.path)
    expect(lab.panel(page.path).locator("canvas").last).to_be_visible()
    lab.page.wait_for_timeout(2000)
    assert page.frame() < SLOWER * before
    lab.screenshot("many-reports")


def test_nothing_is_left_of_runs_before(lab: Lab) -> None:
    page = Page(lab, "many-again.ipynb")
    empty = page.held()
    for _ in range(2):
        page.lab.run_all(page.path)
    first = page.held()
    for _ in range(2):
        page.lab.run_all(page.path)
    again = page.held()
    assert 0 < again.graphs <= CELLS
    assert (first.models, again.models) == (CELLS, CELLS)
    assert again.bytes - first.bytes < GROWTH_BYTES
    assert again.nodes < SLACK * first.nodes
    assert again.listeners < SLACK * first.listeners
    views, widgets, comms = page.kernel()
    assert (views, widgets) == (CELLS, WIDGETS_A_VIEW * CELLS)

    page.delete(1)
    expect(page.lab.page.locator("[data-report-id]")).to_have_count(0)
    page.lab.page.wait_for_function("() => globalThis[Symbol.for('haoline')].models.size === 0")
    deleted = page.held()
    assert deleted.graphs == 0
    assert deleted.nodes < SLACK * empty.nodes
    assert deleted.listeners < SLACK * empty.listeners
    assert page.kernel() == (0, 0, comms - WIDGETS_A_VIEW * CELLS)
