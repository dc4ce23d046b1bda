"""Samples shared out over an executor: threads, processes, or the workers of a cluster.

Workers read the models and the deployed graph from where this process has them, so they need to see the same files.
"""

from __future__ import annotations

from collections import deque
from copy import deepcopy
from threading import Lock, get_ident
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.quantization.divergence.steps import Sessions, run
from haoline_analysis.runtime.executing import result_of, workers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor, Future

    from haoline_analysis.quantization.divergence.steps import Step, Three
    from haoline_analysis.quantization.divergence.taking import Taken
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.stopping import Stop

_PIECES_PER_WORKER = 2


class Piece(NamedTuple):
    """What a worker found in its samples."""

    taken: Taken
    samples: int
    notes: tuple[str, ...]


def work(step: Step, empty: Taken, samples: Samples, first: int) -> Piece:
    """Run some samples through a step; called where the executor likes.

    Args:
        step: what to run.
        empty: what to add to.
        samples: a piece of all samples.
        first: the number of the first of them.

    Raises:
        ModelError: if a sample cannot be read or a model fails on it.
    """
    three, empty = _runners(step), deepcopy(empty)  # threads are given one and the same
    for index, sample in enumerate(samples, first):
        found = run(step, three, sample.feeds, sample.label or f"sample {index}")
        empty.add(step, found, index)
    return Piece(empty, len(samples), samples.notes)


class _Opened:
    """The sessions of one step in this process, and the runners of each thread that uses them."""

    def __init__(self, step: Step) -> None:
        self.key = step.floats.key
        self._step, self._sessions = step, Sessions(step)
        self._runners: dict[int, Three] = {}

    def runners(self) -> Three:
        """The runners of this thread."""
        thread = get_ident()
        if thread not in self._runners:
            self._runners[thread] = self._sessions.runners(None)
        return self._runners[thread]


_lock = Lock()
_opened: list[_Opened] = []  # the latest, kept for further pieces


def _runners(step: Step) -> Three:
    """Runners of a step; the sessions that were open before are let go."""
    with _lock:
        if not _opened or _opened[0].key != step.floats.key:
            _opened.clear()
            _opened.append(_Opened(step))
        return _opened[0].runners()


def forget() -> None:
    """Let go of the sessions that this process keeps for further pieces."""
    with _lock:
        _opened.clear()


def shared(executor: Executor, step: Step, samples: Samples, empty: Taken, stop: Stop) -> Iterator[Piece]:
    """Pieces of work in order, until all is done or somebody asks to stop.

    Raises:
        ModelError: if a sample cannot be read, a model fails, or the executor breaks.
        StoppedError: if somebody asked to stop.
    """
    first = 0
    waiting: deque[Future[Piece]] = deque()
    pieces = iter(samples.split(_PIECES_PER_WORKER * workers_of(executor)))
    try:
        while True:
            while len(waiting) <= workers_of(executor) and (piece := next(pieces, None)) is not None:
                stop.options()
                waiting.append(executor.submit(work, step, empty, piece, first))
                first += len(piece)
            if not waiting:
                return
            found = result_of(waiting[0], stop)
            waiting.popleft()
            samples.add_notes(found.notes)
            yield found
    finally:
        for future in waiting:
            future.cancel()
        forget()  # where the executor's threads are this process's
