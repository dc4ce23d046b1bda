"""Tensors on demand: a sample is run again through the sessions that give them."""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.steps import run
from haoline_analysis.runtime.loading import chosen
from haoline_analysis.runtime.passes import SAMPLE_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.quantization.deployed import Deployed
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.steps import Found, Step, Three
    from haoline_analysis.runtime.forms import Forms
    from haoline_analysis.runtime.samples import Samples


class Loader:
    """Runs samples again, and keeps the latest within a byte budget."""

    def __init__(self, deployed: Deployed, steps: Sequence[Step], samples: Samples, forms: Forms) -> None:
        """Take what was run; the deployed graph is kept until :meth:`close`."""
        self._deployed, self._steps, self._samples, self._forms = deployed, steps, samples, forms
        self._places = {pair.name: (at, pair) for at, step in enumerate(steps) for pair in step.pairs}
        self._open: tuple[int, Three] | None = None
        self._cache: OrderedDict[tuple[int, int], Found] = OrderedDict()
        self._lock = RLock()
        self._closed = False

    @property
    def folder(self) -> Path:
        """Where the deployed graph is, until :meth:`close`."""
        return self._deployed.path.parent

    def load(self, tensor: str, sample: int, which: str, channel: int | None, axis: int | None) -> np.ndarray:
        """One side of a tensor, float32, or one of its channels; a copy.

        Raises:
            ModelError: if it was not matched, or there is no such sample or channel.
        """
        if tensor not in self._places:
            raise ModelError(f"{tensor!r} was not matched: nothing of the variant is known to be its counterpart.")
        if not 0 <= sample < len(self._samples):
            raise ModelError(f"There are samples 0 to {len(self._samples) - 1}, there is no {sample}.")
        at, pair = self._places[tensor]
        with self._lock:
            found = self._found(at, sample)
            array = self._side(found, self._steps[at], pair, which)
            return np.array(chosen(array, tensor, channel, axis), dtype=np.float32)

    def close(self) -> None:
        """Let go of the sessions, of what is kept and of the deployed graph: nothing can be loaded afterwards."""
        with self._lock:
            self._closed, self._open = True, None
            self._cache.clear()
            self._deployed.close()

    def _side(self, found: Found, step: Step, pair: Pair, which: str) -> np.ndarray:
        value = np.asarray(found.floats[pair.output])
        if which == "float":
            return value
        other = self._local(found, step, pair) if which == "local" else pair.grid.decoded(found.variant[pair.captured])
        if which == "variant":
            return other.reshape(value.shape)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(other.reshape(value.shape) - value.astype(other.dtype, copy=False))

    def _local(self, found: Found, step: Step, pair: Pair) -> np.ndarray:
        """What the variant's ops make of the float tensors; the float tensor where they are its own ops."""
        graph = step.graph
        if graph is not None and pair.name in graph.outputs:
            return pair.grid.decoded(found.local[graph.outputs[pair.name]])
        if graph is not None and pair.name in graph.exact:
            return np.asarray(found.floats[pair.output])
        raise ModelError(f"The local error of {pair.name!r} was not measured.")

    def _found(self, at: int, sample: int) -> Found:
        """All tensors of a step, run again unless they are kept."""
        if self._closed:
            raise ModelError("This comparison was closed: compare again to look at its tensors.")
        if (at, sample) in self._cache:
            self._cache.move_to_end((at, sample))
            return self._cache[at, sample]
        three = self._runners(at)
        given = self._samples[sample]
        found = run(self._steps[at], three, given.feeds, given.label or f"sample {sample}", keep=True)
        self._cache[at, sample] = found
        while len(self._cache) > 1 and sum(map(_size, self._cache.values())) > SAMPLE_BYTES:
            self._cache.popitem(last=False)
        return found

    def _runners(self, at: int) -> Three:
        if self._open is None or self._open[0] != at:
            self._open = None  # one step at a time: each holds the weights
            self._open = at, self._steps[at].open(self._forms)
        return self._open[1]


def _size(found: Found) -> int:
    return sum(array.nbytes for side in found for array in side.values())
