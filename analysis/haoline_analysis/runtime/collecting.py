"""Python's garbage collector, and when it had better wait."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_SECONDS = 5.0
"""The collector waits no longer than this."""


@contextmanager
def no_collection() -> Iterator[None]:
    """Let the collector wait for a while, in which many small objects are made and hardly any garbage.

    With pandas and numba loaded one full collection takes as long as a session needs to open, and the objects of an
    opened model bring one about.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    timer = Timer(MOST_SECONDS, gc.enable)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        gc.enable()
