"""Statistics of every captured tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.aliases import Shared, Sharing
from haoline_analysis.runtime.statistics import TensorStatistics, Together

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.runtime.aliases import Alias, Found, Roots


class Collector:
    """Statistics by tensor name; what only changes its shape or order is counted once."""

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
        self._together = Together()
        self.statistics: dict[str, TensorStatistics] = {}  # of those that are no aliases
        self.forms: dict[str, tuple[str, tuple[int, ...]]] = {}  # element type and shape of the first sample

    def add(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take in one sample; the arrays may be used otherwise as soon as this returns.

        Works in one thread: numpy's calls are so short here that several threads only hinder each other.
        """
        for name, array in arrays.items():
            if name not in self.forms:
                self.forms[name] = array.dtype.name, tuple(array.shape)
        jobs = []
        for name in self.sharing.own(arrays):
            if name not in self.statistics:
                self.statistics[name] = TensorStatistics(self._axes.get(name), self._seed)
            jobs.append((self.statistics[name], arrays[name]))
        self._together.add(jobs)

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
