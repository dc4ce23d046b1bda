"""Latencies of several models taken in turns, so that whatever slows the machine slows all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.tradeoffs.running import Running
from haoline_analysis.quantization.tradeoffs.variants_result import FLOAT
from haoline_analysis.runtime.source import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from haoline_analysis.runtime.samples import Samples

TOGETHER_BYTES = 1 << 30
"""Bytes of models that may be open at a time."""
ROUNDS, SECONDS = 40, 20.0
"""Most rounds, and seconds after which no round begins; at least ``LEAST`` are made."""
LEAST = 5
_WARM = 1


def in_turns(
    first: Running, paths: Mapping[str, Path], samples: Samples, float_bytes: int
) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile in microseconds by name, the float model's own included.

    Nothing for a model that does not fit beside the others, and nothing at all for fewer than two that do.

    Raises:
        ModelError: if a model does not run.
    """
    running = {FLOAT: first}
    left = TOGETHER_BYTES - float_bytes
    for name, path in sorted(paths.items(), key=lambda each: each[1].stat().st_size):
        source, opened, _ = source_of(path)
        left -= opened.file_bytes
        if left >= 0:
            running[name] = Running(source)
    if len(running) < 2:
        return {}
    times = _timed(running, samples)
    return {name: (float(np.percentile(each, 50)), float(np.percentile(each, 95))) for name, each in times.items()}


def _timed(running: Mapping[str, Running], samples: Samples) -> dict[str, list[float]]:
    feeds = [samples[at].feeds for at in range(min(len(samples), ROUNDS))]
    times: dict[str, list[float]] = {name: [] for name in running}
    begun = time.monotonic()
    for at in range(_WARM + ROUNDS):
        if at >= _WARM + LEAST and time.monotonic() - begun > SECONDS:
            break
        for name, model in running.items():
            _, took = model.run(feeds[at % len(feeds)])
            if at >= _WARM:
                times[name].append(took)
    return times
