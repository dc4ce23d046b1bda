"""Ours: the bundle as users get it, in a bare page without a kernel."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.graph.browser import PAGES, Chromium
from benchmarks.graph.server import serve_files

from .base import NothingClosedError, Press, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.graph.graphs import Files

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "haoline_jupyter" / "static"

PATIENCE_MS = 30_000
LEAST_SIZE = 8

GRAPH = "document.querySelector('[data-testid=haoline-graph]')"
CANVAS = "document.querySelector('[data-testid=haoline-graph-canvas]')"

BOX = f"{CANVAS}.getBoundingClientRect()"
GROUPS = f"{GRAPH}.haolineGraph.nodes().filter((node) => node.group && !node.expanded)"

# The largest closed group that a person could hit: not a few pixels in size, and no panel over its middle.
CLOSED = f"""(() => {{
  const box = {BOX};
  const places = {GROUPS}
    .filter((node) => Math.min(node.w, node.h) >= {LEAST_SIZE})
    .sort((a, b) => b.ops.length - a.ops.length)
    .map((node) => [box.x + node.x + node.w / 2, box.y + node.y + node.h / 2]);
  return places.find(([x, y]) => document.elementFromPoint(x, y) === {CANVAS}) ?? null;
}})()"""

WAITING = f"Number({CANVAS}?.dataset.pending ?? 0) > 0"
SHOWN = f"[{CANVAS}.dataset.visibleNodes, {GRAPH}.haolineGraph.layouts().asked].join()"


class HaoLine(Subject):
    """The graph tab of a report, and a document made by the engine beforehand."""

    name = "haoline"
    area = (40, 200, 900, 500)
    notch = -12
    drawn = f"Number({CANVAS}?.dataset.visibleNodes) > 0 && !({WAITING})"
    data_at = "bench.mounted"
    sign = f"{CANVAS}.dataset.visibleNodes + {CANVAS}.dataset.scale"

    def __init__(self, bundle: Path | None) -> None:
        self._bundle = bundle

    def ready(self) -> bool:
        """Build the bundle, unless one was given."""
        if self._bundle is None:
            subprocess.run(["node", "js/build.mjs"], cwd=ROOT, check=True)
            self._bundle = BUNDLE
        commit = ["git", "describe", "--always", "--dirty"]
        self.release = subprocess.run(commit, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        return True

    @contextmanager
    def serve(self, files: Files) -> Iterator[str]:
        from haoline_analysis import analyze

        bundle = self._bundle or BUNDLE
        pages = {f"/{name}": (bundle / name).read_bytes() for name in ("views.js", "views.css")}
        pages["/index.html"] = (PAGES / "haoline.html").read_bytes()
        pages["/document"] = analyze(str(files.onnx)).to_document()
        with serve_files(pages) as address:
            yield f"{address}/index.html"

    def arrange(self, browser: Chromium) -> None:
        browser.run(f"{GRAPH}.scrollIntoView({{ block: 'end' }})")

    def fit(self, browser: Chromium) -> None:
        browser.run(f"{GRAPH}.focus()")
        browser.page.keyboard.press("f")

    def one(self, browser: Chromium) -> Press:
        place = browser.run(CLOSED)
        if place is None:
            raise NothingClosedError
        browser.page.mouse.move(*place)

        def press() -> None:
            _expect_change(browser)
            browser.page.mouse.click(*place)

        return press

    def everything(self, browser: Chromium) -> Press:
        if browser.run(f"{GROUPS}.length") == 0:
            raise NothingClosedError
        browser.run(f"{GRAPH}.focus()")

        def press() -> None:
            _expect_change(browser)
            browser.page.keyboard.press("e")

        return press

    def middle(self, browser: Chromium) -> tuple[float, float]:
        x, y, width, height = browser.run(f"(({{ x, y, width, height }}) => [x, y, width, height])({BOX})")
        return x + width / 2, y + height / 2

    def state(self, browser: Chromium) -> dict[str, float]:
        return browser.run(
            f"({{ drawn: {GRAPH}.haolineGraph.nodes().length, closed: {GROUPS}.length, "
            f"...{GRAPH}.haolineGraph.layouts() }})"
        )


def _expect_change(browser: Chromium) -> None:
    done = f"() => {SHOWN} !== before && !({WAITING})"
    options = f"{{ early: true, most: {PATIENCE_MS}, busy: () => {WAITING} }}"
    browser.run(f"{{ const before = {SHOWN}; bench.expect({done}, {options}); }}")
