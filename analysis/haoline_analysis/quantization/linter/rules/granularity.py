"""Rules about how finely weights are divided among scales, and along which axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, Q, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.linter.weights import GAIN, LOW_SQNR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.weights import Spread, Weighted

PER_CHANNEL = Fix("One scale per channel", {"per_channel": True})
PAIR = 128
"""Two int8 weights of this sum stay below 2**15 with activations of 255; reduce_range keeps each within 64."""


def depthwise(facts: LintFacts) -> Iterator[LintFinding]:
    """Depthwise convolutions whose channels share a scale, or would by a quantizer's defaults."""
    rows = [item for item in facts.weighted if item.depthwise and (item.per_tensor or not facts.quantized)]
    if not rows:
        return
    coarse = [item for item in rows if item.per_tensor]
    shown = coarse or rows
    spreads = [(spread, item) for item in shown if (spread := facts.reader.spread(item)) is not None]
    spread, item = min(spreads, key=lambda pair: pair[0].sqnr(per_channel=False), default=(None, None))
    worst = f"; worst {facts.label(item.row)}: {spread.in_words()}" if item is not None and spread is not None else ""
    unknown = len(spreads) < len(shown) and bool(coarse)
    yield LintFinding(
        "depthwise-per-tensor",
        "warning" if unknown or any(map(_spoils, (pair[0] for pair in spreads))) else "info",
        "Depthwise convolutions with one scale for all channels" if coarse else "Depthwise convolutions",
        listed(item.row for item in shown),
        f"{count(len(shown), 'depthwise convolution')}{worst}",
        "Quantize their weights per channel.",
        why="Each channel of a depthwise convolution has a filter of its own, folded with a batch normalisation of its "
        "own: their sizes differ so much that one scale leaves some with a handful of steps.",
        source=sources.NAGEL_DFQ,
        fix=finer(facts, shown),
    )


def _spoils(spread: Spread) -> bool:
    """Whether one scale leaves too little of the usual channel, and one of its own would not."""
    one, many = spread.sqnr(per_channel=False), spread.sqnr(per_channel=True)
    return one < LOW_SQNR and many - one >= GAIN


def finer(facts: LintFacts, items: list[Weighted]) -> Fix:
    """How weights get a scale per channel; convolutions of run-time scales cannot, whose kernel takes one."""
    if all(facts.op(item.row).type == "ConvInteger" for item in items):
        return Fix("Leave them in float", {"keep_float": facts.float_names(sorted(item.row for item in items))})
    return PER_CHANNEL


def shared_initializers(facts: LintFacts) -> Iterator[LintFinding]:
    """A stored tensor that several quantizers put on different grids, or that ops read along different axes."""
    rows, shown = _several_grids(facts)
    if rows:
        yield _shared("warning", rows, shown, "on grids of their own")
    if facts.quantized:
        return
    rows, shown = _several_axes(facts)
    if rows:
        yield _shared("info", rows, shown, "along different channel axes")


def _shared(severity: str, rows: list[int], shown: list[str], how: str) -> LintFinding:
    """Stored tensors with more than one reader that do not agree."""
    return LintFinding(
        "shared-initializer",
        severity,
        "Stored tensors that ops would quantize differently",
        listed(rows),
        f"{count(len(shown), 'tensor')} read by {count(len(set(rows)), 'op')} {how}: {', '.join(shown[:3])}",
        "Give each reader a copy of its own.",
        why="A quantizer stores one set of integers with one grid per name; the second reader gets a grid that was "
        "made for another, or the tensor is stored twice all the same.",
        source=sources.ORT,
        fix=Fix("A copy for each reader", {"fixes": ["unshare-initializers"]}),
    )


def _several_grids(facts: LintFacts) -> tuple[list[int], list[str]]:
    """Q or DQ rows that read one stored tensor with grids that differ, and the tensors' names."""
    rows, names = [], []
    for kind in (Q, DQ):
        by_tensor: dict[int, list[int]] = {}
        for row in facts.every.get(kind, []):
            tensor = facts.source(row)
            if facts.is_constant(tensor):
                by_tensor.setdefault(tensor, []).append(row)
        for tensor, readers in by_tensor.items():
            if len({_grid_key(facts, row) for row in readers}) > 1:
                rows += readers
                names.append(facts.model.tensors[tensor].name)
    return rows, names


def _grid_key(facts: LintFacts, row: int) -> tuple[object, ...]:
    """What tells the grids of two quantizers apart: their scales and zero points as numbers, else as tensors."""
    op = facts.op(row)
    parts: list[object] = [op.integer("axis", 1)]
    for tensor in op.inputs[1:3]:
        weight = facts.model.tensors[tensor].weight if tensor >= 0 else None
        values = facts.reader.numbers(tensor) if weight is not None else None
        parts.append(tensor if values is None else values.tobytes())
    return tuple(parts)


def _several_axes(facts: LintFacts) -> tuple[list[int], list[str]]:
    """Ops that read one stored tensor with different channel axes, and the tensors' names."""
    readers: dict[int, dict[int, object]] = {}
    for item in facts.weighted:
        # An axis counts in the stored tensor: behind a transposition it is another one.
        turned = any(facts.op(row).type == "Transpose" for row in item.path)
        readers.setdefault(item.stored, {})[item.row] = (item.axis, turned)
    for row in facts.of("Gather"):
        stored = facts.source(row)
        if stored in readers:
            readers[stored][row] = "rows"
    held = {tensor: found for tensor, found in readers.items() if len(set(map(str, found.values()))) > 1}
    return [row for found in held.values() for row in found], [facts.model.tensors[tensor].name for tensor in held]


