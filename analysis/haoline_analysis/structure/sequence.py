"""A scope's members in execution order, with the values that pass between them, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.hashing import FROM, SLOT, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    I64 = NDArray[np.int64]
    U64 = NDArray[np.uint64]

LIGHT, LAYER, POOL = 0, 1, 2
"""What a unit is to the units around it: glue, a step with weights of its own, a change of resolution."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Units ``0 … n-1``, each of which reads only from units before it."""

    exact: U64  # [n] what a unit is, attributes and shapes of weights included
    alike: U64  # [n] the same by types alone
    role: NDArray[np.int8]  # [n]
    size: I64  # [n] ops in a unit
    made: I64  # [wires] the unit that makes the value, -1: it comes from outside
    read: I64  # [wires] the unit that reads it, ascending
    value: I64  # [wires] which value
    label: U64  # [wires] at which output and input

    def __len__(self) -> int:
        """Number of units."""
        return len(self.exact)

    def without(self, wires: NDArray[np.bool_]) -> Sequence:
        """The same units with fewer values between them."""
        kept = ~wires
        return replace(self, made=self.made[kept], read=self.read[kept], value=self.value[kept], label=self.label[kept])

    def part(self, start: int, stop: int) -> Sequence:
        """Units ``start:stop`` and the values read by them."""
        low, high = np.searchsorted(self.read, (start, stop))
        return Sequence(
            self.exact[start:stop],
            self.alike[start:stop],
            self.role[start:stop],
            self.size[start:stop],
            np.maximum(self.made[low:high] - start, -1),
            self.read[low:high] - start,
            self.value[low:high],
            self.label[low:high],
        )

    def joined(self, starts: I64) -> Sequence:
        """Neighbours made one unit: unit k is ``starts[k]`` up to the next start; starts[0] is 0."""
        if len(starts) == len(self):
            return self
        owner = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(self))))
        made, read = np.where(self.made < 0, -1, owner[self.made]), owner[self.read]
        between = made != read
        single = np.diff(np.append(starts, len(self))) == 1
        layer = np.maximum.reduceat(np.minimum(self.role, LAYER), starts)
        return Sequence(
            self.identities(starts, owner, self.exact),
            self.identities(starts, owner, self.alike),
            np.where(single, self.role[starts], layer).astype(np.int8),
            np.add.reduceat(self.size, starts),
            made[between],
            read[between],
            self.value[between],
            self.label[between],
        )

    def identities(self, starts: I64, owner: I64, tokens: U64) -> U64:
        """A number per stretch: equal for equal units in the same order, wired to one another in the same way."""
        total = np.zeros(len(starts), np.uint64)
        place = (np.arange(len(self)) - starts[owner]).astype(np.uint64)
        np.add.at(total, owner, mix(tokens + place * SLOT))
        inside = (self.made >= 0) & (owner[self.made] == owner[self.read])
        made, read = self.made[inside], self.read[inside]
        near = starts[owner[read]]
        ends = mix((read - near).astype(np.uint64) * SLOT + self.label[inside]) + (made - near).astype(np.uint64) * FROM
        np.add.at(total, owner[read], mix(ends))
        single = np.diff(np.append(starts, len(self))) == 1
        return np.where(single, tokens[starts], mix(total))

    def identity(self) -> tuple[int, int]:
        """Two numbers for the whole: with the shapes of weights, and without."""
        starts, owner = np.zeros(1, np.int64), np.zeros(len(self), np.int64)
        exact, alike = (self.identities(starts, owner, tokens) for tokens in (self.exact, self.alike))
        return int(exact[0]), int(alike[0])

    def widths(self) -> I64:
        """How many values pass each cut, [n + 1]: made before unit i, read at or after it.

        What comes from outside passes until its last reader but one: the query, key and value made of one input stay
        together, while the sum that closes a residual block does not hold together all before it.
        """
        steps = np.zeros(len(self) + 2, np.int64)
        if len(self.value):
            order = np.argsort(self.value, kind="stable")  # by value, and by reader within one
            value, made, read = self.value[order], self.made[order], self.read[order]
            first = np.flatnonzero(np.append(True, value[1:] != value[:-1]))
            last = np.append(first[1:], len(value)) - 1
            given = made[first] < 0
            begin = np.where(given, read[first], made[first])
            end = np.where(given, read[np.maximum(last - 1, first)], read[last])
            np.add.at(steps, begin + 1, 1)
            np.add.at(steps, end + 1, -1)
        return np.cumsum(steps)[: len(self) + 1]

    def seams(self) -> I64:
        """How bad each cut is, [n + 1]: mostly by the values that pass it.

        Between cuts of one width, one after a change of resolution is best, then one after a unit that several
        others read (the end of a residual block), then one before a layer.
        """
        cost = 8 * self.widths()
        if not len(self):
            return cost
        readers = np.bincount(self.made[self.made >= 0], minlength=len(self))
        cost[1:] -= np.where(self.role == POOL, 4, 0) + np.where(readers > 1, 3, 0)
        cost[1:-1] -= (self.role[1:] == LAYER) & (self.role[:-1] != LAYER)
        return cost
