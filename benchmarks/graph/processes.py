"""CPU time and memory of Chromium's processes, also of those that crashed since."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.5


class Cpu(NamedTuple):
    """CPU seconds: of the renderers alone, and with the GPU process, which runs WebGL in software."""

    renderer: float
    drawing: float

    def since(self, earlier: Cpu) -> Cpu:
        """Seconds between two readings."""
        return Cpu(self.renderer - earlier.renderer, self.drawing - earlier.drawing)


class Watch:
    """Reads the processes below a browser's every half second, and kills the browser after ``limit`` seconds."""

    def __init__(self, root: int, limit: float, expired: Callable[[], None]) -> None:
        self._root = psutil.Process(root)
        self._limit = limit
        self._on_expired = expired
        self._seconds: dict[int, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        waited = 0.0
        while not self._stop.wait(TICK):
            waited += TICK
            self.cpu()
            if waited >= self._limit:
                self._on_expired()
                self.kill()
                return

    def kill(self) -> None:
        """End the browser, after a last reading."""
        self.cpu()
        with suppress(psutil.Error):
            self._root.kill()

    def stop(self) -> None:
        """Neither read nor kill any more."""
        self._stop.set()
        self._thread.join()

    def cpu(self) -> Cpu:
        """CPU time until now, with that of processes that have ended."""
        with self._lock:
            for process, kind in self._children():
                try:
                    times = process.cpu_times()
                except psutil.Error:
                    continue
                self._seconds[process.pid] = (kind, times.user + times.system)
            renderer = sum(seconds for kind, seconds in self._seconds.values() if kind == "renderer")
            return Cpu(renderer, sum(seconds for _, seconds in self._seconds.values()))

    def resident_mb(self) -> float:
        """Memory of the largest renderer: heaps of its workers, DOM, canvases and all."""
        return max((_resident(process) for process, kind in self._children() if kind == "renderer"), default=0.0)

    def _children(self) -> list[tuple[psutil.Process, str]]:
        try:
            below = self._root.children(recursive=True)
        except psutil.Error:
            return []
        return [(process, kind) for process in below if (kind := _kind(process))]


def _kind(process: psutil.Process) -> str:
    try:
        arguments = process.cmdline()
    except psutil.Error:
        return ""
    kinds = [argument.removeprefix("--type=") for argument in arguments if argument.startswith("--type=")]
    return kinds[0] if kinds and kinds[0] in ("renderer", "gpu-process") else ""


def _resident(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 2**20
    except psutil.Error:
        return 0.0
