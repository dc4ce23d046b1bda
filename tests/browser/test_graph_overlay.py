"""The legend in a real browser: what is brushed or clicked in it is what stands out in the graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import haoline_jupyter
from haoline_analysis import ModelReport, analyze

from .graph_hand import GraphHand

_MODEL = Path(__file__).parents[2] / "examples/models/llama_1b.onnx"


@pytest.fixture(scope="module")
def report() -> ModelReport:
    """A report with a column of the user's own on both sides of zero, a fifth of it unknown."""
    report = analyze(_MODEL, hardware="H100")
    random = np.random.default_rng(0)
    drift = random.normal(0, 3, len(report.ops))
    drift[random.random(len(drift)) < 0.2] = np.nan
    return report.add_column("drift", drift, label="Drift", unit="dB", aggregate="mean", provenance="measured")


@pytest.fixture(scope="module")
def page(browser: Browser, report: ModelReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The exported report."""
    file = tmp_path_factory.mktemp("overlay") / "report.html"
    report.to_html(file, assets=haoline_jupyter.views())
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def hand(page: Page) -> GraphHand:
    """A hand on the graph, as it shows itself."""
    hand = GraphHand(page.get_by_test_id("haoline-graph"))
    hand.set_state(expanded=None, color="", edgeColor="", filter="", selection=[], camera=None)
    return hand


def legend(hand: GraphHand) -> Locator:
    return hand.root.get_by_test_id("haoline-graph-legend")


def drag(hand: GraphHand, start: float, end: float) -> None:
    """Brush from one share of the scale to another."""
    box = legend(hand).locator("[data-brush]").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    hand.page.mouse.move(box["x"] + start * box["width"], y)
    hand.page.mouse.down()
    hand.page.mouse.move(box["x"] + end * box["width"], y, steps=6)
    hand.page.mouse.up()


def asked(hand: GraphHand, column: str) -> tuple[float, float]:
    """The range that the view is filtered by."""
    match = re.fullmatch(rf"{column}:(.+)\.\.(.+)", hand.state()["filter"])
    assert match is not None
    return float(match[1]), float(match[2])


@pytest.mark.parametrize("column", ["estimated_us", "drift", "intensity"])
def test_what_is_brushed_stands_out_and_nothing_else(hand: GraphHand, report: ModelReport, column: str) -> None:
    hand.set_state(color=column)
    drag(hand, 0.3, 0.95)
    low, high = asked(hand, column)
    values = report.ops[column].to_numpy(float, na_value=np.nan)
    drawn = {op for node in hand.nodes() for op in node["ops"]}
    expected = {op for op in drawn if low <= values[op] <= high}
    assert expected
    assert set(hand.emphasised() or []) & drawn == expected
    legend(hand).locator("[data-brush]").dblclick()
    assert hand.state()["filter"] == ""


def test_keys_move_the_handles_and_not_the_graph(hand: GraphHand, report: ModelReport) -> None:
    hand.set_state(color="drift")
    low = legend(hand).get_by_role("slider", name="Drift, from")
    low.focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp", "Shift+ArrowRight"):
        hand.page.keyboard.press(key)
    start, end = asked(hand, "drift")
    assert start > report.ops["drift"].min()
    assert end >= report.ops["drift"].max()
    expect(low).to_be_focused()
    assert float(low.get_attribute("aria-valuenow") or "nan") == start
    assert hand.state()["camera"] is None
    hand.page.keyboard.press("Home")
    assert hand.state()["filter"] == ""


def test_a_word_is_asked_for_by_a_click_and_no_more_by_another(hand: GraphHand, report: ModelReport) -> None:
    hand.set_state(color="bound")
    word = legend(hand).get_by_role("button", name="memory")
    word.click()
    assert hand.state()["filter"] == "bound=memory"
    bound = report.ops["bound"].tolist()
    assert {bound[op] for op in hand.emphasised() or []} == {"memory"}
    expect(word).to_have_attribute("aria-pressed", "true")
    word.click()
    assert hand.state()["filter"] == ""


def test_a_filter_lifted_elsewhere_frees_the_handles(hand: GraphHand) -> None:
    hand.set_state(color="drift")
    drag(hand, 0.4, 0.8)
    hand.set_state(filter="")
    expect(legend(hand).locator("[data-brush]")).to_have_attribute("data-brush", "all")


def test_another_scale_moves_no_value(hand: GraphHand) -> None:
    hand.set_state(color="flops")
    spoken = legend(hand).locator(".haoline-legend-spoken").inner_text()
    legend(hand).get_by_role("button", name="Linear").click()
    assert legend(hand).locator(".haoline-legend-spoken").inner_text() == spoken.replace("log scale", "linear scale")
    expect(legend(hand).get_by_role("button", name="Linear")).to_be_focused()


@pytest.mark.parametrize("edges", ["", "nbytes", "dtype"])
def test_the_legend_leaves_the_graph_to_be_seen(hand: GraphHand, edges: str) -> None:
    hand.set_state(color="type", edgeColor=edges)
    hand.page.set_viewport_size({"width": 560, "height": 420})
    try:
        view, panel = hand.root.bounding_box(), legend(hand).bounding_box()
        assert view is not None
        assert panel is not None
        assert panel["width"] * panel["height"] < 0.35 * view["width"] * view["height"]
    finally:
        hand.page.set_viewport_size({"width": 1200, "height": 900})
