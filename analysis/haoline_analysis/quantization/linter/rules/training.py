"""Rules about fake quantization as training left it: missing, contradictory or never calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, Q, named, number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.structure.form import BAD_GRID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.weights import Weighted
    from haoline_analysis.quantization.structure import Quantizer

MOST = 0.5
"""Of the ops with weights: from here on, one without quantizers is an exception."""
UNUSED = 0.25
"""Of the grid: weights that stay below leave two bits unused."""
CLIPPED = 0.05
TINY, HUGE = 1e-12, 1e12
"""Scales beyond are no calibration."""


def is_trained(facts: LintFacts) -> bool:
    """Whether weights are stored in float behind their fake quantizers, as training exports them."""
    return any(site.kind == "weight" and site.quantize is not None for site in facts.sites)


def missing(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops with weights that have no quantizers, where most have."""
    if not facts.has_qdq:
        return
    items = [item for item in facts.weighted if facts.op(item.row).type in ("Conv", "ConvTranspose", "Gemm", "MatMul")]
    full = [item for item in items if item.grid is not None and _reads_quantized(facts, item)]
    bare = [item.row for item in items if item.grid is None and not _reads_quantized(facts, item)]
    half = [item.row for item in items if item.grid is not None and not _reads_quantized(facts, item)]
    if not items or len(full) < MOST * len(items) or not (bare or half):
        return
    ends = {items[0].row, items[-1].row}
    inner = [row for row in bare if row not in ends]
    parts = [f"{count(len(bare), 'op')} without any: {named(facts, bare)}"] if bare else []
    parts += (
        [f"{count(len(half), 'op')} with quantized weights and float activations: {named(facts, half)}"] if half else []
    )
    yield LintFinding(
        "missing-fake-quant",
        "warning" if is_trained(facts) and (inner or half) else "info",
        "Ops without fake quantization among quantized ones",
        listed([*bare, *half]),
        f"{'; '.join(parts)}; {len(full):,} of {len(items):,} have both",
        "Insert the missing quantizers before training ends, or leave these ops out on purpose.",
        why="Training adapts weights to the rounding it has seen. An op that had none stays in float, or is rounded "
        "for the first time when deployed.",
        source=sources.NAGEL,
    )


def _reads_quantized(facts: LintFacts, item: Weighted) -> bool:
    operands = facts.operands(item.row)
    return bool(operands) and all(facts.from_dq(tensor) for tensor in operands)


def contradictory(facts: LintFacts) -> Iterator[LintFinding]:
    """A tensor that is quantized twice, on grids that differ."""
    by_tensor: dict[int, list[Quantizer]] = {}
    for site in facts.sites:
        if site.quantize is not None and site.kind == "activation":
            by_tensor.setdefault(_root(facts, site.tensor), []).append(site)
    held = {tensor: sites for tensor, sites in by_tensor.items() if not _agree(sites)}
    if held:
        tensor, sites = next(iter(held.items()))
        scales = sorted(float(np.max(site.form.scale)) for site in sites)
        rows = listed(site.quantize for found in held.values() for site in found if site.quantize is not None)
        yield LintFinding(
            "inconsistent-fake-quant",
            "warning",
            "Tensors quantized on several grids",
            rows,
            f"{count(len(held), 'tensor')}; {facts.model.tensors[tensor].name} with scales from {number(scales[0])} to "
            f"{number(scales[-1])}",
            "Let all readers share one quantizer.",
            why="Each reader sees another rounding of the same value; on integers the tensor has to be converted from "
            "one grid to the other, which rounds again.",
            source=sources.JACOB,
        )


def _root(facts: LintFacts, tensor: int) -> int:
    """A tensor before it was fake-quantized the first time."""
    for _ in range(4):
        row = facts.producer(tensor)
        if row < 0 or facts.op(row).type not in (Q, DQ):
            return tensor
        tensor = facts.source(row)
    return tensor


def _agree(sites: list[Quantizer]) -> bool:
    """Whether quantizers have one grid, and one is enough."""
    return all(sites[0].form.same_grid(site.form) for site in sites[1:])


def mixed_granularity(facts: LintFacts) -> Iterator[LintFinding]:
    """Weights of one kind of op, some with one scale and some with one per channel."""
    rows: list[int] = []
    parts = []
    for kind in ("Conv", "ConvTranspose", "Gemm", "MatMul", "QLinearConv", "QLinearMatMul"):
        held = [item for item in facts.weighted if facts.op(item.row).type == kind and _has_channels(facts, item)]
        coarse = [item.row for item in held if item.per_tensor]
        if coarse and len(coarse) < len(held):
            rows += coarse
            parts.append(f"{len(coarse):,} of {len(held):,} {kind} with one scale: {named(facts, coarse, 2)}")
    if rows:
        yield LintFinding(
            "mixed-granularity",
            "warning",
            "Weights with one scale among weights with one per channel",
            listed(rows),
            "; ".join(parts),
            "Quantize all weights of a kind per channel.",
            why="Coarse ones among fine ones are rarely meant: they are the layers that a configuration missed, and "
            "the ones that lose most.",
            source=sources.WU,
            fix=Fix("One scale per channel", {"per_channel": True}),
        )


