"""Rules about values that share a scale but not a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.linter.rules.granularity import finer
from haoline_analysis.quantization.linter.weights import GAIN, LOW_SQNR
from haoline_analysis.runtime.findings import quantization as distributions
from haoline_analysis.structure.categories import category

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.weights import Spread, Weighted

GAMMA_RATIO = 8.0
MOST_SHOWN = 3
NORMS = ("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization")


def outlier_channels(facts: LintFacts) -> Iterator[LintFinding]:
    """Weights with channels so large that one scale leaves the others few steps."""
    judged = [(item, spread) for item, spread in _spreads(facts) if item.grid is not None or not facts.quantized]
    held = [(item, spread) for item, spread in judged if _loses(item, spread)]
    if not held:
        return
    held.sort(key=lambda pair: pair[1].sqnr(per_channel=False))
    item, spread = held[0]
    yield LintFinding(
        "outlier-channels",
        "warning" if spread.sqnr(per_channel=False) < LOW_SQNR else "info",
        "Weights whose channels differ in size",
        listed(pair[0].row for pair in held),
        f"{count(len(held), 'weight')}; worst {facts.label(item.row)}: {spread.in_words()}",
        "Quantize weights per channel.",
        why="One scale is set by the largest channel; the smaller ones are left with a fraction of the 256 steps.",
        source=sources.KRISHNAMOORTHI,
        fix=finer(facts, [pair[0] for pair in held]),
    )


def wide_weights(facts: LintFacts) -> Iterator[LintFinding]:
    """Weights that 8 bits hold badly even with a scale per channel."""
    held = [
        (spread.bulk_sqnr(), item)
        for item, spread in _spreads(facts)
        if not facts.quantized and spread.bulk_sqnr() < LOW_SQNR
    ]
    if held:
        held.sort(key=lambda pair: pair[0])
        rows = listed(item.row for _, item in held)
        yield LintFinding(
            "wide-weight-range",
            "warning",
            "Weights of which a few values take the whole range",
            rows,
            f"{count(len(held), 'weight')} whose usual values 8 bits hold below {LOW_SQNR:.0f} dB; worst "
            f"{facts.label(held[0][1].row)} at {held[0][0]:.1f} dB",
            "Leave these ops in float or clip their weights before quantizing.",
            why="Rounding noise grows with the square of the largest value, the signal with the usual one.",
            source=sources.NAGEL,
            fix=Fix("Leave them in float", {"keep_float": facts.float_names(rows)}),
        )


def gain_outliers(facts: LintFacts) -> Iterator[LintFinding]:
    """Normalisations whose gain lifts a few channels far above the others."""
    held: list[tuple[float, int]] = []
    for row in facts.anywhere(*NORMS):
        gains = facts.reader.floats(facts.source(row, 1 if "Skip" not in facts.op(row).type else 2))
        median = float(np.median(np.abs(gains))) if gains is not None else 0.0
        ratio = float(np.abs(gains).max() / median) if gains is not None and median > 0 else 0.0
        if np.isfinite(ratio) and ratio >= GAMMA_RATIO:
            held.append((ratio, row))
    if held:
        held.sort(reverse=True)
        yield LintFinding(
            "norm-gain-outliers",
            "info",
            "Normalisations that lift a few channels",
            listed(row for _, row in held),
            f"{count(len(held), 'op')}; the largest gain of {facts.label(held[0][1])} is {number(held[0][0])} times "
            "the median one",
            "Expect outlier channels in what they make: capture activations, quantize these in 16 bits, or use dynamic "
            "quantization.",
            why="The gain of a normalisation multiplies its channels, and one activation scale must hold them all.",
            source=sources.OUTLIER_SUPPRESSION,
            fix=Fix(
                "16 bits behind them", {"int16": facts.float_names(row for _, row in sorted(held, key=lambda p: p[1]))}
            ),
        )


def activation_outliers(facts: LintFacts) -> Iterator[LintFinding]:
    """Captured activations beside weights whose distribution wastes most of 8 bits."""
    seen = facts.captured
    if seen is None:
        return
    said = {
        row: text
        for row in distributions.beside_weights(seen)
        if seen.floats[row] and (text := distributions.reasons(seen, row))
    }
    if not said:
        return
    kept = seen.column("effective_range")
    worst = sorted(said, key=lambda row: float(np.nan_to_num(kept[row], nan=1.0)))
    ops = seen.listed(said)
    shown = "; ".join(f"{seen.label(row)}: {said[row]}" for row in worst[:MOST_SHOWN])
    rest = f"; and {len(said) - MOST_SHOWN} more" if len(said) > MOST_SHOWN else ""
    yield LintFinding(
        "activation-outliers",
        "warning",
        "Activations of which a few values take the whole range",
        ops,
        f"{shown}{rest}",
        "Quantize them in 16 bits, calibrate by percentile, or use dynamic quantization.",
        why="One scale for a tensor is set by its outliers; what lies in the bulk is left with a few steps.",
        source=sources.SMOOTHQUANT,
        fix=Fix("16 bits for them", {"int16": facts.float_names(ops)}),
    )


def _spreads(facts: LintFacts) -> Iterator[tuple[Weighted, Spread]]:
    """Weights whose values are known, those of depthwise convolutions aside."""
    for item in facts.weighted:
        if item.depthwise or category(facts.op(item.row).type, facts.op(item.row).domain) not in ("conv", "linear"):
            continue
        spread = facts.reader.spread(item)
        if spread is not None and len(spread.peaks) > 1 and spread.bulk > 0:
            yield item, spread


def _loses(item: Weighted, spread: Spread) -> bool:
    """Whether scales per channel would gain a bit, and the weight has or may get but one."""
    if item.grid is not None and not item.per_tensor:
        return False
    return spread.sqnr(per_channel=True) - spread.sqnr(per_channel=False) >= GAIN
