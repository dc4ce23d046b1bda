"""Whether two nodes could be the same operation on the same operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.matching.constants import ALIKE, LARGE, similarity
from haoline_analysis.quantization.matching.families import COMMUTATIVE, CONTRACTIONS, RESHAPING, same_kind
from haoline_analysis.quantization.matching.graph import is_moving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Node

NO = 1000
"""A contradiction that nothing makes up for."""

SENTINEL = 1e4
"""Magnitude from which on a constant only says that something is masked."""

_ENDS: dict[str, frozenset[str]] = {
    "MatMul": frozenset({"Add", "Mul", "Div", "Gemm", "Relu"}),
    "Gemm": frozenset({"Add", "MatMul", "Relu"}),
    "Conv": frozenset({"Add", "BatchNormalization", "Relu", "Clip", "Mul"}),
    "BiasGelu": frozenset({"Mul", "Gelu"}),
    "Gelu": frozenset({"Mul"}),
    "FastGelu": frozenset({"Mul", "Gelu"}),
    "QuickGelu": frozenset({"Mul"}),
    "LayerNormalization": frozenset({"Add"}),
    "RMSNormalization": frozenset({"Mul"}),
    "SkipLayerNormalization": frozenset({"LayerNormalization", "Add"}),
    "SkipRMSNormalization": frozenset({"RMSNormalization", "Mul", "Add"}),
    "EmbedLayerNormalization": frozenset({"LayerNormalization", "Add"}),
    "Attention": frozenset({"Reshape", "MatMul"}),
    "MultiHeadAttention": frozenset({"Reshape", "MatMul"}),
    "GroupQueryAttention": frozenset({"Reshape", "MatMul"}),
    "HardSwish": frozenset({"Mul"}),
    "Add": frozenset({"Gemm", "Conv", "BatchNormalization"}),
    "BiasSoftmax": frozenset({"Softmax"}),
}
"""Float ops that a fused (or split) op may end with."""


class Agreement:
    """Compares nodes of the variant with nodes of the float model."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine, for what values mean."""
        self.engine = engine

    def best(self, node: Node, others: Sequence[Node]) -> Node | None:
        """The one of several float nodes that agrees best; None where none does or two do equally.

        All operands have to be known: one that is not may be none of the float model's.
        """
        if not self._all_known(node):
            return None
        scored = [(self.distance(node, other), other) for other in others]
        scored = [(score, other) for score, other in scored if score < NO]
        if not scored:
            return None
        least = min(score for score, _ in scored)
        found = {other.outputs: other for score, other in scored if score == least}
        if len(found) > 1:
            found = {made: other for made, other in found.items() if self._same_name(node, other)}
        return next(iter(found.values())) if len(found) == 1 else None

    def _all_known(self, node: Node) -> bool:
        values, means = self.engine.v.values, self.engine.means
        wanted = node.operands[:1] if is_moving(node) else node.operands
        return all(value < 0 or value in means or values[value].fixed for value in wanted)

    def distance(self, node: Node, other: Node) -> int:
        """How much speaks against two nodes being the same; NO or more: they are not."""
        if len(node.outputs) != len(other.outputs) and node.family == "Split":
            return NO
        if len(node.operands) != len(other.operands) and node.family == "Concat":
            return NO
        if node.family in RESHAPING and self._other_rank(node, other):
            return NO
        score = self._attributes(node, other)
        if node.family in COMMUTATIVE:
            return score + self._commuting(node, other)
        for at, value in enumerate(node.operands):
            if is_moving(node) and at:
                score += self._setting(value, other, at)
            elif value >= 0:
                meant = other.operands[at] if at < len(other.operands) else -1
                score += self._operand(node, at, other, at) if meant >= 0 else 1
        return score

    def _other_rank(self, node: Node, other: Node) -> bool:
        """Whether two nodes make tensors of different numbers of axes."""
        mine, theirs = self.engine.v.op(node).outputs[0], self.engine.f.op(other).outputs[0]
        one, two = self.engine.v.shapes[mine], self.engine.f.shapes[theirs]
        return one is not None and two is not None and len(one) != len(two)

    def could_be(self, node: Node, other: Node) -> bool:
        """Whether two nodes with the same result are the same operation: nothing known contradicts it."""
        if not same_kind(node.family, other.family) or self.distance(node, other) >= NO:
            return False
        if node.family in COMMUTATIVE:
            return any(self.engine.means.get(value) in other.operands for value in node.operands) or any(
                self.engine.v.values[value].fixed for value in node.operands if value >= 0
            )
        return True

    def plausible(self, node: Node, meaning: int) -> bool:
        """Whether a node may compute what a value of the float model is, as its name says."""
        engine = self.engine
        other = engine.f.producer(meaning)
        if other is None:
            return False
        known = {engine.means[value] for value in node.operands if value in engine.means}
        known = {value for value in known if not engine.f.values[value].fixed}
        if not known:
            return False
        if node.family == other.family and self.distance(node, other) < NO:
            return True
        same = node.family == other.family and not engine.fusions.loose(node)
        if same and any(engine.look.is_turned(value, known) for value in other.operands):
            return False
        if other.family in _ENDS.get(node.family, ()) or node.family == other.family:
            return known <= engine.look.ancestors(meaning)
        return False

    def alike(self, node: Node, at: int, other: Node, slot: int) -> bool:
        """Whether two stored operands hold the same numbers, quantization aside; unknown ones count as alike."""
        one, two = self.engine.v.constants.sample(node, at), self.engine.f.constants.sample(other, slot)
        return one is None or two is None or similarity(one, two) >= ALIKE

    def _attributes(self, node: Node, other: Node) -> int:
        one, two = self.engine.v.op(node), self.engine.f.op(other)
        if node.family == "Transpose" and one.type == two.type:
            return 0 if one.attributes.get("perm") == two.attributes.get("perm") else NO
        names = ("axis", "to", "keepdims", "alpha", "mode", "num_heads")
        return sum(one.attributes.get(name) != two.attributes.get(name) for name in names)

    def _commuting(self, node: Node, other: Node) -> int:
        if len([v for v in node.operands if v >= 0]) != len(other.operands):
            return NO
        left = list(range(len(other.operands)))
        score = 0
        for at in sorted(range(len(node.operands)), key=lambda at: node.operands[at] not in self.engine.means):
            costs = [(self._operand(node, at, other, slot), slot) for slot in left]
            cost, slot = min(costs)
            score += cost
            left.remove(slot)
        return score

    def _operand(self, node: Node, at: int, other: Node, slot: int) -> int:
        """What speaks against an operand being the same."""
        value, meant = node.operands[at], other.operands[slot]
        mine, theirs = self.engine.v.values[value], self.engine.f.values[meant]
        if mine.fixed != theirs.fixed:
            return NO
        if mine.fixed:
            return self._fixed(node, at, other, slot)
        meaning = self.engine.means.get(value)
        if meaning is None:
            return 1
        return 0 if meaning == meant else NO

    def _fixed(self, node: Node, at: int, other: Node, slot: int) -> int:
        mine, theirs = self.engine.v.constants, self.engine.f.constants
        one, two = mine.numbers(node.operands[at]), theirs.numbers(other.operands[slot])
        if one is not None and two is not None and one.size == two.size and one.size < LARGE:
            return _unlike(one.reshape(-1), two.reshape(-1))
        first, second = mine.sample(node, at), theirs.sample(other, slot)
        if first is None or second is None:
            return 1
        if similarity(first, second) >= ALIKE:
            return 0
        # Normalizations that become part of the weights turn no row of them, but any bias.
        return NO if node.family in CONTRACTIONS and at < 2 and second.size >= LARGE else 10

    def _setting(self, value: int, other: Node, at: int) -> int:
        """Whether an op moves or reduces in another way, as far as constants say."""
        meant = other.operands[at] if at < len(other.operands) else -1
        if value < 0 or meant < 0:
            return 0
        one, two = self.engine.v.constants.numbers(value), self.engine.f.constants.numbers(meant)
        if one is None or two is None:
            return 0
        same = one.shape == two.shape and bool(np.all((one == two) | (one == -1) | (two == -1)))
        return 0 if same else 10

    def _same_name(self, node: Node, other: Node) -> bool:
        from haoline_analysis.comparison.side import canonical

        mine = {canonical(name) for value in node.outputs if value >= 0 for name in self.engine.v.names(value)}
        theirs = {canonical(name) for value in other.outputs if value >= 0 for name in self.engine.f.names(value)}
        return not mine.isdisjoint(theirs)


def _unlike(one: np.ndarray, two: np.ndarray) -> int:
    """What speaks against two constants of few elements, of which the first may be quantized, being one.

    A sentinel of a mask, such as -3.4e38, may be another number that is large enough.
    """
    with np.errstate(all="ignore"):
        slack = 0.02 * float(np.abs(two).max(initial=0.0)) if one.size > 1 else 1e-6
        if np.allclose(one, two, rtol=0.05, atol=slack):
            return 0
        sentinel = bool(np.all(np.abs(two) >= SENTINEL)) or not np.all(np.isfinite(two))
    return NO if one.size == 1 and not sentinel else 10
