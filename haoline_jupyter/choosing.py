"""What a user may name in a graph view: ops in many forms, columns, groups; refused with what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import few, offer

if TYPE_CHECKING:
    import pandas as pd

    from haoline_analysis import ModelReport

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def op_rows(report: ModelReport, chosen: Any) -> list[int]:
    """The rows of ops given as rows, names, a boolean mask, or a Series, Index or frame of such.

    A Series of numbers or a frame, which is what filtering a Series of one's own leaves, stands for its index.

    Raises:
        ModelError: naming what is no op.
    """
    import pandas as pd

    if chosen is None:
        return []
    if isinstance(chosen, (str, int)):
        chosen = [chosen]
    if isinstance(chosen, pd.DataFrame):
        chosen = chosen.index
    if isinstance(chosen, pd.Series):
        chosen = _of_series(chosen)
    if not isinstance(chosen, Iterable):
        raise ModelError(f"A selection is rows, op names or a mask, not {chosen!r}.")
    labels = list(chosen)
    if labels and all(_is_flag(label) for label in labels):
        return _of_mask(labels, report.tables["ops"].rows)
    return _of_labels(report, labels)


def _of_series(series: pd.Series) -> Iterable[Any]:
    """What a Series chooses: where it is true, the names or rows it holds, else its index."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(series.dtype):
        return list(series.index[series.fillna(value=False).astype(bool)])
    named = not pd.api.types.is_integer_dtype(series.index)
    held = pd.api.types.is_integer_dtype(series.dtype) and not named
    return list(series) if held or all(isinstance(value, str) for value in series) else list(series.index)


def _is_flag(label: Any) -> bool:
    return isinstance(label, bool) or type(label).__name__ in ("bool", "bool_")


def _of_mask(flags: list[Any], rows: int) -> list[int]:
    """A flag for every op."""
    if len(flags) != rows:
        raise ModelError(f"The mask has {len(flags)} flags for {rows} ops.")
    return [row for row, flag in enumerate(flags) if flag]


def _of_labels(report: ModelReport, labels: list[Any]) -> list[int]:
    """Rows and names, each once, in the order given."""
    ops = report.tables["ops"]
    at = {name: row for row, name in enumerate(ops["name"].values)} if any(isinstance(x, str) for x in labels) else {}
    found: dict[int, None] = {}
    strangers = []
    for label in labels:
        row = at.get(label) if isinstance(label, str) else _row(label, ops.rows)
        if row is None:
            strangers.append(label)
        else:
            found[row] = None
    if strangers:
        raise ModelError(f"The model has no op {few(strangers)}{offer(strangers[0], at)}")
    return list(found)


def _row(label: Any, rows: int) -> int | None:
    """A row number that the model has."""
    try:
        row = label.__index__()
    except (AttributeError, TypeError):
        return None
    return row if 0 <= row < rows else None


def known_rows(report: ModelReport, rows: Any) -> list[int]:
    """Of what a page sends, the rows that there are."""
    listed = rows if isinstance(rows, list) else []
    return [row for row in listed if isinstance(row, int) and 0 <= row < report.tables["ops"].rows]


def column(report: ModelReport, name: Any, table: str = "ops") -> str:
    """The name of a column; empty for none.

    Raises:
        ModelError: if the table has no such column.
    """
    if name is None or name == "":
        return ""
    known = report.tables[table].columns
    if not isinstance(name, str) or name not in known:
        raise ModelError(f"The {table} have no column {name!r}{offer(name, known)}")
    return name


def tensor_row(report: ModelReport, value: Any) -> int:
    """The row of a tensor given by name or row; -1 for none.

    Raises:
        ModelError: if the model has no such tensor.
    """
    if value is None or (value == -1 and isinstance(value, int)):
        return -1
    names = report.tables["tensors"]["name"].values
    row = (list(names).index(value) if value in names else None) if isinstance(value, str) else _row(value, len(names))
    if row is None:
        raise ModelError(f"The model has no tensor {few([value])}{offer(value, names)}")
    return row


def addresses(report: ModelReport, given: Any) -> list[str] | None:
    """Addresses of groups (docs/architecture.md); None leaves it to the view.

    Raises:
        ModelError: naming what is no group.
    """
    if given is None:
        return None
    listed = [given] if isinstance(given, str) else list(given)
    groups = list(report.tables["scopes"]["path"].values)
    ports = (port.name for port in (*report.inputs, *report.outputs))
    known = {"", *groups, *report.tables["ops"]["name"].values, *ports}
    strangers = [word for word in listed if not _is_address(word, known)]
    if strangers:
        raise ModelError(f"The model has no group {few(strangers)}{offer(strangers[0], groups)}")
    return listed


def _is_address(word: Any, known: set[str]) -> bool:
    """A scope or op, the second bearer of its name, or a run from one to another."""
    if not isinstance(word, str):
        return False
    bare = word.rpartition("#")[0] if word.rpartition("#")[2].isdigit() else word
    if word in known or bare in known:
        return True
    return any(word[:at] in known and word[at + 1 :] in known for at, mark in enumerate(word) if mark == ELLIPSIS)
