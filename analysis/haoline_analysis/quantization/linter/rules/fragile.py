"""Rules about ops that 8 bits spoil: normalisations, exponentials, roots and quotients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.linter.normalisations import maker, normalisations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.normalisations import Normalisation

FRAGILE = ("Softmax", "LogSoftmax", "Pow", "Sqrt", "Div", "Reciprocal", "Exp", "Log")
SUMS = ("Add", "QLinearAdd", "Mul", "QLinearMul", "Div", "Where")
"""What stands before a normalisation or a softmax: a residual, a mask, a factor."""
EXPONENTIAL = ("Softmax", "LogSoftmax", "QLinearSoftmax")
WHY = (
    "Their inputs span orders of magnitude and their results hang on the small ones: a variance, a quotient or an "
    "exponent that is rounded to 8 bits is off by many per cent, for every token or pixel at once."
)


def quantized_fragile(facts: LintFacts) -> Iterator[LintFinding]:
    """Normalisations, softmaxes, powers, roots and quotients that work on 8-bit values."""
    if not facts.quantized:
        return
    norms = [norm for norm in normalisations(facts) if _is_rounded(facts, norm)]
    told = {row for norm in norms for row in norm.rows}
    rows = [row for row in facts.anywhere(*FRAGILE) if row not in told and _is_quantized(facts, row)]
    rows = [row for row in (*rows, *facts.anywhere("QLinearSoftmax")) if not facts.is_left_float(row)]
    softmaxes = [row for row in rows if facts.op(row).type in EXPONENTIAL]
    others = [row for row in rows if facts.op(row).type not in EXPONENTIAL]
    if norms or others:
        yield _spoilt(facts, "warning", sorted({*told, *others}), norms)
    if softmaxes:
        yield _spoilt(facts, "info" if _has_kernel(facts, softmaxes) else "warning", softmaxes, [])


def _spoilt(facts: LintFacts, severity: str, rows: list[int], norms: list[Normalisation]) -> LintFinding:
    """Ops that work on values of too few bits."""
    return LintFinding(
        "quantized-fragile-op",
        severity,
        "Ops that 8 bits spoil are quantized",
        listed(rows),
        f"{_mix(facts, rows)} on rounded values: {named(facts, rows)}",
        "Leave them in float: they hold next to none of the work.",
        why=WHY,
        source=sources.IBERT,
        fix=_left_out(facts, rows, norms),
    )


def _has_kernel(facts: LintFacts, rows: list[int]) -> bool:
    """Whether the target computes these on integers, as was found to do little harm to a softmax."""
    return all(facts.target.runs_quantized(facts.op(row).type) for row in rows)


def fragile(facts: LintFacts) -> Iterator[LintFinding]:
    """The same in a float model, where a quantizer's defaults would include them."""
    if facts.quantized:
        return
    norms = [norm for norm in normalisations(facts) if facts.computes(norm.root)]
    others = [row for row in facts.of("Softmax", "LogSoftmax", "Exp", "Log") if facts.operands(row)]
    if norms:
        rows = sorted({row for norm in norms for row in norm.rows})
        yield _kept(facts, "normalisation", "warning", rows, sources.FQVIT, norms)
    if others:
        yield _kept(facts, "softmax", "info", others, sources.IBERT, [])


def _kept(
    facts: LintFacts, what: str, severity: str, rows: list[int], source: str, norms: list[Normalisation]
) -> LintFinding:
    """Ops that quantization should leave out."""
    return LintFinding(
        f"fragile-{what}",
        severity,
        "Normalisations to leave in float" if what == "normalisation" else "Exponentials to leave in float",
        listed(rows),
        f"{_mix(facts, rows)}: {named(facts, sorted(rows))}",
        "Leave them out of static quantization: they hold next to none of the work.",
        why=WHY,
        source=source,
        fix=_left_out(facts, rows, norms),
    )


def _left_out(facts: LintFacts, rows: list[int], norms: list[Normalisation]) -> Fix:
    """These ops in float, with the sums that they read: rounded, these would have one scale for all.

    A softmax that reads rounded values is fused to an integer op again, whoever left it out.
    """
    read = [norm.source for norm in norms]
    read += [facts.source(row) for row in rows if facts.op(row).type in EXPONENTIAL]
    sums = {maker(facts, tensor) for tensor in read}
    chosen = {*rows, *(row for row in sums if row >= 0 and facts.op(row).type in SUMS)}
    label = "Leave them in float" + (", with the sums before them" if len(chosen) > len(rows) else "")
    return Fix(label, {"keep_float": facts.float_names(sorted(chosen))})


def _is_rounded(facts: LintFacts, norm: Normalisation) -> bool:
    """Whether a normalisation works on rounded values, although nobody left it in float."""
    if norm.is_written_out:
        inner = (tensor for row in norm.rows for tensor in facts.operands(row) if _is_of(facts, tensor, norm))
        return any(map(facts.from_dq, inner))
    return not facts.is_left_float(norm.root) and _is_quantized(facts, norm.root)


def _is_of(facts: LintFacts, tensor: int, norm: Normalisation) -> bool:
    """Whether a tensor, quantizers left aside, is made within a normalisation."""
    return facts.producer(facts.bare(tensor)) in norm.rows


def _is_quantized(facts: LintFacts, row: int) -> bool:
    """Whether an op reads rounded values and its result is rounded again; constants are rounded beside."""
    op = facts.op(row)
    if op.type in ("Pow", "Div") and not any(facts.from_dq(tensor) for tensor in facts.operands(row)):
        return False
    first = facts.source(row)
    return facts.maker(first) == DQ and not facts.is_weight(first) and bool(facts.requantized(row))


def _mix(facts: LintFacts, rows: list[int]) -> str:
    """``13 LayerNormalization, 6 Softmax``."""
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[facts.op(row).type] = kinds.get(facts.op(row).type, 0) + 1
    return f"{count(len(rows), 'op')} ({', '.join(f'{held} {kind}' for kind, held in kinds.items())})"
