"""Long work that Ctrl-C ends in good order, though it does not reach onnxruntime."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.runner import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[[str, float], None]

T = TypeVar("T")

_AT_ONCE = 2  # runs: the plain one, and one with capture


class Stop:
    """Says to a piece of work that it should end, and to the run of onnxruntime inside it."""

    def __init__(self) -> None:
        """Nobody has asked to stop."""
        self._asked = Event()
        self._options: list[Any] = []
        self._lock = Lock()

    @property
    def asked(self) -> bool:
        """Whether the work should end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End the run in progress, and all that would follow."""
        with self._lock:
            self._asked.set()
            for options in self._options:
                options.terminate = True

    def options(self) -> Any:
        """Run options for the next run.

        Raises:
            StoppedError: if it should not take place any more.
        """
        with self._lock:
            if self.asked:
                raise StoppedError
            options = onnxruntime().RunOptions()
            options.log_severity_level = 4  # what goes wrong is raised
            self._options = [*self._options[1 - _AT_ONCE :], options]
            return options


def interruptible(work: Callable[[Stop, Tell], T], tell: Tell) -> T:
    """The result of ``work``, done in a thread so that this one hears an interrupt and passes it on as a stop.

    Progress that ``work`` tells is passed on from this thread. What ``work`` raises is raised here. A second interrupt
    does not wait for the work to end.
    """
    events: SimpleQueue[tuple[str, float] | None] = SimpleQueue()
    stop = Stop()
    held: dict[str, Any] = {}

    def body() -> None:
        try:
            held["result"] = work(stop, lambda stage, fraction: events.put((stage, fraction)))
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            held["error"] = error
        finally:
            events.put(None)

    _wait(Thread(target=body, name="haoline-run", daemon=True), events, stop, tell)
    if "error" in held:
        raise held["error"]
    result: T = held["result"]
    return result


def _wait(thread: Thread, events: SimpleQueue[tuple[str, float] | None], stop: Stop, tell: Tell) -> None:
    """Start the work and pass on progress until it is over."""
    begun = False
    while True:
        try:  # the inner loop is inside, since an interrupt may come between any two steps of it
            if not begun:
                begun = True
                thread.start()
            while (event := events.get()) is not None:
                if not stop.asked:
                    tell(*event)
        except KeyboardInterrupt:
            if stop.asked:
                raise
            stop.ask()
        except BaseException:
            stop.ask()
            raise
        else:
            return
