"""Assigns each op to a scope: by what it says itself, else by its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.structure.paths import PathPart, PathReader, path_of
from haoline_analysis.structure.tree import ScopeTree

if TYPE_CHECKING:
    from haoline_analysis.model import Body, Model, Op

MAX_CONSUMERS = 16
"""Consumers looked at to place an op that says nothing; more of them point at the root anyway."""


class Placement:
    """Grows a tree of scopes and fills ``op_scope``; -1 until an op is placed."""

    def __init__(self, model: Model) -> None:
        """Start with the root alone."""
        self.model = model
        self.tree = ScopeTree(model.name)
        self.op_scope = [-1] * len(model.ops)
        self.exported = 0  # ops placed by exporter metadata
        self.named = 0  # ops placed by their own name
        self._reader = PathReader(model.ops)
        self._inner: dict[tuple[int, PathPart], int] = {}  # paths inside bodies and calls
        self._calls: dict[tuple[int, tuple[str, ...]], int] = {}

    def place_by_own_words(self) -> None:
        """Top-level ops that carry metadata or a hierarchical name."""
        own = self._own_scope
        self.op_scope = [own(0, op, -1) if op.parent < 0 else -1 for op in self.model.ops]

    def place_in_root(self) -> None:
        """Top-level ops of a model that says nothing; calls of its functions are scopes all the same."""
        self.op_scope = [
            -1 if op.parent >= 0 else self._call_scope(0, op.call_path) if op.call_path else 0 for op in self.model.ops
        ]

    def place_bodies(self) -> None:
        """Ops of control-flow bodies, under a scope named after the owner and the branch; owners come first."""
        for index, op in enumerate(self.model.ops):
            for body in op.bodies:
                self._place_body(index, op, body)

    def _place_body(self, owner: int, op: Op, body: Body) -> None:
        base = self._extend(self.op_scope[owner], _last_part(op.name))
        base = self._extend(base, body.attribute)
        for index in range(body.start, body.stop):
            inner = self.model.ops[index]
            if inner.parent == owner:
                self.op_scope[index] = self._own_scope(base, inner, default=base)

    def _own_scope(self, base: int, op: Op, default: int) -> int:
        if op.call_path:
            base = default = self._call_scope(base, op.call_path)
        if (not op.inputs or max(op.inputs) < 0) and not op.bodies:
            return default  # constants belong to whoever uses them
        path = self._reader.exported(op) if op.metadata and not op.call_path else None
        if path is not None:
            self.exported += 1
        else:
            path = self._reader.named(op.name)
            if path is None:
                return default
            self.named += 1
        if base == 0:
            return path.scope if path.scope >= 0 else self._attach(path)
        return self._attach_inside(base, path)

    def _call_scope(self, base: int, call_path: tuple[str, ...]) -> int:
        found = self._calls.get((base, call_path))
        if found is None:
            found = base
            for name in call_path:
                path = path_of(name, "/") or PathPart("call", "call")
                found = self._attach_inside(found, path) if found else self._attach(path)
            self._calls[base, call_path] = found
        return found

    def _attach(self, path: PathPart) -> int:
        """The scope of a path from the root; rows for all its parts."""
        if path.scope < 0:
            above = self._attach(path.above) if path.above is not None else 0
            if path.name:
                path.scope = self.tree.child(above, path)
            else:  # an exporter's path starts at the root module
                path.scope = above
                self.tree.class_names[above] = self.tree.class_names[above] or path.class_name
        return path.scope

    def _attach_inside(self, base: int, path: PathPart) -> int:
        """The scope of a path inside a body or call, which may repeat the names of the modules around it."""
        found = self._inner.get((base, path))
        if found is None:
            names = [part for part in path.chain() if part.name]
            known, shared = self.tree.chain(base), 0
            while shared < min(len(known), len(names)) and known[shared] == names[shared].name:
                shared += 1
            found = base
            for part in names[shared:]:
                found = self._extend(found, part.name, part.class_name)
            self._inner[base, path] = found
        return found

    def _extend(self, base: int, name: str, class_name: str | None = None) -> int:
        above = self.tree.paths[base]
        return self.tree.child(base, PathPart(name, f"{above}/{name}" if above else name, class_name=class_name))

    def place_by_neighbours(self) -> None:
        """Ops that say nothing: the lowest scope around what they read and who reads them; else the root."""
        common, scope, tensors = self.tree.common, self.op_scope, self.model.tensors
        silent = [i for i, op in enumerate(self.model.ops) if scope[i] < 0 and op.parent < 0]
        below = dict.fromkeys(silent, -1)
        for index in reversed(silent):
            for tensor in self.model.ops[index].outputs:
                if tensor >= 0:
                    for consumer in tensors[tensor].consumers[:MAX_CONSUMERS]:
                        known = below.get(consumer, scope[consumer])
                        below[index] = common(below[index], known)
        for index in silent:
            above = -1
            for tensor in self.model.ops[index].inputs:
                if tensor >= 0 and tensors[tensor].producer >= 0:
                    above = common(above, scope[tensors[tensor].producer])
            scope[index] = max(0, common(below[index], above))


def _last_part(name: str) -> str:
    return name.rpartition("/")[2] or name
