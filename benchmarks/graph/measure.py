"""One viewer on one graph in one fresh browser, step by step, as far as it gets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from .browser import Chromium, chromium
from .gestures import pan, zoom
from .subjects.base import NothingClosedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .graphs import Files
    from .processes import Cpu
    from .subjects import Subject
    from .subjects.base import Press

SAMPLES = 3
SLOW_MS = 5000


class Run:
    """What was measured of one viewer on one graph."""

    def __init__(self, subject: Subject, browser: Chromium, shots: Path) -> None:
        self.result: dict[str, Any] = {"shots": []}
        self._subject = subject
        self._browser = browser
        self._page = browser.page
        self._shots = shots

    def go(self, url: str) -> None:
        """All steps."""
        self._step("open", lambda: self._open(url))
        self._step("memory_first", self._browser.memory)
        self._moves("collapsed")
        if self._subject.hierarchy:
            self._step("expand_one", self._expand_one)
            self._step("expand_all", lambda: self._act(self._subject.everything))
            self._moves("expanded")
        self._step("memory_last", self._browser.memory)

    def _step(self, name: str, do: Callable[[], dict[str, Any]]) -> None:
        try:
            self.result[name] = do()
        except NothingClosedError:
            return
        print(f"  {self._browser.wall():6.1f} s  {name}", file=sys.stderr, flush=True)
        if name.startswith(("open", "expand")):
            self.result[name]["state"] = self._subject.state(self._browser)
            self._shot(name)

    def _shot(self, name: str) -> None:
        self._shots.mkdir(parents=True, exist_ok=True)
        path = self._shots / f"{name}.png"
        self._page.screenshot(path=path)
        self.result["shots"].append({"step": name, "path": str(path)})

    def _open(self, url: str) -> dict[str, Any]:
        page, subject = self._page, self._subject
        subject.prepare(page, url)
        page.add_init_script(f"bench.drawn = bench.until(() => {subject.drawn})")
        before, start = self._browser.cpu(), self._browser.wall()
        page.goto(url, wait_until="commit")
        drawn = self._browser.run("bench.drawn")
        main = self._browser.main_ms()
        page.screenshot()
        figures = {
            "navigation_ms": drawn,
            "main_ms": main,
            "shown_ms": 1000 * (self._browser.wall() - start),
            **self._used(before),
        }
        subject.arrange(self._browser)
        self._settle()
        return {"data_ms": drawn - self._browser.run(subject.data_at), **figures}

    def _settle(self) -> None:
        self._browser.run(f"bench.still(() => {self._subject.sign})")

    def _used(self, before: Cpu) -> dict[str, float]:
        return self._browser.cpu().since(before)._asdict()

    def _act(self, find: Callable[[Chromium], Press]) -> dict[str, Any]:
        """One press with the whole graph in view, until the first frame that shows what it did."""
        browser = self._browser
        self._subject.fit(browser)
        self._settle()
        press = find(browser)
        browser.frame()
        before, main = browser.cpu(), browser.main_ms()
        press()
        first = browser.run("bench.expected")
        main = browser.main_ms() - main
        self._settle()
        return {"first_ms": first, "main_ms": main, **self._used(before)}

    def _expand_one(self) -> dict[str, Any]:
        """Several groups one after the other, fewer where one takes long."""
        samples = [self._act(self._subject.one)]
        while len(samples) < SAMPLES and samples[-1]["first_ms"] < SLOW_MS:
            try:
                samples.append(self._act(self._subject.one))
            except NothingClosedError:
                break
        return {"samples": samples}

    def _moves(self, when: str) -> None:
        x, y = self._subject.middle(self._browser)
        self._step(f"pan_{when}", lambda: pan(self._browser, x, y))
        self._step(f"zoom_{when}", lambda: zoom(self._browser, x, y, self._subject.notch))
        self._shot(f"moved_{when}")


def measure(subject: Subject, files: Files, limit: float, shots: Path) -> dict[str, Any]:
    """Every figure of one viewer on one graph, and how far it got."""
    with subject.serve(files) as url, chromium(limit) as browser:
        run = Run(subject, browser, shots)
        end = "done"
        try:
            run.go(url)
        except (Error, RuntimeError) as error:
            end = _ending(browser, limit, error)
        return {**run.result, "end": end, "wall_s": browser.wall(), "total": browser.cpu()._asdict()}


def _ending(browser: Chromium, limit: float, error: Exception) -> str:
    if browser.expired:
        return f"not in {limit:.0f} s"
    return "page crashed" if browser.crashed else str(error).splitlines()[0]
