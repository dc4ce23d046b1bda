"""A rule about averages that onnxruntime's integer kernel gets wrong."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.finding import LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Op
    from haoline_analysis.quantization.linter.facts import LintFacts


def over_the_end(facts: LintFacts) -> Iterator[LintFinding]:
    """Average pooling whose last window reaches beyond the padded input, where all of the window is counted."""
    if not facts.target.is_cpu:
        return
    held = {row: both for row in facts.anywhere("AveragePool", "QLinearAveragePool") if (both := _divisors(facts, row))}
    integer = [row for row in held if facts.op(row).type.startswith("QLinear") or facts.between_quantizers(row)]
    rows = integer if facts.quantized else list(held)
    if rows:
        values, window = held[rows[0]]
        yield LintFinding(
            "average-over-the-end",
            "error" if integer else "info",
            "Averages that onnxruntime computes wrongly on integers",
            listed(rows),
            f"{count(len(rows), 'op')} with ceil_mode and count_include_pad; a window of {facts.label(rows[0])} holds "
            f"{count(values, 'value')}, and the integer kernel divides by {window:,}",
            "Set count_include_pad to 0, with padding as an op of its own, before quantizing: quantize() does.",
            why="With ceil_mode the last window may reach over the end of the input. The integer kernel divides by its "
            "full size, so that the average is too small: next to zero where a window is larger than the image.",
            source=sources.ORT_AVERAGES,
        )


def _divisors(facts: LintFacts, row: int) -> tuple[int, int] | None:
    """How many elements the last window holds, padding included, and its size; None where it fits or is not known."""
    op = facts.op(row)
    kernel = _numbers(op, "kernel_shape")
    rank = len(kernel)
    counted = rank and op.integer("ceil_mode") and op.integer("count_include_pad")
    sizes = _spatial(facts, facts.source(row), rank)
    strides, spread = (_numbers(op, name) or (1,) * rank for name in ("strides", "dilations"))
    pads = _numbers(op, "pads") or (0,) * (2 * rank)
    fits = [len(strides), len(spread), len(pads)] == [rank, rank, 2 * rank] and min((*strides, *spread, 1)) > 0
    if not counted or not sizes or not fits or op.attributes.get("auto_pad", "NOTSET") != "NOTSET":
        return None
    axes = zip(sizes, kernel, strides, spread, pads[:rank], pads[rank:], strict=True)
    held = [_in_last(*axis) for axis in axes]
    return (prod(held), prod(kernel)) if 0 < prod(held) < prod(kernel) and min(held) > 0 else None


def _in_last(size: int, width: int, stride: int, spread: int, before: int, after: int) -> int:
    """How many elements of one axis the last window holds."""
    padded, extent = size + before + after, (width - 1) * spread + 1
    start = max(-(-(padded - extent) // stride), 0) * stride
    if start >= size + before:  # a window that would begin in the padding behind is left out
        start -= stride
    return min(width, -(-(padded - start) // spread))


def _numbers(op: Op, name: str) -> tuple[int, ...]:
    """An attribute that lists integers; empty where it is absent or something else."""
    value = op.attributes.get(name)
    listing = isinstance(value, list | tuple) and all(isinstance(each, int) for each in value)
    return tuple(value) if listing else ()  # type: ignore[arg-type]


def _spatial(facts: LintFacts, tensor: int, rank: int) -> tuple[int, ...]:
    """Sizes of the axes that are pooled; empty where one is not known."""
    value = facts.evaluation.value(tensor) if tensor >= 0 else None
    shape = value.shape if value is not None else None
    known = [size for size in (shape or ())[2:] if size is not None]
    return tuple(known) if shape is not None and len(known) == rank == len(shape) - 2 else ()