def _has_channels(facts: LintFacts, item: Weighted) -> bool:
    """Whether a quantized weight has several output channels to tell apart."""
    shape = weight.shape if (weight := facts.model.tensors[item.stored].weight) is not None else ()
    return item.grid is not None and item.axis is not None and len(shape) > item.axis and shape[item.axis] > 1


def suspicious_ranges(facts: LintFacts) -> Iterator[LintFinding]:
    """Scales that no calibration yields, and weights that fill next to nothing of their grid or run over it."""
    broken = [site for site in facts.sites if not _is_sound(site, facts.target.is_tensorrt)]
    if broken:
        rows = _rows(broken)
        yield _suspicious(
            "error",
            rows,
            f"{count(len(broken), 'quantizer')} whose scale is not positive, infinite or beyond measure: "
            f"{named(facts, rows)}",
        )
    activations = (site for site in facts.sites if site.kind == "activation" and not facts.is_weight(site.tensor))
    idle = [site for site in activations if _is_default(site)]
    if idle:
        rows = _rows(idle)
        yield _suspicious(
            "warning",
            rows,
            f"{count(len(idle), 'activation')} with scale 1 and zero point 0: {named(facts, rows)}",
        )
    poor = [(text, item.row) for item in facts.weighted if (text := _fill(facts, item))]
    if poor:
        rows = listed(row for _, row in poor)
        yield _suspicious("warning", rows, f"{count(len(poor), 'weight')}; {facts.label(poor[0][1])} {poor[0][0]}")


def _suspicious(severity: str, rows: tuple[int, ...], evidence: str) -> LintFinding:
    """Scales that were not found by looking at values."""
    return LintFinding(
        "suspicious-range",
        severity,
        "Scales that do not fit the values",
        rows,
        evidence,
        "Calibrate these again, on data that reaches them.",
        why="A scale left at its start, or taken from other values, cuts most of the tensor off or leaves most of the "
        "grid unused.",
        source=sources.NAGEL,
    )


def _rows(held: list[Quantizer]) -> tuple[int, ...]:
    return listed(row for site in held for row in (site.quantize, *site.dequantizes) if row is not None)


def _is_sound(site: Quantizer, positive: bool) -> bool:
    scale = site.form.scale.astype(np.float64)
    if site.form.block and not positive:
        scale = np.abs(scale)  # onnxruntime stores the largest of a block as the lowest integer, whatever its sign
    floor = 0.0 if site.kind == "bias" else TINY
    return bool(np.all(np.isfinite(scale)) and np.all(scale > floor) and np.all(scale < HUGE))


def _is_default(site: Quantizer) -> bool:
    form = site.form
    return (
        not form.dtype.startswith("float")  # which have a range of their own
        and form.per_tensor
        and float(form.scale.reshape(-1)[0]) == 1.0
        and not np.any(form.zero_point.astype(np.float64))
    )


def _fill(facts: LintFacts, item: Weighted) -> str:
    """How badly a weight fills its grid of integers; "" where it does well."""
    grid = item.grid
    if grid is None or grid.dtype not in ("int8", "uint8") or grid.block:
        return ""
    steps = _steps(facts, item)
    if steps is None or steps.size < 2 or not np.any(steps):
        return ""
    low, high = grid.ends
    reach = max(abs(low), high) if low < 0 else high - low
    least, most = float(steps.min()), float(steps.max())
    used = (max(-least, most) if low < 0 else most - least) / reach
    if used < UNUSED:
        return f"uses {used:.0%} of its grid"
    # The largest and the least of each scale lie there by right.
    at_ends = np.count_nonzero((steps >= high) | (steps <= low)) - 2 * grid.scale.size
    clipped = at_ends / steps.size
    return f"has {clipped:.0%} of its values at the ends of its grid" if clipped > CLIPPED and steps.size > 64 else ""


def _steps(facts: LintFacts, item: Weighted) -> np.ndarray | None:
    """The weight in steps of its grid: as stored, or as its fake quantizer would store it."""
    integers = facts.reader.integers(item)
    if integers is not None:
        return integers
    sites = [facts.site_of.get(row) for row in item.path if facts.op(row).type == Q]
    values = facts.reader.floats(item.stored) if sites and sites[0] is not None else None
    if values is None or sites[0] is None:
        return None
    try:
        with np.errstate(all="ignore"):  # a scale of zero is told by the rule about scales
            return sites[0].form.quantize(values)
    except BAD_GRID:
        return None
