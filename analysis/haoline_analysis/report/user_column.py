"""A user's own numbers as a column: one per op or tensor, given in row order, by row number or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import few, offer
from haoline_analysis.table import AGGREGATES, PROVENANCES, SCALES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from haoline_analysis.table import Column, Table

TABLES = ("ops", "tensors")
"""Tables that take columns of one's own: nodes and edges of the graph."""
NOUNS = {"ops": "op", "tensors": "tensor"}


def align(values: Any, tables: Mapping[str, Table], table: str = "ops", by: str | None = None) -> Any:
    """Values in row order, missing where the user gives none.

    Args:
        values: a Series or mapping by name or row number, or one value per row.
        tables: the report's tables.
        table: ``ops`` or ``tensors``.
        by: what the names are of, ``op`` or ``tensor``; None: whichever has them all, the table's own first.

    Raises:
        ModelError: if a name is nobody's or comes twice, a row is out of range, or the number of values is wrong.
    """
    import pandas as pd

    rows, noun = tables[table].rows, NOUNS[table]
    if isinstance(values, Mapping):
        values = pd.Series(dict(values), dtype=None if values else "float64")
    if not isinstance(values, pd.Series):
        return _storable(pd.Series(_whole(values, rows, noun)))
    if not values.index.is_unique:
        twice = values.index[values.index.duplicated()].unique()
        raise ModelError(f"The values name {few(twice)} more than once.")
    if pd.api.types.is_integer_dtype(values.index):
        return _storable(_by_row(values, rows, noun))
    return _storable(_by_name(values, tables, table, by))


def _whole(values: Any, rows: int, noun: str) -> list[Any]:
    """A value for every row."""
    flat = not isinstance(values, (str, bytes)) and getattr(values, "ndim", 1) == 1
    if not isinstance(values, Sized) or not flat:
        raise ModelError(f"Values are a Series or dict by {noun}, or one value per {noun}.")
    if len(values) != rows:
        raise ModelError(f"There are {len(values)} values for {rows} {noun}s; give a Series to leave some out.")
    return list(values)  # type: ignore[call-overload, no-any-return]


def _by_row(series: pd.Series, rows: int, noun: str) -> pd.Series:
    """A Series by row number."""
    outside = [row for row in series.index if not 0 <= row < rows]
    if outside:
        raise ModelError(f"Row {outside[0]} is no {noun}: the model has {rows}.")
    return series.reindex(range(rows))


def _by_name(series: pd.Series, tables: Mapping[str, Table], table: str, by: str | None) -> pd.Series:
    """A Series by name of an op or a tensor."""
    own = NOUNS[table]
    other = "tensor" if own == "op" else "op"
    names = {noun: _names(tables, noun) for noun in ((by,) if by else (own, other))}
    for noun, known in names.items():
        if known.issuperset(series.index):
            return _of_own(series, tables, table) if noun == own else _of_other(series, tables, table)
    noun, known = next(iter(names.items()))
    strangers = [label for label in series.index if label not in known]
    raise ModelError(f"The model has no {noun} {few(strangers)}{offer(strangers[0], sorted(known))}")


def _names(tables: Mapping[str, Table], noun: str) -> set[Any]:
    """The names of all ops or tensors."""
    return set(tables[f"{noun}s"]["name"].values)


def _of_own(series: pd.Series, tables: Mapping[str, Table], table: str) -> pd.Series:
    """Ops by op name, or tensors by tensor name."""
    return series.reindex(list(tables[table]["name"].values))


def _of_other(series: pd.Series, tables: Mapping[str, Table], table: str) -> pd.Series:
    """Ops by the names of what they make, or tensors by the op that makes them."""
    import pandas as pd

    producers = np.asarray(tables["tensors"]["producer"].values)
    ops = list(tables["ops"]["name"].values)
    if table == "tensors":
        return series.reindex([ops[op] if op >= 0 else None for op in producers])
    maker = {name: op for name, op in zip(tables["tensors"]["name"].values, producers.tolist(), strict=True) if op >= 0}
    homeless = [label for label in series.index if label not in maker]
    if homeless:
        raise ModelError(f"No op makes {few(homeless)}; add it to the tensors with table='tensors'.")
    made = pd.Series(series.array, index=[maker[label] for label in series.index], dtype=series.dtype)
    if not made.index.is_unique:
        twice = made.index[made.index.duplicated()].unique()
        raise ModelError(f"Several values are for {few([ops[op] for op in twice])}, which makes several tensors.")
    return made.reindex(range(len(ops)))


def _storable(series: pd.Series) -> Any:
    """Numbers as float64 or a masked integer array, everything else as text with None for what is missing."""
    import pandas as pd

    series = series.infer_objects()
    if isinstance(series.dtype, pd.CategoricalDtype) and all(isinstance(word, str) for word in series.cat.categories):
        return series.array
    if pd.api.types.is_bool_dtype(series.dtype):
        return series.astype("boolean").array
    if pd.api.types.is_integer_dtype(series.dtype):
        return series.astype("Int64").array
    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_complex_dtype(series.dtype):
        return np.asarray(series.to_numpy(dtype="float64", na_value=np.nan))
    return [None if missing else str(value) for value, missing in zip(series, series.isna(), strict=True)]


def check(column: Column, table: Table, own: Sequence[str]) -> None:
    """Refuse a column that would hide a built-in one, or words that no view understands.

    Raises:
        ModelError: saying which.
    """
    name = column.name
    if not isinstance(name, str) or not name or (name in table and name not in own):
        raise ModelError(f"There is a column {name!r} already; choose another name.")
    _choose("aggregate", column.aggregate, AGGREGATES)
    _choose("provenance", column.provenance, PROVENANCES)
    _choose("scale", column.scale, SCALES)
    center = column.center
    if center is not None and (isinstance(center, bool) or not isinstance(center, int | float) or center != center):
        raise ModelError(f"The center of a scale is a number, not {center!r}.")


def check_place(table: str, by: str | None) -> None:
    """Refuse a table that takes no columns, or a kind of name that nothing has.

    Raises:
        ModelError: saying which.
    """
    _choose("table", table, TABLES)
    _choose("by", by, (*NOUNS.values(), None))


def _choose(what: str, value: object, choices: Sequence[str | None]) -> None:
    """Refuse a word that is none of the choices."""
    if value not in choices:
        raise ModelError(f"Unknown {what} {value!r}; choose one of {', '.join(str(choice) for choice in choices)}.")
