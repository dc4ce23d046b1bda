"""Rules about ops that 8 bits spoil: normalisations, exponentials, roots and quotients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts

NORMS = (
    "LayerNormalization",
    "RMSNormalization",
    "SimplifiedLayerNormalization",
    "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
    "GroupNormalization",
    "InstanceNormalization",
)
FRAGILE = (*NORMS, "Softmax", "LogSoftmax", "Pow", "Sqrt", "Div", "Reciprocal", "Exp", "Log")
WHY = (
    "Their inputs span orders of magnitude and their results hang on the small ones: a variance, a quotient or an "
    "exponent that is rounded to 8 bits is off by many per cent, for every token or pixel at once."
)


def quantized_fragile(facts: LintFacts) -> Iterator[LintFinding]:
    """Normalisations, softmaxes, powers, roots and quotients that work on 8-bit values."""
    rows = [row for row in facts.anywhere(*FRAGILE) if _is_quantized(facts, row)] + facts.anywhere("QLinearSoftmax")
    if rows:
        yield LintFinding(
            "quantized-fragile-op",
            "warning",
            "Ops that 8 bits spoil are quantized",
            listed(rows),
            f"{_mix(facts, rows)} on rounded values: {named(facts, rows)}",
            "Leave them in float: they hold next to none of the work.",
            why=WHY,
            source=sources.IBERT,
            fix=_left_out(facts, rows),
        )


def fragile(facts: LintFacts) -> Iterator[LintFinding]:
    """The same in a float model, where a quantizer's defaults would include them."""
    if facts.quantized:
        return
    norms = [row for row in facts.anywhere(*NORMS) if facts.computes(row)]
    norms += [row for row in _written_out(facts) if facts.computes(row)]
    others = [row for row in facts.of("Softmax", "LogSoftmax", "Exp", "Log") if facts.operands(row)]
    if norms:
        yield _kept(facts, "normalisation", "warning", norms, sources.FQVIT)
    if others:
        yield _kept(facts, "softmax", "info", others, sources.IBERT)


def _kept(facts: LintFacts, what: str, severity: str, rows: list[int], source: str) -> LintFinding:
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
        fix=_left_out(facts, rows),
    )


def _left_out(facts: LintFacts, rows: list[int]) -> Fix:
    """Leave ops in float, and the sums that make what normalisations read: they would get it rounded otherwise."""
    sums = [facts.producer(facts.bare(facts.source(row))) for row in rows if facts.op(row).type in NORMS]
    chosen = {*rows, *(row for row in sums if row >= 0 and facts.op(row).type == "Add")}
    label = "Leave them in float" + (", with the sums before them" if len(chosen) > len(set(rows)) else "")
    return Fix(label, {"keep_float": facts.float_names(sorted(chosen))})


def _is_quantized(facts: LintFacts, row: int) -> bool:
    """Whether an op reads rounded values and its result is rounded again; constants are rounded beside."""
    op = facts.op(row)
    if op.type in ("Pow", "Div") and not any(facts.from_dq(tensor) for tensor in facts.operands(row)):
        return False
    first = facts.source(row)
    return facts.maker(first) == DQ and not facts.is_weight(first) and bool(facts.requantized(row))


def _written_out(facts: LintFacts) -> list[int]:
    """Roots and quotients of normalisations that are written out: ReduceMean → Add → Sqrt → Div or Reciprocal."""
    rows: list[int] = []
    for row in facts.of("Sqrt"):
        source = facts.producer(facts.source(row))
        if source < 0 or facts.op(source).type not in ("Add", "ReduceMean"):
            continue
        means = [source, *(facts.producer(tensor) for tensor in facts.op(source).inputs)]
        if not any(at >= 0 and facts.op(at).type == "ReduceMean" for at in means):
            continue
        after = [at for at in facts.readers(facts.op(row)) if facts.op(at).type in ("Div", "Reciprocal")]
        rows += [row, *after]
    return rows


def _mix(facts: LintFacts, rows: list[int]) -> str:
    """``13 LayerNormalization, 6 Softmax``."""
    kinds: dict[str, int] = {}
    for row in rows:
        kinds[facts.op(row).type] = kinds.get(facts.op(row).type, 0) + 1
    return f"{count(len(rows), 'op')} ({', '.join(f'{held} {kind}' for kind, held in kinds.items())})"
