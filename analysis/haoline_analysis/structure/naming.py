"""Makes scopes of the groups found by structure, and names them by what they hold."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.contents import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.structure.contents import Contents
    from haoline_analysis.structure.groups import Group, Part
    from haoline_analysis.structure.tree import ScopeTree

    I64 = NDArray[np.int64]

ENDS = frozenset({"conv_block", "mlp"})
"""Kinds that at the beginning or end of a model are its stem or head."""


class Namer:
    """Names groups of one scope; equal groups are looked at once."""

    def __init__(self, contents: Contents, tree: ScopeTree, ops: I64, bounds: I64) -> None:
        """Args: ops: of the scope's subtree in execution order; bounds: first op of each unit, and the end."""
        self._contents, self._tree = contents, tree
        self._ops, self._bounds = ops, bounds
        self._kinds: dict[tuple[int, str, bool], Kind] = {}
        self._names: dict[tuple[int, str], list[tuple[str, Kind]]] = {}
        self._paths = set(tree.paths)

    def place(self, parts: list[Part], scope: int, *, whole: bool) -> I64:
        """Adds scopes below ``scope``; the innermost one of each op. ``whole``: these are the parts of a model."""
        home = np.full(len(self._ops), scope, np.int64)
        bounds = self._bounds.tolist()
        waiting = [(parts, 0, scope, "model" if whole else "")]
        while waiting:
            inside, base, parent, around = waiting.pop()
            above = self._tree.paths[parent]
            for part, (name, kind) in zip(inside, self._named(inside, base, around), strict=True):
                start = base + part.start
                new = self._add(parent, above, name, kind.phrase)
                home[bounds[start] : bounds[start + part.group.size]] = new
                if part.group.parts:
                    waiting.append((part.group.parts, start, new, kind.word))
        return home

    def _named(self, parts: list[Part], base: int, around: str) -> list[tuple[str, Kind]]:
        """Names and kinds of neighbours; several of one kind are numbered."""
        key = (id(parts), around)
        found = self._names.get(key)
        if found is None:
            many = _in_runs(parts)
            kinds = [self._kind(part, base, around, part.group.repeated or id(part.group) in many) for part in parts]
            if around == "model" and len(parts) > 1:
                self._name_ends(parts, kinds)
            found = self._names[key] = _numbered(kinds)
        return found

    def _name_ends(self, parts: list[Part], kinds: list[Kind]) -> None:
        """The first and last group of a model, where they are none of its repeated blocks."""
        counts = Counter(kind.word for kind in kinds)
        first, last = kinds[0], kinds[-1]
        staged = counts["stage"] > 0
        if first.word == "conv_block" and (staged or counts[first.word] == 1):
            kinds[0] = Kind("stem", first.phrase)
        own = (last.word in ENDS or last.by_types) and (staged or counts[last.word] == 1)
        known = not all(kind.by_types for kind in kinds[:-1])
        start, stop = (self._bounds[at] for at in (parts[-1].start, parts[-1].stop))
        if own and known and stop == len(self._ops) and self._contents.is_layer[self._ops[start:stop]].any():
            kinds[-1] = Kind("head", last.phrase)

    def _kind(self, part: Part, base: int, around: str, repeated: bool) -> Kind:
        key = (id(part.group), around, repeated)
        found = self._kinds.get(key)
        if found is None:
            start, stop = (self._bounds[base + at] for at in (part.start, part.stop))
            found = self._kinds[key] = self._look(part.group, self._ops[start:stop], around, repeated)
        return found

    def _look(self, group: Group, ops: I64, around: str, repeated: bool) -> Kind:
        types = self._contents.by_types(ops)
        if group.stage:
            return Kind("stage", types.phrase)
        certain = self._contents.kind(ops)
        if certain is not None:
            return Kind("expert", "Expert") if repeated and around == "moe" else certain
        block = repeated and group.parts and self._contents.is_layer[ops].any()
        return Kind("block", types.phrase) if block else types

    def _add(self, parent: int, above: str, name: str, phrase: str) -> int:
        path = free = f"{above}/{name}" if above else name
        number = 1
        while free in self._paths:
            number += 1
            free = f"{path}_{number}"
        self._paths.add(free)
        return self._tree.add(parent, name if free == path else f"{name}_{number}", free, phrase)


def _numbered(kinds: list[Kind]) -> list[tuple[str, Kind]]:
    counts = Counter(kind.word for kind in kinds)
    seen: Counter[str] = Counter()
    named = []
    for kind in kinds:
        seen[kind.word] += 1
        named.append((f"{kind.word}_{seen[kind.word]}" if counts[kind.word] > 1 else kind.word, kind))
    return named


def _in_runs(parts: list[Part]) -> set[int]:
    """The groups that follow an equal one."""
    return {id(part.group) for before, part in pairwise(parts) if part.continues(before)}
