"""What each value of a variant means in the float model: facts, and what follows from them.

Facts are inputs, weights of equal content and names that fit their surroundings. From them follows forward what an op
computes, operands and operation being the same, through a table of fusions; and backward what an op reads, when what
it computes is known. Nothing is overwritten, so the order is from certain to likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.comparison.side import canonical
from haoline_analysis.quantization.matching import blocked_names
from haoline_analysis.quantization.matching.agreement import Agreement
from haoline_analysis.quantization.matching.constants import LARGE, best_pairs
from haoline_analysis.quantization.matching.families import (
    ACTIVATIONS,
    COMMUTATIVE,
    CONTRACTIONS,
    MOVING,
    RESHAPING,
    same_kind,
)
from haoline_analysis.quantization.matching.fusions import Fusions
from haoline_analysis.quantization.matching.graph import Graph, Node, is_moving
from haoline_analysis.quantization.matching.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from haoline_analysis.quantization.matching.constants import Sample
    from haoline_analysis.quantization.matching.orders import Order

ROUNDS = 12


class Engine:
    """The float graph, the variant's graph, and which value of one means which of the other."""

    def __init__(self, floats: Graph, variant: Graph) -> None:
        """No facts yet."""
        self.f, self.v = floats, variant
        self.means: dict[int, int] = {}  # variant value -> float value
        self.how: dict[int, str] = {}
        self.turned: dict[int, Order] = {}  # variant value -> the axes that bring it into its meaning's order
        self.pairs: dict[int, int] = {}  # variant row -> float row
        self.anchors: dict[int, int] = {}  # the same, by the content of weights
        self.look = Lookup(floats)
        self.agreement = Agreement(self)
        self.fusions = Fusions(self)
        self._names = self._float_names()
        self._results: dict[int, int] = {}  # what the variant's outputs are, by their names or places

    def run(self, *, anchored: bool = True) -> None:
        """Infer until nothing new follows; with ``anchored`` from the content of weights too."""
        if anchored:
            self._anchor()
        for _ in range(ROUNDS):
            before = len(self.means), len(self.pairs)
            self._forward()
            self._backward()
            if (len(self.means), len(self.pairs)) == before:
                self._by_name()
            if (len(self.means), len(self.pairs)) == before:
                break

    def state(self, value: int, meaning: int, how: str) -> bool:
        """Note what a value means, unless that is known; whether it is news."""
        if value < 0 or meaning < 0 or value in self.means:
            return False
        if self.v.values[value].fixed != self.f.values[meaning].fixed:
            return False
        self.means[value] = meaning
        self.how[value] = how
        return True

    def pair(self, node: Node, other: Node) -> None:
        """Note that two nodes do the same."""
        self.pairs.setdefault(node.row, other.row)

    # Facts.

    def ports(self, inputs: dict[str, str], outputs: dict[str, str]) -> None:
        """State the inputs and note the outputs, by name: the float model's -> the variant's."""
        for mine, theirs in self._paired(self.f.model.inputs, self.v.model.inputs, inputs):
            self.state(mine, theirs, "name")
        for mine, theirs in self._paired(self.f.model.outputs, self.v.model.outputs, outputs):
            self._results[mine] = theirs

    def results(self) -> None:
        """State what the outputs are, where nothing else is known of them; unlike other names theirs are given."""
        for mine, theirs in self._results.items():
            if theirs not in self.means.values():
                self.state(mine, theirs, "name")

    def _paired(
        self, floats: Sequence[int], variant: Sequence[int], names: dict[str, str]
    ) -> Iterator[tuple[int, int]]:
        there = {self.v.model.tensors[tensor].name: tensor for tensor in variant}
        for tensor in floats:
            other = there.get(names.get(self.f.model.tensors[tensor].name, ""))
            if other is not None:
                yield self.v.value_of(other), self.f.value_of(tensor)

    def _anchor(self) -> None:
        """Pair ops whose weights are alike and like no others, and those whose weights are blocked by their names."""
        some, others = self._weighted(self.v), self._weighted(self.f)
        for kind in ("contraction", "table"):
            mine = [(node, sample) for node, sample, of in some if of == kind]
            theirs = [(node, sample) for node, sample, of in others if of == kind]
            found = best_pairs([sample for _, sample in mine], [sample for _, sample in theirs])
            for i, j in found:
                self.anchors.setdefault(mine[i][0].row, theirs[j][0].row)
        blocked_names.anchor(self)

    @staticmethod
    def _weighted(graph: Graph) -> list[tuple[Node, Sample, str]]:
        found = []
        for node in graph.nodes.values():
            kind = "contraction" if node.family in CONTRACTIONS else "table" if node.family == "Gather" else ""
            at = 0 if kind == "table" else 1
            if not kind or len(node.operands) <= at or node.operands[at] < 0:
                continue
            if not graph.values[node.operands[at]].fixed:
                continue
            sample = graph.constants.sample(node, at)
            if sample is not None and sample.size >= LARGE:
                found.append((node, sample, kind))
        return found

    def _float_names(self) -> dict[str, int]:
        """Values by the names of their tensors, without what quantizers append; those of one name are left out."""
        found: dict[str, int] = {}
        twice: set[str] = set()
        for value, held in enumerate(self.f.values):
            for tensor in held.members if not held.fixed else ():
                name = canonical(self.f.model.tensors[tensor].name)
                if found.setdefault(name, value) != value:
                    twice.add(name)
        return {name: value for name, value in found.items() if name not in twice and name}

    def _by_name(self) -> None:
        """State what names say where operation and operands do not contradict."""
        for value, held in enumerate(self.v.values):
            source = held.rectified if held.rectified >= 0 else value
            if source in self.means or source in self.fusions.biasless or held.fixed or held.op < 0:
                continue
            named = {self._names.get(canonical(name), -1) for name in self.v.names(value)} - {-1}
            named = {self._results[value]} if value in self._results else named
            node = self.v.producer(source)
            if len(named) == 1 and node is not None:
                meaning = named.pop()
                if self.agreement.plausible(node, meaning):
                    self.state(source, meaning, "name")
                    made = self.f.producer(meaning)
                    if made is not None and made.family == node.family:
                        self.pair(node, made)

    # What follows.

    def _forward(self) -> None:
        rectified = self._rectified_of()
        for node in self.v.nodes.values():
            if any(value >= 0 and value not in self.means for value in node.outputs) or node.row not in self.pairs:
                self._evaluate(node)
            for value in node.outputs:
                if value in rectified:
                    self._rectify(value, rectified[value])

    def _evaluate(self, node: Node) -> None:
        found = self.fusions.evaluate(node)
        if found is None:
            found = self._same(node)
        if found is None:
            return
        meanings, how = found
        for value, meaning in zip(node.outputs, meanings, strict=False):
            self.state(value, meaning, how)

    def _same(self, node: Node) -> tuple[tuple[int, ...], str] | None:
        """The results of the float op that does the same to the same operands.

        A reshape that the float model has not keeps the meaning: a product of three axes may run as one of two.
        """
        for at, value in enumerate(node.operands):
            meaning = self.means.get(value, -1)
            if meaning < 0 or (at and is_moving(node)):
                continue
            best = self.agreement.best(node, self._alike(node, meaning))
            if best is not None:
                self.pair(node, best)
                return best.outputs, "structure"
            return ((meaning,), "structure") if node.family in RESHAPING else None
        return None

    def _alike(self, node: Node, meaning: int) -> list[Node]:
        """Float ops of a node's family on a value, or on what only moves it, which the variant may do without.

        What a transpose puts into another order is another tensor.
        """
        kinds = RESHAPING if node.family in RESHAPING else {node.family}  # they say the same in other words
        others = [other for other in self.f.readers(meaning) if other.family in kinds]
        if others or node.family in MOVING:
            return others
        moving = [other for other in self.f.readers(meaning) if other.family in MOVING]
        moved = [self.look.outcome(other) for other in moving if not self.look.turns(other)]
        return [
            other for value in moved if value >= 0 for other in self.f.readers(value) if other.family == node.family
        ]

    def _rectified_of(self) -> dict[int, int]:
        return {held.rectified: value for value, held in enumerate(self.v.values) if held.rectified >= 0}

    def _rectify(self, source: int, value: int) -> None:
        """Whether a quantizer that lets nothing below zero through stands for an activation as well."""
        if value in self.means:
            self._unrectify(source, value)
            return
        meaning = self.means.get(source, -1)
        if meaning < 0:
            return
        act = self.look.only_activation(meaning)
        if act is None and self.v.readers(source):  # what is not clipped is read as well
            act = self.look.activation(meaning)
        explicit = any(node.family in ACTIVATIONS for v in (source, value) for node in self.v.readers(v))
        if act is not None and not explicit and self.look.within(*self._range(value), act):
            meaning = self.look.outcome(act)
        self.state(value, meaning, self.how[source])

    def _range(self, value: int) -> tuple[float, float]:
        found = [self.v.forms[t].low_high() for t in self.v.values[value].members if t in self.v.forms]
        return min(float(low.min()) for low, _ in found), max(float(high.max()) for _, high in found)

    def _unrectify(self, source: int, value: int) -> None:
        """What goes into such a quantizer, when what comes out is known."""
        meaning = self.means[value]
        made, node = self.f.producer(meaning), self.v.producer(source)
        if source in self.means or made is None or node is None:
            return
        if made.family in ACTIVATIONS and node.family != made.family:
            before = self.f.producer(made.operands[0])
            if before is not None and before.family == node.family:
                self.state(source, made.operands[0], "structure")
        elif made.family == node.family:
            self.state(source, meaning, "structure")

    def _backward(self) -> None:
        for node in reversed(list(self.v.nodes.values())):
            other = self._partner(node)
            if other is not None:
                self._operands(node, other)
            elif node.family in RESHAPING:
                self._reshaped(node)

    def _reshaped(self, node: Node) -> None:
        """What a product made that runs with two axes, and gets its own back by a reshape the float model has not."""
        meaning = self.means.get(node.outputs[0], -1)
        made, mine = self.f.producer(meaning), self.v.producer(node.operands[0])
        if made is not None and made.family not in RESHAPING and mine is not None and mine.family in CONTRACTIONS:
            self.state(node.operands[0], meaning, "structure")

    def _partner(self, node: Node) -> Node | None:
        """The float op that does what a node does."""
        row = self.pairs.get(node.row)
        if row is not None:
            return self.f.nodes[row]
        for value in node.outputs:
            meaning = self.means.get(value, -1)
            made = self.f.producer(meaning) if meaning >= 0 else None
            if made is not None and self.agreement.could_be(node, made):
                self.pair(node, made)
                return made
        return None

    def _operands(self, node: Node, other: Node) -> None:
        if self.fusions.loose(node) or not same_kind(node.family, other.family):
            return
        if node.family in COMMUTATIVE:
            self._commuting(node, other)
            return
        for value, meaning in zip(node.operands, other.operands, strict=False):
            if value >= 0 and meaning >= 0 and not (is_moving(node) and value != node.operands[0]):
                self.state(value, self._before_reshape(value, meaning), "structure")

    def _before_reshape(self, value: int, meaning: int) -> int:
        """What a reshape that the variant does without was given, if the variant computes the value as that was."""
        made, mine = self.f.producer(meaning), self.v.producer(value)
        if made is None or mine is None or made.family not in RESHAPING or mine.family in RESHAPING:
            return meaning
        before = self.f.producer(made.operands[0])
        if before is None or before.family != mine.family:
            return meaning
        turned = mine.family == "Transpose" and not self.agreement.could_be(mine, before)
        return meaning if turned else made.operands[0]

    def _commuting(self, node: Node, other: Node) -> None:
        """The one operand that is left over on both sides."""
        left = [value for value in other.operands if not self.f.values[value].fixed]
        mine = [value for value in node.operands if value >= 0 and not self.v.values[value].fixed]
        if len(left) != len(mine):
            return
        for value in mine:
            if self.means.get(value) in left:
                left.remove(self.means[value])
        open_ones = [value for value in mine if value not in self.means]
        if len(left) == 1 and len(open_ones) == 1:
            self.state(open_ones[0], left[0], "structure")
