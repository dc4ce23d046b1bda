"""Which subtrees of the scope tree are the same structure, whatever they are called.

Two scopes are the same class when their ops have equal types, attributes and constant
shapes in the same order, are wired to one another in the same way, and their child scopes
are pairwise the same. What they read from outside is not compared: the first of twelve
layers reads the embedding, the others read a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.hashing import FROM, MASK, SLOT, Wiring, mix, mix_int
from haoline_analysis.structure.tree import lowest_common

if TYPE_CHECKING:
    from numpy.typing import NDArray

    I64 = NDArray[np.int64]
    U64 = NDArray[np.uint64]


@dataclass(slots=True)
class Layout:
    """Ops in an order in which each subtree is contiguous: positions of ops, first position of scopes."""

    op_position: I64
    scope_start: I64
    offset: I64  # of each scope inside its parent


def structure_classes(wiring: Wiring, op_scope: I64, parents: list[int], rank: I64) -> NDArray[np.int32]:
    """Class number per scope; equal numbers are structurally identical subtrees.

    ``rank`` [ops] orders ops. Linear in ops and inputs, but for the sorting.
    """
    layout = lay_out(op_scope, parents, rank)
    scopes = len(parents)
    total = np.zeros(scopes, np.uint64)
    ops = wiring.op_hashes()
    place = (layout.op_position - layout.scope_start[op_scope]).astype(np.uint64)
    np.add.at(total, op_scope, mix(ops + place * SLOT))
    _add_edges(total, wiring, op_scope, parents, layout)
    sums = total.tolist()
    offsets = layout.offset.tolist()
    hashes = [0] * scopes
    for scope in range(scopes - 1, -1, -1):  # children follow their parents
        hashes[scope] = mix_int(sums[scope])
        parent = parents[scope]
        if parent >= 0:
            sums[parent] = (sums[parent] + mix_int((hashes[scope] ^ int(FROM)) + offsets[scope] * int(SLOT))) & MASK
    ids: dict[int, int] = {}
    return np.fromiter((ids.setdefault(value, len(ids)) for value in hashes), np.int32, scopes)


def first_ranks(op_scope: I64, parents: list[int], rank: I64) -> list[int]:
    """Least rank of the ops in each subtree; twice the number of ops where there are none."""
    first = np.full(len(parents), 2 * len(op_scope), np.int64)
    np.minimum.at(first, op_scope, rank)
    out: list[int] = first.tolist()
    for scope in range(len(parents) - 1, 0, -1):
        out[parents[scope]] = min(out[parents[scope]], out[scope])
    return out


def last_ranks(op_scope: I64, parents: list[int], rank: I64) -> list[int]:
    """Greatest rank of the ops in each subtree, constants (which rank after all others) apart; -1: there are none."""
    last = np.full(len(parents), -1, np.int64)
    run = rank < len(rank)
    np.maximum.at(last, op_scope[run], rank[run])
    out: list[int] = last.tolist()
    for scope in range(len(parents) - 1, 0, -1):
        out[parents[scope]] = max(out[parents[scope]], out[scope])
    return out


def lay_out(op_scope: I64, parents: list[int], rank: I64) -> Layout:
    """Order ops and child scopes in each scope by the rank of their first op, depth first."""
    ops, scopes = len(op_scope), len(parents)
    sizes = np.bincount(op_scope, minlength=scopes).tolist()
    for scope in range(scopes - 1, 0, -1):
        sizes[parents[scope]] += sizes[scope]
    holder = np.concatenate((op_scope, np.asarray(parents[1:], np.int64)))
    first = np.concatenate((rank, np.asarray(first_ranks(op_scope, parents, rank)[1:], np.int64)))
    size = np.concatenate((np.ones(ops, np.int64), np.asarray(sizes[1:], np.int64)))
    order = np.lexsort((first, holder))
    ends = np.cumsum(size[order])
    begins = ends - size[order]
    held = holder[order]
    heads = np.flatnonzero(np.concatenate(([True], held[1:] != held[:-1]))) if len(held) else np.zeros(0, np.int64)
    base = np.zeros(scopes, np.int64)
    base[held[heads]] = begins[heads]
    offset = np.empty_like(size)
    offset[order] = begins - base[held]
    start = [0] * scopes
    scope_offset = [0, *offset[ops:].tolist()]
    for scope in range(1, scopes):
        start[scope] = start[parents[scope]] + scope_offset[scope]
    starts = np.asarray(start, np.int64)
    return Layout(starts[op_scope] + offset[:ops], starts, np.asarray(scope_offset, np.int64))


def _add_edges(total: U64, wiring: Wiring, op_scope: I64, parents: list[int], layout: Layout) -> None:
    """Add each wire to the lowest scope that holds both of its ends, by relative positions."""
    local = np.flatnonzero(wiring.producer >= 0)
    producer, consumer = wiring.producer[local], wiring.consumer[local]
    scope = _common_scopes(op_scope[producer], op_scope[consumer], parents)
    start = layout.scope_start[scope]
    to = (layout.op_position[consumer] - start) * 64 + wiring.slot[local]
    source = (layout.op_position[producer] - start) * 64 + wiring.producer_slot[local]
    np.add.at(total, scope, mix(mix(to.astype(np.uint64)) + source.astype(np.uint64) * FROM))


def _common_scopes(first: I64, second: I64, parents: list[int]) -> I64:
    pairs, inverse = np.unique(first * len(parents) + second, return_inverse=True)
    depths = [0] * len(parents)
    for scope in range(1, len(parents)):
        depths[scope] = depths[parents[scope]] + 1
    lows = [lowest_common(parents, depths, *divmod(pair, len(parents))) for pair in pairs.tolist()]
    return np.asarray(lows, np.int64)[inverse]
