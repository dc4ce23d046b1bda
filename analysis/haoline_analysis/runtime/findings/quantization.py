"""Rules about few bits: what they cut off, and distributions that leave most of them unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count
from haoline_analysis.findings.finding import Finding
from haoline_analysis.runtime.findings.facts import WEIGHTED, ActivationFacts, number, several, share
from haoline_analysis.structure.categories import category

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIPPED = 0.01
"""Evenly spread values leave 1/256 at each end of eight bits: not cut off."""
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535)}
QUANTIZING = frozenset({"quantize", "conv", "linear", "elementwise", "pool", "concat", "attention", "activation"})
SMALL_RANGE = 1 / 16
"""Four of eight bits go to the outermost 0.2% of the values."""
LARGE_RATIO = 20.0
"""More than four bits between the largest channel and the median one, as LLM.int8 (arXiv 2208.07339) reports."""
MOST_SHOWN = 3


def saturation(facts: ActivationFacts) -> Iterator[Finding]:
    """Values that pile up at the limits of their type: what was larger has been cut off."""
    rows = [row for row in range(len(facts.rows)) if _clipped(facts, row)]
    if not rows:
        return
    held = facts.column("saturation")
    worst = sorted(rows, key=lambda row: -np.nan_to_num(held[row]))
    yield Finding(
        "saturation",
        "warning",
        "Values are cut off at the limits of their type",
        facts.listed(rows),
        several([_cut(facts, row, held[row]) for row in worst[:MOST_SHOWN]], len(rows)),
        "Widen the scale (calibrate on more data, or by a higher percentile), or keep these tensors in more bits.",
    )


def _cut(facts: ActivationFacts, row: int, held: float) -> str:
    low, high = facts.column("min")[row], facts.column("max")[row]
    return f"{facts.label(row)}: {share(held)} of {facts.dtypes[row]} at {number(low)} or {number(high)}"


def _clipped(facts: ActivationFacts, row: int) -> bool:
    """Whether a noticeable share lies at a limit that does not stand for zero."""
    dtype, held = facts.dtypes[row], facts.column("saturation")[row]
    if not held >= CLIPPED or facts.category(row) not in QUANTIZING:
        return False
    if dtype == "float16":
        return not facts.masks(row)
    if dtype not in LIMITS:
        return False
    low, high = LIMITS[dtype]
    # Behind a ReLU the lower limit stands for zero, which is no loss; quantiles tell the two ends apart.
    zero = low in facts.constants(row) or dtype.startswith("u")
    return bool(facts.column("q99")[row] >= high or (not zero and facts.column("q01")[row] <= low))


def reasons(facts: ActivationFacts, row: int) -> str:
    """Why int8 with one scale would hold a row badly; "" where it would not."""
    kept, ratio = facts.column("effective_range")[row], facts.column("outlier_ratio")[row]
    said = []
    if kept < SMALL_RANGE:
        said.append(f"99.8% of the values lie in {share(kept)} of the range")
    if ratio >= LARGE_RATIO and facts.column("outlier_channels")[row] > 0:
        outliers = count(int(facts.column("outlier_channels")[row]), "channel")
        said.append(f"{outliers} up to {ratio:.0f} times the median channel")
    return " and ".join(said)


def hard_to_quantize(facts: ActivationFacts) -> Iterator[Finding]:
    """Tensors around ops with weights whose distribution wastes most of eight bits."""
    near = beside_weights(facts)
    said = {row: text for row in near if facts.floats[row] and (text := reasons(facts, row))}
    if not said:
        return
    worst = sorted(said, key=lambda row: facts.column("effective_range")[row])
    yield Finding(
        "hard-to-quantize",
        "info",
        "Distributions that quantize badly",
        facts.listed(said),
        several([f"{facts.label(row)}: {said[row]}" for row in worst[:MOST_SHOWN]], len(said)),
        "One scale for the tensor wastes most of 8 bits: move the outliers into the weights (SmoothQuant), "
        "quantize per channel or token, clip by percentile, or keep these in 16 bits.",
    )


def beside_weights(facts: ActivationFacts) -> list[int]:
    """Rows that an op with weights reads: what a quantizer would quantize."""
    readers = [index for index, op in enumerate(facts.model.ops) if category(op.type, op.domain) in WEIGHTED]
    read = {facts.row_of.get(tensor, -1) for index in readers for tensor in facts.model.ops[index].inputs}
    probabilities = ("Softmax", "Hardmax")  # small steps suffice: what is lost is tiny beside the largest
    return sorted(row for row in read if row >= 0 and facts.type(row) not in probabilities and not facts.masks(row))
