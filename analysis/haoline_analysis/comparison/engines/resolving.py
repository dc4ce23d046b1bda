"""Which ops of a model an engine's layers were made from, by certain signs first.

1. The nodes that a layer's metadata states, or its name lists, where the model has nodes of these names.
2. A region ``{ForeignNode[a...b]}``: what lies between a and b and no other layer names.
3. Tensors: what makes a tensor of the name that a layer writes, back to what the layer is known to hold.
4. Ops that leave no name: a DequantizeLinear in front of a layer, a batch norm or activation behind a convolution.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from haoline_analysis.comparison.engines.layer_table import LayerTable
    from haoline_analysis.comparison.side import Side

STATED, NAMED, INFERRED = "stated", "named", "inferred"
"""How an op was found: by metadata, by its name in the layer's, or from what lies around it."""

RANK = {STATED: 2, NAMED: 1, INFERRED: 0}
LEAVES_NO_NAME = frozenset({"BatchNormalization", "Relu", "Clip", "LeakyRelu"})
_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul", "ConvInteger", "BatchNormalization"})
_COUNTER = re.compile(r"_\d+$")
_LONGEST_WALK = 64


class Resolver:
    """The pairs of layers and ops found so far."""

    def __init__(self, side: Side, layers: LayerTable) -> None:
        """Nothing is found yet."""
        self.side, self.layers = side, layers
        self.by_name = {name: row for row, name in enumerate(side.names)}
        self.made_by = {name: side.producer[row] for row, name in enumerate(side.tensor_names)}
        self.read_by: dict[str, list[int]] = {}
        self.consumers: dict[int, list[int]] = {}
        for op, reads in enumerate(side.reads):
            for tensor in reads:
                self.consumers.setdefault(tensor, []).append(op)
                if side.constant[tensor]:
                    self.read_by.setdefault(side.tensor_names[tensor], []).append(op)
        self.of_layer: list[dict[int, str]] = [{} for _ in range(layers.count)]  # op → how it was found
        self.of_op: list[list[int]] = [[] for _ in range(side.count)]  # layers that hold it
        self.served: list[dict[int, str]] = [{} for _ in range(layers.count)]  # ops that a reformat serves

    def run(self) -> None:
        """Resolve from certain to likely."""
        for row, names in enumerate(self.layers.sources):
            self._by_names(row, names.names, STATED if names.stated else NAMED)
        for row, names in enumerate(self.layers.sources):
            for first, last in names.regions:
                self._region(row, first, last)
        for row in range(self.layers.count):
            self._by_tensors(row)
        for op in range(self.side.count):
            if not self.of_op[op]:
                self._nameless(op)

    def _pair(self, row: int, op: int, how: str) -> None:
        held = self.served[row] if self.layers.around[row] else self.of_layer[row]
        if op not in held:
            held[op] = how
            if not self.layers.around[row]:
                self.of_op[op].append(row)

    def _by_names(self, row: int, names: Iterable[str], how: str) -> None:
        for name in names:
            op, sure = self._find(name)
            if op >= 0:
                self._pair(row, op, how if sure else INFERRED)

    def _find(self, name: str) -> tuple[int, bool]:
        """The op of a name and whether that is sure; kernels of one op carry a counter behind its name."""
        if name in self.by_name:
            return self.by_name[name], True
        if name in self.read_by:  # a weight that was quantized at build time: its readers are named beside it
            return -1, False
        bare = _COUNTER.sub("", name)
        return (self.by_name[bare], False) if bare in self.by_name else (self.made_by.get(name, -1), False)

    def _ends(self, name: str) -> list[int]:
        op, _ = self._find(name)
        return [op] if op >= 0 else self.read_by.get(name, [])

    def _region(self, row: int, first: str, last: str) -> None:
        """What no other layer holds between two ends; from one end alone, where the parser made the other."""
        starts, stops = self._ends(first), self._ends(last)
        before = self._reach(stops, self.side.sources)
        after = self._reach(starts, self.side.readers)
        inside = before & after if starts and stops else before | after
        for op in sorted(inside | set(starts) | set(stops)):
            if not self.of_op[op] or op in starts or op in stops:
                self._pair(row, op, NAMED if op in starts or op in stops else INFERRED)

    def _reach(self, ends: Sequence[int], neighbours: Sequence[Sequence[int]]) -> set[int]:
        """Ops that no layer holds, reached from some through such ops only."""
        found, waiting = set(ends), list(ends)
        while waiting:
            for op in neighbours[waiting.pop()]:
                if op >= 0 and op not in found and not self.of_op[op]:
                    found.add(op)
                    waiting.append(op)
        return found

    def _by_tensors(self, row: int) -> None:
        """What computes the tensors that a layer writes, back to what it is known to hold."""
        if self.layers.around[row]:
            return
        for tensor in self.layers.makes[row]:
            op = self.made_by.get(self.layers.tensor_names[tensor], -1)
            chain: list[int] = []
            while op >= 0 and not self.of_op[op] and len(chain) < _LONGEST_WALK:
                chain.append(op)
                above = [source for source in self.side.sources[op] if source >= 0]
                if len(above) > 1:
                    above = [source for source in above if source in self.of_layer[row]] or above
                op = above[0] if above else -1
            if not chain and op >= 0 and not self.of_layer[row]:  # the last step of an op that other layers began
                self._pair(row, op, INFERRED)
            elif chain and (not self.of_layer[row] or op in self.of_layer[row]):
                for found in chain if op in self.of_layer[row] else chain[:1]:
                    self._pair(row, found, INFERRED)

    def _nameless(self, op: int) -> None:
        """An op whose name no layer bears because it became part of its neighbour's kernel."""
        kind = self.side.types[op]
        if kind in ("QuantizeLinear", "DequantizeLinear"):
            for neighbour in self._around_quantizer(op, kind):
                for row in self.of_op[neighbour][:1]:
                    self._pair(row, op, INFERRED)
                    return
        elif kind in LEAVES_NO_NAME:
            for source in self.side.sources[op]:
                if source >= 0 and self.side.types[source] in _WEIGHTED and self._only_reader(source, op):
                    for row in self.of_op[source][-1:]:
                        self._pair(row, op, INFERRED)

    def _around_quantizer(self, op: int, kind: str) -> list[int]:
        """Ops whose layer a quantizer may be part of.

        A DequantizeLinear goes with what reads it. A QuantizeLinear goes with another one of the same value, which
        it was merged with, else with what makes the value, which then writes integers itself.
        """
        if kind == "DequantizeLinear":
            return self._readers(op)
        value = self.side.reads[op][0]
        twins = [other for other in self.consumers.get(value, []) if self.side.types[other] == kind and other != op]
        return [*twins, *(source for source in [self.side.producer[value]] if source >= 0)]

    def _readers(self, op: int) -> list[int]:
        return [reader for tensor in self.side.makes[op] for reader in self.consumers.get(tensor, [])]

    def _only_reader(self, source: int, op: int) -> bool:
        return self._readers(source) == [op]
