"""Sample after sample through the model, in this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.store.errors import StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from haoline_analysis.runtime.collector import Collector
    from haoline_analysis.runtime.runner import Runner
    from haoline_analysis.runtime.samples import Sample, Samples
    from haoline_analysis.runtime.settle import Settled
    from haoline_analysis.runtime.stopping import Stop, Tell
    from haoline_analysis.runtime.store import TensorStore
    from haoline_analysis.runtime.targets import Target


@dataclass
class Progress:
    """How far a capture came."""

    done: list[int] = field(default_factory=list)  # samples by pass
    stopped: bool = False
    full: str = ""  # why the store takes no more
    runner: Runner | None = None  # of the last pass, still open
    at: int = -1  # that pass
    tainted: set[str] = field(default_factory=set)  # inputs that were fed NaN or Inf


class Stream:
    """Runs all samples through every pass, one pass after the other."""

    def __init__(
        self, settled: Settled, samples: Samples, collector: Collector, store: TensorStore | None, tell: Tell
    ) -> None:
        """Take what is to be run and who takes in what comes out."""
        self._settled, self._samples = settled, samples
        self._collector, self._store, self._tell = collector, store, tell
        self.progress = Progress()

    def run(self, stop: Stop) -> Progress:
        """Run until all is done, somebody asks to stop, or the store is full.

        Raises:
            ModelError: if a sample cannot be read or the model fails on it.
        """
        passes = len(self._settled.plan.passes)
        self.progress.done = [0] * passes
        try:
            for at in range(passes):
                self.progress.runner = None  # one session at a time: each holds the weights
                self._run_pass(at, stop)
        except StoppedError:
            self.progress.stopped = True
        return self.progress

    def _run_pass(self, at: int, stop: Stop) -> None:
        self._tell("Preparing the session", self._fraction(at, 0))
        runner, arrays = self._settled.open(at, stop)
        self.progress.runner, self.progress.at = runner, at
        targets = self._settled.plan.passes[at].targets
        with _Behind(runner.pools > 1) as behind:
            for index in range(self._limit(at)):
                sample = self._samples[index] if index else self._settled.first
                if index:
                    arrays = runner.run(sample.feeds, sample.label or f"sample {index}", stop.options())
                behind.do(self._take, at, index, sample, captured(targets, arrays))
                if self.progress.full:
                    break

    def _limit(self, at: int) -> int:
        """Samples to run: no more than the store took of the passes before."""
        return self.progress.done[at - 1] if at and self.progress.full else len(self._samples)

    def _fraction(self, at: int, done: int) -> float:
        return (at + done / len(self._samples)) / len(self._settled.plan.passes)

    def _take(self, at: int, index: int, sample: Sample, arrays: Mapping[str, np.ndarray]) -> None:
        """Store and count one sample, unless the store has no room for it, or had none for the one before."""
        if self.progress.full and self.progress.done[at] != index:
            return
        if self._store is not None:
            try:
                for name, array in arrays.items():
                    self._store.put(name, index, array)
            except StoreFullError as error:
                self.progress.full = str(error)
                return
            if at == len(self._settled.plan.passes) - 1:
                self._store.done(index)
        self._collector.add(arrays)
        self.progress.done[at] += 1
        self.progress.tainted |= tainted(sample.feeds)
        self._tell(f"Sample {index + 1} of {len(self._samples)}", self._fraction(at, index + 1))


class _Behind:
    """Does one thing at a time while the caller goes on to the next; waits for the last one at the end."""

    def __init__(self, apart: bool) -> None:
        self._pool = ThreadPoolExecutor(1, "haoline-statistics") if apart else None
        self._last: Future[None] | None = None

    def do(self, work: Callable[..., None], *arguments: Any) -> None:
        """Begin the work once what was begun before is over, and raise what that raised."""
        if self._pool is None:
            work(*arguments)
            return
        self._wait()
        self._last = self._pool.submit(work, *arguments)

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._wait()
        finally:
            if self._pool is not None:
                self._pool.shutdown()


def captured(targets: Sequence[Target], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The targets' arrays by target name."""
    return {target.name: arrays[target.output] for target in targets if target.output in arrays}


def tainted(feeds: Mapping[str, np.ndarray]) -> set[str]:
    """Inputs that hold NaN or Inf."""
    floats = {name: array for name, array in feeds.items() if array.dtype.kind in "fcV"}
    return {name for name, array in floats.items() if not np.isfinite(array).all()}
