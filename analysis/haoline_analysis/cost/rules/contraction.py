"""Einsum: pairwise contractions from left to right, as runtimes evaluate it."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import attribute, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

Sizes = dict[str, int]


def _terms(equation: str, shapes: list[tuple[int, ...]]) -> tuple[list[str], str]:
    """Operand and result labels, the ellipsis spelled out as digits from the right."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    operands = left.split(",")
    if len(operands) != len(shapes):
        raise UnknownSizeError("operands of the equation")
    spread = [len(shape) - len(term.replace("...", "")) for term, shape in zip(operands, shapes, strict=True)]
    wide = max((count for term, count in zip(operands, spread, strict=True) if "..." in term), default=0)
    dots = "".join(chr(0xE000 + index) for index in range(wide))  # private-use letters: no label clashes
    operands = [
        term.replace("...", dots[wide - count :] if count else "") for term, count in zip(operands, spread, strict=True)
    ]
    if not arrow:
        once = Counter("".join(operands))
        result = dots + "".join(sorted(label for label, count in once.items() if count == 1 and label not in dots))
    return operands, result.replace("...", dots)


def _label_sizes(operands: list[str], shapes: list[tuple[int, ...]]) -> Sizes:
    sizes: Sizes = {}
    for term, shape in zip(operands, shapes, strict=True):
        for label, size in zip(term, shape, strict=True):
            sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
    return sizes


def _pair(left: set[str], right: set[str], keep: set[str], sizes: Sizes) -> tuple[Cost, set[str]]:
    """Contract two operands: one MAC per combination of labels if a label is summed, else one multiply."""
    union = left | right
    work = prod(sizes[label] for label in union)
    summed = union - keep
    return (Cost(work, 2 * work) if summed else Cost(0, work)), union & keep


@cost_rule("Einsum")
def einsum(signature: Signature) -> Cost:
    """Sum of the pairwise contractions; a lone operand costs its additions."""
    raw = attribute(signature, "equation", "")
    equation = raw.decode() if isinstance(raw, bytes) else str(raw)
    shapes = [shape_in(signature, index) for index in range(len(signature.inputs))]
    operands, result = _terms(equation, shapes)
    sizes = _label_sizes(operands, shapes)
    if len(operands) == 1:
        return Cost(0, prod(shapes[0]) if set(operands[0]) - set(result) else 0)
    return _left_to_right([set(term) for term in operands], set(result), sizes)


def _left_to_right(terms: list[set[str]], result: set[str], sizes: Sizes) -> Cost:
    macs = flops = 0
    done = terms[0]
    for index, term in enumerate(terms[1:], 1):
        keep = result.union(*terms[index + 1 :])
        cost, done = _pair(done, term, keep, sizes)
        macs, flops = macs + cost.macs, flops + cost.flops
    return Cost(macs, flops)
