"""A user's own numbers as a column: one per op, given in row order or by op name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.table import PROVENANCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from haoline_analysis.table import Table

AGGREGATES = ("sum", "max", "mean", None)


def align(values: Any, names: Sequence[str]) -> Any:
    """Values in row order, missing where the user gives none.

    Args:
        values: a Series indexed by op name or row number, a mapping by op name, or one value per op.
        names: the op names in row order.

    Raises:
        ModelError: if a name is no op's, a row number is out of range, or the number of values is wrong.
    """
    import pandas as pd

    if isinstance(values, Mapping):
        values = pd.Series(dict(values))
    if isinstance(values, pd.Series):
        return _by_index(values, names)
    if len(values) != len(names):
        raise ModelError(f"The column has {len(values)} values, the model {len(names)} ops.")
    return _storable(pd.Series(list(values)))


def _by_index(series: pd.Series, names: Sequence[str]) -> Any:
    """A Series brought into row order."""
    import pandas as pd

    rows = pd.RangeIndex(len(names)) if pd.api.types.is_integer_dtype(series.index) else pd.Index(names)
    if not series.index.is_unique:
        raise ModelError(f"The column names op {series.index[series.index.duplicated()][0]!r} twice.")
    strangers = series.index.difference(rows)
    if len(strangers):
        raise ModelError(f"The column names {len(strangers)} ops that the model has not, first {strangers[0]!r}.")
    return _storable(series.reindex(rows))


def _storable(series: pd.Series) -> Any:
    """Numbers as float64 or a masked integer array, everything else as text with None for what is missing."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(series.dtype):
        return series.astype("boolean").array
    if pd.api.types.is_integer_dtype(series.dtype):
        return series.astype("Int64").array
    if pd.api.types.is_numeric_dtype(series.dtype):
        return np.asarray(series.to_numpy(dtype="float64", na_value=np.nan))
    return [None if missing else str(value) for value, missing in zip(series, series.isna(), strict=True)]


def check(name: str, aggregate: str | None, provenance: str, ops: Table, own: Sequence[str]) -> None:
    """Refuse a column that would hide a built-in one, or words that no view understands.

    Raises:
        ModelError: saying which.
    """
    if not name or (name in ops and name not in own):
        raise ModelError(f"The op table has a column {name!r} already; choose another name.")
    if aggregate not in AGGREGATES:
        raise ModelError(f"Unknown aggregate {aggregate!r}; choose sum, max, mean or None.")
    if provenance not in PROVENANCES:
        raise ModelError(f"Unknown provenance {provenance!r}; choose one of {', '.join(PROVENANCES)}.")
