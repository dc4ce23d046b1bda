"""Comparisons in a real JupyterLab: real models, real digits, pointer and keys, with and without a kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .divergence_cell import COLOURS, PICTURE, DivergenceCell
from .lab import SCREENSHOTS, Lab

LOAD = "%load_ext haoline_jupyter"
DIGITS = """
quantized = %haoline quantize models/digits_cnn.onnx --calibrate digits.npz --limit 32
compared = %haoline compare models/digits_cnn.onnx quantized --input digits.npz --limit 16
from haoline_jupyter import DivergenceView
view = DivergenceView(compared, height=640)
view
"""
UNEVEN = """
import onnx
from onnx import numpy_helper
uneven = onnx.load("models/digits_cnn.onnx")
weight = next(tensor for tensor in uneven.graph.initializer if tensor.name == "stage2.conv1.weight")
array = numpy_helper.to_array(weight).copy()
array[0] *= 100
weight.CopyFrom(numpy_helper.from_array(array, weight.name))
quantized = %haoline quantize uneven --calibrate digits.npz --limit 16
compared = %haoline compare uneven quantized --input digits.npz --limit 8
from haoline_jupyter import DivergenceView
view = DivergenceView(compared, height=640)
view
"""
"""A channel of weights that leaves its neighbours only a few of the 256 steps."""
OP, TENSOR = "node_relu_2", "relu_2"


@pytest.fixture
def path(lab: Lab, request: pytest.FixtureRequest) -> str:
    """A notebook whose second cell shows what eight bits do to a network that reads digits."""
    path = lab.server.notebook(f"{request.node.name}.ipynb", LOAD, DIGITS.strip())
    lab.page.set_viewport_size({"width": 1720, "height": 1280})
    lab.open_notebook(path)
    lab.run_all(path)
    return path


def shown(lab: Lab, path: str, cell: int = 1) -> DivergenceCell:
    """The view of a cell, in sight."""
    view = DivergenceCell(lab.output(path, cell))
    view.root.scroll_into_view_if_needed()
    return view


class TestRanking:
    def test_the_worst_ops_come_first_and_lead_to_the_op(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        expect(view.part("divergence-summary")).to_contain_text("cosine")
        expect(view.part("divergence-depth")).to_be_visible()
        view.press("Worst ops")
        first = view.part("divergence-ranking").get_by_role("button").first
        worst = lab.ask(path, "compared.ops['local_sqnr_db'].idxmin()")
        view.root.scroll_into_view_if_needed()
        expect(first).to_contain_text(worst)
        first.click()
        expect(view.part("inspect-head")).to_contain_text(worst)
        assert lab.ask(path, "view.report.ops['name'][view.selection[0]]") == worst

    def test_sums_by_category_and_block(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        for kind, word in {"By category": "conv", "By block": "stage1"}.items():
            view.press(kind)
            expect(view.part("divergence-ranking")).to_contain_text(word)

    def test_a_click_on_the_chart_selects(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        chart = view.part("divergence-depth")
        box = chart.bounding_box()
        assert box
        chart.click(position={"x": box["width"] * 0.42, "y": box["height"] * 0.6})
        expect(view.part("inspect-head")).to_contain_text("node_")
        assert lab.ask(path, "len(view.selection)") == "1"


class TestGraphs:
    def test_both_stand_side_by_side_and_matched_ops_go_together(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.press("Both", "divergence-overlay")
        expect(view.graph(1).locator("canvas").first).to_be_visible()
        view.find(OP)
        lab.page.wait_for_timeout(500)
        lab.screenshot("divergence-both-light")
        row, other = view.selection(0), view.selection(1)
        assert [len(row), len(other)] == [1, 1]
        names = f"compared.report.ops['name'][{row[0]}], compared.variant_report.ops['name'][{other[0]}]"
        told = lab.ask(path, f"list(({names}))")
        assert told == lab.ask(path, f"[{OP!r}, compared.ops['variant_op'][{OP!r}]]")

    def test_overlays_colour_the_graphs_and_python_hears_of_it(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        canvas = view.graph().locator("canvas").first
        seen = {}
        for name in ("Seen here", "Made here", "Category"):
            view.press(name, "divergence-overlay")
            lab.page.wait_for_timeout(500)
            seen[name] = canvas.evaluate(PICTURE)
        assert len(set(seen.values())) == 3
        view.press("Made here", "divergence-overlay")
        lab.page.wait_for_timeout(300)
        assert "local" in lab.ask(path, "view.color")


class TestInspection:
    def test_both_sides_are_read_where_the_pointer_is(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.picture()
        place, of_float, of_variant = view.read_at(40, 40)
        for value, which in ((of_float, "float"), (of_variant, "variant")):
            there = float(lab.ask(path, f"compared.load({TENSOR!r}, 0, {which!r}){place}"))
            assert value == pytest.approx(there, rel=1e-2, abs=1e-3)

    def test_the_slider_wipes_from_one_side_to_the_other(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        canvas = view.picture().locator("canvas").first
        slider = view.part("wipe")
        pictures = {}
        for key in ("Home", "End"):
            slider.focus()
            slider.press(key)
            lab.page.wait_for_timeout(400)
            pictures[key] = canvas.evaluate(PICTURE)
        assert pictures["Home"] != pictures["End"]
        slider.press("Home")
        for _ in range(50):
            slider.press("ArrowRight")
        lab.page.wait_for_timeout(400)
        assert canvas.evaluate(PICTURE) not in pictures.values()
        assert float(lab.ask(path, "view.panel.get('wipe', 0.5)")) == pytest.approx(0.5, abs=0.05)

    def test_flicker_and_side_by_side(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.picture()
        view.press("Flicker")
        expect(view.part("flicker-pause")).to_be_visible()
        view.part("flicker-pause").click()
        expect(view.part("flicker-pause")).to_have_text("Play")
        view.press("Side by side")
        for pane in ("float", "variant", "error"):
            assert view.picture(pane).locator("canvas").first.evaluate(COLOURS) > 3

    def test_another_sample_shows_another_digit(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.picture()
        _, before, _ = view.read_at(40, 40)
        slider = view.part("inspect-sample").first
        slider.focus()
        slider.press("ArrowRight")
        view.picture()
        lab.page.wait_for_timeout(500)
        place, now, _ = view.read_at(40, 40)
        assert lab.ask(path, "view.sample") == "1"
        there = float(lab.ask(path, f"compared.load({TENSOR!r}, 1, 'float'){place}"))
        assert now == pytest.approx(there, rel=1e-2, abs=1e-3)
        assert now != before

    def test_the_grid_lies_over_the_distribution(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.tab("Distribution")
        expect(view.part("grid-chart")).to_be_visible()
        scale = float(lab.ask(path, f"compared.histogram({TENSOR!r})[2].scale"))
        said = view.part("grid-facts").inner_text()
        assert f"{scale:.3g}"[:5] in said.replace("−", "-")
        expect(view.part("error-strip")).to_be_visible()
        lab.screenshot("divergence-distribution-light")

    def test_a_folded_tensor_says_where_it_went(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find("node_add_30")
        expect(view.part("compared")).to_contain_text("no such tensor")
        expect(view.part("compared")).to_contain_text("node_relu_2")


class TestWhatIf:
    def test_choices_are_predicted_built_verified_and_shown(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.tab("What if")
        view.part("measure").click()
        expect(view.part("keep-curve")).to_be_visible()
        rows = view.part("keep-list").locator("[data-op]")
        for at in range(2):
            rows.nth(at).locator("[data-choice=float]").click()
        expect(view.part("what-if")).to_contain_text("predicted")
        lab.screenshot("divergence-what-if-light")
        plan = json.loads(lab.ask(path, "__import__('json').dumps(view.plan)"))
        assert len(plan["keep_float"]) == 2
        view.root.scroll_into_view_if_needed()
        view.part("build").click()
        built = view.part("build-result")
        expect(built).to_contain_text("dB")
        expect(built).to_contain_text("predicted")
        names = lab.ask(path, "sorted(view.report.ops['name'][row] for row in view.plan['keep_float'])")
        assert lab.ask(path, "sorted(list(view.built.values())[0].recipe.keep_float)") == names
        before = lab.ask(path, "round(float(compared.outputs['sqnr_db'].iloc[0]), 3)")
        view.root.scroll_into_view_if_needed()
        lab.screenshot("divergence-built-light")
        identity = view.root.get_attribute("data-divergence")
        built.get_by_role("button", name="Show this variant").click()
        expect(view.root).not_to_have_attribute("data-divergence", identity or "")
        after = lab.ask(path, "round(float(view.compared.outputs['sqnr_db'].iloc[0]), 3)")
        assert float(after) > float(before)

    def test_what_lint_suggests_is_ticked_and_built(self, lab: Lab) -> None:
        path = lab.server.notebook("suggested.ipynb", LOAD, UNEVEN.strip())
        lab.page.set_viewport_size({"width": 1720, "height": 1280})
        lab.open_notebook(path)
        lab.run_all(path)
        view = shown(lab, path)
        view.tab("What if")
        suggested = view.part("suggestions")
        change = suggested.locator("li", has_text="One scale per channel").get_by_role("checkbox")
        change.check()
        expect(view.part("what-if")).to_contain_text("is not predicted")
        assert lab.ask(path, "view.plan['changes']") == "['per-channel']"
        view.root.scroll_into_view_if_needed()
        view.part("build").click()
        expect(view.part("build-result")).to_contain_text("per-channel")
        view.root.scroll_into_view_if_needed()
        lab.screenshot("divergence-suggested-light")
        assert lab.ask(path, "list(view.built.values())[0].recipe.per_channel") == "True"
        view.root.scroll_into_view_if_needed()
        view.part("build-result").get_by_role("button", name="Show this variant").click()
        expect(suggested.locator("li", has_text="One scale per channel")).to_have_count(0)

    def test_work_goes_on_over_a_reload_of_the_page(self, lab: Lab, path: str) -> None:
        lab.run(
            path,
            "import pathlib, time\n"
            "shop = type(view._shop)\n"
            "measured = shop.sensitivity\n"
            "def patient(self, tell):\n"
            "    while not pathlib.Path('go').exists():\n"
            "        tell('Waiting for a word', 0.1)\n"
            "        time.sleep(0.1)\n"
            "    return measured(self, tell)\n"
            "shop.sensitivity = patient",
        )
        view = shown(lab, path)
        view.tab("What if")
        view.part("measure").click()
        expect(view.part("errand")).to_contain_text("Waiting for a word")
        lab.save(path)
        lab.reload()
        lab.panel_ready(path)
        view = DivergenceCell(lab.output(path, 1))  # the stored one at first, which the live one replaces
        expect(view.part("errand")).to_contain_text("Waiting for a word")
        expect(view.part("build")).to_be_disabled()
        (lab.server.root / "go").touch()
        expect(view.part("keep-curve")).to_be_visible()
        (lab.server.root / "go").unlink()

    def test_work_can_be_stopped_and_the_kernel_lives(self, lab: Lab, path: str) -> None:
        lab.run(
            path,
            "import time\n"
            "def slow(self, tell):\n"
            "    for i in range(600):\n"
            "        tell('Measuring slowly', i / 600)\n"
            "        time.sleep(0.1)\n"
            "type(view._shop).sensitivity = slow",
        )
        view = shown(lab, path)
        view.tab("What if")
        view.part("measure").click()
        expect(view.part("errand")).to_contain_text("Measuring slowly")
        assert lab.ask(path, "1 + 1") == "2"
        view.root.scroll_into_view_if_needed()
        view.part("errand-stop").click()
        expect(view.part("measure")).to_be_enabled()
        expect(view.part("errand-stop")).to_be_hidden()


class TestSaved:
    def test_a_saved_notebook_shows_it_with_no_kernel_and_no_trust(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.picture()
        place, of_float, _ = view.read_at(40, 40)
        lab.page.wait_for_timeout(3000)  # until what is on screen has come to rest and is kept
        lab.save(path)
        output = lab.server.read_notebook(path).cells[1].outputs[-1]
        stored = output.data["application/vnd.haoline.report+json"]
        assert stored["view"] == "divergence"
        assert stored["state"]["snapshot"]
        assert len(json.dumps(output)) < 700_000
        lab.close(path)
        lab.reload()
        text = (lab.server.root / path).read_text()
        (lab.server.root / "stranger2.ipynb").write_text(text.replace("%load_ext", "# not signed\\n%load_ext"))
        lab.page.evaluate(
            """path => { void jupyterapp.commands.execute(
                'docmanager:open', {path, kernelPreference: {shouldStart: false, canStart: false}}) }""",
            "stranger2.ipynb",
        )
        lab.panel_ready("stranger2.ipynb")
        kept = shown(lab, "stranger2.ipynb")
        expect(kept.part("divergence-summary")).to_contain_text("cosine")
        expect(kept.part("inspect-head")).to_contain_text(OP)
        kept.picture()
        there, value, _ = kept.read_at(40, 40)
        assert there == place
        assert value == pytest.approx(of_float, rel=0.02, abs=0.05)
        lab.screenshot("divergence-saved")
        kept.tab("Table")
        expect(kept.part("divergence-table")).to_contain_text("node_linear")
        kept.tab("What if")
        expect(kept.part("what-if")).to_contain_text("kernel")
        expect(kept.part("build")).to_be_hidden()

    def test_a_page_shows_it_with_no_jupyter_at_all(
        self, lab: Lab, path: str, browser: Browser, tmp_path: Path
    ) -> None:
        view = shown(lab, path)
        view.find(OP)
        view.picture()
        lab.page.wait_for_timeout(3000)
        lab.run(path, f"view.to_html({str(tmp_path / 'page.html')!r});")
        context = browser.new_context(viewport={"width": 1600, "height": 1200}, offline=True)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        kept = DivergenceCell(page.locator("body"))
        expect(kept.part("inspect-head")).to_contain_text(OP)
        kept.picture()
        page.screenshot(path=SCREENSHOTS / "divergence-page.png")
        context.close()
        assert errors == []


def test_light_and_dark(lab: Lab, path: str) -> None:
    lab.page.set_viewport_size({"width": 1720, "height": 1900})  # the whole view
    view = shown(lab, path)
    view.press("Both", "divergence-overlay")
    view.press("Seen here", "divergence-overlay")
    view.find(OP)
    view.picture()
    for theme in ("light", "dark"):
        lab.set_theme(theme)
        for tab in ("Op", "Table", "Findings"):
            view.tab(tab)
            lab.page.wait_for_timeout(700)
            view.root.screenshot(path=SCREENSHOTS / f"divergence-{tab.lower()}-{theme}.png")
    lab.set_theme("light")


def test_a_narrow_window_clips_nothing(lab: Lab, path: str) -> None:
    lab.page.set_viewport_size({"width": 900, "height": 1000})
    view = shown(lab, path)
    view.find(OP)
    lab.page.wait_for_timeout(500)
    wide = view.root.evaluate("root => root.scrollWidth - root.clientWidth")
    assert wide <= 1
    lab.screenshot("divergence-narrow")
