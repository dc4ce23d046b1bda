"""What fused ops mean in a graph where they are not fused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.matching.families import CONTRACTIONS, FOLDED, same_kind

if TYPE_CHECKING:
    from haoline_analysis.model import Op
    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Node

Found = tuple[tuple[int, ...], str]
"""Meanings of a node's outputs, and how they were found."""

NOTHING: Found = ((), "")
"""A fused op whose parts the float graph does not have, or whose operands are not known."""

_NORM_STEPS = 24
"""Ops that a normalization takes at most where it is written in steps, with what else reads its input."""

_GELUS = ("Gelu", "BiasGelu", "FastGelu", "QuickGelu")
_SKIPS = {"SkipLayerNormalization": "LayerNormalization", "SkipRMSNormalization": "RMSNormalization"}


class Fusions:
    """Looks up in the float graph what fused ops of the variant compute."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine."""
        self.engine, self.look = engine, engine.look
        self.biasless: dict[int, Node] = {}  # variant value -> the float op whose result it is but for the bias

    def loose(self, node: Node) -> bool:
        """Whether a node's operands need not be those of its partner: it does to them what ops before it did."""
        op = self.engine.v.op(node)
        return op.type in ("FusedMatMul", "FusedMatMulActivation", "TransposeMatMul") or node.family in (
            *_GELUS,
            *_SKIPS,
        )

    def evaluate(self, node: Node) -> Found | None:
        """The meaning of what a node computes; None where it is no fused op, or its parts are not found."""
        if node.family in CONTRACTIONS:
            return self._contraction(node)
        if self.engine.v.op(node).domain == NCHWC and node.family in FOLDED:
            return self._per_channel(node)
        if node.family in _GELUS:
            return self._gelu(node)
        if node.family in _SKIPS:
            return self._skip(node, _SKIPS[node.family])
        if node.family == "Add":
            return self._bias(node) or self._sum(node)
        if node.family in ("LayerNormalization", "RMSNormalization"):
            return self._norm(node)
        if node.family in ("Mul", "Div"):
            return self._quotient(node) or self._scaling(node)
        return None

    def _meaning(self, node: Node, at: int) -> int:
        return self.engine.means.get(node.operands[at], -1) if at < len(node.operands) else -1

    def _is_fixed(self, node: Node, at: int) -> bool:
        value = node.operands[at] if at < len(node.operands) else -1
        return value >= 0 and self.engine.v.values[value].fixed

    # Convolutions and matrix products, with what is fused behind them.

    def _contraction(self, node: Node) -> Found | None:
        op = self.engine.v.op(node)
        if op.type in ("FusedMatMul", "TransposeMatMul") and not self._is_fixed(node, 1):
            return self._product(node, op)
        other, how = self._partner(node)
        if other is None:
            return NOTHING
        self.engine.pair(node, other)
        value = self._with_bias(node, other)
        if value < 0:
            return NOTHING
        return (self._behind(node, op, value),), how

    def _per_channel(self, node: Node) -> Found | None:
        """A batch normalization or product that runs as a convolution, with what is fused behind it."""
        meaning, op = self._meaning(node, 0), self.engine.v.op(node)
        if meaning < 0 or op.type != "Conv":
            return None
        others = [n for n in self.look.reading(meaning, node.family) if self.engine.f.data(n) == meaning]
        other = others[0] if len(others) == 1 else self.engine.agreement.best(node, others)
        if other is None:
            return NOTHING
        self.engine.pair(node, other)
        return (self._behind(node, op, self.look.outcome(other)),), "structure"

    def _product(self, node: Node, op: Op) -> Found | None:
        one, two = self._meaning(node, 0), self._meaning(node, 1)
        if one < 0 or two < 0:
            return NOTHING
        found = self.look.product(one, two, float(op.attributes.get("alpha", 1.0)))
        if found is None:
            return NOTHING
        self.engine.pair(node, found[0])
        return (found[1],), "structure"

    def _partner(self, node: Node) -> tuple[Node | None, str]:
        """The float op of the same weight: like no other, or on the same operand."""
        row = self.engine.anchors.get(node.row)
        if row is not None:
            return self.engine.f.nodes[row], "weights"
        for at in (0, 1):
            meaning = self._meaning(node, at)
            if meaning < 0:
                continue
            readers = self.look.reading(meaning, *CONTRACTIONS)
            others = [other for other in readers if same_kind(node.family, other.family)]
            anchored = set(self.engine.anchors.values())
            return self.engine.agreement.best(node, [o for o in others if o.row not in anchored]), "structure"
        return None, ""

    def _with_bias(self, node: Node, other: Node) -> int:
        """The float value, after a bias that only one of the two ops adds itself."""
        made = self.look.outcome(other)
        mine, theirs = _has_bias(node), _has_bias(other)
        if mine and not theirs:
            added = [n for n in self.look.plus_fixed(made) if self._adds(node, n)]
            if len({n.outputs for n in added}) == 1:
                return self.look.outcome(added[0])
        folded = self._folded(node, made)
        if not mine and (theirs or folded != made):
            self.biasless[node.outputs[0]] = other
            return -1
        return folded

    def _adds(self, node: Node, addition: Node) -> bool:
        """Whether an addition adds the bias of a node."""
        fixed = [at for at, value in enumerate(addition.operands) if self.engine.f.values[value].fixed]
        return any(self.engine.agreement.alike(node, 2, addition, at) for at in fixed)

    def _folded(self, node: Node, value: int) -> int:
        """Behind a batch normalization, in one op or in steps, that is part of the variant's weights."""
        variant, op = self.engine.v, self.engine.v.op(node)
        readers = [] if _has_sum(node, op) or _activation(op) else variant.readers(node.outputs[0])
        kept = {one.family for one in readers if variant.data(one) >= 0 or _has_sum(one, variant.op(one))}
        after = self.look.only_reader(value)
        while after is not None and self._may_fold(after, value) and after.family not in kept:
            value = self.look.outcome(after)
            after = self.look.only_reader(value)
        return value

    def _may_fold(self, after: Node, value: int) -> bool:
        """Whether onnxruntime may make an op part of the convolution before it."""
        made = self.engine.f.producer(value)
        steps = made is not None and made.family in ("Conv", *FOLDED) and self.look.is_per_channel(after)
        return after.family == "BatchNormalization" or (steps and after.family in FOLDED)

    def _behind(self, node: Node, op: Op, value: int) -> int:
        """After the sum and the activation that a convolution does itself."""
        if _has_sum(node, op):
            other = self._meaning(node, 3)
            value = self.look.total([value, other]) if other >= 0 and value >= 0 else -1
        kind = _activation(op)
        return self.look.activated(value, kind) if value >= 0 and kind else value

    def _bias(self, node: Node) -> Found | None:
        """An addition that gives a float op's result its bias."""
        for at, value in enumerate(node.operands):
            other = self.biasless.get(value)
            fixed = next((n for n in range(len(node.operands)) if n != at and self._is_fixed(node, n)), -1)
            if other is None or fixed < 0:
                continue
            made = self.look.outcome(other)
            folded = self._folded(node, made)
            if folded == made and not (_has_bias(other) and self.engine.agreement.alike(node, fixed, other, 2)):
                continue
            self.engine.pair(node, other)
            return (folded,), "weights"
        return None

    # Sums, norms and gates.

    def _sum(self, node: Node) -> Found | None:
        """A sum of several values in another order or number of steps."""
        meanings = [self._meaning(node, at) for at in range(len(node.operands))]
        if len(meanings) < 2 or min(meanings) < 0:
            return None
        value = self.look.total(meanings)
        if value < 0:
            return None
        made = self.engine.f.producer(value)
        if made is not None and sorted(made.operands) == sorted(meanings):
            self.engine.pair(node, made)
        return (value,), "structure"

    def _gelu(self, node: Node) -> Found | None:
        other = self.biasless.get(node.operands[0])
        if other is not None and len(node.operands) > 1 and self.engine.agreement.alike(node, 1, other, 2):
            return self._gated(self.look.outcome(other))
        value = self._meaning(node, 0)
        if value < 0:
            return None
        if node.family in ("BiasGelu", "FastGelu") and len(node.operands) > 1 and node.operands[1] >= 0:
            added = [n for n in self.look.plus_fixed(value) if self._adds_slot(node, 1, n)]
            value = self.look.outcome(added[0]) if len({n.outputs for n in added}) == 1 else -1
        return self._gated(value)

    def _gated(self, value: int) -> Found | None:
        found = self.look.gelu(value) if value >= 0 else -1
        return ((found,), "structure") if found >= 0 else None

    def _adds_slot(self, node: Node, at: int, addition: Node) -> bool:
        fixed = [slot for slot, value in enumerate(addition.operands) if self.engine.f.values[value].fixed]
        return any(self.engine.agreement.alike(node, at, addition, slot) for slot in fixed)

    def _skip(self, node: Node, kind: str) -> Found | None:
        """A sum of two values, and a bias, normalized."""
        bias_at = 4 if kind == "LayerNormalization" else 3
        one, two = self._meaning(node, 0), self._meaning(node, 1)
        if one < 0 or two < 0:
            return None
        total = self._biased_total(node, one, two, bias_at)
        if total < 0:
            return None
        made = [n for n in self.look.reading(total, kind, "LayerNormalization") if self._has_gamma(node, 2, n)]
        value = self.look.outcome(made[0]) if len({n.outputs for n in made}) == 1 else self._by_beta(node, 3)
        outputs = [-1] * len(node.outputs)
        outputs[0] = value
        if len(outputs) > 3:
            outputs[3] = total
        return tuple(outputs), "structure"

    def _biased_total(self, node: Node, one: int, two: int, bias_at: int) -> int:
        if bias_at >= len(node.operands) or node.operands[bias_at] < 0:
            return self.look.total([one, two])
        for first, second in ((one, two), (two, one)):
            for addition in self.look.plus_fixed(first):
                if self._adds_slot(node, bias_at, addition):
                    total = self.look.total([self.look.outcome(addition), second])
                    if total >= 0:
                        return total
        total = self.look.total([one, two])
        added = [n for n in self.look.plus_fixed(total) if self._adds_slot(node, bias_at, n)] if total >= 0 else []
        return self.look.outcome(added[0]) if len(added) == 1 else -1

    def _has_gamma(self, node: Node, at: int, other: Node) -> bool:
        return len(other.operands) < 2 or self.engine.agreement.alike(node, at, other, 1)

    def _norm(self, node: Node) -> Found | None:
        """A normalization that the float graph computes in steps, the last of which adds beta or multiplies gamma."""
        value = self._meaning(node, 0)
        if value < 0 or node.outputs[0] in self.engine.means or self.look.reading(value, node.family):
            return None
        found = self._by_beta(node, 2) if node.family == "LayerNormalization" else self._by_gamma(node, 1)
        return ((found,), "weights") if found >= 0 else None

    def _by_beta(self, node: Node, at: int) -> int:
        """The value to which only the addition of this node's beta leads."""
        return self._by_constant(node, at, "Add")

    def _by_gamma(self, node: Node, at: int) -> int:
        return self._by_constant(node, at, "Mul")

    def _by_constant(self, node: Node, at: int, kind: str) -> int:
        """The nearest value behind a node's first operand that a sum or product with one of its constants makes."""
        start = self._meaning(node, 0)
        if start < 0 or not self._is_fixed(node, at):
            return -1
        for other in self.look.behind(start, _NORM_STEPS):
            if other.family == kind and self._adds_slot(node, at, other):
                return self.look.outcome(other)
        return -1

    def _quotient(self, node: Node) -> Found | None:
        """A quotient that the float graph writes as a product with the reciprocal."""
        if node.family != "Div":
            return None
        found = self.look.times_reciprocal(self._meaning(node, 0), self._meaning(node, 1))
        return ((found,), "structure") if found >= 0 else None

    def _scaling(self, node: Node) -> Found | None:
        """A product with a number, which may be a quotient in the float graph."""
        variant = self.engine.v
        for at, value in enumerate(node.operands[:2]):
            meaning = self._meaning(node, at)
            if meaning < 0 or self.look.reading(meaning, node.family):
                continue
            factor = _factor(self.engine, node, at)
            if factor is not None and abs(factor - 1) > 0.02 and not variant.values[value].fixed:
                found = self.look.scaled(meaning, factor)
                return ((found,), "structure") if found >= 0 else None
        return None


def _has_sum(node: Node, op: Op) -> bool:
    """Whether a convolution adds another tensor to its result."""
    return op.type.endswith("Conv") and len(node.operands) > 3 and node.operands[3] >= 0


def _activation(op: Op) -> str:
    """What an op does to its result besides, "" for nothing."""
    kind = op.attributes.get("activation", b"")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def _has_bias(node: Node) -> bool:
    return len(node.operands) > 2 and node.operands[2] >= 0


def _factor(engine: Engine, node: Node, at: int) -> float | None:
    """By what a node of the variant multiplies its operand."""
    from haoline_analysis.quantization.matching.lookup import Lookup

    return Lookup(engine.v).factor(node, node.operands[at])
