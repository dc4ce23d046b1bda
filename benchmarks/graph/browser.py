"""One fresh headless Chromium with one page, and a clock that ends it."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, sync_playwright

from .processes import Cpu, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = Path(__file__).parent / "pages"
WIDTH, HEIGHT = 1280, 720
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nobody waits for a network, or reaches one
    "--enable-unsafe-swiftshader",  # WebGL without a GPU, for who needs it
)


class Chromium:
    """A browser, its page, and what they use."""

    def __init__(self, browser: Browser, limit: float) -> None:
        self.expired = False
        self.crashed = False
        self._started = time.monotonic()
        self._system = browser.new_browser_cdp_session()
        processes = self._system.send("SystemInfo.getProcessInfo")["processInfo"]
        root = next(process["id"] for process in processes if process["type"] == "browser")
        self.page = self._new_page(browser)
        self._cdp = self.page.context.new_cdp_session(self.page)
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._watch = Watch(root, limit, self._expire)

    def _new_page(self, browser: Browser) -> Page:
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.set_default_timeout(0)
        page.add_init_script(path=PAGES / "probe.js")
        page.on("crash", self._crash)
        return page

    def _crash(self, _page: Page) -> None:
        """Calls that wait for a crashed page would wait for ever."""
        self.crashed = True
        self._watch.kill()

    def _expire(self) -> None:
        self.expired = True

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited; without ``eval``, which a page may forbid."""
        answer = self._cdp.send(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", expression))
        return answer["result"].get("value")

    def frame(self) -> None:
        """Let the page draw once."""
        self.run("new Promise((done) => requestAnimationFrame(() => done()))")

    def stop(self) -> None:
        """The clock and the readings."""
        self._watch.stop()

    def cpu(self) -> Cpu:
        """CPU time until now."""
        return self._watch.cpu()

    def main_ms(self) -> float:
        """CPU time of the page's main thread in its tasks until now: unlike a clock, blind to other programs."""
        metrics = self._cdp.send("Performance.getMetrics")["metrics"]
        return 1000 * next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def wall(self) -> float:
        """Seconds since the browser was there."""
        return time.monotonic() - self._started

    def features(self) -> dict[str, str]:
        """What Chromium does in hardware and what in software."""
        return self._system.send("SystemInfo.getInfo")["gpu"]["featureStatus"]

    def memory(self) -> dict[str, float]:
        """MB after a collection: the page's JavaScript heap, array buffers, and all of the largest renderer."""
        self._cdp.send("HeapProfiler.collectGarbage")
        used = self._cdp.send("Runtime.getHeapUsage")
        return {
            "heap_mb": used["usedSize"] / 2**20,
            "buffers_mb": used.get("backingStorageSize", 0) / 2**20,
            "resident_mb": self._watch.resident_mb(),
        }


@contextmanager
def chromium(limit: float) -> Iterator[Chromium]:
    """A fresh browser that lives for at most ``limit`` seconds."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        running = Chromium(browser, limit)
        try:
            yield running
        finally:
            running.stop()
            browser.close()
