"""The registry of cost rules: one function per kind of op, from what it sees to what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.shapes.value import Signature

    Rule = Callable[[Signature], "Cost | None"]

MICROSOFT = "com.microsoft"

MAX_COUNT = 2**62
"""Counts above this are reported as unknown: sizes that large come from broken files."""


class Cost(NamedTuple):
    """Work of one execution: multiply-accumulates of contractions, and all operations (2 per MAC plus the rest)."""

    macs: int
    flops: int


class UnknownSizeError(Exception):
    """A size that the rule needs is not known; ``cost_of`` turns it into an unknown cost."""


_RULES: dict[tuple[str, str], Rule] = {}

OPAQUE: dict[tuple[str, str], str] = {}
"""Op types that are known but have no cost, with the reason: they are reported as gaps."""


def cost_rule(*types: str, domain: str = "") -> Callable[[Rule], Rule]:
    """Register a rule for op types of a domain.

    Raises:
        ValueError: if an op type has a rule already.
    """

    def register(rule: Rule) -> Rule:
        for op_type in types:
            if _RULES.setdefault((domain, op_type), rule) is not rule:
                raise ValueError(f"two cost rules for {domain or 'ai.onnx'}::{op_type}")
        return rule

    return register


def opaque(domain: str, reason: str, *types: str) -> None:
    """Declare op types whose cost cannot be told from the graph."""
    OPAQUE.update({(domain, op_type): reason for op_type in types})


def find_rule(op_type: str, domain: str = "") -> Rule | None:
    """The rule of an op type, or None."""
    _load_rules()
    return _RULES.get(("" if domain == "ai.onnx" else domain, op_type))


def has_rule(op_type: str, domain: str = "") -> bool:
    """Whether the cost of this op type is known; explicitly free ops count as known."""
    return find_rule(op_type, domain) is not None


def cost_of(signature: Signature) -> Cost | None:
    """Cost of one execution, or None where there is no rule or a needed size is unknown or contradictory."""
    rule = find_rule(signature.op.type, signature.op.domain)
    if rule is None:
        return None
    try:
        cost = rule(signature)
    except (UnknownSizeError, ArithmeticError, LookupError, TypeError, ValueError):
        return None  # sizes that do not fit the op: the caller reports the op as a gap
    return cost if cost is not None and 0 <= cost.macs <= cost.flops <= MAX_COUNT else None


def _load_rules() -> None:
    """Import the rule modules, which register themselves."""
    if not _RULES:
        from haoline_analysis.cost import rules  # noqa: F401
