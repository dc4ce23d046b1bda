"""Cuts a long row of members into a few pieces where the fewest values pass, for graphs that offer nothing better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    I64 = NDArray[np.int64]

PIECES = 32
"""Most pieces of one row."""

PIECE = 20
"""Members that a piece without pieces of its own should hold: few enough to be read, enough to be worth a frame."""


def narrow_cuts(cost: I64) -> I64:
    """Where the pieces of a row begin, the first at 0; ``cost`` [n + 1] of a cut before member i.

    Pieces are about equal in length, so that the tree is as deep as the logarithm of the row; each border then moves
    to the cheapest cut in its half of the neighbouring pieces. In a uniform row they are equal but for the last.
    """
    length = len(cost) - 1
    pitch = -(-length // _pieces(length))
    starts = [0]
    for middle in range(pitch, length, pitch):
        low = max(starts[-1] + 1, middle - pitch // 2)
        window = cost[low : middle + (pitch + 1) // 2]
        best = np.flatnonzero(window == window.min()) + low
        best = best[best < length]
        if len(best):
            starts.append(int(best[np.argmin(np.abs(best - middle))]))
    return np.asarray(starts, np.int64)


def _pieces(length: int) -> int:
    """How many, so that all levels of the tree that results branch alike."""
    leaves = max(2, -(-length // PIECE))
    levels = 1
    while PIECES**levels < leaves:
        levels += 1
    pieces = 2
    while pieces**levels < leaves:
        pieces += 1
    return min(pieces, length)
