"""Compiled loops, where numba is installed: loaded in the background, since that takes a while."""

from __future__ import annotations

import logging
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Loader:
    """Loads something once, in a thread of its own; nobody waits for it."""

    def __init__(self, load: Callable[[], Any]) -> None:
        """Take what loads it; nothing happens yet."""
        self._load, self._lock = load, Lock()
        self._thread: Thread | None = None
        self.found: Any = None
        """What was loaded; None until then, and where it cannot be."""

    def start(self) -> None:
        """Begin to load, if that has not begun yet."""
        with self._lock:
            if self._thread is None:  # no daemon: at the end of a short program it still fills the cache on disk
                self._thread = Thread(target=self._run, name="haoline-compile")
                self._thread.start()

    @property
    def promising(self) -> bool:
        """Whether it is there, or on its way."""
        return self.found is not None or (self._thread is not None and self._thread.is_alive())

    def wait(self) -> Any:
        """What was loaded, once it is."""
        self.start()
        if self._thread is not None:
            self._thread.join()
        return self.found

    def _run(self) -> None:
        try:
            self.found = self._load()
        except ImportError:
            _log.debug("Statistics use numpy: numba is not installed.")
        except Exception:  # noqa: BLE001 - whatever is wrong with it: numpy does the same
            _log.debug("Statistics use numpy: numba does not work here.", exc_info=True)


def _compiled() -> Any:
    import numba

    if numba.config.DISABLE_JIT:
        return None
    from haoline_analysis.runtime.statistics.compiled import built

    return built()


kernel = Loader(_compiled)
"""Loads :func:`haoline_analysis.runtime.statistics.compiled.measure`."""


def warm_up() -> None:
    """Begin to load the compiled loops, so that they are there when tensors come; returns at once."""
    kernel.start()
