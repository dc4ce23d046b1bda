"""Activations in a real JupyterLab: real models, real digits, pointer and keys, with and without a kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from .activation_cell import ActivationCell
from .lab import Lab
from .server import LabServer

LOAD = "%load_ext haoline_jupyter"
DIGITS = "captured = %haoline activations models/digits_dead.onnx --input digits.npz\ncaptured"
WORDS = """
lines = ['blue moon on old tree blue moon on old tree', 'the wolf and the fox']
said = %haoline activations models/repeater.onnx --input lines --tokenizer models/repeater_tokenizer.json
said
"""
WIDE = """
import numpy as np, onnx
from onnx import helper as h
weight = np.random.default_rng(0).normal(size=(2048, 1, 3, 3)).astype('float32')
graph = h.make_graph(
    [h.make_node('Conv', ['image', 'w'], ['wide'], name='wide', pads=[1, 1, 1, 1])], 'wide',
    [h.make_tensor_value_info('image', 1, [1, 1, 14, 14])], [h.make_tensor_value_info('wide', 1, None)],
    [onnx.numpy_helper.from_array(weight, 'w')])
onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid('', 21)], ir_version=10), 'wide.onnx')
from haoline_jupyter import ActivationView
wide = %haoline activations wide.onnx
ActivationView(wide, tensor='wide')
"""
STATE = "view = __import__('haoline_jupyter').ActivationView(captured, tensor='relu_4', sample=3)\nview"
BLANKS = """async (root, speed) => {
  const maps = root.querySelector('[data-testid=haoline-maps]');
  const from = performance.now();
  let since = null, longest = 0, frames = 0, slowest = 0, last = from;
  while (frames < 180) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    maps.scrollTop += maps.clientHeight / speed;
    slowest = Math.max(slowest, now - last);
    last = now;
    frames += 1;
    if (maps.dataset.missing === '0') since = null;
    else { since ??= now; longest = Math.max(longest, now - since); }
  }
  return { longest, frames, slowest, screens: maps.scrollTop / maps.clientHeight };
}"""
FIRST_TILE = """root => {
  window.tileTime = null;
  root.addEventListener('pointerup', () => {
    const from = performance.now();
    const look = () => {
      const maps = root.querySelector('[data-testid=haoline-maps]');
      const there = root.querySelector('[data-testid=haoline-tensor-head]').textContent.includes('relu_1');
      if (there && maps?.dataset.missing === '0') window.tileTime = performance.now() - from;
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
}"""


@pytest.fixture
def path(lab: Lab, request: pytest.FixtureRequest) -> str:
    """A notebook whose second cell shows digits in a network with a dead layer."""
    path = lab.server.notebook(f"{request.node.name}.ipynb", LOAD, DIGITS)
    lab.open_notebook(path)
    lab.run_all(path)
    return path


def shown(lab: Lab, path: str, cell: int = 1) -> ActivationCell:
    """The view of a cell, in sight."""
    view = ActivationCell(lab.output(path, cell))
    view.root.scroll_into_view_if_needed()
    return view


class TestMaps:
    def test_a_click_on_a_conv_shows_its_maps_of_a_real_digit(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.click("Conv")
        expect(view.part("tensor-head")).to_contain_text("feature maps")
        view.wait_maps()
        expect(view.part("input").locator("canvas").first).to_have_attribute("aria-label", "The picture digits.npz [0]")
        assert view.colours("maps") > 50
        place, value = view.read_at("maps", 60, 40)
        expect(view.part("tensor-head")).to_contain_text("conv2d_1")
        assert value == pytest.approx(float(lab.ask(path, f"captured.load('conv2d_1', 0){place}")), rel=1e-3)

    def test_the_first_picture_comes_after_the_click(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.root.evaluate(FIRST_TILE)
        view.click("Relu")
        lab.page.wait_for_function("() => window.tileTime !== null")
        print(f"first pictures {lab.page.evaluate('window.tileTime'):.0f} ms after the click")

    def test_dead_channels_are_marked_and_can_be_sorted_and_filtered(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find("node_relu_4")
        maps = view.wait_maps()
        expect(view.part("tensor-head")).to_contain_text("31 of 32 dead")
        view.part("maps-sort").select_option("max")
        view.part("maps-direction").click()
        maps.focus()
        maps.press("Home")
        option = maps.get_by_role("option")
        first = option.inner_text()
        maps.press("End")
        assert ("dead" in first) != ("dead" in option.inner_text())
        view.part("maps-filter").select_option("alive")
        expect(maps).to_have_attribute("aria-label", "1 channels")
        view.part("maps-filter").select_option("dead")
        expect(maps).to_have_attribute("aria-label", "31 channels")
        expect(option).to_contain_text("dead: zero on every sample")

    def test_enter_opens_a_channel_and_escape_goes_back(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find("node_conv2d_1")
        maps = view.wait_maps()
        maps.focus()
        maps.press("ArrowRight")
        maps.press("Enter")
        expect(view.part("pictures")).to_have_attribute("data-kind", "channel")
        expect(view.part("plane")).to_be_visible()
        expect(view.part("pictures")).to_contain_text("channel 1")
        lab.screenshot("activations-channel")
        view.part("plane").press("Escape")
        expect(view.part("pictures")).to_have_attribute("data-kind", "grid")

    def test_two_thousand_channels_scroll(self, lab: Lab, path: str) -> None:
        lab.run(path, WIDE.strip())
        view = shown(lab, path, 2)
        maps = view.wait_maps()
        expect(maps).to_have_attribute("aria-label", "2048 channels")
        for speed in (20, 5):
            told = view.root.evaluate(BLANKS, speed)
            view.wait_maps()
            assert told["screens"] > 8
            assert view.colours("maps") > 50
            print(f"scrolling a screen in {speed} frames:", {name: round(value) for name, value in told.items()})
        maps.focus()
        maps.press("End")
        view.wait_maps()
        expect(maps.get_by_role("option")).to_contain_text("channel 2047")


class TestSamples:
    def test_the_slider_shows_another_digit_and_python_hears_of_it(self, lab: Lab, path: str) -> None:
        lab.run(path, STATE)
        view = shown(lab, path, 2)
        view.find("node_conv2d_1")
        view.wait_maps()
        _, before = view.read_at("maps", 60, 40)
        slider = view.part("sample").first
        slider.focus()
        slider.press("ArrowRight")
        expect(view.part("sample-bar")).to_contain_text("5 of 96")
        view.wait_maps()
        place, value = view.read_at("maps", 60, 40)
        assert value != before
        assert value == pytest.approx(float(lab.ask(path, f"captured.load('conv2d_1', 4){place}")), rel=1e-3)
        assert lab.ask(path, "view.sample") == "4"
        lab.run(path, "view.sample = 7; view.tensor = 'relu_2'")
        view.root.scroll_into_view_if_needed()
        expect(view.part("sample-bar")).to_contain_text("8 of 96")
        expect(view.part("tensor-head")).to_contain_text("relu_2")

    def test_two_samples_are_compared_and_all_averaged(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find("node_conv2d_1")
        view.wait_maps()
        view.part("sample-bar").get_by_text("Compare").click()
        view.wait_maps()
        place, value = view.read_at("maps", 60, 40)
        apart = lab.ask(path, f"(captured.load('conv2d_1', 0) - captured.load('conv2d_1', 1)){place}")
        assert value == pytest.approx(float(apart), rel=1e-3)
        view.root.scroll_into_view_if_needed()
        view.part("sample-bar").get_by_text("Compare").click()
        view.part("sample-bar").get_by_text("Mean of").click()
        view.wait_maps()
        place, value = view.read_at("maps", 60, 40)
        mean = f"sum(captured.load('conv2d_1', i){place} for i in range(64)) / 64"
        assert value == pytest.approx(float(lab.ask(path, mean)), rel=1e-2)

    def test_a_lost_model_is_said_in_a_sentence_and_the_kernel_lives(self, lab: Lab, path: str) -> None:
        lab.run(path, "captured.close(); import os; os.rename('models/digits_dead.onnx', 'models/away.onnx')")
        try:
            view = shown(lab, path)
            view.find("node_relu_2")
            expect(view.part("pictures-note")).to_contain_text("digits_dead.onnx")
            assert lab.ask(path, "1 + 1") == "2"
        finally:
            (lab.server.root / "models/away.onnx").rename(lab.server.root / "models/digits_dead.onnx")


class TestAttention:
    def test_a_head_is_a_map_of_token_on_token(self, lab: Lab, path: str) -> None:
        lab.run(path, WORDS.strip())
        view = shown(lab, path, 2)
        view.find("node_softmax_1")
        view.wait_maps()
        expect(view.part("tensor-head")).to_contain_text("attention")
        expect(view.part("input").first).to_contain_text("moon")
        lab.screenshot("activations-attention-light")
        view.part("maps").click(position={"x": 60, "y": 60})
        expect(view.part("pictures")).to_have_attribute("data-kind", "channel")
        plane = view.part("plane")
        plane.focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
            plane.press(key)
        assert "moon" in view.reading()
        lab.screenshot("activations-attention-head")
        view.find("node_linear_4")
        expect(view.part("tensor-head")).to_contain_text("tokens × features")
        expect(view.part("pictures")).to_have_attribute("data-kind", "plane")
        lab.screenshot("activations-tokens")


class TestSaved:
    def test_a_saved_notebook_shows_what_was_on_screen_with_no_kernel_and_no_trust(self, lab: Lab, path: str) -> None:
        view = shown(lab, path)
        view.find("node_conv2d_1")
        view.wait_maps()
        place, read = view.read_at("maps", 60, 40)
        drawn = view.colour_at("maps", 60, 40)
        lab.page.wait_for_timeout(3000)  # until what is on screen has come to rest and is kept
        lab.save(path)
        output = lab.server.read_notebook(path).cells[1].outputs[-1]
        stored = output.data["application/vnd.haoline.report+json"]
        assert stored["state"]["snapshot"]
        assert len(json.dumps(output)) < 500_000
        lab.close(path)
        lab.reload()
        text = (lab.server.root / path).read_text()
        (lab.server.root / "stranger.ipynb").write_text(text.replace("%load_ext", "# not signed\\n%load_ext"))
        lab.page.evaluate(
            """path => { void jupyterapp.commands.execute(
                'docmanager:open', {path, kernelPreference: {shouldStart: false, canStart: false}}) }""",
            "stranger.ipynb",
        )
        lab.panel_ready("stranger.ipynb")
        kept = shown(lab, "stranger.ipynb")
        expect(kept.part("tensor-head")).to_contain_text("node_conv2d_1")
        kept.wait_maps()
        assert kept.colour_at("maps", 60, 40) == pytest.approx(drawn, abs=6)
        there, value = kept.read_at("maps", 60, 40)
        assert there == place
        assert value == pytest.approx(read, rel=0.02, abs=0.2)
        lab.screenshot("activations-saved")
        kept.find("node_relu_4")
        expect(kept.part("pictures-note")).to_contain_text("kernel")
        kept.part("tab-distribution").click()
        expect(kept.part("histogram")).to_be_visible()

    def test_a_page_shows_them_with_no_jupyter_at_all(
        self, lab: Lab, path: str, browser: Browser, tmp_path: Path
    ) -> None:
        lab.run(path, STATE)
        view = shown(lab, path, 2)
        view.wait_maps()
        lab.page.wait_for_timeout(3000)
        lab.run(path, f"view.to_html({str(tmp_path / 'page.html')!r});")
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        kept = ActivationCell(page.locator("body"))
        expect(kept.part("tensor-head")).to_contain_text("relu_4")
        expect(kept.part("maps")).to_have_attribute("aria-label", "32 channels")
        assert kept.read_at("maps", 40, 40)[1] == 0
        page.screenshot(path=Path(__file__).parent / "screenshots/activations-page.png")
        context.close()
        assert errors == []


def test_the_view_comes_with_the_widget_where_the_extension_is_not(browser: Browser, server: LabServer) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.route("**/extensions/haoline-jupyter/**", lambda route: route.abort())
    bare = Lab(context.new_page(), server)
    path = server.notebook("bare_activations.ipynb", LOAD, DIGITS)
    bare.open_notebook(path)
    bare.run_all(path)
    view = shown(bare, path)
    view.find("node_relu_1")
    view.wait_maps()
    assert view.colours("maps") > 20
    context.close()


def test_light_and_dark(lab: Lab, path: str) -> None:
    lab.run(path, STATE)
    view = shown(lab, path, 2)
    view.wait_maps()
    lab.screenshot("activations-dead-light")
    view.find("node_conv2d_1")
    view.wait_maps()
    lab.screenshot("activations-maps-light")
    lab.set_theme("dark")
    lab.page.wait_for_timeout(500)
    lab.screenshot("activations-maps-dark")
    view.part("tab-distribution").click()
    expect(view.part("histogram")).to_be_visible()
    lab.screenshot("activations-distribution-dark")
    lab.set_theme("light")
    lab.page.wait_for_timeout(500)
    lab.screenshot("activations-distribution-light")
