"""Rules about grids that the target does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import named, number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.structure import Quantizer

SYMMETRIC = Fix("Symmetric int8", {"symmetric": True})


def zero_points(facts: LintFacts) -> Iterator[LintFinding]:
    """Zero points that are not zero, where the target computes symmetrically."""
    if not facts.target.symmetric:
        return
    held = [site for site in _judged(facts) if np.any(site.form.zero_point.astype(np.float64))]
    if held:
        zeros = [float(np.ravel(site.form.zero_point.astype(np.float64))[0]) for site in held]
        rows = _rows(held)
        yield LintFinding(
            "nonzero-zero-point",
            "error" if facts.target.is_tensorrt else "warning",
            "Zero points that are not zero",
            rows,
            f"{count(len(held), 'quantizer')} of {len(facts.sites):,}, zero points such as {number(zeros[0])}: "
            f"{named(facts, rows)}",
            "Quantize activations and weights symmetrically.",
            why="The target computes real = scale × integer without an offset"
            + (", and the parser refuses other models." if facts.target.is_tensorrt else "."),
            source=sources.TENSORRT_PARSER if facts.target.is_tensorrt else sources.ORT,
            fix=SYMMETRIC,
        )


def unsigned(facts: LintFacts) -> Iterator[LintFinding]:
    """Types of activations that the target has no kernels for: unsigned ones where only signed ones are known."""
    if not facts.target.signed_only:
        return
    held = [site for site in _judged(facts) if site.form.dtype.startswith("u")]
    if held:
        kinds = sorted({site.form.dtype for site in held})
        yield LintFinding(
            "unsigned-integers",
            "error" if facts.target.is_tensorrt else "warning",
            "Unsigned integers",
            _rows(held),
            f"{count(len(held), 'quantizer')} of {len(facts.sites):,} in {', '.join(kinds)}",
            "Quantize to int8 with a zero point of zero.",
            why="The target has kernels for signed integers only.",
            source=sources.TENSORRT if facts.target.is_tensorrt else sources.ORT,
            fix=SYMMETRIC,
        )


def activations_per_channel(facts: LintFacts) -> Iterator[LintFinding]:
    """Activations with a scale per channel."""
    held = [
        site for site in facts.sites if site.kind == "activation" and not site.form.per_tensor and not site.form.block
    ]
    if held:
        rows = _rows(held)
        yield LintFinding(
            "activation-per-channel",
            "error" if facts.target.is_tensorrt else "warning",
            "Activations with a scale per channel",
            rows,
            f"{count(len(held), 'quantizer')}: {named(facts, rows)}",
            "Use one scale per activation tensor.",
            why="Scales along what is summed cannot be taken out of the integer sum, so no kernel fuses them.",
            source=sources.TENSORRT_PARSER if facts.target.is_tensorrt else sources.WU,
        )


def _judged(facts: LintFacts) -> list[Quantizer]:
    """Quantizers whose grid has to be the target's; onnxruntime unpacks blocks of weights whatever theirs is."""
    unpacked = not facts.target.is_tensorrt
    return [site for site in facts.sites if site.kind != "bias" and not (unpacked and site.form.block)]


def _rows(held: list[Quantizer]) -> tuple[int, ...]:
    """The op rows of quantizers."""
    return listed(row for site in held for row in (site.quantize, *site.dequantizes) if row is not None)
