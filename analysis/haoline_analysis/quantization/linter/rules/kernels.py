"""Rules about what the target really runs on integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, Q, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding
from haoline_analysis.quantization.linter.rules.fusing import requantizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts

HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "LSTM", "GRU", "RNN", "Attention", "DeformConv")
MUCH = 0.1
"""Of the MACs: from this share on, work that stays in float decides the speed."""
MOST = 0.5
"""Of the MACs: where more stays in float, there is no point in quantizing the rest."""
FEW = 20
"""Ops of a small model: there a single one is no tenth."""


def no_kernel(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops between quantizers that the target cannot run on integers."""
    products = [item.row for item in facts.weighted if item.grid is not None and facts.reads_rounded(item.row)]
    rows = [row for row in sorted({*_between(facts), *products}) if not _runs(facts, facts.op(row).type)]
    rows = [row for row in rows if not facts.is_left_float(row)]
    if rows:
        heavy = any(facts.op(row).type in HEAVY for row in rows) or len(rows) > MUCH * max(len(facts.quantizable), FEW)
        yield _slow(facts, "warning" if heavy else "info", rows, "on dequantized values")
    strangers = [
        row for kind in facts.every if _is_integer(kind) for row in facts.every[kind] if not _runs(facts, kind)
    ]
    if strangers:
        severity = "error" if facts.target.is_tensorrt else "warning"
        yield _slow(
            facts, severity, sorted(strangers), "that takes integers" if len(strangers) == 1 else "that take integers"
        )


def float_work(facts: LintFacts) -> Iterator[LintFinding]:
    """Matrix work of a float model for which the target has no integer kernel."""
    if facts.quantized:
        return
    rows = [row for row in facts.anywhere(*HEAVY) if facts.computes(row) and not _runs(facts, facts.op(row).type)]
    total = float(facts.macs.sum())
    part = float(facts.macs[rows].sum()) / total if rows and total else 0.0
    if rows:
        share = f" with {part:.0%} of the MACs" if total else ""
        yield _slow(facts, "warning" if part >= MUCH else "info", rows, f"left in float{share}")


def _slow(facts: LintFacts, severity: str, rows: list[int], what: str) -> LintFinding:
    """Ops without an integer kernel."""
    kinds = sorted({facts.op(row).type for row in rows})
    shown = ", ".join(kinds[:6]) + (", …" if len(kinds) > 6 else "")
    return LintFinding(
        "no-quantized-kernel",
        severity,
        "No integer kernel on the target",
        listed(rows),
        f"{count(len(rows), 'op')} {what} ({shown}) on {facts.target.name}",
        "Leave them in float; where they are most of the work, store only the weights in few bits, use FP16 or choose "
        "another target.",
        why="The op runs in float between two conversions: slower than before, and rounded twice.",
        source=f"{facts.target.sources['fused']}; {facts.target.sources['integer']}",
        fix=_remedy(facts, rows),
    )


def _remedy(facts: LintFacts, rows: list[int]) -> Fix | None:
    """Leaving them in float, where that leaves most of the work to quantize; integer ops have other forms."""
    if facts.target.is_tensorrt and any(_is_integer(facts.op(row).type) for row in rows):
        return Fix("Quantize for TensorRT", {"scheme": "tensorrt-int8"})
    total = float(facts.macs.sum())
    none_left = facts.weighted and {item.row for item in facts.weighted} <= {*rows}
    if facts.macs[rows].sum() > MOST * total or none_left:
        return None
    return Fix("Leave them in float", {"keep_float": facts.float_names(rows)})


def _runs(facts: LintFacts, kind: str) -> bool:
    return facts.target.runs_quantized(kind)


def _is_integer(kind: str) -> bool:
    """Whether operands of this type of op are integers that stand for reals."""
    return kind.startswith("QLinear") or kind in ("QGemm", "ConvInteger", "MatMulInteger", "QAttention", "MatMulNBits")


def _between(facts: LintFacts) -> list[int]:
    """Ops that read from DequantizeLinear and hand on to QuantizeLinear, in execution order."""
    readers = {reader for row in facts.every.get(DQ, []) for reader in facts.readers(facts.op(row))}
    return sorted(row for row in readers if facts.op(row).type not in (Q, DQ) and facts.between_quantizers(row))


def ineffective_exclusions(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops left in float whose operands and result are rounded all the same."""
    rows = sorted({*_bare_weights(facts), *(row for row in _between(facts) if facts.is_left_float(row))})
    if rows:
        undone = [row for row in rows if (item := facts.weighted_of.get(row)) is not None and requantizes(facts, item)]
        all_scales = (
            f"; onnxruntime puts the weights of {len(undone)} of them on one int8 scale when it opens the model"
        )
        yield LintFinding(
            "ineffective-exclusion",
            "warning" if undone or any(_is_fused(facts, row) for row in rows) else "info",
            "Ops left in float between quantized neighbours",
            listed(rows),
            f"{count(len(rows), 'op')} in float whose operands come from DequantizeLinear and whose result goes into "
            f"QuantizeLinear: {named(facts, rows)}{all_scales if undone else ''}",
            "Leave their neighbours in float as well, or quantize them.",
            why="What they read is rounded before and what they make is rounded after: only the error of their own "
            "weights is saved, at the price of two conversions and a float kernel.",
            source=sources.ORT_WEIGHTS if undone else sources.WU,
            fix=Fix("Leave the neighbours in float too", {"keep_float": _with_neighbours(facts, rows)}),
        )


def _is_fused(facts: LintFacts, row: int) -> bool:
    """Whether an op without weights is made an integer op again, since it stands between quantizers."""
    return row not in facts.weighted_of and _runs(facts, facts.op(row).type)


def _bare_weights(facts: LintFacts) -> list[int]:
    """Ops with float weights that read rounded values and whose result is rounded."""
    return [
        item.row
        for item in facts.weighted
        if item.grid is None and facts.reads_rounded(item.row) and facts.rounded_after(item.row)
    ]


def _with_neighbours(facts: LintFacts, rows: list[int]) -> list[str]:
    """Names of ops and of those that make their operands and read their results, quantizers between left aside."""
    every: set[int] = set()
    for row in rows:
        before = [facts.producer(facts.bare(tensor)) for tensor in facts.operands(row)]
        after = [
            at
            for q in facts.requantized(row)
            for dq in facts.readers(facts.op(q))
            for at in facts.readers(facts.op(dq))
        ]
        every |= {row, *(at for at in before if at >= 0), *after}
    return facts.float_names(sorted(row for row in every if facts.op(row).type not in (Q, DQ)))


def sums(facts: LintFacts) -> Iterator[LintFinding]:
    """Sum of two operands, for which there is no integer kernel where there is one for Add."""
    if "Add" not in facts.target.fused or "Sum" in facts.target.fused:
        return
    rows = [row for row in facts.of("Sum") if len(facts.op(row).inputs) == 2 and facts.computes(row)]
    if rows:
        yield LintFinding(
            "sum-instead-of-add",
            "warning" if any(map(facts.from_dq, facts.operands(rows[0]))) else "info",
            "Sum where Add has an integer kernel",
            listed(rows),
            f"{count(len(rows), 'Sum')} of two operands: {named(facts, rows)}",
            "Write them as Add before quantizing.",
            why="Runtimes fuse Add between quantizers and leave Sum in float.",
            source=sources.ORT_FUSIONS,
            fix=Fix("Write Sum as Add", {"fixes": ["sum-to-add"]}),
        )
