"""Data frames made of tables, with references by row turned into names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis.table import Table


def op_frame(ops: Table, scopes: Table) -> pd.DataFrame:
    """The op table with scope paths instead of scope rows."""
    frame = ops.frame()
    paths = np.array(list(scopes["path"].values), dtype=object)
    frame["scope"] = paths[np.asarray(ops["scope"].values)] if scopes.rows else ""
    return frame
