"""Rules about numbers: quantization, casts, ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import Facts, count, listed
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOAT_NAMES = {"fp64", "fp32", "fp16", "bf16", "float64", "float32", "float16", "bfloat16"}
QUANTIZED_ENOUGH = 0.75
MANY_CASTS_SHARE, MANY_CASTS = 0.1, 20
FP16_MAX = 65504.0
MASKING = ("Add", "Mul", "Where")


def partly_quantized(facts: Facts) -> Iterator[Finding]:
    """A model with quantizers in which much of the matrix work stays in floating point."""
    if not facts.of("QuantizeLinear", "QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger"):
        return
    total = facts.macs.sum()
    rows = [i for i in facts.macs.nonzero()[0].tolist() if facts.precisions[i] in FLOAT_NAMES]
    share = facts.macs[rows].sum() / total if total else 0.0
    if share > 1 - QUANTIZED_ENOUGH:
        yield Finding(
            "partly-quantized",
            "warning",
            "Only part of the matrix work is quantized",
            listed(rows),
            f"{share:.0%} of the MACs in floating point, {count(len(rows), 'op')}",
            "Extend the quantizers to these ops unless they were left out for accuracy: borders cost conversions.",
        )


def many_casts(facts: Facts) -> Iterator[Finding]:
    """Casts all over the graph."""
    rows = [index for index in facts.of("Cast") if not facts.is_constant(facts.source(index))]
    ops = len(facts.model.ops)
    if len(rows) >= MANY_CASTS and len(rows) > MANY_CASTS_SHARE * ops:
        yield Finding(
            "many-casts",
            "info",
            "Many Casts",
            listed(rows),
            f"{len(rows):,} of {ops:,} ops ({len(rows) / ops:.0%})",
            "Each moves its tensor once more: export in one precision, or keep fewer ops out of float16.",
        )


def mask_sentinel(facts: Facts) -> Iterator[Finding]:
    """Constants beyond float16 that masks add or select."""
    rows, worst = [], 0.0
    for index in facts.of(*MASKING):
        for tensor in facts.model.ops[index].inputs:
            value = abs(facts.scalar(tensor) or 0.0)
            if FP16_MAX < value < np.inf:
                rows.append(index)
                worst = max(worst, value)
    if rows:
        yield Finding(
            "mask-sentinel",
            "info",
            "Mask constants that float16 cannot hold",
            listed(rows),
            f"{count(len(set(rows)), 'op')} with constants up to {worst:.3g} in magnitude; float16 ends at 65,504",
            "Converted to float16 they become infinite, and a fully masked row turns to NaN: use -1e4 or -65504.",
        )


def unstable_softmax(facts: Facts) -> Iterator[Finding]:
    """A softmax written out without subtracting the maximum."""
    rows = []
    for index in facts.of("Exp"):
        readers = facts.reader_types(facts.model.ops[index])
        if {"ReduceSum", "Div"} <= readers and facts.maker(facts.source(index)) != "Sub":
            rows.append(index)
    if rows:
        yield Finding(
            "unstable-softmax",
            "warning",
            "Softmax written out without subtracting the maximum",
            listed(rows),
            f"{count(len(rows), 'Exp op')} divided by its own sum; overflows above 88.7 in float32, 11.1 in float16",
            "Use Softmax, or subtract ReduceMax first.",
        )
