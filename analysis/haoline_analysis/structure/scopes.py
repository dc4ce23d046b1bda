"""The module tree of a model: which scope each op belongs to, and which scopes repeat."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.structure.crowding import crowded_scopes, relieve
from haoline_analysis.structure.dataflow import carrying, computing
from haoline_analysis.structure.groups import CROWDED
from haoline_analysis.structure.hashing import Wiring
from haoline_analysis.structure.hoisting import hoist_common
from haoline_analysis.structure.identity import first_ranks, last_ranks, structure_classes
from haoline_analysis.structure.placement import Placement
from haoline_analysis.structure.tree import ScopeTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model

    I64 = NDArray[np.int64]

MIN_COVERAGE = 0.1
"""Share of the ops that must say where they belong before their words are taken for a hierarchy."""


SMALL_MODEL = 30
"""Ops below which a model without names is drawn as it is."""


MANY_CONSTANTS = 1000
"""Ops of any sort above which even the constants of a model are put in groups."""


class Repeat(NamedTuple):
    """Neighbouring sibling scopes of one structure, drawn as one block times ``len(scopes)``."""

    parent: int
    structure: int
    scopes: tuple[int, ...]


@dataclass(eq=False)
class Scopes:
    """Parallel lists, one entry per scope. Row 0 is the root; parents precede children, siblings run in op order."""

    path: list[str]  # in full, "" for the root
    name: list[str]  # last part; the root is named after the model
    parent: NDArray[np.int32]  # -1 for the root
    class_name: list[str | None]  # the module's class, where the exporter recorded it
    structure: NDArray[np.int32]  # equal numbers are structurally identical subtrees
    op_scope: NDArray[np.int32]  # [ops] the innermost scope of each op
    source: str = "none"  # where the tree comes from: exporter | names | structure | none
    depth: list[int] = field(init=False)

    def __post_init__(self) -> None:
        """Derive depths (root: 0)."""
        self.depth = [0] * len(self.path)
        for scope, parent in enumerate(self.parent.tolist()):
            self.depth[scope] = self.depth[parent] + 1 if parent >= 0 else 0

    def __len__(self) -> int:
        """Number of scopes, the root included."""
        return len(self.path)

    def children(self) -> list[list[int]]:
        """Child scopes of each scope, in op order."""
        out: list[list[int]] = [[] for _ in self.path]
        for scope, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                out[parent].append(scope)
        return out

    def inclusive(self, values: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
        """Sums of a per-op column over whole subtrees, float64 [scopes]; unknown (NaN) ops are left out of the sum."""
        known = np.nan_to_num(np.asarray(values, np.float64), nan=0.0)
        sums = np.bincount(self.op_scope, known, minlength=len(self)).tolist()
        parents = self.parent.tolist()
        for scope in range(len(self) - 1, 0, -1):
            sums[parents[scope]] += sums[scope]
        return np.asarray(sums)

    def repeats(self, min_ops: int = 4) -> list[Repeat]:
        """Runs of two or more neighbouring siblings of the same structure, of at least ``min_ops`` ops each.

        Smaller ones (the query, key and value projections of an attention) read better drawn out.
        """
        found: list[Repeat] = []
        ops = self.inclusive(np.ones(len(self.op_scope)))
        small = (ops < min_ops).tolist()
        classes = [-i if small[i] else kind for i, kind in enumerate(self.structure.tolist())]
        for parent, children in enumerate(self.children()):
            cuts = [i for i, (a, b) in enumerate(pairwise(children), 1) if classes[a] != classes[b]]
            for start, stop in pairwise([0, *cuts, len(children)]):
                if stop - start > 1:
                    found.append(Repeat(parent, classes[children[start]], tuple(children[start:stop])))
        return found


def build_scopes(model: Model) -> Scopes:
    """The module tree, from exporter metadata, else from op names, else from the structure of the graph.

    Ops that say nothing go where the ops around them are; control-flow bodies and calls of model-local functions are
    scopes of their own. A scope too crowded to be read gets groups inside, found by structure. n log n in ops and
    their inputs.
    """
    wiring = Wiring(model)
    computed = computing(model, wiring)
    placement = Placement(model)
    placement.place_by_own_words()
    source = _source(placement)
    if source == "none":
        placement = Placement(model)
        placement.place_in_root()
    else:
        hoist_common(model, placement.tree, placement.op_scope)
        placement.place_by_neighbours()
    placement.place_bodies()
    op_scope = np.asarray(placement.op_scope, np.int64)
    rank = np.arange(len(op_scope)) + np.where(computed, 0, len(op_scope))  # constants may stand anywhere in a file
    if source == "none":
        return _without_names(model, wiring, placement.tree, op_scope, rank, computed)
    return _uncrowded(model, wiring, _finish(wiring, placement.tree, op_scope, rank, source), rank, computed)


def _without_names(
    model: Model, wiring: Wiring, tree: ScopeTree, op_scope: I64, rank: I64, computed: NDArray[np.bool_]
) -> Scopes:
    main = carrying(model, wiring, computed)
    held = np.bincount(op_scope[main], minlength=len(tree))
    crowded = [scope for scope, ops in enumerate(held.tolist()) if ops >= (CROWDED if scope else SMALL_MODEL)]
    if not crowded and len(op_scope) > MANY_CONSTANTS:
        crowded = [0]
    given = len(tree)
    if crowded:
        tree, op_scope = relieve(model, wiring, main, tree, op_scope, crowded, nameless=True)
    return _finish(wiring, tree, op_scope, rank, "structure" if len(tree) > given else "none")


def _uncrowded(model: Model, wiring: Wiring, scopes: Scopes, rank: I64, computed: NDArray[np.bool_]) -> Scopes:
    """The same scopes, with groups in those that would be too crowded to be read."""
    if not crowded_scopes(scopes.parent, scopes.structure, scopes.op_scope, np.ones(wiring.ops, bool)):
        return scopes
    main = carrying(model, wiring, computed)
    crowded = crowded_scopes(scopes.parent, scopes.structure, scopes.op_scope, main)
    if not crowded:
        return scopes
    tree, op_scope = relieve(model, wiring, main, _tree_of(scopes), scopes.op_scope.astype(np.int64), crowded)
    return _finish(wiring, tree, op_scope, rank, scopes.source)


def _tree_of(scopes: Scopes) -> ScopeTree:
    tree = ScopeTree(scopes.name[0])
    tree.class_names[0] = scopes.class_name[0]
    for scope in range(1, len(scopes)):
        tree.add(int(scopes.parent[scope]), scopes.name[scope], scopes.path[scope], scopes.class_name[scope])
    return tree


def _source(placement: Placement) -> str:
    """Whether what the ops say makes a hierarchy; a flat list of one-op scopes does not."""
    top = [scope for scope in placement.op_scope if scope > 0]
    speaking = placement.exported + placement.named
    flat = max(placement.tree.depths) < 2 and len(top) < 2 * (len(placement.tree) - 1)
    if speaking < MIN_COVERAGE * len(placement.op_scope) or not top or flat:
        return "none"
    return "exporter" if placement.exported >= placement.named else "names"


def _finish(
    wiring: Wiring, tree: ScopeTree, op_scope: NDArray[np.int64], rank: NDArray[np.int64], source: str
) -> Scopes:
    """Drop empty scopes, merge single-child chains, order siblings by their first op, classify."""
    keep = _kept(tree, op_scope)
    order = _preorder(keep, first_ranks(op_scope, tree.parents, rank), last_ranks(op_scope, tree.parents, rank))
    row = {scope: index for index, scope in enumerate(order)}
    parents = [-1 if scope == 0 else row[keep[scope]] for scope in order]
    moved = np.zeros(len(tree), np.int64)
    moved[order] = np.arange(len(order))
    rows = moved[op_scope] if len(op_scope) else op_scope
    return Scopes(
        path=[tree.paths[scope] for scope in order],
        name=[_short_name(tree, scope, keep[scope]) for scope in order],
        parent=np.asarray(parents, np.int32),
        class_name=[tree.class_names[scope] for scope in order],
        structure=structure_classes(wiring, rows, parents, rank),
        op_scope=rows.astype(np.int32),
        source=source,
    )


def _kept(tree: ScopeTree, op_scope: NDArray[np.int64]) -> dict[int, int]:
    """Scopes worth a row and the row above each: those with ops of their own or with several children."""
    own = np.bincount(op_scope, minlength=len(tree)).tolist()
    children, inside = [0] * len(tree), list(own)
    for scope in range(len(tree) - 1, 0, -1):
        if inside[scope]:
            inside[tree.parents[scope]] += inside[scope]
            children[tree.parents[scope]] += 1
    kept: dict[int, int] = {0: -1}
    above = [0] * len(tree)  # nearest kept scope, the scope itself included
    for scope in range(1, len(tree)):
        parent = above[tree.parents[scope]]
        worth = own[scope] or children[scope] > 1
        above[scope] = scope if worth else parent
        if worth:
            kept[scope] = parent
    return kept


def _preorder(above: dict[int, int], first: list[int], last: list[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for scope, parent in above.items():
        children.setdefault(parent, []).append(scope)
    order: list[int] = []
    stack = [0]
    while stack:
        scope = stack.pop()
        order.append(scope)
        below = sorted(children.get(scope, []), key=first.__getitem__)
        stack += reversed(_uninterrupted(below, last))
    return order


def _uninterrupted(scopes: list[int], last: list[int]) -> list[int]:
    """A scope that runs amid another, as a mask made in the first layer, comes before it, not between two layers."""
    out = list(scopes)
    for at in range(1, len(out)):
        if 0 <= last[out[at]] < last[out[at - 1]]:
            out[at - 1 : at + 1] = out[at], out[at - 1]
    return out


def _short_name(tree: ScopeTree, scope: int, above: int) -> str:
    """Name below the kept parent: merged chains keep all their parts."""
    if scope == 0:
        return tree.names[0]
    parts: list[str] = []
    while scope != above:
        parts.append(tree.names[scope])
        scope = tree.parents[scope]
    return "/".join(reversed(parts))
