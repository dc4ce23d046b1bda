"""Everything a person does with a graph, by real pointer, wheel and keys, on one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .graph_hand import GraphHand
from .lab import Lab
from .report import Report
from .server import LabServer

CELLS = ("%load_ext haoline_jupyter", "%haoline models/llama_1b.onnx --hardware t4")
LAYERS = "layers ×16"


@pytest.fixture(scope="module")
def page(browser: Browser, server: LabServer) -> Iterator[tuple[Lab, Report, str]]:
    """One page with one report for all tests of this module."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab = Lab(context.new_page(), server)
    path = server.notebook("graph-hand.ipynb", *CELLS)
    lab.open_notebook(path)
    lab.run_all(path)
    yield lab, Report(lab.output(path, 1)), path
    context.close()
    assert lab.errors == []


@pytest.fixture
def hand(page: tuple[Lab, Report, str]) -> GraphHand:
    """A hand on the graph, which shows what it shows by itself."""
    hand = GraphHand(page[1].graph())
    hand.reset()
    return hand


@pytest.fixture
def lab(page: tuple[Lab, Report, str]) -> Lab:
    """The page around."""
    return page[0]


class TestMoving:
    def test_the_wheel_scrolls_the_notebook_until_the_graph_is_clicked(self, hand: GraphHand) -> None:
        hand.wheel(300, 200, 0, -100)
        assert hand.state()["camera"] is None
        expect(hand.root.get_by_text("hold Ctrl")).to_have_attribute("data-shown", "true")
        hand.root.scroll_into_view_if_needed()
        hand.focus()
        hand.wheel(300, 200, 0, -100)
        assert hand.state()["camera"] is not None

    def test_the_wheel_zooms_about_the_cursor(self, hand: GraphHand) -> None:
        hand.focus()
        x, y = hand.inside(LAYERS)
        before = hand.node(LAYERS)["w"]
        hand.wheel(x, y, 0, -240)
        node = hand.node(LAYERS)
        assert node["x"] < x < node["x"] + node["w"]
        assert node["y"] < y < node["y"] + node["h"]
        assert node["w"] > before * 1.2

    def test_with_shift_the_wheel_moves_sideways(self, hand: GraphHand) -> None:
        hand.focus()
        before = hand.node(LAYERS)
        hand.wheel(300, 200, 0, 100, "Shift")
        after = hand.node(LAYERS)
        assert after["x"] < before["x"] - 50
        assert after["y"] == pytest.approx(before["y"])

    def test_ctrl_and_wheel_zoom_without_a_click(self, hand: GraphHand) -> None:
        before = hand.node(LAYERS)["w"]
        hand.wheel(*hand.inside(LAYERS), 0, -100, "Control")
        assert hand.node(LAYERS)["w"] > before * 1.1

    def test_a_drag_moves_and_selects_nothing(self, hand: GraphHand) -> None:
        before = hand.node(LAYERS)
        hand.drag(hand.inside(LAYERS), (before["x"] + 140, before["y"] + 90))
        after = hand.node(LAYERS)
        assert (after["x"], after["y"]) != (before["x"], before["y"])
        assert after["w"] == pytest.approx(before["w"])
        assert hand.state()["selection"] == []

    def test_keys_zoom_and_fit(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("+", "+")
        assert hand.state()["camera"] is not None
        hand.press("f")
        assert hand.state()["camera"] is None
        hand.click("Where")
        hand.press("z")
        node = hand.node("Where")
        box = hand.canvas.bounding_box()
        assert box is not None
        assert 0 < node["x"] < box["width"]
        assert hand.state()["camera"] is not None


class TestOpening:
    def test_a_click_opens_and_the_minus_sign_closes(self, hand: GraphHand) -> None:
        hand.click(LAYERS)
        assert hand.node(LAYERS)["expanded"]
        assert "model.model.layers.0" in hand.state()["expanded"]
        hand.settle()
        hand.click_at(*hand.sign(LAYERS))
        assert not hand.node(LAYERS)["expanded"]

    def test_the_pager_turns_to_another_instance(self, hand: GraphHand) -> None:
        hand.click(LAYERS)
        hand.press("]", "]")
        assert "model.model.layers.2" in hand.state()["expanded"]
        hand.press("[")
        assert "model.model.layers.1" in hand.state()["expanded"]

    def test_digits_open_so_many_levels(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("0")
        assert hand.state()["expanded"] == []
        hand.press("1")
        assert hand.state()["expanded"] == ["model.model"]
        hand.press("2")
        assert len(hand.state()["expanded"]) > 1
        hand.press("e")
        everything = hand.state()["expanded"]
        assert "model.model.layers.15.self_attn" in everything

    def test_the_menu_of_levels_does_the_same(self, hand: GraphHand) -> None:
        hand.part("levels").click()
        hand.choose("Close everything")
        assert hand.state()["expanded"] == []
        hand.part("levels").click()
        hand.choose("Open 2 levels")
        assert "model.model.layers.0" in hand.state()["expanded"]

    def test_all_others_close(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("3")
        hand.search("type=Softmax").press("Enter")
        hand.press("Escape")
        hand.press("c")
        assert hand.state()["expanded"] == [
            "model.model",
            "model.model.layers.0",
            "model.model.layers.0.self_attn",
        ]

    def test_a_group_alone_and_the_way_back(self, hand: GraphHand) -> None:
        hand.click(LAYERS)
        hand.press("f")
        hand.click("self_attn")
        hand.press("o")
        assert hand.state()["focus"] == "model.model.layers.0.self_attn"
        assert "norm" not in hand.labels()
        crumbs = hand.part("crumbs")
        expect(crumbs).to_contain_text("layers.0")
        crumbs.get_by_role("button", name="model", exact=True).click()
        hand.settle()
        assert hand.state()["focus"] == "model.model"
        hand.root.focus()
        hand.press("Backspace")
        assert hand.state()["focus"] == "model.model.layers.0.self_attn"
        hand.press("Backspace")
        assert hand.state()["focus"] == ""


class TestSelecting:
    def test_shift_and_click_add_and_take_away(self, hand: GraphHand) -> None:
        hand.click("Where")
        hand.click("And", "Shift")
        assert len(hand.state()["selection"]) == 2
        expect(hand.part("selection")).to_contain_text("2 selected")
        hand.click("Where", "Shift")
        assert hand.state()["selection"] == hand.node("And")["ops"]
        hand.focus()
        assert hand.state()["selection"] == []

    def test_shift_and_drag_select_what_is_inside(self, hand: GraphHand) -> None:
        upper, lower = hand.node("And"), hand.node("Where")
        end = (lower["x"] + lower["w"] + 6, lower["y"] + lower["h"] + 6)
        hand.drag((upper["x"] - 6, upper["y"] - 6), end, "Shift")
        assert sorted(hand.state()["selection"]) == sorted(upper["ops"] + lower["ops"])

    def test_arrows_walk_along_edges(self, hand: GraphHand) -> None:
        hand.click("And")
        hand.press("ArrowDown")
        assert hand.state()["selection"] == hand.node("Where")["ops"]
        hand.press("ArrowUp")
        assert hand.state()["selection"] == hand.node("And")["ops"]

    def test_the_selection_reaches_the_table(self, hand: GraphHand, page: tuple[Lab, Report, str]) -> None:
        hand.click("Where")
        (row,) = hand.state()["selection"]
        hand.part("selection").get_by_role("button", name="Show in table").click()
        table = page[1].root.get_by_test_id("haoline-table")
        expect(table.locator("[aria-selected=true]").first).to_contain_text("Where")
        page[1].graph()
        assert hand.state()["selection"] == [row]


class TestFinding:
    def test_search_steps_through_matches_and_opens_their_groups(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("/")
        hand.page.keyboard.type("softmax")
        expect(hand.root.get_by_text("16", exact=True)).to_be_visible()
        hand.press("Enter", "Enter")
        expect(hand.root.get_by_text("2 / 16")).to_be_visible()
        assert "model.model.layers.1.self_attn" in hand.state()["expanded"]
        hand.press("Shift+Enter")
        expect(hand.root.get_by_text("1 / 16")).to_be_visible()
        hand.press("Escape")
        assert hand.emphasised() is None

    def test_n_steps_from_the_graph_itself(self, hand: GraphHand) -> None:
        hand.search("type=Softmax")
        hand.root.focus()
        hand.press("n", "n", "n", "Shift+N")
        expect(hand.root.get_by_text("2 / 16")).to_be_visible()
        hand.press("Escape")
        assert hand.emphasised() is None

    def test_every_kind_of_term(self, hand: GraphHand) -> None:
        def count(query: str) -> int:
            hand.search(query)
            return len(hand.emphasised() or [])

        assert count("type=Softmax") == 16
        assert count("scope:layers.3 type=Softmax") == 1
        assert count("scope:lm_head") >= 1
        assert count("attr:perm") > 30
        assert count("tensor:attention_mask") >= 1
        assert 0 < count("macs>1e9") < count("macs>1e6")
        assert count("macs:1e6..1e9") + count("macs>1e9") == count("macs>=1e6")
        assert count("is:bottleneck") < count("is:bottleneck") + count("-is:bottleneck")
        assert count("has:finding") > 0
        hand.search("")

    def test_a_malformed_part_is_named_and_the_rest_works(self, hand: GraphHand) -> None:
        hand.search("type=Softmax nosuch>3")
        expect(hand.root.get_by_text("There is no column “nosuch”")).to_be_visible()
        assert len(hand.emphasised() or []) == 16
        hand.search("")

    def test_a_search_becomes_a_filter(self, hand: GraphHand) -> None:
        hand.search("macs>1e9").press("Control+Enter")
        assert hand.state()["filter"] == "macs>1e9"
        passing = hand.emphasised()
        hand.search("type=Softmax")
        expect(hand.root.get_by_text("none in the filter, 16 outside")).to_be_visible()
        hand.search("")
        assert hand.emphasised() == passing
        hand.part("filters").get_by_role("button", name="Lift").click()
        assert hand.state()["filter"] == ""

    def test_quick_filters_show_their_counts_and_add_up(self, hand: GraphHand) -> None:
        chips = hand.part("filters")
        bottlenecks = chips.get_by_role("button", name="Bottlenecks")
        expect(bottlenecks).to_have_attribute("title", "The fewest ops that together take 80 % of the estimated time")
        bottlenecks.click()
        expect(bottlenecks).to_have_attribute("aria-pressed", "true")
        slow = hand.emphasised() or []
        assert 0 < len(slow) < 300
        chips.get_by_role("button", name="With findings").click()
        assert hand.state()["filter"] == "is:bottleneck has:finding"
        bottlenecks.click()
        assert hand.state()["filter"] == "has:finding"


class TestFollowing:
    def test_upstream_and_downstream_by_key(self, hand: GraphHand) -> None:
        hand.click("Where")
        hand.press("u")
        up = set(hand.emphasised() or [])
        expect(hand.part("result")).to_contain_text("Upstream")
        hand.press("d")
        both = set(hand.emphasised() or [])
        assert up < both
        expect(hand.part("result")).to_contain_text("in closed groups")
        hand.press("u", "d")
        assert hand.emphasised() is None

    def test_by_button_and_cleared(self, hand: GraphHand) -> None:
        hand.click("Gather")
        bar = hand.part("selection")
        bar.get_by_role("button", name="Trace downstream").click()
        assert len(hand.emphasised() or []) > 100
        hand.part("result").get_by_role("button").click()
        assert hand.emphasised() is None
        expect(hand.part("result")).to_be_hidden()

    def test_the_shortest_path_opens_what_is_around_it(self, hand: GraphHand) -> None:
        first, second, *_ = hand.ops_of_type("Softmax")
        hand.set_state(selection=[first, second])
        hand.root.focus()
        hand.press("p")
        path = hand.emphasised() or []
        assert first in path
        assert second in path
        assert {"model.model.layers.0.self_attn", "model.model.layers.1.self_attn"} <= set(hand.state()["expanded"])
        expect(hand.part("result")).not_to_contain_text("closed")
        hand.press("Escape")
        assert hand.emphasised() is None
        assert hand.state()["selection"] == [first, second]

    def test_the_path_between_two_that_were_clicked(self, hand: GraphHand) -> None:
        hand.click("Cast")
        hand.press("p")
        expect(hand.root.locator("[data-shown=true]")).to_contain_text("Select two things first")
        hand.click("Where", "Shift")
        hand.press("p")
        path = hand.emphasised() or []
        assert {*hand.node("Cast")["ops"], *hand.node("Where")["ops"], *hand.node("And")["ops"]} <= set(path)

    def test_a_stub_leads_to_its_source_and_back(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("e")
        stub = next(stub for stub in hand.root.evaluate("root => root.haolineGraph.stubs()") if stub["source"])
        before = hand.state()["camera"]
        hand.click_at(stub["x"], stub["y"])
        assert hand.state()["selection"] == stub["source"]
        assert hand.state()["camera"] != before
        hand.press("Backspace")
        assert any(again["source"] == stub["source"] for again in hand.root.evaluate("r => r.haolineGraph.stubs()"))

    def test_the_way_back_from_a_match(self, hand: GraphHand) -> None:
        hand.click(LAYERS)
        before = hand.labels()
        hand.search("type=Softmax").press("Enter")
        hand.press("Escape")
        assert hand.labels() != before
        hand.press("Backspace")
        box = hand.canvas.bounding_box()
        assert box is not None
        run = hand.node(LAYERS)
        assert run["x"] < box["width"] / 2 < run["x"] + run["w"]


class TestMenus:
    def test_the_right_button_selects_without_opening(self, hand: GraphHand) -> None:
        hand.click(LAYERS, button="right")
        assert not hand.node(LAYERS)["expanded"]
        assert len(hand.state()["selection"]) > 100
        hand.choose("Trace upstream")
        assert hand.emphasised() is not None

    def test_the_notebook_has_no_menu_of_its_own_there(self, hand: GraphHand) -> None:
        hand.click(LAYERS, button="right")
        assert hand.page.locator(".lm-Menu").count() == 0
        hand.page.keyboard.press("Escape")
        expect(hand.part("menu")).to_be_hidden()

    def test_by_key_with_arrows(self, hand: GraphHand) -> None:
        hand.click("Where")
        hand.press("Shift+F10")
        expect(hand.part("menu")).to_be_visible()
        hand.press("c")
        hand.page.keyboard.press("ArrowDown")
        hand.page.keyboard.press("Escape")
        expect(hand.root).to_be_focused()

    def test_copies_the_name(self, hand: GraphHand) -> None:
        hand.click("Where", button="right")
        hand.choose("Copy name")
        copied = hand.page.evaluate("() => navigator.clipboard.readText()")
        assert "Where" in copied

    @pytest.mark.parametrize(
        ("label", "begins"),
        [
            ("Save the view as PNG", b"\x89PNG"),
            ("Save the view as SVG", b"<?xml"),
            ("Save everything open as SVG", b"<?xml"),
            ("Save as HTML", b"<!"),
        ],
    )
    def test_saves(self, hand: GraphHand, label: str, begins: bytes) -> None:
        hand.part("more").click()
        with hand.page.expect_download() as download:
            hand.choose(label)
        assert Path(download.value.path()).read_bytes().lstrip().startswith(begins)

    def test_constants_come_and_go(self, hand: GraphHand) -> None:
        hand.part("more").click()
        hand.choose("Constants (")
        assert hand.state()["constants"] is True
        hand.part("more").click()
        hand.choose("Constants")
        assert hand.state()["constants"] is False


class TestKeysAndNotebook:
    def test_h_toggles_the_heatmap(self, hand: GraphHand, page: tuple[Lab, Report, str]) -> None:
        hand.focus()
        hand.press("h")
        assert hand.state()["color"] == "estimated_us"
        expect(page[1].root.get_by_test_id("haoline-graph-color")).to_have_value("estimated_us")
        hand.press("h")
        assert hand.state()["color"] == ""

    def test_l_and_question_mark_show_legend_and_help(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("?")
        expect(hand.part("help")).to_be_visible()
        hand.press("Escape")
        expect(hand.part("help")).to_be_hidden()
        hand.press("l")
        expect(hand.part("legend")).to_be_visible()
        hand.press("l")

    def test_keys_do_nothing_to_the_notebook(self, hand: GraphHand, lab: Lab, page: tuple[Lab, Report, str]) -> None:
        cells = lab.panel(page[2]).locator(".jp-Cell").count()
        hand.focus()
        hand.press("d", "d", "a", "b", "x", "0", "0", "y", "m", "m")
        assert lab.panel(page[2]).locator(".jp-Cell").count() == cells
        expect(lab.page.locator(".jp-Dialog")).to_have_count(0)

    def test_the_graph_takes_no_key_without_the_focus(self, hand: GraphHand, lab: Lab) -> None:
        lab.page.evaluate("() => document.activeElement?.blur()")
        before = hand.state()
        for key in ("h", "e", "1", "f", "/"):
            lab.page.keyboard.press(key)
        assert hand.state() == before

    def test_the_toolbar_is_one_tab_stop(self, hand: GraphHand) -> None:
        bar = hand.root.get_by_role("toolbar", name="Graph")
        bar.get_by_role("button", name="Zoom in").focus()
        hand.page.keyboard.press("ArrowDown")
        expect(bar.get_by_role("button", name="Zoom out")).to_be_focused()
        hand.page.keyboard.press("End")
        expect(hand.part("more")).to_be_focused()
        hand.page.keyboard.press("Enter")
        expect(hand.part("menu")).to_be_visible()
        hand.page.keyboard.press("Escape")


class TestMirrors:
    def test_the_map_shows_where_one_is_and_leads_elsewhere(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("e")
        hand.search("type=Softmax").press("Enter")
        hand.settle()
        hand.settle()
        minimap = hand.part("minimap")
        expect(minimap).to_be_visible()
        before = hand.state()["camera"]
        box = minimap.bounding_box()
        assert box is not None
        hand.page.mouse.click(box["x"] + 8, box["y"] + 8)
        hand.settle()
        after = hand.state()["camera"]
        assert (after["x"], after["y"]) != (before["x"], before["y"])
        assert after["scale"] == before["scale"]
        hand.search("")
        hand.focus()
        hand.press("m")
        expect(minimap).to_be_hidden()
        hand.press("m")
        expect(minimap).to_be_visible()

    def test_the_map_is_gone_where_everything_is_in_view(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("0", "f")
        expect(hand.part("minimap")).to_be_hidden()

    def test_the_outline_mirrors_the_hierarchy_and_is_walked_by_keys(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("w")
        tree = hand.root.get_by_role("tree")
        expect(tree).to_be_focused()
        row = tree.get_by_role("treeitem", name=LAYERS)
        expect(row).to_have_attribute("aria-expanded", "false")
        expect(row).to_have_attribute("aria-level", "2")
        hand.press("l")
        hand.press("ArrowRight")
        expect(row).to_have_attribute("aria-expanded", "true")
        assert "self_attn" in hand.labels()
        assert hand.state()["expanded"]
        hand.press("ArrowDown", "Enter")
        inner = tree.locator("[data-active=true]")
        expect(inner).to_have_attribute("aria-level", "3")
        expect(inner).to_have_attribute("aria-selected", "true")
        assert len(hand.state()["selection"]) > 0
        hand.press("ArrowLeft", "ArrowLeft")
        expect(row).to_have_attribute("aria-expanded", "false")
        hand.press("Escape")
        expect(hand.root).to_be_focused()
        hand.press("w")
        assert tree.evaluate("tree => tree.parentElement.dataset.open") == "false"

    def test_the_whole_screen_and_back(self, hand: GraphHand) -> None:
        hand.focus()
        hand.press("g")
        full = "root => root.matches(':fullscreen')"
        hand.page.wait_for_function("document.fullscreenElement !== null")
        assert hand.root.evaluate(full)
        hand.press("g")
        hand.page.wait_for_function("document.fullscreenElement === null")


class TestNarrow:
    def test_everything_fits_a_cell_of_400_pixels(self, hand: GraphHand, lab: Lab) -> None:
        hand.root.evaluate("root => { root.style.width = '400px' }")
        hand.settle()
        hand.click("Where")
        inner = hand.root.bounding_box()
        assert inner is not None
        for name in ("search", "selection", "filters", "more", "levels"):
            box = hand.part(name).bounding_box()
            assert box is not None
            assert box["x"] >= inner["x"]
            assert box["x"] + box["width"] <= inner["x"] + inner["width"]
        lab.screenshot("graph-narrow")
        hand.root.evaluate("root => { root.style.width = '' }")
