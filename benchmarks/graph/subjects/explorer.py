"""PyPI ai-edge-model-explorer: its own server, a hierarchy from namespaces, WebGL."""

from __future__ import annotations

import json
import urllib.parse
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.graph.browser import PAGES, Chromium
from benchmarks.graph.peers import version_of
from benchmarks.graph.server import serve_process

from .base import NothingClosedError, Press, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from benchmarks.graph.graphs import Files

CODE = (
    "from model_explorer import server\n"
    "server.start(host='127.0.0.1', port=PORT, no_open_in_browser=True, skip_health_check=True)"
)
BUTTON = """(() => {
  const { x, y, width, height } = document.querySelector(".expand-all").getBoundingClientRect();
  return [x + width / 2, y + height / 2];
})()"""
LEAST_HEIGHT = 8
MOST_TURNS = 120


class Explorer(Subject):
    """Groups are opened by double click, laid out in a worker."""

    name = "model-explorer"
    area = (0, 100, 910, 500)
    notch = -24
    drawn = "bench.drawnAfter(0)"
    data_at = "bench.dataArrived('read_text_file')"
    sign = "bench.explorer.draws"

    def __init__(self, python: str) -> None:
        self._python = python

    def ready(self) -> bool:
        self.release = version_of(self._python, "ai-edge-model-explorer")
        return self.release != ""

    @contextmanager
    def serve(self, files: Files) -> Iterator[str]:
        query = urllib.parse.quote(json.dumps({"models": [{"url": str(files.explorer)}]}))
        with serve_process(self._python, CODE) as address:
            yield f"{address}/?data={query}"

    def prepare(self, page: Page, url: str) -> None:  # noqa: ARG002
        page.add_init_script(path=PAGES / "explorer.js")

    def fit(self, browser: Chromium) -> None:
        browser.page.keyboard.press("Space")

    def one(self, browser: Chromium) -> Press:
        place = self._find(browser)
        browser.page.mouse.move(place["x"], place["y"])
        browser.frame()
        return lambda: _double_click(browser)

    def _find(self, browser: Chromium) -> dict[str, float]:
        """The closed group nearest to the middle, zoomed in on until it can be hit."""
        x, y = self.middle(browser)
        for _ in range(MOST_TURNS):
            place = _nearest(browser, x, y)
            x, y = place["x"], place["y"]
            if place["height"] >= LEAST_HEIGHT:
                return place
            browser.page.mouse.move(x, y)
            browser.page.keyboard.down("Control")
            browser.page.mouse.wheel(0, -60)
            browser.page.keyboard.up("Control")
            browser.frame()
        raise NothingClosedError

    def everything(self, browser: Chromium) -> Press:
        _nearest(browser, *self.middle(browser))
        x, y = browser.run(BUTTON)
        browser.page.mouse.move(x, y)

        def press() -> None:
            _expect_answer(browser)
            browser.page.mouse.click(x, y)

        return press

    def state(self, browser: Chromium) -> dict[str, float]:
        return browser.run("bench.explorer")


def _nearest(browser: Chromium, x: float, y: float) -> dict[str, float]:
    place = browser.run(f"bench.closedGroup({x}, {y})")
    if place is None:
        raise NothingClosedError
    return place


def _expect_answer(browser: Chromium) -> None:
    browser.run("(() => { const { asked } = bench.explorer; bench.expect(() => bench.drawnAfter(asked)); })()")


def _double_click(browser: Chromium) -> None:
    """At a person's pace: the second click acts on what the first has selected."""
    mouse = browser.page.mouse
    before = browser.run("bench.explorer.asked")
    _expect_answer(browser)
    for count in (1, 2):
        browser.page.wait_for_timeout(100)
        browser.frame()
        mouse.down(click_count=count)
        mouse.up(click_count=count)
    browser.frame()
    if browser.run("bench.explorer.asked") == before:
        raise NothingClosedError
