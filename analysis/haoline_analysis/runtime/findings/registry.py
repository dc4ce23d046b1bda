"""All rules about activations, and the call that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.finding import SEVERITIES, Finding
from haoline_analysis.runtime.findings import dead, nonfinite, quantization, scale
from haoline_analysis.runtime.findings.facts import ActivationFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from haoline_analysis.model import Model

RULES: tuple[Callable[[ActivationFacts], Iterator[Finding]], ...] = (
    nonfinite.nan,
    nonfinite.inf,
    dead.dead_layers,
    dead.dead_channels,
    scale.drifting_scale,
    scale.beyond_half,
    quantization.saturation,
    quantization.hard_to_quantize,
)


def findings(
    tensors: pd.DataFrame,
    model: Model,
    *,
    channels: pd.DataFrame | None = None,
    tainted: frozenset[str] = frozenset(),
    synthetic: bool = False,
) -> list[Finding]:
    """Everything the rules find in the statistics of a run, worst first.

    Args:
        tensors: one row per captured tensor in execution order, indexed by name; ``op`` is the producer's name.
        model: the model that was run.
        channels: one row per tensor and channel: ``tensor``, ``channel``, ``dead``.
        tainted: names of the inputs that were fed NaN or Inf.
        synthetic: whether the input was made up, which weakens what is said about dead channels.
    """
    facts = ActivationFacts(tensors, model, channels, tainted, synthetic)
    found = [finding for rule in RULES for finding in rule(facts)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
