"""One JupyterLab and one browser for the session; one page for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .lab import Lab
from .server import LabServer

_REPOSITORY = Path(__file__).parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab over a copy of the examples."""
    running = LabServer(tmp_path_factory.mktemp("lab"))
    shutil.copytree(_REPOSITORY / "examples", running.root, dirs_exist_ok=True)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium: Playwright's own is a download."""
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def lab(browser: Browser, server: LabServer) -> Iterator[Lab]:
    """A fresh page in a fresh workspace; a script error in it fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    lab = Lab(context.new_page(), server)
    yield lab
    if os.environ.get("HAOLINE_KEEP_LOG"):
        print(server.log.read_text())
    context.close()
    assert lab.errors == []
