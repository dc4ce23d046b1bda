"""Two graphs side by side: one hand moves both, and what differs is marked."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .lab import Lab

MAKE = """
%load_ext haoline_jupyter
import onnx
from haoline_jupyter import GraphPair
model = onnx.load('models/digits_cnn.onnx')
relus = [node for node in model.graph.node if node.op_type == 'Relu']
relus[0].op_type = 'Tanh'
first = onnx.load('models/digits_cnn.onnx')
"""
SHOW = "pair = GraphPair(first, model, height=360)\npair"


class Pair:
    """What a person sees of a pair."""

    def __init__(self, scope: Locator) -> None:
        self.root = scope.get_by_test_id("haoline-pair")
        self.panes = [self.root.get_by_test_id("haoline-graph").nth(side) for side in (0, 1)]
        for pane in self.panes:
            expect(pane.get_by_test_id("haoline-graph-canvas")).to_be_visible()

    def nodes(self, side: int) -> list[dict[str, Any]]:
        return self.panes[side].evaluate("root => root.haolineGraph.nodes()")

    def state(self, side: int) -> dict[str, Any]:
        return self.panes[side].evaluate("root => root.haolineGraph.state()")

    def click(self, side: int, label: str) -> None:
        node = next(each for each in self.nodes(side) if each["label"].startswith(label))
        at = {"x": node["x"] + node["w"] / 2, "y": node["y"] + node["h"] * 0.8}
        self.panes[side].get_by_test_id("haoline-graph-canvas").click(position=at)


@pytest.fixture
def pair(lab: Lab, request: pytest.FixtureRequest) -> Pair:
    path = lab.server.notebook(f"{request.node.name}.ipynb", MAKE.strip(), SHOW)
    lab.open_notebook(path)
    lab.run_all(path)
    output = lab.output(path, 1)
    output.first.scroll_into_view_if_needed()
    return Pair(output)


def test_one_hand_moves_both(lab: Lab, pair: Pair) -> None:
    """Opening, selecting and zooming in one view happens in the other."""
    expect(pair.root.get_by_test_id("haoline-pair-bar")).to_contain_text("~ 1 changed")
    group = next(node["label"] for node in pair.nodes(0) if node["group"] and not node["expanded"])
    pair.click(0, group)
    opened = "panes => panes.map(pane => JSON.stringify(pane.haolineGraph.state().expanded))"
    panes = [pane.element_handle() for pane in pair.panes]
    lab.page.wait_for_function(
        f"panes => {{ const [a, b] = ({opened})(panes); return a !== 'null' && a === b }}", arg=panes
    )
    pair.panes[0].get_by_test_id("haoline-graph-canvas").hover()
    lab.page.mouse.wheel(0, -240)
    lab.page.wait_for_timeout(500)
    scales = [pane.get_by_test_id("haoline-graph-canvas").get_attribute("data-scale") for pane in pair.panes]
    assert scales[0] == scales[1]


def test_the_way_to_what_differs(lab: Lab, pair: Pair) -> None:
    pair.root.get_by_label("Next difference").click()
    lab.page.wait_for_timeout(500)
    selected = [pair.state(side)["selection"] for side in (0, 1)]
    labels = [
        next(node["label"] for node in pair.nodes(side) if node["ops"] == selected[side] and not node["group"])
        for side in (0, 1)
    ]
    assert labels == ["Relu", "Tanh"]
    lab.screenshot("pair-light")
    pair.root.get_by_role("button", name="1 changed").click()
    assert [pane.evaluate("root => root.haolineGraph.emphasised().length") for pane in pair.panes] == [1, 1]


def test_one_scale_for_both_in_light_and_dark(lab: Lab, pair: Pair) -> None:
    """With a heat overlay equal colours mean equal amounts, so the two legends end at the same numbers."""
    pair.panes[0].focus()
    lab.page.keyboard.press("h")
    legends = [pane.get_by_test_id("haoline-graph-legend") for pane in pair.panes]
    for legend in legends:
        expect(legend).to_be_visible()
        expect(legend.locator(".haoline-legend-below")).not_to_be_empty()
    ends = [legend.locator(".haoline-legend-below").inner_text() for legend in legends]
    assert ends[0] == ends[1]
    lab.screenshot("pair-heat-light")
    lab.set_theme("dark")
    lab.screenshot("pair-heat-dark")
