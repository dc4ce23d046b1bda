"""The graph as a cell of its own: steered from Python and by hand, saved, linked to, exported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from .graph_cell import GraphCell
from .lab import Lab
from .report import Report
from .server import TOKEN, LabServer

LOAD = """
%load_ext haoline_jupyter
from haoline_jupyter import GraphView
report = %haoline models/digits_cnn.onnx --hardware h100-sxm
"""
ADD = """
import pandas as pd
report.add_column('sqnr', pd.Series(range(len(report.ops)), index=report.ops['name']), unit='dB')
report.add_column('peak', {report.tensors['name'][0]: 3.5}, table='tensors')
view.color = 'sqnr'
"""
SHOW = "view = GraphView(report, color='macs', height=320)\nview"


@pytest.fixture
def path(lab: Lab, request: pytest.FixtureRequest) -> str:
    """A notebook whose second cell shows a graph, run in a kernel of its own."""
    path = lab.server.notebook(f"{request.node.name}.ipynb", LOAD.strip(), SHOW)
    lab.open_notebook(path)
    lab.run_all(path)
    return path


def tell(lab: Lab, path: str, code: str) -> None:
    """Run code in the kernel and come back to the graph."""
    lab.run(path, code)
    lab.output(path, 1).first.scroll_into_view_if_needed()


class TestBothWays:
    def test_what_the_reader_selects_is_a_frame_in_python(self, lab: Lab, path: str) -> None:
        cell = GraphCell(lab.output(path, 1))
        cell.click(next(node for node in cell.nodes() if not node["group"] and node["ops"]))
        expect(cell.root.get_by_test_id("haoline-op-detail")).to_be_visible()
        (row,) = cell.state()["selection"]
        assert lab.ask(path, "view.selected.index.tolist()") == str([row])

    def test_what_python_selects_is_opened_and_shown(self, lab: Lab, path: str) -> None:
        tell(lab, path, "view.selection = report.ops['type'] == 'Gemm'")
        cell = GraphCell(lab.output(path, 1))
        detail = cell.root.get_by_test_id("haoline-op-detail")
        expect(detail).to_contain_text("Gemm")
        assert any(node["ops"] == cell.state()["selection"] for node in cell.nodes())

    def test_traits_steer_the_graph_and_follow_it(self, lab: Lab, path: str) -> None:
        cell = GraphCell(lab.output(path, 1))
        tell(lab, path, "view.color = 'flops'; view.edge_color = 'nbytes'; view.filter = 'type:Conv'")
        expect(cell.pick("color")).to_have_value("flops")
        expect(cell.pick("edge-color")).to_have_value("nbytes")
        assert cell.state()["filter"] == "type:Conv"
        cell.pick("size").select_option("macs")
        cell.graph.get_by_role("button", name="Zoom in").click()
        lab.page.wait_for_timeout(600)
        camera = cell.state()["camera"]
        told = lab.ask(path, "view.size, round(view.camera['scale'], 4), view.color")
        assert told == f"macs {round(camera['scale'], 4)} flops"

    def test_the_cell_is_as_high_as_it_is_dragged(self, lab: Lab, path: str) -> None:
        cell = GraphCell(lab.output(path, 1))
        handle = cell.root.get_by_test_id("haoline-resize")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        lab.page.mouse.move(x, y)
        lab.page.mouse.down()
        lab.page.mouse.move(x, y + 60, steps=4)
        lab.page.mouse.up()
        handle.press("ArrowUp")
        lab.page.wait_for_timeout(500)
        assert int(lab.ask(path, "view.height")) == 320 + 60 - 24
        tell(lab, path, "view.height = 400")
        expect(handle).to_have_attribute("aria-valuenow", "400")


class TestOwnColumns:
    def test_a_column_reaches_every_view_at_once(self, lab: Lab, path: str) -> None:
        lab.run(path, "report")
        cell, whole = GraphCell(lab.output(path, 1)), Report(lab.output(path, 2))
        tell(lab, path, ADD)
        expect(cell.pick("color")).to_have_value("sqnr")
        group = cell.pick("color").locator("optgroup[label='Measured']")
        expect(group.locator("option")).to_have_text("sqnr (dB)")
        expect(cell.pick("edge-color").locator("option[value='peak']")).to_have_count(1)
        expect(whole.root.get_by_test_id("haoline-graph-color").locator("option[value='sqnr']")).to_have_count(1)
        lab.run(path, "report.remove_column('sqnr');")
        expect(cell.pick("color")).to_have_value("")
        expect(group).to_have_count(0)


def selected_names(lab: Lab, path: str, cell: GraphCell) -> list[str]:
    return json.loads(lab.ask(path, "__import__('json').dumps(view.selected['name'].tolist())"))


def open_without_kernel(lab: Lab, path: str) -> Locator:
    """Open a notebook, start no kernel, and return what its second cell shows."""
    lab.page.evaluate(
        """path => { void jupyterapp.commands.execute(
            'docmanager:open', {path, kernelPreference: {shouldStart: false, canStart: false}}) }""",
        path,
    )
    lab.panel_ready(path)
    return lab.output(path, 1)


class TestSaved:
    def test_a_notebook_opens_as_it_was_saved(self, lab: Lab, path: str) -> None:
        cell = GraphCell(lab.output(path, 1))
        cell.click(next(node for node in cell.nodes() if not node["group"] and node["ops"]))
        cell.pick("color").select_option("parameters")
        cell.graph.get_by_role("button", name="Zoom in").click()
        lab.page.wait_for_timeout(600)
        before = cell.state()
        lab.save(path)
        copy = "graph-copy.ipynb"
        (lab.server.root / copy).write_bytes((lab.server.root / path).read_bytes())
        lab.close(path)
        again = GraphCell(open_without_kernel(lab, copy))
        lab.page.wait_for_timeout(500)
        assert again.state() == before
        again.graph.get_by_test_id("haoline-graph-more").click()
        again.graph.get_by_role("menuitem", name="Save as HTML").click()
        expect(again.root.get_by_test_id("haoline-status")).to_contain_text("run this cell again")
        lab.screenshot("graph-cell-saved")

    def test_the_view_saves_a_page_that_shows_and_saves_itself(
        self, lab: Lab, path: str, browser: Browser, tmp_path: Path
    ) -> None:
        cell = GraphCell(lab.output(path, 1))
        cell.pick("color").select_option("parameters")
        first = save_html(cell.graph, tmp_path / "first.html")
        page = browser.new_page()
        page.goto(first.as_uri())
        shown = GraphCell(page.locator("body"))
        assert shown.state()["color"] == "parameters"
        shown.pick("color").select_option("flops")
        shown.click(next(node for node in shown.nodes() if not node["group"] and node["ops"]))
        before = shown.state()
        second = save_html(shown.graph, tmp_path / "second.html")
        page.goto(second.as_uri())
        again = GraphCell(page.locator("body"))
        page.wait_for_timeout(300)
        assert again.state() == before
        expect(page.locator(".haoline-static")).to_have_count(0)
        page.close()


def save_html(graph: Locator, to: Path) -> Path:
    """Save the page that a graph offers."""
    graph.scroll_into_view_if_needed()
    graph.get_by_test_id("haoline-graph-more").click()
    with graph.page.expect_download() as download:
        graph.get_by_role("menuitem", name="Save as HTML").click()
    download.value.save_as(to)
    return to


class TestLinks:
    def test_a_copied_link_leads_back_to_the_op(self, lab: Lab, path: str) -> None:
        lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        cell = GraphCell(lab.output(path, 1))
        node = next(node for node in cell.nodes() if not node["group"] and node["ops"])
        cell.click(node)
        (name,) = selected_names(lab, path, cell)
        cell.graph.get_by_test_id("haoline-graph-selection").get_by_role("button", name="Copy link").click()
        expect(cell.root.get_by_test_id("haoline-status")).to_contain_text("copied")
        link = lab.page.evaluate("() => navigator.clipboard.readText()")
        assert link.startswith(lab.server.url)
        lab.save(path)
        fragment = link.partition("#")[2]
        lab.run(path, "view.selection = []")
        lab.page.evaluate("hash => { location.hash = hash }", fragment)
        expect(cell.root.get_by_test_id("haoline-op-detail")).to_be_visible()
        assert selected_names(lab, path, cell) == [name]

    def test_jupyterlab_keeps_the_fragment_of_a_link(self, lab: Lab, server: LabServer) -> None:
        path = server.notebook(
            "linked.ipynb", LOAD.strip(), SHOW, *["print('\\n'.join('filler' for _ in range(60)))"] * 6
        )
        lab.open_notebook(path)
        lab.run_all(path)
        lab.run(path, "print(report.id, report.ops['name'][report.ops['type'] == 'Gemm'].iloc[0])")
        report_id, name = lab.panel(path).locator(".jp-OutputArea-output").last.inner_text().split()
        lab.save(path)
        lab.close(path)
        lab.page.goto("about:blank")
        lab.page.goto(f"{server.url}/lab/tree/{path}?token={TOKEN}#haoline={report_id}&op={name}")
        lab.page.wait_for_function("() => window.jupyterapp?.restored")
        lab.panel_ready(path)
        cell = GraphCell(lab.output(path, 1))
        expect(cell.root.get_by_test_id("haoline-op-detail")).to_contain_text("Gemm")
        expect(cell.graph).to_be_in_viewport()


def test_light_and_dark(lab: Lab, path: str) -> None:
    lab.run(path, "GraphView('models/llama_1b.onnx', color='estimated_us', edge_color='nbytes', height=560)")
    cell = GraphCell(lab.output(path, 2))
    cell.graph.scroll_into_view_if_needed()
    lab.screenshot("graph-cell-light")
    lab.set_theme("dark")
    lab.screenshot("graph-cell-dark")
    lab.set_theme("light")
