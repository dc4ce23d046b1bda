"""The compiled loops, where numba is installed: loaded in the background, since that takes a while."""

from __future__ import annotations

from typing import Any

from haoline_analysis.runtime.statistics.fast import Loader


def _compiled() -> Any:
    import numba

    if numba.config.DISABLE_JIT:
        return None
    from haoline_analysis.quantization.divergence.metrics.compiled import built

    return built()


kernel = Loader(_compiled)
"""Loads :func:`haoline_analysis.quantization.divergence.metrics.compiled.measure`."""


def warm_up() -> None:
    """Begin to load the compiled loops, so that they are there when tensors come; returns at once."""
    kernel.start()
