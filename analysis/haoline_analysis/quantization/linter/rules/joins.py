"""Rules about places where values of different origin meet, and about activations that are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, Q, named, number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts


SCALED = {"QLinearAdd": (1, 4)}
FAR = 16.0
"""Four bits between two scales: the finer operand keeps four of its eight."""
CONCAT_FAR = 4.0
PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "QLinearConv", "QLinearMatMul", "QGemm")


def one_branch(facts: LintFacts) -> Iterator[LintFinding]:
    """Sums and concatenations with quantizers on some of their operands only."""
    rows = []
    for row in facts.of("Add", "Sum", "Concat"):
        held = [_is_rounded(facts, tensor) for tensor in facts.operands(row)]
        if any(held) and not all(held):
            rows.append(row)
    blocked = {row for row in rows if facts.rounded_after(row) and not facts.is_left_float(row)}
    for severity, found in (("warning", sorted(blocked)), ("info", [row for row in rows if row not in blocked])):
        if found:
            yield _one_branch(facts, severity, found)


def _one_branch(facts: LintFacts, severity: str, rows: list[int]) -> LintFinding:
    """Joins that run in float; grave where their result is rounded again, so that all could be integers."""
    return LintFinding(
        "one-branch-quantized",
        severity,
        "Only some of the branches that meet are quantized",
        listed(rows),
        f"{count(len(rows), 'op')} that read both a quantized branch and a float one: {named(facts, rows)}",
        "Put quantizers on all branches, or on none.",
        why="With one operand in float the sum runs in float: the other is rounded and converted for nothing, and "
        "the convolution before cannot be fused with the sum.",
        source=sources.TENSORRT,
        fix=Fix("Leave the joins in float", {"keep_float": facts.float_names(rows)}),
    )


def _is_rounded(facts: LintFacts, tensor: int) -> bool:
    """Whether a branch comes from DequantizeLinear; for TensorRT also one from an integer product, which it fuses."""
    if facts.from_dq(tensor) or not facts.target.is_tensorrt:
        return facts.from_dq(tensor)
    row = facts.producer(tensor)
    while row >= 0 and _only_scales(facts, row):
        row = facts.producer(facts.operands(row)[0])
    return row in facts.weighted_of and facts.reads_rounded(row)


def _only_scales(facts: LintFacts, row: int) -> bool:
    """Whether an op is a bias or a batch normalisation, which are fused with the product before."""
    return facts.op(row).type in ("Add", "BatchNormalization") and len(facts.operands(row)) == 1


def scale_mismatch(facts: LintFacts) -> Iterator[LintFinding]:
    """Operands of a sum or a concatenation on scales far apart."""
    joins = [row for row in facts.anywhere("Add", "Sum", "Concat", *SCALED) if _is_rounded_together(facts, row)]
    held = [(ratio, row) for row in joins if (ratio := _apart(facts, row))]
    far = [(r, row) for r, row in held if r >= (CONCAT_FAR if facts.op(row).type == "Concat" else FAR)]
    if not far:
        return
    far.sort(reverse=True)
    yield LintFinding(
        "scale-mismatch",
        "warning",
        "Branches that meet on scales far apart",
        listed(row for _, row in far),
        f"{count(len(far), 'op')}; the scales in front of {facts.label(far[0][1])} are {number(far[0][0])} to 1",
        "Calibrate the branches together (one scale for a concatenation), or leave the join in float.",
        why="The result has one scale: of the operand with the finer one, log2 of the ratio in bits are lost.",
        source=sources.JACOB,
        fix=_freed(facts, [row for _, row in far]),
    )


def _freed(facts: LintFacts, rows: list[int]) -> Fix | None:
    """Joins in float with those that read them, where these have no weights; any other rounds what it reads."""
    chosen: set[int] = set()
    for row in rows:
        readers = {at for at, _ in _behind(facts, row)}
        if readers and not any(at in facts.weighted_of or facts.op(at).type in PRODUCTS for at in readers):
            chosen |= {row, *readers}
    return (
        Fix("Leave the joins and their readers in float", {"keep_float": facts.float_names(sorted(chosen))})
        if chosen
        else None
    )


def _is_rounded_together(facts: LintFacts, row: int) -> bool:
    """Whether the result is rounded, and nobody left the join in float as far as that goes."""
    return not facts.is_left_float(row) and (facts.op(row).type in SCALED or facts.rounded_after(row))


def _apart(facts: LintFacts, row: int) -> float:
    """Largest over smallest scale among the activations of a join; 0 where they are not all known."""
    op = facts.op(row)
    if op.type in SCALED:
        scales = [facts.scalar(facts.source(row, slot)) for slot in SCALED[op.type]]
        stored = any(facts.is_constant(facts.source(row, slot - 1)) for slot in SCALED[op.type])
        known = [abs(scale) for scale in scales if scale] if not stored else []
    else:
        sites = [facts.dequantized(tensor) for tensor in facts.operands(row)]
        known = [float(np.abs(site.form.scale).max()) for site in sites if site is not None and site.form.per_tensor]
    known = [scale for scale in known if 0 < scale < np.inf]
    return max(known) / min(known) if len(known) > 1 else 0.0


def split_activation(facts: LintFacts) -> Iterator[LintFinding]:
    """SiLU and HardSwish written as products, with quantizers between their parts."""
    silu = [*_products(facts, "Sigmoid", "QLinearSigmoid"), *_products(facts, "HardSigmoid")]
    swish = _hard_swish(facts)
    cut = [
        rows for rows in (*silu, *swish) if any(facts.op(row).type in (Q, DQ) for row in rows) or _integer(facts, rows)
    ]
    found = cut or ([] if facts.quantized else [*silu, *swish])
    if not found:
        return
    rows = [row for group in found for row in group if facts.op(row).type not in (Q, DQ)]
    yield LintFinding(
        "split-activation",
        "warning" if cut else "info",
        "SiLU or HardSwish cut apart by quantizers" if cut else "SiLU or HardSwish written as products",
        listed(rows),
        f"{count(len(found), 'activation')} in {count(len(set(rows)), 'op')}: {named(facts, found[0])}",
        "Leave the gate in float, so that it is rounded once, behind the product.",
        why="The gate and its product are rounded separately: the gate lies in 0 to 1, its product has a short "
        "negative tail, and each quantizer between costs a pass over memory.",
        source=sources.SWISH,
        fix=Fix("Leave them in float", {"keep_float": facts.float_names(sorted(set(rows)))}),
    )


def _integer(facts: LintFacts, rows: list[int]) -> bool:
    return any(facts.op(row).type.startswith("QLinear") for row in rows)


def _products(facts: LintFacts, *gates: str) -> list[list[int]]:
    """``x × gate(x)``, with the quantizers between the two."""
    found = []
    for row in facts.anywhere(*gates):
        source = facts.bare(facts.source(row))
        for reader, between in _behind(facts, row):
            op = facts.op(reader)
            if op.type in ("Mul", "QLinearMul") and source in {facts.bare(tensor) for tensor in op.inputs}:
                found.append([row, *between, reader])
    return found


def _hard_swish(facts: LintFacts) -> list[list[int]]:
    """``x × clip(x + 3, 0, 6) / 6``, with the quantizers between."""
    found = []
    for row in facts.of("Clip"):
        added = facts.producer(facts.bare(facts.source(row)))
        if added < 0 or facts.op(added).type != "Add":
            continue
        origins = {facts.bare(tensor) for tensor in facts.operands(added)}
        for reader, between in _behind(facts, row):
            if facts.op(reader).type == "Mul" and origins & {facts.bare(tensor) for tensor in facts.op(reader).inputs}:
                found.append([added, row, *between, reader])
    return found


def _behind(facts: LintFacts, row: int) -> list[tuple[int, list[int]]]:
    """Ops that read the result, through quantizers; with those quantizers."""
    found: list[tuple[int, list[int]]] = []
    waiting: list[tuple[int, list[int]]] = [(row, [])]
    while waiting:
        at, between = waiting.pop()
        for reader in facts.readers(facts.op(at)):
            if facts.op(reader).type in (Q, DQ) and len(between) < 4:
                waiting.append((reader, [*between, reader]))
            else:
                found.append((reader, between))
    return found


def removed_relu(facts: LintFacts) -> Iterator[LintFinding]:
    """Quantizers whose grid begins at zero and so take the place of a ReLU."""
    rows, kept = [], []
    for site in facts.sites:
        row = site.quantize
        maker = facts.producer(site.tensor)
        if row is None or site.kind != "activation" or maker < 0 or not site.form.per_tensor:
            continue
        low, _ = site.form.low_high()
        if float(np.ravel(low)[0]) < 0:
            continue
        if _is_signed(facts, maker):
            rows.append(maker)
        elif facts.op(maker).type == "Relu":
            kept.append(maker)
    if rows or kept:
        yield _removed(facts, rows, kept)


def _is_signed(facts: LintFacts, row: int) -> bool:
    """Whether an op yields negative values as a rule: convolutions, products, sums of branches or with a bias."""
    kind, operands = facts.op(row).type, facts.operands(row)
    if kind in ("Add", "Sum"):
        return len(operands) > 1 or any(_maker_type(facts, tensor) in ("MatMul", "Conv") for tensor in operands)
    return kind in ("Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization")


def _maker_type(facts: LintFacts, tensor: int) -> str:
    """Type of the op that makes a tensor, quantizers left aside; "" where there is none."""
    row = facts.producer(facts.bare(tensor))
    return facts.op(row).type if row >= 0 else ""


def _removed(facts: LintFacts, rows: list[int], kept: list[int]) -> LintFinding:
    """Which grids cut off what is negative."""
    symmetric = facts.target.symmetric and bool(rows)
    parts = (
        [f"{count(len(rows), 'op')} without a ReLU whose quantizer begins at zero: {named(facts, rows)}"]
        if rows
        else []
    )
    parts += [f"{count(len(kept), 'ReLU')} that the runtime will take away"] if kept else []
    return LintFinding(
        "relu-in-quantizer",
        "warning" if symmetric else "info",
        "Quantizers stand in for ReLUs",
        listed([*rows, *kept]),
        "; ".join(parts),
        "Put the ReLUs back before quantizing for this target."
        if symmetric
        else "Compare such tensors behind the ReLU: by name, the float model's tensor before it is another one.",
        why="A grid that begins at zero cuts off negative values, so quantizers and runtimes drop the ReLU before it. "
        "With a symmetric grid, as some runtimes need, nothing cuts them off any more.",
        source=sources.ORT_RELU,
    )
