"""The graph under fingers: real touch events through the browser's own protocol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from .graph_hand import GraphHand
from .lab import Lab
from .report import Report
from .server import LabServer

CELLS = ("%load_ext haoline_jupyter", "%haoline models/llama_1b.onnx --hardware t4")
LAYERS = "layers ×16"


class Fingers:
    """Fingers on one graph. Points are CSS pixels of its canvas."""

    def __init__(self, hand: GraphHand, protocol: CDPSession) -> None:
        self._hand = hand
        self._protocol = protocol

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        places = [dict(zip(("x", "y"), self._hand.at(*point), strict=True)) for point in points]
        touches = [{**place, "id": number} for number, place in enumerate(places)]
        self._protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def tap(self, point: tuple[float, float]) -> None:
        """Touch and let go."""
        self._send("touchStart", point)
        self._send("touchEnd")
        self._hand.page.wait_for_timeout(400)

    def hold(self, point: tuple[float, float]) -> None:
        """Touch, wait, let go."""
        self._send("touchStart", point)
        self._hand.page.wait_for_timeout(800)
        self._send("touchEnd")
        self._hand.settle()

    def swipe(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag one finger."""
        self._send("touchStart", start)
        for step in range(1, 7):
            (x, y), (to_x, to_y), part = start, end, step / 6
            self._send("touchMove", (x + (to_x - x) * part, y + (to_y - y) * part))
        self._send("touchEnd")
        self._hand.settle()

    def spread(self, centre: tuple[float, float], before: float, after: float) -> None:
        """Two fingers, moved apart."""
        x, y = centre
        self._send("touchStart", (x - before, y), (x + before, y))
        for step in range(1, 7):
            reach = before + (after - before) * step / 6
            self._send("touchMove", (x - reach, y), (x + reach, y))
        self._send("touchEnd")
        self._hand.settle()


@pytest.fixture(scope="module")
def touched(browser: Browser, server: LabServer) -> Iterator[tuple[GraphHand, Fingers]]:
    """One page with one report on a touch screen."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, has_touch=True)
    lab = Lab(context.new_page(), server)
    path = server.notebook("graph-touch.ipynb", *CELLS)
    lab.open_notebook(path)
    lab.run_all(path)
    hand = GraphHand(Report(lab.output(path, 1)).graph())
    yield hand, Fingers(hand, context.new_cdp_session(lab.page))
    context.close()
    assert lab.errors == []


@pytest.fixture
def hand(touched: tuple[GraphHand, Fingers]) -> GraphHand:
    """The graph, as it shows itself."""
    touched[0].reset()
    return touched[0]


@pytest.fixture
def fingers(touched: tuple[GraphHand, Fingers]) -> Fingers:
    """What touches it."""
    return touched[1]


def test_one_finger_scrolls_the_page_until_the_graph_was_tapped(hand: GraphHand, fingers: Fingers) -> None:
    fingers.swipe((60, 300), (60, 180))
    assert hand.state()["camera"] is None
    hand.root.scroll_into_view_if_needed()
    fingers.tap((40, 300))
    before = hand.node(LAYERS)
    fingers.swipe((60, 300), (110, 340))
    after = hand.node(LAYERS)
    assert after["x"] == pytest.approx(before["x"] + 50, abs=12)
    assert after["y"] == pytest.approx(before["y"] + 40, abs=12)


def test_two_fingers_zoom(hand: GraphHand, fingers: Fingers) -> None:
    fingers.tap((40, 300))
    before = hand.scale()
    fingers.spread((300, 250), 40, 80)
    assert hand.scale() == pytest.approx(2 * before, rel=0.2)
    assert hand.state()["selection"] == []


def test_a_tap_opens(hand: GraphHand, fingers: Fingers) -> None:
    fingers.tap(hand.inside(LAYERS))
    assert hand.node(LAYERS)["expanded"]


def test_a_long_press_opens_the_menu_and_nothing_else(hand: GraphHand, fingers: Fingers) -> None:
    fingers.tap((40, 300))
    fingers.hold(hand.inside(LAYERS))
    expect(hand.part("menu")).to_be_visible()
    assert not hand.node(LAYERS)["expanded"]
    assert len(hand.state()["selection"]) > 100
