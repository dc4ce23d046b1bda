"""The tables of a report, each built when somebody first looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoline_analysis.table import Table

NAMES = ("ops", "tensors", "scopes", "uses", "makes", "feeds", "yields", "memory", "breakdown", "training")


class Tables(Mapping[str, "Table"]):
    """Tables by name; safe to read from several threads."""

    def __init__(self, builders: Mapping[str, Callable[[], Table]]) -> None:
        """Remember how each table is made."""
        self._builders = dict(builders)
        self._built: dict[str, Table] = {}
        self._lock = RLock()

    @classmethod
    def of(cls, tables: Mapping[str, Table]) -> Tables:
        """Tables that are there already."""
        made = cls({})
        made._built = dict(tables)
        return made

    def replaced(self, name: str, table: Table) -> Tables:
        """The same tables, one of them another; the builders are shared, what is built is kept."""
        other = Tables({key: (lambda key=key: self[key]) for key in self if key != name})  # type: ignore[misc]
        other._built = {key: value for key, value in self._built.items() if key != name} | {name: table}
        return other

    def __getitem__(self, name: str) -> Table:
        """The table of that name, built now if nobody asked before."""
        with self._lock:
            if name not in self._built:
                self._built[name] = self._builders[name]()
            return self._built[name]

    def __iter__(self) -> Iterator[str]:
        """The names in display order, user-made ones last."""
        present = self._builders.keys() | self._built.keys()
        return iter([*(name for name in NAMES if name in present), *sorted(present - set(NAMES))])

    def __len__(self) -> int:
        """Number of tables."""
        return len(self._builders.keys() | self._built.keys())
