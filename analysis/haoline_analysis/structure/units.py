"""The members of a scope as a sequence that can be divided: what must stay together is one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.dataflow import late_order, top_level
from haoline_analysis.structure.hashing import FROM, SLOT, mix
from haoline_analysis.structure.sequence import Sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.structure.hashing import Wiring

    I64 = NDArray[np.int64]


@dataclass(slots=True)
class Held:
    """Ops of a scope's subtree in execution order, and where each unit of them starts.

    A unit is an op of the scope itself or a child scope with all its ops. Child scopes whose ops take turns, and a
    control-flow op with the ops of its bodies, are one unit: between them no cut is possible.
    """

    ops: I64
    child: I64  # [ops] number of the child scope that holds the op, -1: the scope itself does
    starts: I64  # [units] first op


class Units:
    """Looks up the members of scopes; scopes added later do not change what it knows."""

    def __init__(
        self, model: Model, wiring: Wiring, main: NDArray[np.bool_], op_scope: I64, parents: list[int]
    ) -> None:
        """Args: main: ops that carry activations, the others are no members; op_scope, parents: the tree as it is."""
        self.owner = top_level(model)
        self.rank = late_order(wiring, main, self.owner)
        self.home = op_scope.copy()
        self._parents = np.asarray(parents, np.int64)
        self._exact = wiring.op_hashes()
        self._wiring = wiring
        self._wire_starts = np.searchsorted(wiring.consumer, np.arange(wiring.ops + 1))
        self._parent = np.array([op.parent for op in model.ops], np.int64)
        self._before, self._after = _spans(parents)
        place = np.lexsort((self.rank, self._before[op_scope]))
        self._sorted = place[main[place]]
        self._key = self._before[op_scope[self._sorted]]

    def held(self, scope: int) -> Held:
        """The members of a scope, in execution order."""
        low, high = np.searchsorted(self._key, (self._before[scope], self._after[scope]))
        ops = self._sorted[low:high]
        return self.arranged(scope, ops[np.argsort(self.rank[ops], kind="stable")])

    def arranged(self, scope: int, ops: I64) -> Held:
        """The same in another order."""
        children = self.children(scope)
        at = np.searchsorted(self._before[children], self._before[self.home[ops]], side="right") - 1
        child = np.where(self.home[ops] == scope, -1, at)
        place = np.arange(len(ops))
        unit = np.where(child < 0, place, len(ops) + child)
        last = np.zeros(len(ops) + len(children), np.int64)
        np.maximum.at(last, unit, place)
        position = self._positions(ops)
        owner = np.where(self._parent[ops] >= 0, position[self._parent[ops]], -1)
        np.maximum.at(last, unit[owner[owner >= 0]], place[owner >= 0])
        reach = np.maximum.accumulate(last[unit])
        starts = np.flatnonzero(np.append(True, reach[:-1] == place[:-1]))
        return Held(ops, child, starts)

    def reorder(self, ops: I64) -> None:
        """Let these ops run in the order given; it must be an order in which they can run."""
        self.rank[ops] = np.sort(self.rank[ops])

    def is_source(self, ops: I64) -> NDArray[np.bool_]:
        """Which ops rest on nothing that others compute."""
        produced = np.append(0, np.cumsum(self._wiring.producer >= 0))
        rests = produced[self._wire_starts[ops + 1]] - produced[self._wire_starts[ops]]
        return np.asarray(rests == 0)

    def children(self, scope: int) -> I64:
        """Child scopes in the order of their numbers in ``Held.child``."""
        found = np.flatnonzero(self._parents == scope)
        return found[np.argsort(self._before[found])]

    def sequence(self, ops: I64, role: NDArray[np.int8], kind: I64) -> Sequence:
        """Ops with the values that pass between them; ``role`` and ``kind`` (of type) are those of the model's ops."""
        position = self._positions(ops)
        counts = self._wire_starts[ops + 1] - self._wire_starts[ops]
        skipped = np.cumsum(counts) - counts
        wires = np.repeat(self._wire_starts[ops] - skipped, counts) + np.arange(int(counts.sum()))
        wiring = self._wiring
        made = np.where(wiring.producer[wires] >= 0, position[wiring.producer[wires]], -1)
        read = np.repeat(np.arange(len(ops)), counts)
        inside = (made >= 0) & (made < read)
        wires, made, read = wires[inside], made[inside], read[inside]
        label = mix(wiring.slot[wires].astype(np.uint64) * SLOT) + wiring.producer_slot[wires].astype(np.uint64) * FROM
        return Sequence(
            self._exact[ops],
            mix(kind[ops].astype(np.uint64)),
            role[ops],
            np.ones(len(ops), np.int64),
            made,
            read,
            wiring.tensor[wires],
            label,
        )

    def _positions(self, ops: I64) -> I64:
        position = np.full(self._wiring.ops + 1, -1, np.int64)
        position[ops] = np.arange(len(ops))
        return position


def _spans(parents: list[int]) -> tuple[I64, I64]:
    """Number of each scope in a walk depth first, and one past the last number in its subtree."""
    size = [1] * len(parents)
    for scope in range(len(parents) - 1, 0, -1):
        size[parents[scope]] += size[scope]
    before, free = [0] * len(parents), [1] * len(parents)
    for scope in range(1, len(parents)):
        above = parents[scope]
        before[scope] = free[above]
        free[above] += size[scope]
        free[scope] = before[scope] + 1
    first = np.asarray(before, np.int64)
    return first, first + np.asarray(size, np.int64)
