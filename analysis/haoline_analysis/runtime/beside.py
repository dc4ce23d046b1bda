"""One piece of work in a thread of its own, begun now and asked for later."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Beside(Generic[T]):
    """Begins when it is made; nobody need wait for it, not even the end of the program."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Begin the work."""
        self._work = work
        self._held: dict[str, Any] = {}
        self._thread = Thread(target=self._run, name="haoline-beside", daemon=True)
        self._thread.start()

    def result(self) -> T:
        """What the work gave, once it is over; what it raised is raised here, every time."""
        self._thread.join()
        if "error" in self._held:
            raise self._held["error"]
        result: T = self._held["result"]
        return result

    def _run(self) -> None:
        try:
            self._held["result"] = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._held["error"] = error
