"""Rules about constants that stand for "nothing to see here"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.dtypes import FLOATS
from haoline_analysis.findings.facts import count, listed
from haoline_analysis.quantization.linter import sources
from haoline_analysis.quantization.linter.facts import DQ, MOVING, Q, named, number
from haoline_analysis.quantization.linter.finding import Fix, LintFinding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.quantization.linter.facts import LintFacts
    from haoline_analysis.quantization.structure import Form

SENTINEL = 1e4
"""No attention score is of this size: such a number is there to be masked."""
CARRYING = MOVING | {"Add", "Sub", "Mul", "Div", "Where", "Cast", "Tile", "ScatterND", "ConstantOfShape", Q, DQ}
BOUNDING = ("Clip", "Max")
SOFTMAXES = ("Softmax", "LogSoftmax", "QLinearSoftmax")
COARSE = SENTINEL / 2 / 255
"""A step this long comes of a grid of 8 bits that holds a sentinel; 16 bits may reach as far in fine steps."""
SCORES = 10.0
"""Attention scores span about this much to either side of zero."""


def mask_sentinel(facts: LintFacts) -> Iterator[LintFinding]:
    """Huge constants, infinite ones too, that reach a softmax: one scale then has to hold them and the scores."""
    found, rounded = _reaching(facts)
    if not found or (facts.quantized and not rounded):
        return  # where nothing on the way is rounded, the mask does no harm
    worst = max(found.values())
    spoilt = [row for row, size in found.items() if facts.op(row).type in (Q, DQ) and size >= SENTINEL]
    cut = [row for row in found if _cut_off(facts, row)]
    step = "is infinite" if np.isinf(worst) else f"is {number(2 * worst / 255)}"
    yield LintFinding(
        "mask-sentinel",
        "error" if spoilt or cut else "warning",
        "Mask constants stretch the scale in front of Softmax",
        listed(found),
        f"{count(len(found), 'op')} with constants up to {number(worst)} in magnitude; a step of 8 bits {step} where "
        f"scores need about {number(2 * SCORES / 255)}"
        + (f"; {count(len(spoilt), 'quantizer')} already on such a scale" if spoilt else "")
        + (
            f"; the quantizers behind {named(facts, cut)} end above −{SCORES:.0f}: masked positions count"
            if cut
            else ""
        ),
        "Replace the constant by one that softmax still turns into zero, or leave the masked sum in float.",
        why="A scale is set by the largest magnitude; with a sentinel in the range all real scores fall on one "
        "integer, so that attention no longer depends on its input.",
        source=sources.EXECUTORCH_MASK,
        fix=Fix("Clip the mask", {"fixes": ["clip-mask"]}),
    )


def _reaching(facts: LintFacts) -> tuple[dict[int, float], bool]:
    """Ops from which a sentinel reaches a softmax, with its magnitude; and whether values on the way are rounded."""
    found: dict[int, float] = {}
    rounded = bool(facts.every.get("QLinearSoftmax"))
    waiting = [tensor for row in facts.anywhere(*SOFTMAXES) for tensor in facts.op(row).inputs[:1]]
    waiting += [tensor for row in facts.of("Attention") for tensor in facts.op(row).inputs[3:4]]
    seen: set[int] = set()
    while waiting:
        tensor = waiting.pop()
        row = facts.producer(tensor)
        if tensor < 0 or tensor in seen or row < 0:
            continue
        seen.add(tensor)
        if not _carries(facts, row):
            continue
        rounded |= facts.op(row).type == Q or facts.op(row).type.startswith("QLinear")
        size = _magnitude(facts, row)
        if size >= SENTINEL:
            found[row] = size
        waiting += facts.op(row).inputs
    return found, rounded


def _cut_off(facts: LintFacts, row: int) -> bool:
    """Whether a quantizer behind an op cuts off at scores that a softmax still counts."""
    sites = [facts.site_of[at] for at in facts.requantized(row) if at in facts.site_of]
    return any(float(np.min(site.form.low_high()[0])) > -SCORES for site in sites)


def _carries(facts: LintFacts, row: int) -> bool:
    """Whether an op hands sentinels on: those that bound their input do not, nor do ops on conditions."""
    kind = facts.op(row).type
    return kind in CARRYING or kind.startswith(("QLinearAdd", "QLinearMul", "QLinearWhere"))


def _magnitude(facts: LintFacts, row: int) -> float:
    """The largest magnitude that an op brings in: stored, by attribute, or as the end of its grid."""
    op = facts.op(row)
    if op.type in (Q, DQ):
        site = facts.site_of.get(row)
        return _reach(site.form) if site is not None else 0.0
    sizes = [_stored(facts, tensor) for tensor in op.inputs]
    if op.type == "ConstantOfShape":
        sizes.append(_filled(op.attributes.get("value")))
    made = facts.forms.get(op.outputs[0]) if op.outputs and op.type.startswith("QLinear") else None
    return max([*sizes, _reach(made) if made is not None else 0.0], default=0.0)


def _reach(form: Form) -> float:
    """The larger end of a grid in magnitude; 0 where its steps tell scores apart."""
    if float(np.max(form.scale, initial=0.0)) < COARSE:
        return 0.0
    low, high = form.low_high()
    ends = np.abs(np.concatenate([np.ravel(low), np.ravel(high)]))
    return float(np.nan_to_num(ends, nan=np.inf).max(initial=0.0))


def _stored(facts: LintFacts, tensor: int) -> float:
    """The largest magnitude of a stored float tensor, 0 for anything else."""
    values = facts.reader.floats(tensor)
    return float(np.nan_to_num(np.abs(values), nan=0.0, posinf=np.inf).max(initial=0.0)) if values is not None else 0.0


def _filled(value: object) -> float:
    """The number in a ConstantOfShape's attribute."""
    try:
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        known = array.size == 1 and str(array.dtype) in FLOATS
        return abs(float(array.reshape(-1)[0])) if known else 0.0
    except (TypeError, ValueError):
        return 0.0
