"""Samples shared out over an executor: threads, processes, or the workers of a cluster."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.collector import Collector
from haoline_analysis.runtime.failures import RuntimeFailure
from haoline_analysis.runtime.runner import Runner, StoppedError
from haoline_analysis.runtime.store.errors import StoreFullError
from haoline_analysis.runtime.streaming import Progress, captured, tainted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from haoline_analysis.runtime.aliases import Roots
    from haoline_analysis.runtime.plan import Plan
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.statistics import TensorStatistics
    from haoline_analysis.runtime.stopping import Stop, Tell
    from haoline_analysis.runtime.store import TensorStore

T = TypeVar("T")

_PIECES_PER_WORKER = 2
_WORKERS = 8  # taken for granted where an executor does not say how many it has
_POLL = 0.1  # seconds between looks whether somebody asked to stop


@dataclass
class Part:
    """What a worker found in its samples."""

    samples: int
    statistics: dict[str, TensorStatistics]
    forms: dict[str, tuple[str, tuple[int, ...]]]
    roots: Roots
    arrays: list[dict[str, np.ndarray]]  # by sample, where they are to be stored
    notes: tuple[str, ...]
    tainted: set[str]


def work(plan: Plan, samples: Samples, first: int, roots: Roots, *, keep: bool) -> Part:
    """Run some samples through every pass; called where the executor likes.

    Args:
        plan: what to capture.
        samples: a piece of all samples.
        first: the number of the first of them.
        roots: which tensors are counted for others.
        keep: return the tensors too.

    Raises:
        ModelError: if a sample cannot be read or the model fails on it.
    """
    arrays: list[dict[str, np.ndarray]] = [{} for _ in range(len(samples))] if keep else []
    spoilt: set[str] = set()
    collector = Collector(plan.axes, plan.aliases, first + 1, roots)
    for at, part in enumerate(plan.passes):
        runner = _runner(plan, at)
        for index, sample in enumerate(samples):
            found = runner.run(sample.feeds, sample.label or f"sample {first + index}")
            spoilt |= tainted(sample.feeds)
            tensors = captured(part.targets, found)
            collector.add(tensors)
            if keep:
                arrays[index] |= {name: array.copy() for name, array in tensors.items()}
    shared = collector.sharing.roots
    return Part(len(samples), collector.statistics, collector.forms, shared, arrays, samples.notes, spoilt)


class _Opened:
    """The session of one pass in this process, and the runner of each thread that uses it."""

    def __init__(self, plan: Plan, at: int) -> None:
        self.key = plan.key, at
        self._plan, self._at = plan, at
        self._session = plan.session(at)
        self._runners: dict[int, Runner] = {}

    def runner(self) -> Runner:
        """The runner of this thread."""
        thread = get_ident()
        if thread not in self._runners:
            targets = self._plan.passes[self._at].targets
            self._runners[thread] = Runner(self._session, targets, None, self._plan.dtypes)
        return self._runners[thread]


_lock = Lock()
_opened: list[_Opened] = []  # the latest, kept for further pieces


def _runner(plan: Plan, at: int) -> Runner:
    """A runner of a pass; the session that was open before is let go."""
    with _lock:
        if not _opened or _opened[0].key != (plan.key, at):
            _opened.clear()
            _opened.append(_Opened(plan, at))
        return _opened[0].runner()


def forget() -> None:
    """Let go of the session that this process keeps for further pieces."""
    with _lock:
        _opened.clear()


class Distribution:
    """Hands pieces of the samples to an executor and joins what comes back, in order."""

    def __init__(
        self,
        executor: Executor,
        plan: Plan,
        samples: Samples,
        collector: Collector,
        store: TensorStore | None,
        tell: Tell,
    ) -> None:
        """Take who works, on what, and who takes in what comes out."""
        self._executor, self._plan, self._samples = executor, plan, samples
        self._collector, self._store, self._tell = collector, store, tell
        self._ahead = workers_of(executor) + 1
        self.progress = Progress(done=[0])

    def run(self, stop: Stop) -> Progress:
        """Work until all is done, somebody asks to stop, or the store is full.

        Raises:
            ModelError: if a sample cannot be read, the model fails, or the executor breaks.
        """
        pieces, waiting = self._pieces(), deque[Future[Part]]()
        try:
            while self._submit(pieces, waiting, stop) and not self.progress.full:
                self._join(result_of(waiting[0], stop))
                waiting.popleft()
            self.progress.stopped = stop.asked and self.progress.done[0] < len(self._samples)
        except StoppedError:
            self.progress.stopped = True
        finally:
            for future in waiting:
                future.cancel()
            forget()  # where the executor's threads are this process's
        return self.progress

    def _pieces(self) -> Iterator[tuple[Samples, int]]:
        """Pieces with the number of their first sample; single samples where tensors come back."""
        count = len(self._samples)
        parts = count if self._store is not None else _PIECES_PER_WORKER * workers_of(self._executor)
        first = 0
        for piece in self._samples.split(parts):
            yield piece, first
            first += len(piece)

    def _submit(self, pieces: Iterator[tuple[Samples, int]], waiting: deque[Future[Part]], stop: Stop) -> bool:
        """Keep every worker busy and one piece ready, unless asked to stop; False where nothing is left."""
        while not stop.asked and len(waiting) < self._ahead and (following := next(pieces, None)) is not None:
            piece, first = following
            roots, keep = self._collector.sharing.roots, self._store is not None
            waiting.append(self._executor.submit(work, self._plan, piece, first, dict(roots), keep=keep))
        return bool(waiting)

    def _join(self, part: Part) -> None:
        first = self.progress.done[0]
        if self._store is not None:
            try:
                self._put(part, first)
            except StoreFullError as error:
                self.progress.full = str(error)
                return
        self._collector.merge(part.statistics, part.forms, part.roots)
        self._samples.add_notes(part.notes)
        self.progress.tainted |= part.tainted
        self.progress.done[0] += part.samples
        self._tell(
            f"Sample {self.progress.done[0]} of {len(self._samples)}", self.progress.done[0] / len(self._samples)
        )

    def _put(self, part: Part, first: int) -> None:
        assert self._store is not None
        for index, arrays in enumerate(part.arrays):
            for name, array in arrays.items():
                self._store.put(name, first + index, array)
            self._store.done(first + index)


def workers_of(executor: Any) -> int:
    """How many pieces an executor works on at a time, as far as it says."""
    known = getattr(executor, "_max_workers", None)
    return known if isinstance(known, int) and known > 0 else max(_WORKERS, os.cpu_count() or 1)


def result_of(future: Future[T], stop: Stop) -> T:
    """What a worker found.

    Raises:
        ModelError: if the worker failed, or is no more.
        StoppedError: if somebody asked to stop meanwhile.
    """
    while not wait([future], timeout=_POLL, return_when=FIRST_COMPLETED).done:
        if stop.asked:
            raise StoppedError
    try:
        return future.result()
    except (ModelError, MemoryError):
        raise
    except (CancelledError, KeyboardInterrupt) as error:
        raise StoppedError from error
    except Exception as error:
        name = type(error).__name__
        raise RuntimeFailure(f"A worker of the executor failed: {name}: {error}") from error
