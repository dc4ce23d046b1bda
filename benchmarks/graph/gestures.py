"""Real pointer and wheel events, and how long the frames took that they caused."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .browser import Chromium

EVENTS = 80
FEWEST = 4
BUDGET_S = 6.0
RADIUS = 150


def pan(browser: Chromium, x: float, y: float) -> dict[str, Any]:
    """Drag in a circle."""
    mouse = browser.page.mouse

    def moves() -> Iterator[Callable[[], None]]:
        for i in range(1, EVENTS + 1):
            turn = 2 * math.pi * i / EVENTS
            to = (x + RADIUS * (math.cos(turn) - 1), y + RADIUS * math.sin(turn))
            yield lambda to=to: mouse.move(*to)

    mouse.move(x, y)
    mouse.down()
    try:
        return _frames(browser, moves())
    finally:
        mouse.up()


def zoom(browser: Chromium, x: float, y: float, notch: float) -> dict[str, Any]:
    """Turn the wheel with Ctrl, half of the events each way; the first half goes by the sign of ``notch``."""
    page = browser.page
    half = EVENTS // 2
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    try:
        turns = [notch] * half + [-notch] * half
        return _frames(browser, (lambda turn=turn: page.mouse.wheel(0, turn) for turn in turns))
    finally:
        page.keyboard.up("Control")


def _frames(browser: Chromium, events: Iterator[Callable[[], None]]) -> dict[str, Any]:
    """One event after the other, each when the page has taken the last; slow pages get fewer."""
    browser.run("bench.record()")
    before, start, sent = browser.cpu(), time.monotonic(), 0
    for event in events:
        event()
        sent += 1
        if sent >= FEWEST and time.monotonic() - start > BUDGET_S:
            break
    browser.frame()
    cpu = browser.cpu().since(before)
    frames = browser.run("bench.recorded()")
    return {"events": sent, "wall_s": time.monotonic() - start, **summary(frames, cpu.drawing)}


def summary(frames: list[list[float]], cpu: float) -> dict[str, Any]:
    """Of the frames that answered an event: time until the next, work of the main thread, CPU of all threads."""
    moved = [(i, work) for i, (_, work, inputs) in enumerate(frames) if inputs]
    gaps = [frames[i + 1][0] - frames[i][0] for i, _ in moved if i + 1 < len(frames)]
    if not gaps:
        return {"frames": 0}
    return {
        "frames": len(moved),
        "gap_ms": [percentile(gaps, 50), percentile(gaps, 95)],
        "work_ms": [percentile([work for _, work in moved], share) for share in (50, 95)],
        "cpu_ms": 1000 * cpu / len(moved),
    }


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so many per cent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]
