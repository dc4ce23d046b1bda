"""Puts constants and shape arithmetic with those who read them, once the ops that carry activations are grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from haoline_analysis.structure.tree import lowest_common

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model
    from haoline_analysis.structure.tree import ScopeTree

    I64 = NDArray[np.int64]


class Order(Protocol):
    """When ops run, and which op of the main graph each belongs to."""

    rank: I64
    owner: I64


def settle(
    model: Model, tree: ScopeTree, op_scope: I64, main: NDArray[np.bool_], order: Order, divided: set[int]
) -> None:
    """Move the ops beside the computation out of ``divided`` scopes into the group of their readers.

    Changes ``op_scope``. Groups are stretches of ``order``.
    """
    aside = np.flatnonzero(~main)
    aside = aside[np.argsort(order.rank[aside], kind="stable")].tolist()
    if aside:
        _Settler(model, tree, op_scope, main, order, divided).settle(aside)


class _Settler:
    def __init__(
        self, model: Model, tree: ScopeTree, op_scope: I64, main: NDArray[np.bool_], order: Order, divided: set[int]
    ) -> None:
        self._model, self._parents = model, tree.parents
        self._depths = _depths(tree.parents)
        self._result = op_scope
        self._scope: list[int] = op_scope.tolist()
        self._main, self._rank, self._divided = main.tolist(), order.rank.tolist(), divided
        self._owner = order.owner.tolist()
        self._source = [-1] * len(self._main)  # the last op with activations that an op aside rests on
        self._reader = [-1] * len(self._main)  # the first that needs it

    def settle(self, aside: list[int]) -> None:
        for index in aside:
            self._find_source(index)
        for index in reversed(aside):
            readers = self._readers(index)
            if readers and self._scope[index] in self._divided:
                self._scope[index] = self._home(index, readers)
                self._result[index] = self._scope[index]

    def _find_source(self, index: int) -> None:
        best = -1
        for tensor in self._model.ops[index].inputs:
            producer = self._model.tensors[tensor].producer if tensor >= 0 else -1
            if producer >= 0:
                source = producer if self._main[producer] else self._source[producer]
                if source >= 0 and (best < 0 or self._rank[source] > self._rank[best]):
                    best = source
        self._source[index] = best

    def _readers(self, index: int) -> list[int]:
        """Ops of the main graph that read its results; remembers the first that carries activations."""
        found = [
            self._owner[consumer]
            for tensor in self._model.ops[index].outputs
            if tensor >= 0
            for consumer in self._model.tensors[tensor].consumers
        ]
        needing = [reader if self._main[reader] else self._reader[reader] for reader in found]
        self._reader[index] = min((op for op in needing if op >= 0), key=self._rank.__getitem__, default=-1)
        return found

    def _home(self, index: int, readers: list[int]) -> int:
        """The lowest scope around all readers, within the scope where it is.

        Where it rests on the group of its first reader, it belongs in there: outside, values would run out of that
        group and back into it.
        """
        scope, own = self._scope, self._scope[index]
        home = scope[readers[0]]
        for reader in readers:
            if home == own:
                break
            home = self._common(home, scope[reader])
        if self._common(home, own) != own:
            return own
        source, first = self._source[index], self._reader[index]
        if source >= 0 and first >= 0:
            shared = self._common(scope[source], scope[first])
            if self._depths[shared] > self._depths[home] and self._common(shared, home) == home:
                return shared
        return home

    def _common(self, first: int, second: int) -> int:
        return first if first == second else lowest_common(self._parents, self._depths, first, second)


def _depths(parents: list[int]) -> list[int]:
    """Depth of each scope; a parent may have a higher number than its child."""
    depths = [-1] * len(parents)
    depths[0] = 0
    for scope in range(len(parents)):
        chain = []
        at = scope
        while depths[at] < 0:
            chain.append(at)
            at = parents[at]
        for below in reversed(chain):
            depths[below] = depths[parents[below]] + 1
    return depths
