"""Rules about values that are no numbers: where NaN and Inf come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.findings.facts import count
from haoline_analysis.findings.finding import Finding
from haoline_analysis.runtime.findings.facts import ActivationFacts, number, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CAUSES = {
    "Sqrt": "a square root of a negative number",
    "Log": "a logarithm of a number that is not positive",
    "Pow": "a power of a negative number, or one too large",
    "Div": "a division by zero",
    "Reciprocal": "a division by zero",
    "Softmax": "a row that is masked throughout (all −Inf)",
    "LogSoftmax": "a row that is masked throughout (all −Inf)",
    "Exp": "an exponent too large for the type",
    "Sub": "Inf − Inf",
    "Mul": "0 × Inf, or a product too large for the type",
    "MatMul": "a sum too large for the type, or weights that are no numbers",
    "Gemm": "a sum too large for the type, or weights that are no numbers",
    "Conv": "a sum too large for the type, or weights that are no numbers",
    "BatchNormalization": "a stored variance that is negative or no number",
    "LayerNormalization": "a sum too large for the type, or weights that are no numbers",
    "Cast": "a number too large for the narrower type",
}
"""What makes an op yield NaN or Inf from numbers."""


def nan(facts: ActivationFacts) -> Iterator[Finding]:
    """The first op whose output has NaN although what it reads has none."""
    affected = facts.column("nan") > 0
    clean = [row for row in facts.onset(affected) if not facts.reads_tainted(row)]
    if clean:
        yield _begins(facts, "nan-onset", "error", "NaN", affected, clean)
    elif affected.any():
        yield _fed(facts, "NaN", affected)


def inf(facts: ActivationFacts) -> Iterator[Finding]:
    """The first op whose output is infinite although what it reads is not; masks are only mentioned."""
    affected = facts.column("inf") > 0
    begins = [row for row in facts.onset(affected) if not facts.reads_tainted(row)]
    clean = [row for row in begins if not facts.masks(row)]
    if clean:
        yield _begins(facts, "inf-onset", "warning", "Inf", affected, clean)
    elif begins:
        yield Finding(
            "infinite-mask",
            "info",
            "A mask of infinite values",
            facts.listed(begins),
            f"{facts.label(begins[0])} puts in a constant of at least 1e+04 in size; "
            f"{count(int(affected.sum()), 'tensor')} with Inf",
            "A row that is masked throughout becomes NaN in Softmax, and no scale quantizes Inf: "
            "use a large finite number such as −1e4.",
        )
    elif affected.any():
        yield _fed(facts, "Inf", affected)


def _begins(
    facts: ActivationFacts, name: str, severity: str, word: str, affected: NDArray[np.bool_], begins: list[int]
) -> Finding:
    """A finding about the first of the places where something begins."""
    first = begins[0]
    bad, total = facts.column(word.lower())[first], facts.column("count")[first]
    others = f", and begins in {count(len(begins) - 1, 'other op')}" if len(begins) > 1 else ""
    cause = CAUSES.get(facts.type(first), "an operation outside its domain or a number too large for the type")
    return Finding(
        name,
        severity,
        f"{word} first appears in {facts.label(first)}",
        facts.listed(begins),
        f"{bad:,.0f} of {total:,.0f} values of {facts.names[first]} ({share(bad / total)}){_read(facts, first)}; "
        f"{count(int(affected.sum()), 'captured tensor')} with {word}{others}",
        f"Probable cause: {cause}. Look at the tensors that the op reads, then at its weights.",
    )


def _read(facts: ActivationFacts, row: int) -> str:
    """What a row's op reads, in numbers."""
    low, high = facts.column("min"), facts.column("max")
    read = [
        f"{facts.names[source]} from {number(low[source])} to {number(high[source])}"
        for source in sorted(facts.sources(row))[:2]
        if np.isfinite(low[source])
    ]
    return f", which reads {' and '.join(read)}" if read else ""


def _fed(facts: ActivationFacts, word: str, affected: NDArray[np.bool_]) -> Finding:
    """A finding about values that came with the input."""
    made = {facts.model.tensors[tensor].name for tensor in facts.model.outputs}
    reached = sorted(made.intersection(name for name, hit in zip(facts.names, affected, strict=True) if hit))
    return Finding(
        f"{word.lower()}-input",
        "warning",
        f"{word} in the input travels through the model",
        facts.listed(facts.onset(affected)),
        f"input {', '.join(sorted(facts.tainted))}; {count(int(affected.sum()), 'captured tensor')} with {word}, "
        + (f"output {', '.join(reached[:3])} among them" if reached else "no output among them"),
        "The model yields none from clean inputs as far as captured: clean the data before it.",
    )
