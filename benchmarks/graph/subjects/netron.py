"""PyPI netron: its own server, no hierarchy, everything is always drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.graph.peers import version_of
from benchmarks.graph.server import serve_process

from .base import Subject

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from playwright.sync_api import Page

    from benchmarks.graph.browser import Chromium
    from benchmarks.graph.graphs import Files

CODE = "import netron; netron.start({path!r}, address=('127.0.0.1', PORT), browse=False); netron.wait()"


class Netron(Subject):
    """Draws SVG after dagre has laid out the whole graph in a worker."""

    name = "netron"
    area = (0, 0, 1280, 720)
    hierarchy = False
    notch = 8
    drawn = "!document.body.classList.contains('welcome') && document.querySelector('#canvas .node') !== null"
    data_at = "bench.dataArrived('/data/')"
    sign = "document.getElementById('target').scrollTop"

    def __init__(self, python: str) -> None:
        self._python = python

    def ready(self) -> bool:
        self.release = version_of(self._python, "netron")
        return self.release != ""

    def serve(self, files: Files) -> AbstractContextManager[str]:
        return serve_process(self._python, CODE.format(path=str(files.onnx)))

    def prepare(self, page: Page, url: str) -> None:
        """As a person who has answered the cookie question before."""
        cookies = {"consent": "1", "_ga": "GA1.2.1"}
        page.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])

    def state(self, browser: Chromium) -> dict[str, float]:
        return {"nodes": browser.run("document.querySelectorAll('#canvas .node').length")}
