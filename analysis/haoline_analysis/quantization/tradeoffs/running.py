"""Running a variant in step with its float model: how far its outputs are off, and how long both take in turns."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.noise import Noise, decibels
from haoline_analysis.quantization.tradeoffs.outcome import Outcome
from haoline_analysis.runtime.runner import one_run
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop

ROUNDS = 20
"""Fewest timed runs of each model."""
_WARM = 2


class Running:
    """A model open as anybody would open it."""

    def __init__(self, source: ModelSource, provider: str | None = None) -> None:
        """Open it.

        Raises:
            ModelError: if onnxruntime refuses it.
        """
        self.label = source.label
        self._session = Session(source, None, provider, {}, capturing=False).ort
        self.outputs = [each.name for each in self._session.get_outputs() if each.type in _REAL]

    def run(
        self, feeds: Mapping[str, np.ndarray], where: str = "a sample", stop: Stop | None = None
    ) -> tuple[list[np.ndarray], float]:
        """The outputs of real numbers and the microseconds it took.

        Raises:
            ModelError: if it fails.
            StoppedError: if it was told to stop.
        """
        options = stop.options() if stop is not None else None
        begun = time.perf_counter()
        with one_run(where):
            found: list[np.ndarray] = self._session.run(self.outputs, dict(feeds), options)
        return found, 1e6 * (time.perf_counter() - begun)


_REAL = frozenset({"tensor(float)", "tensor(float16)", "tensor(double)"})


def measure(float_model: Any, variant: Any, inputs: Any = None, *, limit: int | None = None) -> Outcome:
    """How a variant compares with its float model on some samples.

    Raises:
        ModelError: if one of them does not run on the inputs, or they have other outputs.
    """
    source, opened, _ = source_of(float_model)
    other, read, _ = source_of(getattr(variant, "path", variant))
    samples = samples_of(inputs, opened, limit=limit)
    pair = Pair(Running(source), Running(other), classes_of(opened))
    return pair.measure(samples, (opened.file_bytes, read.file_bytes))


def classes_of(model: Model) -> set[str]:
    """Names of the outputs that are scores of classes, as far as can be told."""
    from haoline_analysis.quantization.divergence.outputs import CLASSES, TOKENS, Outputs

    told = Outputs(model, model).told
    return {name for name, each in told.items() if each.task in {CLASSES, TOKENS}}


class Pair:
    """A float model and a variant, both open."""

    def __init__(self, first: Running, second: Running, classes: Collection[str] = ()) -> None:
        """Take both, and the names of the outputs whose largest value is an answer.

        Raises:
            ModelError: if the variant lacks an output of the float model.
        """
        if missing := sorted(set(first.outputs) - set(second.outputs)):
            raise ModelError(f"{second.label} has no output {missing[0]!r}, as {first.label} has.")
        if not first.outputs:
            raise ModelError(f"{first.label}: no output is of real numbers, so nothing can be compared.")
        second.outputs = first.outputs
        self.first, self.second = first, second
        self._classes = [at for at, name in enumerate(first.outputs) if name in classes]

    def measure(
        self,
        samples: Samples,
        sizes: tuple[float, float],
        stop: Stop | None = None,
        tell: Callable[[float], None] | None = None,
    ) -> Outcome:
        """All samples once for accuracy, then more in turns until there are enough timings.

        Raises:
            ModelError: if a run fails.
            StoppedError: if it was told to stop.
        """
        noise, top = Noise(len(self.first.outputs)), _Top1()
        times: tuple[list[float], list[float]] = ([], [])
        worst = (math.inf, "")
        for at, sample in enumerate(samples):
            outputs, took = self._both(sample.feeds, sample.label, stop)
            noise.add(*outputs)
            for which in self._classes:
                top.add(outputs[0][which], outputs[1][which])
            single = Noise(len(self.first.outputs))
            single.add(*outputs)
            worst = min(worst, (single.cosine if not math.isnan(single.cosine) else -1.0, sample.label))
            _keep(times, took, skip=at < _WARM)
            if tell is not None:
                tell((at + 1) / len(samples))
        self._more(samples, times, stop)
        return _outcome(noise, top.share, times, sizes, len(samples), worst)

    def _more(self, samples: Samples, times: tuple[list[float], list[float]], stop: Stop | None) -> None:
        feeds = [samples[at].feeds for at in range(min(len(samples), ROUNDS))]
        for at in range(_WARM + max(0, ROUNDS - len(times[0]))):
            _, took = self._both(feeds[at % len(feeds)], "a sample", stop)
            _keep(times, took, skip=at < _WARM)

    def _both(
        self, feeds: Mapping[str, np.ndarray], where: str, stop: Stop | None
    ) -> tuple[tuple[list[np.ndarray], list[np.ndarray]], tuple[float, float]]:
        a, first = self.first.run(feeds, where, stop)
        b, second = self.second.run(feeds, where, stop)
        return (a, b), (first, second)


def _keep(times: tuple[list[float], list[float]], took: tuple[float, float], *, skip: bool) -> None:
    """Note two timings, but for those of sessions that are not warm yet."""
    if not skip:
        times[0].append(took[0])
        times[1].append(took[1])


class _Top1:
    """How often the largest value of a row is where it was."""

    def __init__(self) -> None:
        self._same = self._rows = 0

    def add(self, first: np.ndarray, second: np.ndarray) -> None:
        """Count the rows of an output along its last axis."""
        if first.ndim and first.shape == second.shape and first.shape[-1] > 1 and first.size:
            self._same += int(np.count_nonzero(first.argmax(-1) == second.argmax(-1)))
            self._rows += first.size // first.shape[-1]

    @property
    def share(self) -> float:
        """NaN without rows."""
        return self._same / self._rows if self._rows else math.nan


def _outcome(
    noise: Noise,
    top1: float,
    times: tuple[list[float], list[float]],
    sizes: tuple[float, float],
    samples: int,
    worst: tuple[float, str],
) -> Outcome:
    first, second = ((*np.percentile(each, [50, 95]).tolist(),) if each else (math.nan, math.nan) for each in times)
    return Outcome(
        size_bytes=float(sizes[1]),
        float_bytes=float(sizes[0]),
        cosine=noise.cosine,
        cosine_min=worst[0] if samples else math.nan,
        sqnr_db=decibels(noise.power),
        top1=top1,
        p50_us=second[0],
        p95_us=second[1],
        float_p50_us=first[0],
        float_p95_us=first[1],
        samples=samples,
        worst=worst[1],
    )