def wrong_axis(facts: LintFacts) -> Iterator[LintFinding]:
    """Weights with scales along an axis that is not their output channels."""
    rows = [item for item in facts.weighted if _is_wrong(item)]
    if not rows:
        return
    item = rows[0]
    assert item.grid is not None
    yield LintFinding(
        "wrong-weight-axis",
        "error" if facts.target.is_tensorrt else "warning",
        "Weight scales that do not belong to the output channels",
        listed(found.row for found in rows),
        f"{count(len(rows), 'weight')}; {facts.label(item.row)} has its output channels on axis {item.axis}, "
        f"{item.grid.scale.size} scales on axis {_axis_of(item)}",
        "Quantize along the output channels: axis 0 for Conv, 1 for ConvTranspose, the columns for MatMul and Gemm.",
        why="Only a scale per output channel can be multiplied after the integer sum; along another axis the kernel "
        "must dequantize first" + (", and TensorRT refuses it." if facts.target.is_tensorrt else "."),
        source=sources.TENSORRT if facts.target.is_tensorrt else sources.KRISHNAMOORTHI,
        fix=Fix("Quantize anew, per channel", {"per_channel": True}),
    )


def _axis_of(item: Weighted) -> int | None:
    """The axis of the scales in the stored tensor."""
    return item.grid.axis if item.grid is not None else None


def _is_wrong(item: Weighted) -> bool:
    """Whether scales lie along another axis than the channels; blocks and transposed weights are judged elsewhere."""
    grid = item.grid
    if grid is None or grid.per_tensor or grid.block or item.axis is None or grid.axis is None or len(item.path) > 2:
        return False
    if item.tensor == item.stored:
        return False  # integer ops have no choice of axis
    return grid.axis != item.axis


def no_weight_grid(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops that read quantized activations and float weights."""
    rows = [
        item.row
        for item in facts.weighted
        if item.grid is None
        and facts.reads_rounded(item.row)
        and not facts.rounded_after(item.row)
        and not facts.is_left_float(item.row)
    ]
    if rows:
        yield LintFinding(
            "weight-not-quantized",
            "warning",
            "Quantized activations meet float weights",
            listed(rows),
            f"{count(len(rows), 'op')} with a DequantizeLinear on the activation and none on the weight: "
            f"{named(facts, rows)}",
            "Quantize the weights too, or take the quantizers off the activations.",
            why="An integer kernel needs both operands as integers: this op runs in float, with rounded input and the "
            "conversions on top.",
            source=sources.TENSORRT,
            fix=Fix("Leave them in float", {"keep_float": facts.float_names(rows)}),
        )


def saturation(facts: LintFacts) -> Iterator[LintFinding]:
    """uint8 × int8 products whose sums of two do not fit into 16 bits, as x86-64 computes them without VNNI."""
    if facts.target.saturates is False:
        return
    held = [(share, item) for item in facts.weighted if (share := _overflowing(facts, item)) > 0]
    if not held:
        return
    held.sort(key=lambda pair: -pair[0])
    share, item = held[0]
    yield LintFinding(
        "u8s8-saturation",
        "warning" if facts.target.saturates else "info",
        "Sums of products that may be cut off without VNNI",
        listed(found.row for _, found in held),
        f"{count(len(held), 'op')} with pairs of neighbouring weights above 128 together, which 255-valued activations "
        f"take beyond 32,767; most in {facts.label(item.row)}: {100 * share:.3g}% of the pairs",
        "Use 7-bit weights (reduce_range), or uint8 weights.",
        why="VPMADDUBSW adds two products of uint8 and int8 in 16 bits and cuts off what is larger; processors with "
        "VNNI and ARM add in 32 bits.",
        source=sources.ORT,
        fix=Fix("7-bit weights", {"reduce_range": True}),
    )


def _overflowing(facts: LintFacts, item: Weighted) -> float:
    """Share of neighbouring pairs of int8 weights, along what is summed, that may exceed 16 bits."""
    grid, axis = item.grid, item.axis
    activations = facts.op(item.row).inputs[0]
    if grid is None or grid.dtype != "int8" or axis is None or not _eight_bit(facts, activations):
        return 0.0
    integers = facts.reader.integers(item)
    if integers is None or integers.ndim < 2:
        return 0.0
    rows = np.moveaxis(integers, axis % integers.ndim, 0)
    if facts.op(item.row).type in ("Conv", "QLinearConv"):
        if rows.shape[1] == 1 and rows.shape[0] == facts.op(item.row).integer("group", 1):
            return 0.0  # the depthwise kernel adds in 32 bits
        rows = np.moveaxis(rows, 1, -1)  # the kernel reads it by position, then by channel
    rows = rows.reshape(len(rows), -1)
    pairs = rows[:, : rows.shape[1] // 2 * 2].astype(np.int16)
    sums = np.abs(pairs[:, 0::2] + pairs[:, 1::2])
    return float(np.mean(sums > PAIR)) if sums.size else 0.0


def _eight_bit(facts: LintFacts, tensor: int) -> bool:
    """Whether an activation is of 8 bits: as integers, dequantized, or by DynamicQuantizeLinear."""
    if tensor in facts.forms:
        return facts.forms[tensor].bits == 8
    site = facts.dequantized(tensor)
    return site.form.bits == 8 if site is not None else facts.maker(tensor) == "DynamicQuantizeLinear"
