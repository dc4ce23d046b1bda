"""Progress of work that takes longer than a moment: shown late, updated in place, gone at the end."""

from __future__ import annotations

import sys
import time
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE = 1.0
"""Seconds of work before anything is shown."""
_INTERVAL = 0.1


class Sink(Protocol):
    """Where progress is shown."""

    def show(self, stage: str, fraction: float) -> None:
        """Show a stage and how much of the whole is done (0 to 1)."""

    def clear(self) -> None:
        """Take away what was shown."""


class Progress:
    """A callback for long work, and the context in which its bar lives."""

    def __init__(self, sink: Sink, patience: float = PATIENCE) -> None:
        """Show nothing in the first ``patience`` seconds."""
        self._sink = sink
        self._patience = patience
        self._start = self._last = time.monotonic()
        self._shown = False

    def __enter__(self) -> Progress:
        """Start the clock."""
        self._start = time.monotonic()
        return self

    def __call__(self, stage: str, fraction: float) -> None:
        """Tell how far the work is."""
        now = time.monotonic()
        if now - self._start < self._patience or (self._shown and now - self._last < _INTERVAL):
            return
        self._sink.show(stage, min(1.0, max(0.0, fraction)))
        self._shown, self._last = True, now

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away, on failure and interruption too."""
        if self._shown:
            self._sink.clear()


class NotebookSink:
    """One display that is updated in place, so that a saved notebook keeps no dead bar."""

    def __init__(self) -> None:
        """Nothing is displayed yet."""
        self._handle: Any = None

    def show(self, stage: str, fraction: float) -> None:
        """Show or update the bar."""
        percent = round(fraction * 100)
        bundle = {
            "text/plain": f"{stage}… {percent} %",
            "text/html": f'<progress value="{percent}" max="100"></progress> {escape(stage)}… {percent} %',
        }
        if self._handle is None:
            from IPython.display import display

            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def clear(self) -> None:
        """Leave an output with nothing in it, which is drawn as nothing."""
        if self._handle is not None:
            self._handle.update({}, raw=True)


class TerminalSink:
    """One line on stderr, where that is a terminal."""

    def show(self, stage: str, fraction: float) -> None:
        """Rewrite the line."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{stage}… {fraction:.0%}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Wipe the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
