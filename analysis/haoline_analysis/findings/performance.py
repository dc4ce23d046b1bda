"""Rules about speed and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import Facts, count, listed, size
from haoline_analysis.findings.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Op

ALIGNMENT, COLOURS = 8, 4
MISALIGNED_SHARE = 0.05
LONG_SEQUENCE = 1024
SCORES_BYTES = 64e6
LARGE_PEAK, PEAK_OVER_WEIGHTS = 256e6, 4.0
HOT_SHARE, HOT_US = 0.2, 20.0
WORTHWHILE_MACS = 1e8


def misaligned_channels(facts: Facts) -> Iterator[Finding]:
    """Matrix work with sizes that tensor cores pad."""
    total, rows, seen = facts.macs.sum(), [], set()
    for index in facts.of("Conv", "MatMul", "Gemm"):
        sizes = [dim for dim in _channels(facts, facts.model.ops[index]) if dim % ALIGNMENT and dim > COLOURS]
        if sizes and facts.macs[index] > 0:
            rows.append(index)
            seen.update(sizes)
    share = facts.macs[rows].sum() / total if total else 0.0
    if share >= MISALIGNED_SHARE and total >= WORTHWHILE_MACS:
        shown = ", ".join(str(dim) for dim in sorted(seen, reverse=True)[:5])
        yield Finding(
            "misaligned-channels",
            "info",
            f"Channels that are no multiple of {ALIGNMENT}",
            listed(rows),
            f"{count(len(rows), 'op')} with {share:.0%} of the MACs; sizes {shown}",
            "Tensor cores want multiples of 8 (FP16) or 16 (INT8): pad channels, heads or vocabulary.",
        )


def _channels(facts: Facts, op: Op) -> list[int]:
    """Input and output channels of a stored weight; none for depthwise convolutions and products of activations."""
    value = facts.value(op, 1)
    if value is None or value.shape is None or None in value.shape or not facts.is_weight(op.inputs[1]):
        return []
    dims = [int(dim) for dim in value.shape if dim is not None]
    if op.type != "Conv":
        return dims[-2:] if len(dims) > 1 else []
    grouped = op.attributes.get("group", 1) != 1
    return [] if grouped or len(dims) < 2 else dims[:2]


def quadratic_attention(facts: Facts) -> Iterator[Finding]:
    """Attention scores that are written out for long sequences."""
    rows, largest = [], 0.0
    outgoing = facts.column("output_bytes")
    for index in facts.of("Softmax"):
        value = facts.value(facts.model.ops[index], 0)
        shape = value.shape if value is not None and value.shape is not None else ()
        long = len(shape) >= 3 and shape[-1] == shape[-2] and (shape[-1] or 0) >= LONG_SEQUENCE
        if long and outgoing[index] >= SCORES_BYTES:
            rows.append(index)
            largest = max(largest, float(outgoing[index]))
    if rows:
        yield Finding(
            "quadratic-attention",
            "warning",
            "Attention scores grow with the square of the sequence",
            listed(rows),
            f"{count(len(rows), 'Softmax op')} write up to {size(largest)} of scores each",
            "Use a fused attention (FlashAttention, GroupQueryAttention, opset 23 Attention), which never stores them.",
        )


def large_activations(facts: Facts) -> Iterator[Finding]:
    """Peak activations far above the weights."""
    peak = facts.peak_activation_bytes
    weights = float(np.nansum(facts.column("weight_bytes")))
    if peak is not None and weights > 0 and peak >= LARGE_PEAK and peak > PEAK_OVER_WEIGHTS * weights:
        yield Finding(
            "large-activations",
            "info",
            "Activations, not weights, decide the memory",
            (),
            f"peak activations {size(peak)}, weights {size(weights)}",
            "Smaller batches, tiles or sequences save more memory than compressing weights.",
        )


def memory_bound_op(facts: Facts) -> Iterator[Finding]:
    """One op without matrix work that takes much of the estimated time, waiting for memory."""
    if "estimated_us" not in facts.table or "bound" not in facts.table:
        return
    times = np.nan_to_num(facts.column("estimated_us"), nan=0.0)
    total, bounds = times.sum(), list(facts.table["bound"].values)
    for index in np.flatnonzero((times > max(HOT_SHARE * total, HOT_US)) & (facts.macs == 0)).tolist():
        if bounds[index] == "memory":
            op = facts.model.ops[index]
            yield Finding(
                "memory-bound-op",
                "info",
                f"{op.type} waits for memory",
                (index,),
                f"estimated {times[index]:,.0f} of {total:,.0f} us ({times[index] / total:.0%}), memory-bound",
                "Fuse it with its neighbours or store its operands in fewer bits.",
            )
