"""Statistics of every captured tensor, the tensors of one sample being shared out among a few threads."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics import TensorStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    Jobs = deque[tuple[TensorStatistics, np.ndarray]]

_SMALL = 1 << 16
"""Elements of a sample that are not worth waking another thread."""


class Collector:
    """Statistics by tensor name; closes its threads as a context manager."""

    def __init__(self, channel_axes: Mapping[str, int | None], seed: int = 0) -> None:
        """Take the channel axis of each tensor that has one; collectors to be merged want different seeds."""
        self._axes, self._seed = channel_axes, seed
        self.statistics: dict[str, TensorStatistics] = {}
        self.forms: dict[str, tuple[str, tuple[int, ...]]] = {}  # element type and shape of the first sample
        self._threads = max(
            1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )
        self._pool = ThreadPoolExecutor(self._threads, "haoline-statistics")

    def add(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take in one sample; the arrays may be used otherwise as soon as this returns."""
        jobs = deque(self._jobs(arrays))
        helpers = self._threads - 1 if sum(array.size for _, array in jobs) > _SMALL else 0
        waiting = [self._pool.submit(_work, jobs) for _ in range(helpers)]
        _work(jobs)
        for helper in waiting:
            helper.result()

    def _jobs(self, arrays: Mapping[str, np.ndarray]) -> list[tuple[TensorStatistics, np.ndarray]]:
        """What is to be done, the largest first."""
        found = []
        for name, array in arrays.items():
            held = self.statistics.get(name)
            if held is None:
                held = self.statistics[name] = TensorStatistics(self._axes.get(name), self._seed)
                self.forms[name] = array.dtype.name, tuple(array.shape)
            found.append((held, array))
        found.sort(key=lambda job: -job[1].size)
        return found

    def merge(self, other: Mapping[str, TensorStatistics], forms: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Take in the statistics of other samples."""
        for name, statistics in other.items():
            held = self.statistics.get(name)
            if held is None:
                self.statistics[name] = statistics
                self.forms[name] = forms[name]
            else:
                held.merge(statistics)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def __enter__(self) -> Collector:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the threads."""
        self.close()


def _work(jobs: Jobs) -> None:
    """Work off what is left, together with whoever else does."""
    while True:
        try:
            statistics, array = jobs.popleft()
        except IndexError:
            return
        statistics.add(array)
