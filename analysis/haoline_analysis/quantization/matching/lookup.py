"""Questions about the float graph: which value results if an operation is done to these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.quantization.matching.families import ACTIVATIONS, MOVING
from haoline_analysis.quantization.matching.orders import moves

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from haoline_analysis.quantization.matching.graph import Graph, Node

_GATES = {"HardSwish": "HardSigmoid", "SiLU": "Sigmoid"}
"""Activations that are a value times what another makes of it."""
_STEPS = 16
_TOLERANCE = 0.02


class Lookup:
    """Walks of the float graph."""

    def __init__(self, graph: Graph) -> None:
        """Take the graph."""
        self.graph = graph

    def outcome(self, node: Node) -> int:
        """The first output of a node."""
        return node.outputs[0] if node.outputs else -1

    def turns(self, node: Node) -> bool:
        """Whether a node is a transpose that puts elements into another order."""
        op = self.graph.op(node)
        if node.family != "Transpose":
            return False
        shape = self.graph.shapes[op.inputs[0]]
        return shape is None or moves(op.attributes.get("perm") or range(len(shape))[::-1], shape)

    def is_turned(self, value: int, known: set[int]) -> bool:
        """Whether a value is one of the known ones in another order of axes."""
        turned = False
        while value not in known:
            made = self.graph.producer(value)
            if made is None or made.family not in MOVING:
                return False
            value, turned = made.operands[0], turned or self.turns(made)
        return turned

    def reading(self, value: int, *families: str) -> list[Node]:
        """Nodes of some families that work on a value."""
        return [node for node in self.graph.readers(value) if node.family in families] if value >= 0 else []

    def only_reader(self, value: int) -> Node | None:
        """The node that works on a value, where there is just one and the value is no output of the model."""
        readers = self.graph.readers(value)
        made = {self.graph.value_of(tensor) for tensor in self.graph.model.outputs}
        return readers[0] if len(readers) == 1 and value not in made else None

    def activated(self, value: int, kind: str) -> int:
        """What an activation makes of a value, as one op or by a gate; -1 where the graph has none."""
        found = {self.outcome(node) for node in self.reading(value, kind)}
        if not found and kind in _GATES:
            gates = [self.outcome(node) for node in self.reading(value, _GATES[kind])]
            found = {self._gated(gate, value, half=False) for gate in gates}
        return found.pop() if len(found) == 1 else -1

    def only_activation(self, value: int) -> Node | None:
        """The activation that everything behind a value goes through."""
        readers = self.graph.readers(value)
        acts = {self.outcome(node): node for node in readers if node.family in ACTIVATIONS}
        return next(iter(acts.values())) if len(acts) == 1 and all(n.family in ACTIVATIONS for n in readers) else None

    def activation(self, value: int) -> Node | None:
        """The only activation of a value, whatever else works on it."""
        acts = {self.outcome(node): node for node in self.reading(value, *ACTIVATIONS)}
        return next(iter(acts.values())) if len(acts) == 1 else None

    def plus_fixed(self, value: int) -> list[Node]:
        """Additions of a constant to a value."""
        return [node for node in self.reading(value, "Add") if self._has_fixed(node)]

    def _has_fixed(self, node: Node) -> bool:
        return any(self.graph.values[value].fixed for value in node.operands if value >= 0)

    def is_per_channel(self, node: Node) -> bool:
        """Whether a node works with one stored number for each channel of its data, or one for all of them."""
        if self.graph.data(node) < 0:
            return False
        fixed = [value for value in node.operands if value >= 0 and self.graph.values[value].fixed]
        shapes = [self.graph.shapes[self.graph.values[value].members[0]] for value in fixed]
        return all(shape is not None and _is_along_channels(shape) for shape in shapes)

    def total(self, addends: Iterable[int]) -> int:
        """The sum of some values, whichever order they are added in; -1 where the graph has no such sum."""
        left = list(addends)
        while len(left) > 1:
            step = self._addition(left)
            if step is None:
                return -1
            node, used = step
            for value in used:
                left.remove(value)
            left.append(self.outcome(node))
        return left[0] if left else -1

    def _addition(self, left: list[int]) -> tuple[Node, list[int]] | None:
        for value in left:
            for node in self.reading(value, "Add"):
                rest = list(left)
                if all(_removed(rest, operand) for operand in node.operands):
                    return node, list(node.operands)
        return None

    def scalar(self, value: int) -> float | None:
        """The number that a fixed value is."""
        found = self.graph.constants.numbers(value)
        return float(found.reshape(-1)[0]) if found is not None and found.size == 1 else None

    def factor(self, node: Node, value: int) -> float | None:
        """By what a Mul or Div multiplies a value; None where that is no number."""
        if node.family not in ("Mul", "Div") or len(node.operands) != 2:
            return None
        if node.family == "Div":
            divisor = self.scalar(node.operands[1]) if node.operands[0] == value else None
            return 1 / divisor if divisor else None
        other = node.operands[1] if node.operands[0] == value else node.operands[0]
        return self.scalar(other)

    def scaled(self, value: int, factor: float) -> int:
        """A value times a number; the value itself for 1, -1 where the graph has no such product."""
        if abs(factor - 1) < _TOLERANCE:
            return value
        for node in self.reading(value, "Mul", "Div"):
            found = self.factor(node, value)
            if found is not None and abs(found / factor - 1) < _TOLERANCE:
                return self.outcome(node)
        return -1

    def times_reciprocal(self, value: int, divisor: int) -> int:
        """A value times one divided by another; -1 where the graph has no such product."""
        for node in self.reading(divisor, "Div", "Reciprocal"):
            whole = node.family == "Reciprocal" or self.scalar(node.operands[0]) == 1
            for product in self.reading(self.outcome(node), "Mul") if whole else ():
                if value in product.operands:
                    return self.outcome(product)
        return -1

    def ancestors(self, value: int, most: int = 64) -> set[int]:
        """Values that a value is computed from, the nearest ones."""
        found: set[int] = set()
        pending = [value]
        while pending and len(found) < most:
            node = self.graph.producer(pending.pop(0))
            for operand in node.operands if node is not None else ():
                if operand >= 0 and operand not in found and not self.graph.values[operand].fixed:
                    found.add(operand)
                    pending.append(operand)
        return found

    def behind(self, value: int, most: int) -> list[Node]:
        """Nodes that work on a value, then on what they make, and so on, the nearest first."""
        found: list[Node] = []
        rows: set[int] = set()
        pending = [value]
        while pending and len(found) < most:
            for node in self.graph.readers(pending.pop(0)):
                if node.row not in rows:
                    rows.add(node.row)
                    found.append(node)
                    pending += [made for made in node.outputs if made >= 0]
        return found[:most]

    def product(self, one: int, other: int, alpha: float) -> tuple[Node, int] | None:
        """A MatMul of two values, each possibly scaled or transposed before, with what the scaled result is."""
        for value, scale in self._slack(one):
            for node in self.reading(value, "MatMul"):
                if len(node.operands) < 2 or node.operands[0] != value:
                    continue
                behind = self._behind(node.operands[1], other)
                if behind is None:
                    continue
                own = float(self.graph.op(node).attributes.get("alpha", 1.0))
                found = self.scaled(self.outcome(node), alpha / (scale * behind * own))
                if found >= 0:
                    return node, found
        return None

    def _slack(self, value: int) -> list[tuple[int, float]]:
        """The value itself and what scalings and transposes make of it, with the factor."""
        found = [(value, 1.0)]
        for at, scale in found:
            for node in self.reading(at, "Mul", "Div", "Transpose") if len(found) < _STEPS else ():
                factor = 1.0 if node.family == "Transpose" else self.factor(node, at)
                if factor is not None:
                    found.append((self.outcome(node), scale * factor))
        return found

    def _behind(self, value: int, source: int) -> float | None:
        """The factor by which ``value`` is ``source`` scaled and transposed; None where it is not."""
        scale = 1.0
        for _ in range(4):
            if value == source:
                return scale
            node = self.graph.producer(value)
            if node is None or node.family not in ("Mul", "Div", "Transpose"):
                return None
            data = next((v for v in node.operands if v >= 0 and not self.graph.values[v].fixed), -1)
            factor = 1.0 if node.family == "Transpose" else self.factor(node, data)
            if data < 0 or factor is None:
                return None
            value, scale = data, scale * factor
        return None

    def gelu(self, value: int) -> int:
        """What GELU makes of a value: one op, or ``x * (1 + erf(x / sqrt 2)) / 2`` in any order, tanh for erf."""
        whole = {self.outcome(node) for node in self.reading(value, "Gelu", "FastGelu", "QuickGelu")}
        if len(whole) == 1:
            return whole.pop()
        for inner in self._forward(value):
            for node in self.reading(inner, "Erf", "Tanh", "Sigmoid"):
                found = self._gated(self.outcome(node), value, half=node.family != "Sigmoid")
                if found >= 0:
                    return found
        return -1

    def _forward(self, value: int) -> list[int]:
        """Values that follow from one and constants alone, a few steps on."""
        found = [value]
        for at in found:
            for node in self.graph.readers(at):
                rest = [v for v in node.operands if v >= 0 and not self.graph.values[v].fixed and v not in found]
                if not rest and node.family in ("Mul", "Div", "Add", "Pow") and self.outcome(node) not in found:
                    found.append(self.outcome(node))
            if len(found) > _STEPS:
                break
        return found

    def _gated(self, gate: int, value: int, *, half: bool) -> int:
        """A gate times a value, with one added before and one half multiplied wherever that is done."""
        if half:
            ones = [node for node in self.plus_fixed(gate) if any(self.scalar(v) == 1 for v in node.operands)]
            gate = self.outcome(ones[0]) if len(ones) == 1 else -1
        halves = {self.outcome(n) for n in self.reading(value, "Mul", "Div") if self.factor(n, value) == 0.5}
        missing, open_half = True, half
        for _ in range(2):
            for node in self.reading(gate, "Mul", "Div"):
                other = next((v for v in node.operands if v != gate), gate)
                if missing and (other == value or other in halves):
                    open_half = open_half and other not in halves
                    gate, missing = self.outcome(node), False
                    break
                if open_half and self.factor(node, gate) == 0.5:
                    gate, open_half = self.outcome(node), False
                    break
        return gate if not missing and not open_half else -1

    def within(self, low: float, high: float, node: Node) -> bool:
        """Whether a quantizer's range lets nothing through that an activation would not."""
        if node.family == "Relu":
            return low >= 0
        if node.family != "Clip":
            return False
        bounds = [self.scalar(value) for value in node.operands[1:3]]
        attributes = self.graph.op(node).attributes
        bottom = bounds[0] if bounds and bounds[0] is not None else attributes.get("min", -np.inf)
        top = bounds[1] if len(bounds) > 1 and bounds[1] is not None else attributes.get("max", np.inf)
        slack = _TOLERANCE * max(abs(low), abs(high))
        return bool(low >= bottom - slack and high <= top + slack)


def _is_along_channels(shape: Sequence[int | None]) -> bool:
    """Whether a shape has one element, or one for each channel of a tensor with axes behind that of the channels."""
    return all(size == 1 for size in shape) or (shape[-1] == 1 and sum(size != 1 for size in shape) == 1)


def _removed(values: list[int], value: int) -> bool:
    """Take a value out of a list, if it is there."""
    if value in values:
        values.remove(value)
        return True
    return False
