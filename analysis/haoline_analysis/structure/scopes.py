"""The module tree of a model: which scope each op belongs to, and which scopes repeat."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.structure.blocks import find_blocks
from haoline_analysis.structure.hashing import Wiring
from haoline_analysis.structure.hoisting import hoist_common
from haoline_analysis.structure.identity import first_ranks, structure_classes
from haoline_analysis.structure.paths import PathPart
from haoline_analysis.structure.placement import Placement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Op
    from haoline_analysis.structure.blocks import Block
    from haoline_analysis.structure.tree import ScopeTree

MIN_COVERAGE = 0.1
"""Share of the ops that must say where they belong before their words are taken for a hierarchy."""


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
    """The module tree, from exporter metadata, else from op names, else from repeats in the op sequence.

    Ops that say nothing go where the ops around them are; control-flow bodies and calls of
    model-local functions are scopes of their own. Linear in ops and their inputs.
    """
    wiring = Wiring(model)
    computing = _computing(model, wiring)
    placement = Placement(model)
    placement.place_by_own_words()
    source = _source(placement)
    if source == "none":
        placement = Placement(model)
        if _place_blocks(model, wiring, placement, computing):
            source = "structure"
    else:
        hoist_common(model, placement.tree, placement.op_scope)
    placement.place_by_neighbours()
    placement.place_bodies()
    op_scope = np.asarray(placement.op_scope, np.int64)
    rank = np.arange(len(op_scope)) + np.where(computing, 0, len(op_scope))  # constants may stand anywhere in a file
    return _finish(wiring, placement.tree, op_scope, rank, source)


def _source(placement: Placement) -> str:
    """Whether what the ops say makes a hierarchy; a flat list of one-op scopes does not."""
    top = [scope for scope in placement.op_scope if scope > 0]
    speaking = placement.exported + placement.named
    flat = max(placement.tree.depths) < 2 and len(top) < 2 * (len(placement.tree) - 1)
    if speaking < MIN_COVERAGE * len(placement.op_scope) or not top or flat:
        return "none"
    return "exporter" if placement.exported >= placement.named else "names"


def _place_blocks(model: Model, wiring: Wiring, placement: Placement, computing: NDArray[np.bool_]) -> bool:
    """Synthetic scopes ``block_1`` … for repeats among the top-level ops that compute on activations."""
    moving = np.flatnonzero(computing & np.fromiter((op.parent < 0 for op in model.ops), bool, len(model.ops)))
    alike = wiring.op_hashes(weights=False)[moving]
    blocks = find_blocks(wiring.op_hashes()[moving], alike, _crossing(wiring, moving))
    for index in moving.tolist():
        placement.op_scope[index] = 0
    _grow(placement, moving.tolist(), blocks, 0, "block")
    return bool(blocks)


def _grow(placement: Placement, moving: list[int], blocks: list[Block], parent: int, prefix: str) -> None:
    above = placement.tree.paths[parent]
    for number, block in enumerate(blocks, 1):
        name = f"{prefix}_{number}"
        scope = placement.tree.child(parent, PathPart(name, f"{above}/{name}" if above else name))
        for position in range(block.start, block.stop):
            placement.op_scope[moving[position]] = scope
        _grow(placement, moving, block.inner, scope, "part")


def _computing(model: Model, wiring: Wiring) -> NDArray[np.bool_]:
    """Which ops depend on a model input, and so are not constants."""
    is_weight = np.array([tensor.weight is not None for tensor in model.tensors], bool)
    open_inputs = np.bincount(wiring.consumer[~is_weight[wiring.tensor]], minlength=wiring.ops)
    steps = [i for i in np.flatnonzero(open_inputs == 0).tolist() if not _in_flow(model.ops[i])]
    constant, left = set(steps), open_inputs.tolist()
    for index in steps:  # grows while it is walked
        for tensor in model.ops[index].outputs:
            for consumer in model.tensors[tensor].consumers if tensor >= 0 else ():
                reader = model.ops[consumer]
                left[consumer] -= 0 if is_weight[tensor] else reader.inputs.count(tensor)
                if left[consumer] <= 0 and consumer not in constant and not _in_flow(reader):
                    constant.add(consumer)
                    steps.append(consumer)
    out = np.ones(wiring.ops, bool)
    out[steps] = False
    return out


def _in_flow(op: Op) -> bool:
    return op.parent >= 0 or bool(op.bodies)


def _crossing(wiring: Wiring, moving: NDArray[np.int64]) -> NDArray[np.int64]:
    """Per cut before position i of the computing ops, how bad it is to cut there.

    Twice the tensors made before and read after; one less where the op before it feeds
    several readers, as the end of a residual block does.
    """
    count = len(moving)
    position = np.full(wiring.ops, -1, np.int64)
    position[moving] = np.arange(count)
    edge = wiring.producer >= 0
    made, read = position[wiring.producer[edge]], position[wiring.consumer[edge]]
    inside = (made >= 0) & (read >= 0)
    made, read, tensor = made[inside], read[inside], wiring.tensor[edge][inside]
    last = np.zeros(len(wiring.tensor_class), np.int64)
    np.maximum.at(last, tensor, read)
    tensors, first_use = np.unique(tensor, return_index=True)
    steps = np.zeros(count + 2, np.int64)
    np.add.at(steps, made[first_use] + 1, 2)
    np.add.at(steps, last[tensors] + 1, -2)
    crossing = np.cumsum(steps)[: count + 1]
    crossing[1:] -= np.bincount(made, minlength=count) > 1
    return crossing


def _finish(
    wiring: Wiring, tree: ScopeTree, op_scope: NDArray[np.int64], rank: NDArray[np.int64], source: str
) -> Scopes:
    """Drop empty scopes, merge single-child chains, order siblings by their first op, classify."""
    keep = _kept(tree, op_scope)
    order = _preorder(keep, first_ranks(op_scope, tree.parents, rank))
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


def _preorder(above: dict[int, int], first: list[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for scope, parent in above.items():
        children.setdefault(parent, []).append(scope)
    order: list[int] = []
    stack = [0]
    while stack:
        scope = stack.pop()
        order.append(scope)
        stack += sorted(children.get(scope, []), key=first.__getitem__, reverse=True)
    return order


def _short_name(tree: ScopeTree, scope: int, above: int) -> str:
    """Name below the kept parent: merged chains keep all their parts."""
    if scope == 0:
        return tree.names[0]
    parts: list[str] = []
    while scope != above:
        parts.append(tree.names[scope])
        scope = tree.parents[scope]
    return "/".join(reversed(parts))
