"""Statistics of every captured tensor, the tensors of one sample being shared out among a few threads."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from haoline_analysis.runtime.aliases import Shared, Sharing
from haoline_analysis.runtime.statistics import TensorStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.runtime.aliases import Alias, Found, Roots

    Jobs = deque[tuple[TensorStatistics, np.ndarray]]

_SMALL = 1 << 16
"""Elements of a sample that are not worth waking another thread."""


class Collector:
    """Statistics by tensor name; closes its threads as a context manager."""

    def __init__(
        self,
        channel_axes: Mapping[str, int | None],
        aliases: Mapping[str, Alias],
        seed: int = 0,
        roots: Roots | None = None,
    ) -> None:
        """Start with nothing counted.

        Args:
            channel_axes: the channel axis of each tensor that has one.
            aliases: tensors that are others in another shape or order.
            seed: another one for each of several collectors to be merged.
            roots: what the collector to merge into has decided about aliases.
        """
        self._axes, self._seed = channel_axes, seed
        self.sharing = Sharing(aliases, channel_axes, roots)
        self.statistics: dict[str, TensorStatistics] = {}  # of those that are no aliases
        self.forms: dict[str, tuple[str, tuple[int, ...]]] = {}  # element type and shape of the first sample
        self._threads = _cores()
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
        for name, array in arrays.items():
            if name not in self.forms:
                self.forms[name] = array.dtype.name, tuple(array.shape)
        found = []
        for name in self.sharing.own(arrays):
            if name not in self.statistics:
                self.statistics[name] = TensorStatistics(self._axes.get(name), self._seed)
            found.append((self.statistics[name], arrays[name]))
        found.sort(key=lambda job: -job[1].size)
        return found

    def merge(
        self,
        other: Mapping[str, TensorStatistics],
        forms: Mapping[str, tuple[str, tuple[int, ...]]],
        roots: Roots,
    ) -> None:
        """Take in the statistics of other samples."""
        self.sharing.merge(roots)
        self.forms = dict(forms) | self.forms
        for name, statistics in other.items():
            if name in self.statistics:
                self.statistics[name].merge(statistics)
            else:
                self.statistics[name] = statistics

    def found(self) -> dict[str, Found]:
        """What is known of every tensor, aliases included."""
        known: dict[str, Found] = dict(self.statistics)
        for name, (root, whole) in self.sharing.roots.items():
            if root in self.statistics:
                known[name] = self.statistics[root] if whole else Shared(self.statistics[root])
        return known

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def __enter__(self) -> Collector:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the threads."""
        self.close()


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work(jobs: Jobs) -> None:
    """Work off what is left, together with whoever else does."""
    while True:
        try:
            statistics, array = jobs.popleft()
        except IndexError:
            return
        statistics.add(array)
