"""What the graph paints, pixel by pixel, in a real browser."""

from __future__ import annotations

import base64
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from haoline_analysis import analyze

_HERE = Path(__file__).parent
_REPOSITORY = _HERE.parents[1]
_MODEL = _REPOSITORY / "examples/models/llama_1b.onnx"
_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph engine as one script, with its style sheet beside it."""
    out = tmp_path_factory.mktemp("paint") / "paint.js"
    suffix = ".cmd" if sys.platform == "win32" else ""
    esbuild = _REPOSITORY / f"node_modules/.bin/esbuild{suffix}"
    entry = str(_HERE / "pages/paint.ts")
    options = ["--bundle", "--format=iife", "--target=es2022", "--log-level=error"]
    subprocess.run([str(esbuild), entry, *options, f"--outfile={out}"], check=True)
    return out


@pytest.fixture(scope="module")
def document() -> str:
    """A report of a small language model, as base64."""
    return base64.b64encode(analyze(_MODEL).to_document()).decode()


@pytest.fixture
def page(browser: Browser, script: Path, document: str) -> Iterator[Page]:
    """A page with everything of the model open."""
    context = browser.new_context(viewport={"width": 900, "height": 600}, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(
        "<!doctype html><style>body{margin:0}.box{width:900px;--haoline-graph-height:600px}</style>"
        "<body data-jp-theme-light=true>"
    )
    page.add_style_tag(path=script.with_suffix(".css"))
    page.add_script_tag(path=script)
    page.evaluate("(bytes) => paint.load(bytes)", document)
    yield page
    context.close()
    assert errors == []


def _pan(page: Page, scale: float, steps: list[tuple[int, int]]) -> dict[str, Any]:
    """Show the middle of the graph at a zoom, pan it, and compare with a fresh picture of where that leads."""
    camera = page.evaluate("() => paint.state().camera ?? { x: 0, y: 0, scale: 1 }")
    x, y = camera["x"] + 300, camera["y"] + 1500
    for dx, dy in [(0, 0), *steps]:
        x, y = x + dx / scale, y + dy / scale
        page.evaluate("(camera) => paint.show({ camera })", {"x": x, "y": y, "scale": scale})
    found: dict[str, Any] = page.evaluate("() => paint.differsFromFresh()")
    return found


def _assert_same(found: dict[str, Any]) -> None:
    """Alike but for the smoothing of curves, which the browser cuts elsewhere when it paints a strip of them."""
    assert not found["blank"]
    assert found["plainly"] < 0.0003
    assert found["little"] < 0.003


@pytest.mark.parametrize("scale", [0.02, 0.05, 0.12, 0.2, 0.3, 0.5, 0.8, 1.5])
def test_a_panned_picture_is_the_picture(page: Page, scale: float) -> None:
    found = _pan(page, scale, [(40, 0), (0, 70), (-25, 13), (3, -90)])
    _assert_same(found)


def test_marks_leave_nothing_behind(page: Page) -> None:
    page.evaluate("() => paint.show({ camera: { x: 0, y: 300, scale: 0.8 } })")
    for row in (20, 25, 30):
        page.evaluate("(row) => paint.show({ selection: [row] })", row)
    page.evaluate("() => paint.show({ selection: [] })")
    for x in range(100, 800, 60):
        page.mouse.move(x, 80 + x // 2)
    page.mouse.move(5, 595)
    page.evaluate("() => paint.settle()")
    found = page.evaluate("() => paint.differsFromFresh()")
    _assert_same(found)


def test_a_canvas_that_lost_its_picture_gets_a_whole_one(page: Page) -> None:
    page.evaluate("() => paint.show({ camera: { x: 0, y: 300, scale: 0.8 } })")
    page.evaluate("() => paint.loseCanvas()")
    page.evaluate("() => paint.show({ selection: [20] })")
    page.evaluate("() => paint.show({ selection: [] })")
    _assert_same(page.evaluate("() => paint.differsFromFresh()"))


def test_the_svg_is_xml_with_the_names_in_it(page: Page) -> None:
    root = ET.fromstring(page.evaluate("() => paint.svg(true)"))
    texts = {element.text for element in root.iter(f"{_SVG}text")}
    titles = {element.text for element in root.iter(f"{_SVG}title")}
    assert {"MatMul", "Softmax"} <= texts
    assert any(title and "attn" in title for title in titles)
    view = ET.fromstring(page.evaluate("() => paint.svg(false)"))
    assert view.attrib["viewBox"] == "0 0 800 500"


def test_the_svg_is_a_picture_to_the_browser(page: Page) -> None:
    size = page.evaluate(
        """async () => {
            const url = URL.createObjectURL(new Blob([paint.svg(true)], { type: "image/svg+xml" }));
            const image = Object.assign(new Image(), { src: url });
            await image.decode();
            return [image.naturalWidth, image.naturalHeight];
        }"""
    )
    assert min(size) > 300


def test_the_png_has_the_pixels_that_were_asked_for(page: Page) -> None:
    once, twice = (page.evaluate("(scale) => paint.png(false, scale)", scale) for scale in (1, 2))
    assert (once["width"], once["height"]) == (800, 500)
    assert (twice["width"], twice["height"]) == (1600, 1000)
    assert once["colors"] > 20


def test_a_png_of_everything_fits_into_a_canvas(page: Page) -> None:
    whole = page.evaluate("() => paint.png(true, 50)")
    assert max(whole["width"], whole["height"]) <= 16_000
    assert whole["width"] * whole["height"] <= 120_100_000
    assert whole["colors"] > 20


def test_another_screen_gets_a_crisp_picture(page: Page) -> None:
    before = page.evaluate("() => paint.canvasSize()")
    session = page.context.new_cdp_session(page)
    # Chromium tells pages of an emulated screen only when the window's size changes with it; the graph's does not.
    metrics = {"width": 910, "height": 600, "mobile": False}
    session.send("Emulation.setDeviceMetricsOverride", {**metrics, "deviceScaleFactor": 2})
    page.wait_for_function("(width) => paint.canvasSize().width === width", arg=2 * before["width"])
    assert page.evaluate("() => paint.canvasSize()") == {"width": 1800, "height": 1200, "ink": True}
