"""Rules about quantizers that onnxruntime leaves in the graph for the way they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, MOVING, Q, named
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.linter.weights import Weighted
    from haoline_analysis.quantization.structure import Quantizer

REQUANTIZED = ("Conv", "ConvTranspose", "Gemm")
"""Ops whose float weights onnxruntime's WeightBiasQuantization puts on one scale for all channels."""
JOINS = ("Add", "Mul", "Concat", "Where")
"""Fused ops whose operands have to be of one type, constants too."""
FREE_RESULT = ("Gemm", "MatMul", "ArgMax")
"""Fused ops that may hand on floats."""
SIGNED_KERNELS = ("Gemm", "Add", "Mul", "Concat", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax")
"""Fused ops that take int8 on x86-64 too; convolutions and matrix products do not."""


def unfused(facts: LintFacts) -> Iterator[LintFinding]:
    """Ops with an integer kernel that the runtime cannot use for the way the quantizers stand."""
    if not facts.target.is_cpu:
        return
    reasons: dict[str, list[int]] = {}
    for row in sorted({reader for dq in facts.every.get(DQ, []) for reader in facts.readers(facts.op(dq))}):
        why = hindrance(facts, row)
        if why:
            reasons.setdefault(why, []).append(row)
    rows = [row for held in reasons.values() for row in held]
    if rows:
        yield _stay(facts, rows, reasons)


def _stay(facts: LintFacts, rows: list[int], reasons: dict[str, list[int]]) -> LintFinding:
    """Ops that run in float although they have a kernel, by reason."""
    heavy = [row for row in rows if row in facts.weighted_of]
    signs = any(why.startswith("between int8") for why in reasons)
    fix = Fix("uint8 activations", {"symmetric": False}) if signs else None
    if heavy and fix is None:
        fix = Fix("Leave them in float", {"keep_float": facts.float_names(heavy)})
    return LintFinding(
        "unfused-quantizers",
        "warning" if heavy else "info",
        "Quantizers that stay in the graph",
        listed(rows),
        "; ".join(f"{count(len(held), 'op')} {why}: {named(facts, held, 2)}" for why, held in reasons.items()),
        "Use uint8 activations on x86-64."
        if signs
        else "Quantize the result too, in 8 bits and once, or leave the op in float altogether.",
        why="The runtime replaces DequantizeLinear → op → QuantizeLinear by an integer kernel only where all operands "
        "and the result fit its pattern; else the op runs in float with the conversions on top.",
        source=sources.ORT_SIGNS if signs else sources.ORT_FUSIONS,
        fix=fix,
    )


def hindrance(facts: LintFacts, row: int) -> str:
    """Why an op with an integer kernel is not fused; "" where it is, or has none, or another rule tells."""
    op = facts.op(row)
    item = facts.weighted_of.get(row)
    if op.type in (Q, DQ, "Relu", "Clip") or op.type not in facts.target.fused or not facts.reads_rounded(row):
        return ""
    if item is not None and item.grid is None and not requantizes(facts, item):
        return ""  # the rules about float weights tell
    stored = (
        tensor for tensor in op.inputs if tensor >= 0 and facts.dtype(tensor) in FLOATS and facts.is_weight(tensor)
    )
    constants = [*stored] if op.type in JOINS else []
    if not all(facts.maker(tensor) == DQ for tensor in constants):
        return "beside a float constant"
    sites = [facts.dequantized(tensor) for tensor in (*facts.operands(row), *constants)]
    types = {effective(facts, site) for site in sites if site is not None}
    if types - facts.target.types and op.type not in MOVING:
        return f"in {', '.join(sorted(types))}, for which there is no kernel"
    quantizer = _result(facts, row)
    if quantizer < 0:
        free = op.type in FREE_RESULT and not facts.requantized(row)
        return (
            ""
            if free and not _unsigned_only(facts, op.type, types)
            else "whose result is not quantized, or several times"
        )
    after = facts.site_of.get(quantizer)
    if after is None or not types:
        return ""
    types.add(effective(facts, after))
    return "between int8 and uint8, or int8 only" if len(types) > 1 or _unsigned_only(facts, op.type, types) else ""


def requantizes(facts: LintFacts, item: Weighted) -> bool:
    """Whether onnxruntime quantizes the float weight of an op between quantizers when it opens the model."""
    site = facts.dequantized(facts.source(item.row))
    fits = facts.target.is_cpu and facts.op(item.row).type in REQUANTIZED and facts.rounded_after(item.row)
    readers = facts.readers(facts.op(item.row))
    return (
        fits and item.grid is None and not item.path and len(readers) == 1 and site is not None and site.form.per_tensor
    )


def _unsigned_only(facts: LintFacts, kind: str, types: set[str]) -> bool:
    """Whether the kernel of an op takes uint8 only, and the operands are int8."""
    return "int8" in types and facts.target.turns_unsigned and kind not in SIGNED_KERNELS and kind not in MOVING


def effective(facts: LintFacts, site: Quantizer) -> str:
    """The type of an activation once the runtime has turned int8 into uint8, which it does where one op reads it."""
    form = site.form
    if form.dtype != "int8" or not facts.target.turns_unsigned or site.quantize is None or not form.per_tensor:
        return form.dtype
    edges = 0
    for row in facts.readers(facts.op(site.quantize)):
        op = facts.op(row)
        made = op.outputs[0] if op.type == DQ and op.outputs else -1
        reads = sum(facts.op(at).inputs.count(made) for at in facts.readers(op)) if made >= 0 else 1
        edges += max(reads, 1)
    return "uint8" if edges == 1 else "int8"


def _result(facts: LintFacts, row: int) -> int:
    """The one quantizer that reads the result, be it behind a ReLU that its grid stands in for; -1 otherwise."""
    readers = facts.readers(facts.op(row))
    if len(readers) == 1 and facts.op(readers[0]).type in ("Relu", "Clip"):
        behind = facts.requantized(readers[0])
        site = facts.site_of.get(behind[0]) if len(behind) == 1 and facts.only_requantized(readers[0]) else None
        redundant = site is not None and float(np.ravel(site.form.low_high()[0]).min()) >= 0
        return behind[0] if redundant else -1
    return readers[0] if len(readers) == 1 and facts.only_requantized(row) else -1
