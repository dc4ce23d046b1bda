"""Columns and tables: what every analysis adds to and every view shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

PROVENANCES = ("counted", "estimated", "measured", "declared")
"""Where a number comes from: counted from the graph, estimated by a model, measured, or stated by the file."""

AGGREGATES = ("sum", "max", "min", "mean", None)
"""How a group of rows shows its rows; None: not at all."""

SCALES = ("linear", "log", "diverging", "categorical", "ordinal", None)
"""How views turn values into colours; None: they judge by the values.

The words of an ordinal column are ordered as a pandas categorical orders them, the least first.
"""


@dataclass(frozen=True, eq=False)
class Column:
    """One value per row. A value that cannot be known is missing, never zero."""

    name: str
    values: Any  # numpy array, pandas extension array or list of str
    label: str = ""
    unit: str = ""  # "MAC", "FLOP", "B", "us", "FLOP/B"
    provenance: str = "counted"
    aggregate: str | None = None  # one of AGGREGATES
    description: str = ""
    scale: str | None = None  # one of SCALES
    center: float | None = None  # where a diverging scale turns; None: 0

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.values)


@dataclass(eq=False)
class Table:
    """Equally long columns, in display order."""

    rows: int
    columns: dict[str, Column] = field(default_factory=dict)

    def add(self, *columns: Column) -> None:
        """Add columns, replacing those of the same name.

        Raises:
            ValueError: if a column has another number of rows.
        """
        for column in columns:
            if len(column) != self.rows:
                raise ValueError(f"column {column.name!r} has {len(column)} rows, expected {self.rows}")
            self.columns[column.name] = column

    def frame(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """The columns as a data frame; missing integers are ``pd.NA``."""
        import pandas as pd

        chosen = self.columns if names is None else {name: self.columns[name] for name in names}
        return pd.DataFrame({name: column.values for name, column in chosen.items()}, copy=False)

    def __getitem__(self, name: str) -> Column:
        """The column of that name."""
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.columns

    def __iter__(self) -> Iterator[Column]:
        """The columns in display order."""
        return iter(self.columns.values())
