"""How long both models take as anybody would run them, in turns so that the machine's moods meet both."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.divergence.settling import inputs_of
from haoline_analysis.quantization.divergence.steps import fed_to
from haoline_analysis.runtime.runner import Runner
from haoline_analysis.runtime.sessions import Session

if TYPE_CHECKING:
    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.runtime.stopping import Stop

RUNS = 9
LONGEST = 1.0
"""No further runs are begun after so many seconds."""
SHORTEST = 0.1
"""Models that run in microseconds go on for so many seconds: nine of their runs are noise."""
_LEAST, _MOST = 3, 1000


def measure(job: Job, stop: Stop) -> dict[str, dict[str, float]]:
    """Median and 95th percentile of single runs of both models on the first sample, in microseconds.

    Raises:
        RuntimeFailure: if a model fails.
        StoppedError: if it was told to stop.
    """
    floats = Session(job.source, None, job.provider, dict(job.linked), capturing=False)
    sides = {
        "float": (Runner(floats, (), None, {}), dict(job.first.feeds)),
        "variant": (Runner(job.deployed.session, (), None, {}), fed_to(job.first.feeds, inputs_of(job))),
    }
    taken: dict[str, list[float]] = {side: [] for side in sides}
    begun = perf_counter()
    for turn in range(_MOST):
        if _enough(turn, perf_counter() - begun):
            break
        for side, (runner, feeds) in sides.items():
            options = stop.options()
            start = perf_counter()
            runner.run(feeds, job.first.label, options)
            if turn:  # the first allocates
                taken[side].append((perf_counter() - start) * 1e6)
    return {
        side: {"p50_us": float(np.median(times)), "p95_us": float(np.quantile(times, 0.95))}
        for side, times in taken.items()
    }


def _enough(turn: int, seconds: float) -> bool:
    """Whether to stop before this turn, ``seconds`` after the first began."""
    return seconds > (SHORTEST if turn > RUNS else LONGEST) and turn > _LEAST
