"""The tree of scopes while it grows: interned children, ancestors, common ancestors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.structure.paths import PathPart


@dataclass(slots=True)
class ScopeTree:
    """Scopes as parallel lists; row 0 is the root, and parents precede their children."""

    root_name: str
    paths: list[str] = field(default_factory=lambda: [""])
    names: list[str] = field(init=False)
    parents: list[int] = field(default_factory=lambda: [-1])
    class_names: list[str | None] = field(default_factory=lambda: [None])
    depths: list[int] = field(default_factory=lambda: [0])
    _children: dict[tuple[int, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the root after the model."""
        self.names = [self.root_name]

    def __len__(self) -> int:
        """Number of scopes, the root included."""
        return len(self.parents)

    def child(self, parent: int, part: PathPart) -> int:
        """The child of that name, made where there is none."""
        key = (parent, part.name)
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = len(self.parents)
            self.paths.append(part.path)
            self.names.append(part.name)
            self.parents.append(parent)
            self.class_names.append(part.class_name)
            self.depths.append(self.depths[parent] + 1)
        return found

    def add(self, parent: int, name: str, path: str, class_name: str | None) -> int:
        """A new child, which ``child`` will not find."""
        self.paths.append(path)
        self.names.append(name)
        self.parents.append(parent)
        self.class_names.append(class_name)
        self.depths.append(-1)
        return len(self.parents) - 1

    def in_order(self, op_scope: NDArray[np.int64]) -> tuple[ScopeTree, NDArray[np.int64]]:
        """The same tree with parents before children again, after some have been moved, and the scopes of ops in it."""
        below: list[list[int]] = [[] for _ in self.parents]
        for scope in range(1, len(self)):
            below[self.parents[scope]].append(scope)
        order = [0]
        for scope in order:  # grows while it is walked
            order += below[scope]
        row = np.zeros(len(self), np.int64)
        row[order] = np.arange(len(order))
        out = ScopeTree(self.root_name)
        out.class_names[0] = self.class_names[0]
        for scope in order[1:]:
            parent = int(row[self.parents[scope]])
            out.add(parent, self.names[scope], self.paths[scope], self.class_names[scope])
            out.depths[-1] = out.depths[parent] + 1
        return out, row[op_scope]

    def chain(self, scope: int) -> list[str]:
        """Names from below the root down to the scope."""
        names: list[str] = []
        while scope > 0:
            names.append(self.names[scope])
            scope = self.parents[scope]
        return names[::-1]

    def common(self, first: int, second: int) -> int:
        """Lowest scope that holds both; -1 stands for not known and yields the other."""
        if first < 0 or second < 0:
            return max(first, second)
        return lowest_common(self.parents, self.depths, first, second)


def lowest_common(parents: list[int], depths: list[int], first: int, second: int) -> int:
    """Lowest common ancestor of two scopes, by climbing."""
    while first != second:
        if depths[first] >= depths[second]:
            first = parents[first]
        else:
            second = parents[second]
    return first
