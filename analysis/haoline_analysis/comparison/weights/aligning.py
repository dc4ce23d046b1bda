"""Which weight of one model is which of another: names first, then what they are for, then shape and order.

Each step pairs only what is certain by its own sign: a name that both sides have once. What is left has no
counterpart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.comparison.weights.names import PARTS, Key, dotted, key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from haoline_analysis.comparison.weights.entries import Entry

NAME, FUNCTION, MODULE, ENDING, ORDER = "name", "function", "module", "end of the name", "shape and order"
"""How a pair was found, the surest first."""

SMALLEST = 2
"""Parts of a name that must agree for it to count as the same ending."""


@dataclass(slots=True, eq=False)
class Pair:
    """Weights that are each other's: one of each side, or several that the other side keeps as one."""

    first: tuple[Entry, ...]
    second: tuple[Entry, ...]
    how: str = ""


class Aligner:
    """The pairs found so far, and what is left of both sides."""

    def __init__(self, first: Sequence[Entry], second: Sequence[Entry]) -> None:
        """No pairs yet."""
        self.first, self.second = list(first), list(second)
        self.pairs: list[Pair] = []
        self._taken: set[int] = set()

    def run(self) -> list[Pair]:
        """All pairs in the order of the first side; what has no counterpart is a pair with an empty side."""
        self._by(NAME, lambda entry: [(dotted(name),) for name in (entry.name, *entry.aliases)])
        self._by_function()
        self._by(MODULE, lambda entry: [(text,) for text in (dotted(entry.name), entry.module) if text])
        self._by_endings()
        self._by_order()
        self.pairs += [Pair((entry,), ()) for entry in self._left(self.first)]
        self.pairs += [Pair((), (entry,)) for entry in self._left(self.second)]
        places = {id(entry): place for place, entry in enumerate([*self.first, *self.second])}
        return sorted(self.pairs, key=lambda pair: min(places[id(entry)] for entry in pair.first or pair.second))

    def _left(self, side: Iterable[Entry]) -> list[Entry]:
        return [entry for entry in side if id(entry) not in self._taken]

    def _pair(self, first: Sequence[Entry], second: Sequence[Entry], how: str) -> None:
        self.pairs.append(Pair(tuple(first), tuple(second), how))
        self._taken.update(id(entry) for entry in (*first, *second))

    def _by(self, how: str, keys: Callable[[Entry], Sequence[Hashable]], same_size: bool = False) -> None:
        """Pair the entries that share a key which each side has once."""
        ours, theirs = _unique(self._left(self.first), keys), _unique(self._left(self.second), keys)
        for found, entry in ours.items():
            other = theirs.get(found)
            if other is None or id(entry) in self._taken or id(other) in self._taken:
                continue
            if not same_size or entry.elements == other.elements:
                self._pair([entry], [other], how)

    def _by_function(self) -> None:
        """Pair by canonical names; parts that the other side stacks or joins are taken together."""
        ours, theirs = (_functions(self._left(side), side) for side in (self.first, self.second))
        _join(ours, theirs)
        _join(theirs, ours)
        for function, members in ours.items():
            others = theirs.get(function)
            if others and (len(members) == len(others) == 1 or _elements(members) == _elements(others)):
                self._pair(members, others, FUNCTION)

    def _by_endings(self) -> None:
        """Pair by the longest end of the name that each side has once; the number of elements must agree."""
        longest = max((entry.name.count(".") for entry in (*self.first, *self.second)), default=0) + 1
        for parts in range(min(longest, 16), SMALLEST - 1, -1):

            def ends(entry: Entry, parts: int = parts) -> list[Hashable]:
                names = (dotted(entry.name), entry.module)
                return [tuple(name.split(".")[-parts:]) for name in names if name.count(".") >= parts - 1]

            self._by(ENDING, ends, same_size=True)

    def _by_order(self) -> None:
        """Pair what is left of equal sizes in its order, where both sides have equally many."""
        waiting: dict[Hashable, list[Entry]] = defaultdict(list)
        for entry in self._left(self.second):
            waiting[_looks(entry)].append(entry)
        mine: dict[Hashable, list[Entry]] = defaultdict(list)
        for entry in self._left(self.first):
            mine[_looks(entry)].append(entry)
        for looks, members in mine.items():
            others = waiting.get(looks, [])
            if looks is not None and len(members) == len(others):
                for entry, other in zip(members, others, strict=True):
                    self._pair([entry], [other], ORDER)


def _looks(entry: Entry) -> Hashable:
    """Sizes of the axes whatever their order; None of what is too small or unknown to tell."""
    return entry.sizes if entry.parameters and entry.sizes else None


def _unique(entries: Iterable[Entry], keys: Callable[[Entry], Sequence[Hashable]]) -> dict[Hashable, Entry]:
    listed = [(found, entry) for entry in entries for found in dict.fromkeys(keys(entry))]
    counts = Counter(found for found, _ in listed)
    return {found: entry for found, entry in listed if counts[found] == 1}


def _functions(left: Sequence[Entry], whole: Sequence[Entry]) -> dict[Key, list[Entry]]:
    """Entries by their canonical names, which experts of one layer share."""
    names = [entry.name for entry in whole]
    both_sides = any("pre_feedforward_layernorm" in name or "post_attention_norm" in name for name in names)
    norm = "post_attention_norm" if both_sides else "ffn_norm"
    found: dict[Key, list[Entry]] = defaultdict(list)
    for entry in left:
        for name in (entry.name, entry.module, *entry.aliases):
            function = key(name, norm) if name else None
            if function is not None:
                found[function].append(entry)
                break
    stacks = {function.stack for function in found if function.number >= 0}
    if len(stacks) == 1:  # a lone stack needs no name
        return {function._replace(stack=""): members for function, members in found.items()}
    return dict(found)


def _join(whole: dict[Key, list[Entry]], parts: dict[Key, list[Entry]]) -> None:
    """Where one side keeps as one what the other has in parts, take the parts together."""
    for function in list(whole):
        names = PARTS.get(function.name)
        if names is None or function in parts:
            continue
        held = [parts.get(function._replace(name=name)) for name in names]
        if all(held):
            parts[function] = [entry for members in held if members for entry in members]
            for name in names:
                del parts[function._replace(name=name)]


def _elements(entries: Iterable[Entry]) -> int:
    return sum(entry.elements for entry in entries)
