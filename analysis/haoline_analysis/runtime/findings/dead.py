"""Rules about what is zero on every sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count
from haoline_analysis.findings.finding import Finding
from haoline_analysis.runtime.findings.facts import ActivationFacts, number, several, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MUCH = 0.1
"""From this share of a tensor's channels on, dead ones are a warning."""
FEW_SAMPLES = 8
"""With fewer, a channel may only not have seen what it looks for."""
MOST_SHOWN = 3
CHOOSING = frozenset({"Softmax", "LogSoftmax", "Hardmax"})
"""Their zeros are verdicts: the class that was never chosen."""


def dead_layers(facts: ActivationFacts) -> Iterator[Finding]:
    """Ops whose whole output is zero on every sample."""
    zero = _all_zero(facts)
    rows = [row for row in facts.onset(zero) if facts.computed[row] and facts.column("count")[row] > 1]
    if rows:
        yield Finding(
            "dead-layer",
            "warning",
            "Layers that are zero on every sample",
            facts.listed(rows),
            several([f"{facts.label(row)}{_why(facts, row)}" for row in rows[:MOST_SHOWN]], len(rows)) + _basis(facts),
            "Nothing of the input passes: look at bias and normalisation of the op before, and at the preprocessing.",
        )


def dead_channels(facts: ActivationFacts) -> Iterator[Finding]:
    """Channels that are zero on every sample, where they begin."""
    dead, channels = facts.column("dead_channels"), facts.column("channels")
    affected = facts.computed & (dead > 0) & ~_all_zero(facts)
    candidates = [int(row) for row in np.flatnonzero(affected) if facts.type(int(row)) not in CHOOSING]
    rows = [row for row in candidates if not _inherited(facts, row, dead, channels)]
    if not rows:
        return
    shares = dead / np.maximum(channels, 1)
    worst = sorted(rows, key=lambda row: -shares[row])
    firm = not facts.synthetic and np.nanmax(facts.column("samples")[rows]) >= FEW_SAMPLES
    yield Finding(
        "dead-channels",
        "warning" if firm and shares[worst[0]] >= MUCH else "info",
        "Channels that are zero on every sample",
        facts.listed(rows),
        several([_counted(facts, row, dead, channels) for row in worst[:MOST_SHOWN]], len(rows)) + _basis(facts),
        "They cost time and memory and tell nothing: prune them, or find out why training lost them "
        "(learning rate, initialisation, a bias far below zero).",
    )


def _all_zero(facts: ActivationFacts) -> NDArray[np.bool_]:
    """Rows without any other value; NaN and Inf would be other values."""
    clean = ~(facts.column("nan") > 0) & ~(facts.column("inf") > 0)
    return np.asarray((facts.column("min") == 0) & (facts.column("max") == 0) & clean)


def _inherited(facts: ActivationFacts, row: int, dead: NDArray[np.float64], channels: NDArray[np.float64]) -> bool:
    """Whether the dead channels of a row are those of what it reads, as behind a ReLU or a pooling."""
    return any(channels[source] == channels[row] and dead[source] >= dead[row] for source in facts.sources(row))


def _counted(facts: ActivationFacts, row: int, dead: NDArray[np.float64], channels: NDArray[np.float64]) -> str:
    """How many channels of a row are dead, and which."""
    which = _which(facts, row)
    named = f": {', '.join(map(str, which))}{', …' if dead[row] > len(which) else ''}" if which else ""
    return f"{facts.label(row)}: {dead[row]:.0f} of {channels[row]:.0f} ({share(dead[row] / channels[row])}){named}"


def _which(facts: ActivationFacts, row: int, most: int = 8) -> list[int]:
    """The first dead channels of a row."""
    frame = facts.channels
    if frame is None or not {"tensor", "channel", "dead"} <= set(frame.columns):
        return []
    of_row = frame[(frame["tensor"] == facts.names[row]) & frame["dead"].astype(bool)]
    return [int(channel) for channel in of_row["channel"].head(most)]


def _why(facts: ActivationFacts, row: int) -> str:
    """What an op that cuts off reads, where that explains its zeros."""
    high = facts.column("max")
    for source in sorted(facts.sources(row)):
        if high[source] <= 0 and facts.category(row) == "activation":
            return f" (what it reads from {facts.label(source)} is never above {number(high[source])})"
    return ""


def _basis(facts: ActivationFacts) -> str:
    """What the judgement rests on."""
    samples = facts.column("samples")
    known = int(np.nanmax(samples)) if np.isfinite(samples).any() else 0
    seen = f", on {count(known, 'sample')}" if known else ""
    return f"{seen}{' of synthetic input' if facts.synthetic else ''}"
