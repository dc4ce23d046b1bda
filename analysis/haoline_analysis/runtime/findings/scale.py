"""Rules about the size of values: growth through depth, and the range of half precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.finding import Finding
from haoline_analysis.runtime.findings.facts import WEIGHTED, ActivationFacts, number, several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FEWEST_DEEP = 6
"""Ops with weights from which on there is a depth to speak of."""
GROWTH = 1e3
"""Residual streams grow a hundredfold in sound models; a thousandfold is left to the unsound."""
HALF_LIMIT = 65504.0
MOST_SHOWN = 3


def drifting_scale(facts: ActivationFacts) -> Iterator[Finding]:
    """Values that grow or shrink a thousandfold from the first to the last third of the ops with weights."""
    scale = np.sqrt(facts.column("mean") ** 2 + facts.column("std") ** 2)
    deep = [
        row for row in range(len(scale)) if facts.category(row) in WEIGHTED and facts.floats[row] and scale[row] > 0
    ]
    third = len(deep) // 3
    if len(deep) < FEWEST_DEEP:
        return
    first, last = (float(np.median(scale[rows])) for rows in (deep[:third], deep[-third:]))
    if last >= GROWTH * first:
        passed = [row for row in deep if scale[row] >= GROWTH * first]
        yield _drift(facts, "exploding-scale", "grow", passed, scale, first, last)
    elif last * GROWTH <= first:
        passed = [row for row in deep if scale[row] * GROWTH <= first]
        yield _drift(facts, "vanishing-scale", "shrink", passed, scale, first, last)


def _drift(
    facts: ActivationFacts,
    name: str,
    verb: str,
    passed: list[int],
    scale: NDArray[np.float64],
    first: float,
    last: float,
) -> Finding:
    """A finding about a drift through depth, with the op where it passes the bound."""
    row = passed[0]
    return Finding(
        name,
        "warning",
        f"Activations {verb} through depth",
        facts.listed(passed),
        f"root mean square {number(first)} in the first third of the ops with weights, {number(last)} in the last; "
        f"past {GROWTH:,.0f}-fold at {facts.label(row)} ({number(scale[row])})",
        "Check normalisation, initialisation and residual scaling; half precision will overflow or lose small values.",
    )


def beyond_half(facts: ActivationFacts) -> Iterator[Finding]:
    """Values that float16 cannot hold, in wider types; where they begin, and not in masks."""
    low, high = facts.column("min"), facts.column("max")
    wide = np.array([dtype in ("float32", "float64", "bfloat16") for dtype in facts.dtypes], bool)
    affected = wide & (np.maximum(high, -low) > HALF_LIMIT)
    rows = [row for row in facts.onset(affected) if not facts.masks(row)]
    if rows:
        shown = [f"{facts.label(row)} from {number(low[row])} to {number(high[row])}" for row in rows[:MOST_SHOWN]]
        yield Finding(
            "beyond-half-precision",
            "info",
            "Values beyond the range of float16",
            facts.listed(rows),
            several(shown, len(rows)),
            "In float16 they become Inf: keep these ops in float32, or use bfloat16.",
        )
