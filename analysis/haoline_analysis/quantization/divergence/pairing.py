"""Which op of the variant is which of the float model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.comparison import Comparison, compare
from haoline_analysis.comparison.changes import changes
from haoline_analysis.comparison.side import Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from haoline_analysis.report import ModelReport


def counterparts(ops: int, numeric: Mapping[int, int]) -> NDArray[np.int32]:
    """The row in the variant of each of ``ops``, -1 without; no op of the variant is named twice."""
    rows = np.full(ops, -1, np.int32)
    taken: set[int] = set()
    for op, other in numeric.items():
        if other >= 0 and other not in taken and rows[op] < 0:
            rows[op] = other
            taken.add(other)
    return rows


def comparison(first: ModelReport, second: ModelReport, numeric: NDArray[np.int32]) -> Comparison:
    """The structural comparison with the counterparts that numbers showed, and its own where they showed none."""
    rows = numeric.copy()
    taken = set(rows[rows >= 0].tolist())
    for op, other in enumerate(compare(first, second).counterpart.tolist()):
        if rows[op] < 0 <= other and other not in taken:
            rows[op] = other
            taken.add(other)
    return Comparison(first, second, rows, changes(Side(first), Side(second), rows.tolist()))
