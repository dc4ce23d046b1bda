"""Gives scopes that hold too much to be read groups inside, found by structure.

A file without names is the extreme case: everything lies in the root. But a module may be crowded too, where an
exporter flattened it or a mask takes a hundred ops. The scopes of the file stay; groups come between a crowded scope
and its members. Groups are contiguous in an execution order, so that values flow one way between siblings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.contents import Contents
from haoline_analysis.structure.groups import CROWDED, LIMIT
from haoline_analysis.structure.hubs import hub_values, prepared_first
from haoline_analysis.structure.naming import Namer
from haoline_analysis.structure.nesting import Nester
from haoline_analysis.structure.settling import settle
from haoline_analysis.structure.units import Held, Units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.structure.groups import Part
    from haoline_analysis.structure.hashing import Wiring
    from haoline_analysis.structure.sequence import Sequence
    from haoline_analysis.structure.tree import ScopeTree

    I64 = NDArray[np.int64]


def crowded_scopes(
    parent: NDArray[np.int32], structure: NDArray[np.int32], op_scope: NDArray[np.int32], shown: NDArray[np.bool_]
) -> list[int]:
    """Scopes with more than ``CROWDED`` members among the ops ``shown``; a run of equal neighbours counts once."""
    scopes, ops = len(parent), np.flatnonzero(shown)
    home = op_scope[ops].astype(np.int64)
    direct = np.bincount(home, minlength=scopes)
    members = direct + np.bincount(parent[1:], minlength=scopes)
    if members.max(initial=0) <= CROWDED:
        return []
    first, last = _extents(parent.tolist(), home, ops, len(op_scope))
    child = np.flatnonzero(last[1:] >= 0) + 1
    child = child[np.lexsort((first[child], parent[child]))]
    before, after = child[:-1], child[1:]
    loose = np.sort(home * len(op_scope) + ops)  # ops of a scope between two of its children
    base = parent[after].astype(np.int64) * len(op_scope)
    between = np.searchsorted(loose, base + first[after]) > np.searchsorted(loose, base + last[before])
    again = (parent[before] == parent[after]) & (structure[before] == structure[after]) & ~between
    counted = np.concatenate((child[:1], after[~again]))
    return np.flatnonzero(direct + np.bincount(parent[counted], minlength=scopes) > CROWDED).tolist()


def _extents(parents: list[int], home: I64, ops: I64, none: int) -> tuple[I64, I64]:
    """First and last op in each subtree; the last is -1 where there is none."""
    first, last = np.full(len(parents), none, np.int64), np.full(len(parents), -1, np.int64)
    np.minimum.at(first, home, ops)
    np.maximum.at(last, home, ops)
    low, high = first.tolist(), last.tolist()
    for scope in range(len(parents) - 1, 0, -1):
        above = parents[scope]
        low[above], high[above] = min(low[above], low[scope]), max(high[above], high[scope])
    return np.asarray(low, np.int64), np.asarray(high, np.int64)


def relieve(
    model: Model,
    wiring: Wiring,
    main: NDArray[np.bool_],
    tree: ScopeTree,
    op_scope: I64,
    crowded: list[int],
    *,
    nameless: bool = False,
) -> tuple[ScopeTree, I64]:
    """A tree with groups between the crowded scopes and their members, and the scope of each op in it.

    ``main`` are the ops that carry activations: constants and shape arithmetic go with those who read them. In a
    ``nameless`` model, whose file says nothing of the order of things, preparation may move to the front.
    """
    return _Relief(model, wiring, main, tree, op_scope).relieve(crowded, nameless=nameless)


class _Relief:
    def __init__(self, model: Model, wiring: Wiring, main: NDArray[np.bool_], tree: ScopeTree, op_scope: I64) -> None:
        self._model, self._main, self._tree = model, main, tree
        self._op_scope = op_scope.copy()
        self._contents = Contents(model, wiring, main)
        self._units = Units(model, wiring, main, op_scope, tree.parents)
        self._nester = Nester()

    def relieve(self, crowded: list[int], *, nameless: bool) -> tuple[ScopeTree, I64]:
        for scope in crowded:
            self._divide(scope, whole=nameless and scope == 0)
        settle(self._model, self._tree, self._op_scope, self._main, self._units, set(crowded))
        for scope in crowded:
            self._shelve_constants(scope)
        return self._tree.in_order(self._op_scope)

    def _divide(self, scope: int, *, whole: bool) -> None:
        held, sequence, apart = self._arranged(scope, whole=whole)
        common = hub_values(sequence) | (sequence.made < (apart[-1][1] if apart else 0)) & (sequence.made >= 0)
        flow = sequence.without(common).joined(held.starts)
        parts = self._nester.top(flow, apart)
        home = self._placed(parts, scope, held.ops, np.append(held.starts, len(held.ops)), whole=whole)
        own = held.child < 0
        self._op_scope[held.ops[own]] = home[own]
        for number, child in enumerate(self._units.children(scope).tolist()):
            inside = np.flatnonzero(held.child == number)
            if len(inside):
                self._tree.parents[child] = int(home[inside[0]])

    def _arranged(self, scope: int, *, whole: bool) -> tuple[Held, Sequence, list[tuple[int, int]]]:
        """Members and values of a scope; of a model without names, preparation first, in the stretches returned."""
        held = self._units.held(scope)
        sequence = self._sequence(held.ops)
        if not whole:
            return held, sequence, []
        order, apart = prepared_first(self._model, self._contents, held.ops, sequence)
        held = self._units.arranged(scope, held.ops[order])
        self._units.reorder(held.ops)
        return held, self._sequence(held.ops), apart

    def _sequence(self, ops: I64) -> Sequence:
        return self._units.sequence(ops, self._contents.role, self._contents.type)

    def _placed(self, parts: list[Part], scope: int, ops: I64, bounds: I64, *, whole: bool = False) -> I64:
        return Namer(self._contents, self._tree, ops, bounds).place(parts, scope, whole=whole)

    def _shelve_constants(self, scope: int) -> None:
        """Constants that several groups read, or one op reads by the thousand, stay; not loose, where they are many."""
        ops = np.flatnonzero((self._op_scope == scope) & ~self._main)
        ops = ops[self._units.is_source(ops)]
        if len(ops) > LIMIT:
            sequence = self._sequence(ops)
            bounds = np.arange(len(ops) + 1)
            self._op_scope[ops] = self._placed(
                self._nester.top(sequence.without(sequence.made >= 0)), scope, ops, bounds
            )
