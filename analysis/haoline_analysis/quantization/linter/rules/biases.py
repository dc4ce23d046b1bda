"""Rules about biases, which are stored in 32 bits on the scale of the products they are added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import named, number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.linter.weights import BIAS_SLOTS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.weights import Weighted

LIMIT = 2.0**31 - 1
FULL = 0.999
"""Of the limit: integers there have been cut off."""
NEAR = 0.01
"""Two scales within a per cent are one; quantizers round them to float32."""
UNIT_STEP = 1.0 / 255.0
"""Scale of an activation that spans one unit, where none is known."""


def overflow(facts: LintFacts) -> Iterator[LintFinding]:
    """Biases that 32 bits cannot hold on the scale of activation × weight."""
    held = [(worst, item) for item in facts.weighted if (worst := _largest(facts, item)) >= FULL * LIMIT]
    if not held:
        return
    held.sort(key=lambda pair: -pair[0])
    worst, item = held[0]
    already = [found for _, found in held if found.grid is not None]
    yield LintFinding(
        "bias-overflow",
        "error" if already else "warning",
        "Biases that overflow 32 bits",
        listed(found.row for _, found in held),
        f"{count(len(held), 'op')}; {facts.label(item.row)} needs {number(worst)} steps, int32 has {number(LIMIT)}",
        "Leave these ops in float, or raise the weight scale of the channels concerned; a float bias is of no use "
        "where the runtime quantizes it when it opens the model, as onnxruntime does.",
        why="A bias is stored in steps of activation scale × weight scale. A channel with next to no weight has a tiny "
        "scale, and its bias is cut off.",
        source=sources.JACOB,
        fix=Fix("Leave them in float", {"keep_float": facts.float_names(sorted(found.row for _, found in held))}),
    )


def integers(facts: LintFacts) -> Iterator[LintFinding]:
    """Biases as 32-bit integers behind a DequantizeLinear, which TensorRT does not know."""
    held = [site for site in facts.sites if site.form.dtype == "int32"] if facts.target.is_tensorrt else []
    if held:
        rows = listed(row for site in held for row in site.dequantizes)
        yield LintFinding(
            "integer-bias",
            "error",
            "Biases as integers",
            rows,
            f"{count(len(rows), 'DequantizeLinear')} of int32: {named(facts, rows)}",
            "Leave biases in float: quantize for TensorRT, or with QuantizeBias off in onnxruntime's tools.",
            why="TensorRT dequantizes 8 and 4 bits only and refuses other models; it adds biases in float. "
            "onnxruntime's TensorRT provider turns them into floats first.",
            source=sources.TENSORRT_BIAS,
            fix=Fix("Quantize for TensorRT", {"scheme": "tensorrt-int8"}),
        )


def wrong_scale(facts: LintFacts) -> Iterator[LintFinding]:
    """Quantized biases that are not on the scale of activation × weight."""
    held = [(ratio, item) for item in facts.weighted if (ratio := _mismatch(facts, item)) > NEAR]
    if held:
        held.sort(key=lambda pair: -pair[0])
        yield LintFinding(
            "bias-scale",
            "error" if facts.target.is_cpu else "warning",
            "Biases on a scale that kernels do not expect",
            listed(item.row for _, item in held),
            f"{count(len(held), 'op')}; off by {number(100 * held[0][0])}% in {facts.label(held[0][1].row)}",
            "Store the bias on activation scale × weight scale, or in float and let the runtime do so.",
            why="The fused kernel adds the integers of the bias to the sum of products as they are: another scale adds "
            "another bias.",
            source=sources.JACOB,
        )


def _largest(facts: LintFacts, item: Weighted) -> float:
    """The largest bias in steps, as stored or as it would be."""
    slot = BIAS_SLOTS.get(facts.op(item.row).type, -1)
    bias = facts.source(item.row, slot) if slot >= 0 else -1
    if bias < 0:
        return 0.0
    stored = _integers(facts, bias)
    if stored is not None:
        return float(np.abs(stored.astype(np.float64)).max(initial=0.0))
    values, steps = facts.reader.floats(bias), _steps(facts, item)
    if values is None or steps is None or steps.size not in (1, values.size):
        return 0.0
    flat = np.abs(values.reshape(-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        held = np.where(flat > 0, flat / steps, 0.0)
    # A channel without any weight gets a scale of 1 from quantizers.
    return float(held[np.isfinite(held)].max(initial=0.0))


def _integers(facts: LintFacts, bias: int) -> NDArray[np.generic] | None:
    """The stored 32-bit integers of a bias; None for a float one."""
    tensor = bias
    if facts.maker(bias) == "DequantizeLinear":
        tensor = facts.source(facts.producer(bias))
    return facts.reader.numbers(tensor) if facts.dtype(tensor) == "int32" else None


def _steps(facts: LintFacts, item: Weighted) -> NDArray[np.float64] | None:
    """Activation scale × weight scale, one or one per channel; of a float model as a quantizer would choose them."""
    activation = _activation_scale(facts, item)
    if item.grid is not None:
        grid = item.grid
        return activation * grid.scale.astype(np.float64).reshape(-1) if not grid.block else None
    if facts.quantized:
        return None
    spread = facts.reader.spread(item)
    return activation * spread.peaks / LEVELS if spread is not None else None


def _activation_scale(facts: LintFacts, item: Weighted) -> float:
    """The scale of what an op reads: of its quantizer, of what was captured, else of a range of one."""
    tensor = facts.source(item.row)
    form = facts.forms.get(tensor)
    site = facts.dequantized(tensor)
    form = site.form if site is not None else form
    if form is not None and form.per_tensor:
        return float(form.scale.reshape(-1)[0])
    seen = facts.captured
    at = seen.row_of.get(tensor, -1) if seen is not None else -1
    if seen is not None and at >= 0:
        width = float(seen.column("max")[at] - seen.column("min")[at])
        return width / 255.0 if width > 0 else UNIT_STEP
    return UNIT_STEP


def _mismatch(facts: LintFacts, item: Weighted) -> float:
    """By which share a bias's scale differs from the product of the operands' scales; 0 where unknown."""
    slot = BIAS_SLOTS.get(facts.op(item.row).type, -1)
    bias = facts.source(item.row, slot) if slot >= 0 else -1
    if bias < 0 or item.grid is None or item.grid.block or facts.maker(bias) != "DequantizeLinear":
        return 0.0
    site = facts.site_of.get(facts.producer(bias))
    activation = facts.dequantized(facts.source(item.row))
    if site is None or site.form.dtype != "int32" or activation is None or not activation.form.per_tensor:
        return 0.0
    wanted = float(activation.form.scale.reshape(-1)[0]) * item.grid.scale.astype(np.float64).reshape(-1)
    found = site.form.scale.astype(np.float64).reshape(-1)
    if found.size not in (1, wanted.size) and wanted.size != 1:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(found / wanted - 1.0)
    return float(off[np.isfinite(off)].max(initial=0.0))
