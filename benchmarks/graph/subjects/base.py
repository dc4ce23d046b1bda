"""What the measurement must know of a viewer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from playwright.sync_api import Page

    from benchmarks.graph.browser import Chromium
    from benchmarks.graph.graphs import Files

Press = Callable[[], None]
"""A person's click or key, with all that must be found out for it done beforehand."""


class NothingClosedError(Exception):
    """There is nothing to open."""


class Subject(ABC):
    """A viewer in a page. Strings are JavaScript expressions; ``bench`` is ``pages/probe.js``."""

    name: str
    release = ""
    """Its version, known once it is ready."""
    area: tuple[int, int, int, int]
    """Where it draws, as x, y, width, height in the page."""
    hierarchy = True
    notch: float
    """Wheel step with Ctrl that zooms by some 10 %, signed for the direction in which there is room."""
    drawn: str
    """Whether the graph is on the page."""
    data_at: str
    """When the model's bytes had arrived in the page, in ms since navigation."""
    sign: str
    """Changes while the picture does."""

    @abstractmethod
    def ready(self) -> bool:
        """Make it ready and learn its version; False where it is not installed."""

    @abstractmethod
    def serve(self, files: Files) -> AbstractContextManager[str]:
        """Make the address of a page with the graph."""

    def prepare(self, page: Page, url: str) -> None:  # noqa: B027
        """What must be so before the page is opened."""

    def arrange(self, browser: Chromium) -> None:  # noqa: B027
        """Scroll the drawing into view."""

    def fit(self, browser: Chromium) -> None:  # noqa: B027
        """Show the whole graph."""

    def one(self, browser: Chromium) -> Press:  # noqa: ARG002
        """What opens a closed group; ``bench.expected`` becomes the time it took."""
        raise NothingClosedError

    def everything(self, browser: Chromium) -> Press:  # noqa: ARG002
        """What opens all groups; ``bench.expected`` becomes the time it took."""
        raise NothingClosedError

    def state(self, browser: Chromium) -> dict[str, float]:  # noqa: ARG002
        """What it says of itself, to see that a step was really done."""
        return {}

    def middle(self, browser: Chromium) -> tuple[float, float]:  # noqa: ARG002
        """The middle of the drawing."""
        x, y, width, height = self.area
        return x + width / 2, y + height / 2
