"""Stretches that one value enters and one value leaves: what a dominator tree of the graph would call its regions.

Where a single value passes from all that ran to all that will run, the graph has a waist. Between two waists lies
either one op of a chain or a region that forks and joins again: a residual block, an inception module, an attention.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.structure.sequence import LAYER, LIGHT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from haoline_analysis.structure.sequence import Sequence

    I64 = NDArray[np.int64]

MAX_COMPANY = 8
"""Ops of a chain that a region may take along on either side."""


def find_regions(sequence: Sequence) -> I64:
    """First unit of each region or single op; the stretches follow one another without gaps.

    A region takes along what always follows it (the activation after a residual sum, the norm after it) and what
    always precedes it (the convolution that squeezes before a fork). What a region meets only sometimes, as the last
    block meets the final norm, stays outside: so that all instances of a block keep one structure.
    """
    widths = sequence.widths()
    waists = np.flatnonzero(widths[1:-1] <= 1) + 1
    starts = np.concatenate(([0], waists)).astype(np.int64)
    if len(starts) in (1, len(sequence)):
        return starts
    atoms = sequence.joined(starts)
    many = np.diff(np.append(starts, len(sequence))) > 1
    taken = np.zeros(len(starts), np.int64)  # 0: itself; -1: belongs to the one before, 1: to the one after
    cores = np.flatnonzero(many & (atoms.role == LAYER))
    _attach(atoms, cores, taken, many)
    small = np.flatnonzero(many & (atoms.role == LIGHT) & (taken == 0))  # a norm spelt out in ops
    _attach(atoms, small, taken, many)
    _take_sources(atoms, taken, many)
    heads = taken == -1
    after = np.concatenate(([False], taken[:-1] == 1))
    apart = starts[~(heads | after)]
    return apart if len(apart) > 1 else starts


def _attach(atoms: Sequence, cores: I64, taken: I64, many: NDArray[np.bool_]) -> None:
    """Give every core the ops that all cores of its kind are followed by, then those all are preceded by."""
    kinds: dict[int, list[int]] = {}
    for core in cores.tolist():
        kinds.setdefault(int(atoms.alike[core]), []).append(core)
    free = taken == 0
    free[cores] = False
    light = free & (atoms.role == LIGHT)
    for members in kinds.values():
        length = _company(atoms, members, 1, lambda at: bool(light[at]))
        for core in members:
            taken[core + 1 : core + 1 + length] = -1
    free &= (taken == 0) & ~many
    for members in kinds.values():
        length = _company(atoms, members, -1, lambda at: bool(free[at])) if len(members) > 1 else 0
        for core in members:
            taken[core - length : core] = 1


def _take_sources(atoms: Sequence, taken: I64, many: NDArray[np.bool_]) -> None:
    """What reads nothing of the sequence is no link of a chain: the first embedding goes with the others."""
    reads = np.bincount(atoms.read, minlength=len(atoms)) > 0
    loose = ~many & (atoms.role == LIGHT) & (taken == 0) & ~reads
    group = many & (atoms.role == LIGHT) & (taken == 0)
    taken[np.flatnonzero(loose[:-1] & group[1:])] = 1


def _company(atoms: Sequence, members: list[int], step: int, allowed: Callable[[int], bool]) -> int:
    """How many neighbours, on one side, all members have in common."""
    first = members[0]
    for length in range(MAX_COMPANY):
        at = first + step * (length + 1)
        if not 0 <= at < len(atoms) or not allowed(at):
            return length
        token = atoms.alike[at]
        for member in members:
            other = member + step * (length + 1)
            if not 0 <= other < len(atoms) or not allowed(other) or atoms.alike[other] != token:
                return length
    return MAX_COMPANY
