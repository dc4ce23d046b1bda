"""Which op of one model is which op of another.

Certain signs first, guesses never: names that are unique on both sides and fit their surroundings, then names of
weights, then what follows from matched neighbours, then equal surroundings in the same stretch of the execution order
(as a text diff aligns equal lines between anchors). What is left has no counterpart.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.comparison.side import TRANSPARENT, canonical

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from haoline_analysis.comparison.side import Side

ROUNDS = 3
"""Steps of neighbourhood that tell apart ops of one kind."""


def match(first: Side, second: Side) -> NDArray[np.int32]:
    """The row in ``second`` of each op of ``first``, -1 where it has no counterpart; int32 [ops of first]."""
    return Matcher(first, second).run()


class Matcher:
    """The pairs found so far."""

    def __init__(self, first: Side, second: Side) -> None:
        """No pairs yet."""
        self.a, self.b = first, second
        self.there = [-1] * first.count
        self.back = [-1] * second.count
        self._news: deque[tuple[int, int]] = deque()

    def run(self) -> NDArray[np.int32]:
        """Match from certain to likely."""
        near_a, near_b = _surroundings(self.a, 0), _surroundings(self.b, 0)
        self._by_key(_outputs(self.a), _outputs(self.b), near_a, near_b)
        self._by_key(_named(self.a), _named(self.b), near_a, near_b)
        self._by_key(_weights(self.a), _weights(self.b))
        self._propagate()
        for rounds in (ROUNDS, 1, 0):
            self._align(_surroundings(self.a, rounds), _surroundings(self.b, rounds))
            self._propagate()
        self._replaced()
        self._wrappers()
        return np.asarray(self.there, np.int32)

    def _pair(self, i: int, j: int) -> None:
        if self.there[i] < 0 and self.back[j] < 0 and self.a.families[i] == self.b.families[j]:
            self.there[i], self.back[j] = j, i
            self._news.append((i, j))

    def _by_key(
        self,
        keys_a: Sequence[Hashable],
        keys_b: Sequence[Hashable],
        near_a: Sequence[int] | None = None,
        near_b: Sequence[int] | None = None,
    ) -> None:
        """Pairs ops whose key is unique on both sides; with ``near`` their surroundings must agree too.

        Exporters number what has no name: one op more, and ``add_3`` is ``add_4``.
        """
        rows_b, rows_a = _unique(keys_b), _unique(keys_a)
        for key, i in rows_a.items():
            j = rows_b.get(key, -1)
            if j >= 0 and (near_a is None or near_b is None or near_a[i] == near_b[j]):
                self._pair(i, j)

    def _propagate(self) -> None:
        """What computes the inputs of a matched pair is matched too, and so are lone readers of one kind."""
        while self._news:
            i, j = self._news.popleft()
            above_a, above_b = self._free(self.a.sources[i], self.there), self._free(self.b.sources[j], self.back)
            if len(self.a.sources[i]) == len(self.b.sources[j]):
                for p, q in zip(self.a.sources[i], self.b.sources[j], strict=True):
                    if p in above_a and q in above_b:
                        self._pair(p, q)
            self._pair_alike(above_a, above_b)
            self._pair_alike(self._free(self.a.readers[i], self.there), self._free(self.b.readers[j], self.back))

    @staticmethod
    def _free(ops: Sequence[int], taken: Sequence[int]) -> list[int]:
        return [op for op in dict.fromkeys(ops) if op >= 0 and taken[op] < 0]

    def _pair_alike(self, some: Sequence[int], others: Sequence[int]) -> None:
        """Pairs ops whose kind occurs once among each."""
        kinds, kinds_b = Counter(self.a.families[i] for i in some), Counter(self.b.families[j] for j in others)
        by_kind = {self.b.families[j]: j for j in others}
        for i in some:
            kind = self.a.families[i]
            if kinds[kind] == 1 and kinds_b[kind] == 1:
                self._pair(i, by_kind[kind])

    def _align(self, near_a: Sequence[int], near_b: Sequence[int]) -> None:
        """Pairs unmatched ops of equal surroundings between the same two anchors, in their order."""
        anchors = self._anchors()
        waiting: dict[tuple[int, int], deque[int]] = {}
        for j, i in enumerate(self.back):
            if i < 0 and self.b.types[j] not in TRANSPARENT:
                segment = bisect_left(anchors, j, key=lambda pair: pair[1])
                waiting.setdefault((segment, near_b[j]), deque()).append(j)
        for i, j in enumerate(self.there):
            if j >= 0 or self.a.types[i] in TRANSPARENT:
                continue
            segment = bisect_left(anchors, i, key=lambda pair: pair[0])
            queue = waiting.get((segment, near_a[i]))
            if queue:
                self._pair(i, queue.popleft())

    def _replaced(self) -> None:
        """Pairs ops of two kinds that make the tensor of one name from the same inputs."""
        rows_a = _unique([canonical(self.a.tensor_names[made[0]]) if made else None for made in self.a.makes])
        rows_b = _unique([canonical(self.b.tensor_names[made[0]]) if made else None for made in self.b.makes])
        for name, i in rows_a.items():
            j = rows_b.get(name, -1)
            if j < 0 or self.there[i] >= 0 or self.back[j] >= 0 or TRANSPARENT & {self.a.types[i], self.b.types[j]}:
                continue
            sources = tuple(self.there[source] if source >= 0 else -1 for source in self.a.sources[i])
            if sources == self.b.sources[j]:
                self.there[i], self.back[j] = j, i

    def _wrappers(self) -> None:
        """Pairs casts and quantizers that wrap the same value in the same way, in their order."""
        waiting: dict[Hashable, deque[int]] = {}
        for j in _wrapping(self.b, self.back):
            waiting.setdefault(_wrapped(self.b, j, range(self.b.count)), deque()).append(j)
        for i in _wrapping(self.a, self.there):
            queue = waiting.get(_wrapped(self.a, i, self.there))
            if queue:
                self._pair(i, queue.popleft())

    def _anchors(self) -> list[tuple[int, int]]:
        """The longest run of pairs that both models execute in the same order."""
        tails: list[int] = []
        rows: list[int] = []
        before = [-1] * self.a.count
        for i, j in enumerate(self.there):
            if j < 0:
                continue
            at = bisect_left(tails, j)
            before[i] = rows[at - 1] if at else -1
            tails[at : at + 1] = [j]
            rows[at : at + 1] = [i]
        chain: list[tuple[int, int]] = []
        i = rows[-1] if rows else -1
        while i >= 0:
            chain.append((i, self.there[i]))
            i = before[i]
        return chain[::-1]


def _wrapping(side: Side, taken: Sequence[int]) -> list[int]:
    return [op for op in range(side.count) if taken[op] < 0 and side.types[op] in TRANSPARENT]


def _wrapped(side: Side, op: int, there: Sequence[int]) -> Hashable:
    """What is wrapped (an op, by its row in the second model; an input or a weight, by its name) and into what."""
    made, read = side.makes[op], side.reads[op]
    coat = (side.types[op], side.dtypes[made[0]] if made else None)
    if not read:
        return coat
    source = side.behind(read[0])
    if source >= 0:
        return (*coat, there[source], None)
    stored = [canonical(side.tensor_names[tensor]) for tensor in side.stored(op)[:1]]
    return (*coat, None, stored[0] if stored else side.tensor_names[read[0]])


def _unique(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    counts = Counter(keys)
    return {key: i for i, key in enumerate(keys) if key is not None and counts[key] == 1}


def _outputs(side: Side) -> list[Hashable]:
    return [
        (side.families[op], canonical(side.tensor_names[made[0]])) if made else None
        for op, made in enumerate(side.makes)
    ]


def _named(side: Side) -> list[Hashable]:
    return [(side.families[op], canonical(name)) if name else None for op, name in enumerate(side.names)]


def _weights(side: Side) -> list[Hashable]:
    keys: list[Hashable] = []
    for op in range(side.count):
        weight = -1 if side.types[op] in TRANSPARENT else side.weight(op)
        keys.append(None if weight < 0 else (side.families[op], canonical(side.tensor_names[weight])))
    return keys


def _surroundings(side: Side, rounds: int) -> list[int]:
    """A number per op for its kind, output shape and what stands around it (Weisfeiler and Leman's refinement)."""
    keys = [
        hash((side.families[op], side.shape(op), tuple(side.families[s] if s >= 0 else "" for s in side.sources[op])))
        for op in range(side.count)
    ]
    for _ in range(rounds):
        keys = [
            hash(
                (
                    keys[op],
                    tuple(keys[s] if s >= 0 else 0 for s in side.sources[op]),
                    tuple(sorted(keys[r] for r in side.readers[op])),
                )
            )
            for op in range(side.count)
        ]
    return keys
