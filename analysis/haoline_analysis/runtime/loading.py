"""Tensors on demand: of stored samples from their files, of others by running the sample again."""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from typing import TYPE_CHECKING, Protocol

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import offer
from haoline_analysis.runtime.passes import SAMPLE_BYTES
from haoline_analysis.runtime.streaming import captured

if TYPE_CHECKING:
    from haoline_analysis.runtime.forms import Forms
    from haoline_analysis.runtime.plan import Plan
    from haoline_analysis.runtime.runner import Runner
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.store import StoredTensors


class Loader(Protocol):
    """Gives single tensors of single samples; from any thread."""

    def load(self, tensor: str, sample: int, channel: int | None, axis: int | None) -> np.ndarray:
        """One sample of a tensor, or one of its channels without the channel axis.

        Raises:
            ModelError: if it cannot be had.
        """

    def close(self) -> None:
        """Let go of sessions and memory; what is asked for later opens them again."""


class Rerun:
    """Runs a sample again for the tensors of one pass, and keeps the latest ones within a byte budget."""

    def __init__(
        self,
        plan: Plan,
        forms: Forms,
        samples: Samples,
        open_runner: tuple[int, Runner] | None = None,
        budget: int = SAMPLE_BYTES,
    ) -> None:
        """Take the plan and, where one is open, a pass with its runner."""
        self._plan, self._forms, self._samples = plan, forms, samples
        self._runner, self._budget = open_runner, budget
        self._passes = {target.name: at for at, part in enumerate(plan.passes) for target in part.targets}
        self._cache: OrderedDict[tuple[int, int], dict[str, np.ndarray]] = OrderedDict()
        self._lock = RLock()

    def load(self, tensor: str, sample: int, channel: int | None, axis: int | None) -> np.ndarray:
        """One sample of a tensor, or one of its channels; a copy.

        Raises:
            ModelError: if there is no such tensor, sample or channel, or the model fails.
        """
        if tensor not in self._passes:
            raise ModelError(f"There is no captured tensor {tensor!r}{offer(tensor, self._passes)}")
        if not 0 <= sample < len(self._samples):
            raise ModelError(f"There are samples 0 to {len(self._samples) - 1}, there is no {sample}.")
        with self._lock:
            arrays = self._arrays(self._passes[tensor], sample)
            if tensor not in arrays:
                raise ModelError(f"This run of sample {sample} gives nothing for {tensor!r}.")
            return chosen(arrays[tensor], tensor, channel, axis).copy()

    def close(self) -> None:
        """Let go of the session and of what is kept."""
        with self._lock:
            self._runner = None
            self._cache.clear()

    def _arrays(self, at: int, sample: int) -> dict[str, np.ndarray]:
        """All tensors of a pass, run again unless they are kept."""
        if (at, sample) in self._cache:
            self._cache.move_to_end((at, sample))
            return self._cache[at, sample]
        self._make_room(at)
        runner = self._open(at)
        given = self._samples[sample]
        found = runner.run(given.feeds, given.label or f"sample {sample}", keep=True)
        self._cache[at, sample] = captured(self._plan.passes[at].targets, found)
        self._make_room()
        return self._cache[at, sample]

    def _make_room(self, at: int | None = None) -> None:
        """Drop the oldest samples: down to the budget, or so that as much as the pass gave before fits into it."""
        expected = max((_size(arrays) for key, arrays in self._cache.items() if key[0] == at), default=0)
        while self._cache and sum(map(_size, self._cache.values())) + expected > self._budget:
            if at is None and len(self._cache) == 1:
                return  # what was asked for stays, however large
            self._cache.popitem(last=False)

    def _open(self, at: int) -> Runner:
        if self._runner is None or self._runner[0] != at:
            self._runner = None  # one session at a time: each holds the weights
            self._runner = at, self._plan.runner(at, self._forms.of)
        return self._runner[1]


def _size(arrays: dict[str, np.ndarray]) -> int:
    return sum(array.nbytes for array in arrays.values())


class FromStore:
    """Reads what was stored."""

    def __init__(self, stored: StoredTensors) -> None:
        """Take an opened store."""
        self._stored = stored

    def load(self, tensor: str, sample: int, channel: int | None, axis: int | None) -> np.ndarray:
        """One sample of a tensor, or one of its channels; read-only, paged in when touched.

        Raises:
            ModelError: if it is not there.
        """
        return self._stored.load(tensor, sample, channel, axis)

    def close(self) -> None:
        """Nothing is held but the map of the file."""


def chosen(array: np.ndarray, tensor: str, channel: int | None, axis: int | None) -> np.ndarray:
    """The array, or one of its channels.

    Raises:
        ModelError: if it has no channels, or not that one.
    """
    if channel is None:
        return array
    if axis is None or not -array.ndim <= axis < array.ndim:
        raise ModelError(f"{tensor!r} has no channels to choose from.")
    if not 0 <= channel < array.shape[axis]:
        raise ModelError(f"{tensor!r} has channels 0 to {array.shape[axis] - 1}, there is no {channel}.")
    return np.asarray(np.moveaxis(array, axis, 0)[channel])
