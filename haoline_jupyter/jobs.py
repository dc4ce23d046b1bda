"""Work that a page asks for and that takes long: in a thread, so that the kernel hears when it should stop."""

from __future__ import annotations

import time
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tell = Callable[[str, float], None]

STOPPED = "Stopped."
_INTERVAL = 0.1
"""Seconds between two words of progress."""


class Job:
    """One piece of work, its question and its progress."""

    def __init__(self, content: Mapping[str, Any], send: Callable[[dict[str, Any]], None]) -> None:
        """``send`` tells the page."""
        self.content = content
        self.stopped = Event()
        self._send = send
        self._last = (0.0, "")

    def tell(self, stage: str, fraction: float) -> None:
        """Tell how far the work is.

        Raises:
            KeyboardInterrupt: if it is to stop: what runs long keeps what is done, as with Ctrl-C.
        """
        if self.stopped.is_set():
            raise KeyboardInterrupt
        now = time.monotonic()
        if now - self._last[0] < _INTERVAL and stage == self._last[1]:
            return
        self._last = (now, stage)
        told = {"type": "progress", "request": self.content.get("request"), "stage": stage}
        self._send({**told, "fraction": min(1.0, max(0.0, fraction))})


class Jobs:
    """The long work of one view, one piece at a time."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        """Nothing is asked yet."""
        self._send = send
        self._lock = Lock()
        self._now: Job | None = None

    def start(self, content: Mapping[str, Any], work: Callable[[Job], None]) -> None:
        """Have ``work(job)`` done in a thread; it answers by itself.

        Raises:
            ModelError: if another piece is not done.
        """
        job = Job(content, self._send)
        with self._lock:
            if self._now is not None:
                raise ModelError("The kernel is still at what was asked before: stop that, or wait.")
            self._now = job
        Thread(target=self._do, args=(job, work), name="haoline-job", daemon=True).start()

    def _do(self, job: Job, work: Callable[[Job], None]) -> None:
        try:
            work(job)
        finally:
            with self._lock:
                self._now = None

    def stop(self, request: Any = None) -> None:
        """Have the work stop at its next word of progress; ``request``: only if it is the answer to that question."""
        with self._lock:
            if self._now is not None and request in (None, self._now.content.get("request")):
                self._now.stopped.set()

    def busy(self) -> bool:
        """Whether something is being done."""
        return self._now is not None
