"""The report as versioned JSON and back, without loss (schema.json, docs/report-schema.md)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import MalformedModelError, UnsupportedFormatError
from haoline_analysis.report import header as head
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from haoline_analysis.report.content import Content
    from haoline_analysis.report.model_report import ModelReport

_META = ("label", "unit", "provenance", "aggregate", "description")
_HINTS = ("scale", "center")  # left out where there is none
_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


def dumps(report: ModelReport, indent: int | None = None) -> str:
    """The report as JSON text that is also safe inside a script element."""
    content = report.content
    data = {
        "schema": head.SCHEMA,
        "kind": "haoline.report",
        **head.header(content),
        "user_columns": list(content.user_columns),
        "user_tensor_columns": list(content.user_tensor_columns),
        "tables": {name: _write_table(table) for name, table in content.tables.items()},
    }
    separators = (",", ":") if indent is None else (",", ": ")
    return escape(json.dumps(_native(data), allow_nan=False, separators=separators, indent=indent))


def escape(text: str) -> str:
    """JSON text in which no character can end or open an HTML element; it parses to the same data."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _native(value: Any) -> Any:
    """JSON-like data of Python's own types; infinities as words, NaN and NA as null."""
    if isinstance(value, dict):
        return {str(key): _native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_native(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return None if type(value).__name__ == "NAType" else value


def _write_table(table: Table) -> dict[str, Any]:
    """A table with its columns' storage types, so that reading restores them."""
    return {"rows": table.rows, "columns": [_write_column(column) for column in table]}


def _write_column(column: Column) -> dict[str, Any]:
    """One column; text that repeats itself as codes into its distinct words."""
    values = column.values
    entry = {"name": column.name} | {key: getattr(column, key) for key in _META}
    entry |= {key: getattr(column, key) for key in _HINTS if getattr(column, key) is not None}
    categories = getattr(values, "categories", None)
    if categories is not None:
        return entry | {"type": "category", "words": list(categories), "values": values.codes.tolist()}
    if isinstance(values, list):
        return entry | {"type": "list", "values": values}
    return entry | {"type": str(values.dtype), "values": values.tolist()}


def loads(text: str | bytes) -> Content:
    """The content of a report.

    Raises:
        MalformedModelError: if the text is not a report.
        UnsupportedFormatError: if its schema is newer than this package.
    """
    try:
        data = json.loads(text)
        kind, schema = data["kind"], data["schema"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedModelError("This text is not a HaoLine report in JSON.") from error
    if kind != "haoline.report" or schema != head.SCHEMA:
        raise UnsupportedFormatError(
            f"This report has kind {kind!r} and schema {schema!r}; this package reads haoline.report, {head.SCHEMA}."
        )
    try:
        return _content(data)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise MalformedModelError(f"This JSON report does not follow its schema: {error!r}.") from error


def _content(data: dict[str, Any]) -> Content:
    """Content from parsed JSON."""
    from haoline_analysis.report.content import Content
    from haoline_analysis.report.placing import Placed
    from haoline_analysis.report.tables import Tables
    from haoline_analysis.report.totals import Totals
    from haoline_analysis.shapes.value import Assumption

    return Content(
        facts=head.read_facts(data["model"]),
        totals=Totals(data["totals"]),
        tables=Tables.of({name: _read_table(table) for name, table in data["tables"].items()}),
        ranges={name: (bounds[0], bounds[1]) for name, bounds in data["ranges"].items()},
        bindings=head.read_bindings(data["bindings"]),
        assumptions=[Assumption(**assumption) for assumption in data["assumptions"]],
        gaps=head.read_gaps(data["gaps"]),
        found=head.read_findings(data["findings"]),
        placed=Placed.from_dict(data["hardware"]) if data["hardware"] else None,
        architecture=head.read_architecture(data.get("architecture")),
        format_facts=data.get("facts", {}),
        user_columns=tuple(data["user_columns"]),
        user_tensor_columns=tuple(data.get("user_tensor_columns", ())),
        id=data["id"],
    )


def _read_table(data: dict[str, Any]) -> Table:
    """One table."""
    table = Table(data["rows"])
    for entry in data["columns"]:
        meta = {key: entry[key] for key in _META} | {key: entry.get(key) for key in _HINTS}
        table.add(Column(entry["name"], _read_values(entry), **meta))
    return table


def _read_values(entry: dict[str, Any]) -> Any:
    """The values of a column in their storage type."""
    import pandas as pd

    kind, values = entry["type"], entry["values"]
    if kind == "list":
        return values
    if kind == "category":
        return pd.Categorical.from_codes(values, categories=entry["words"])
    numbers = [_INFINITE.get(value, value) if isinstance(value, str) else value for value in values]
    if kind.startswith(("float", "int", "uint", "bool")):
        return np.array([math.nan if value is None else value for value in numbers], dtype=kind)
    if kind == "object":
        return np.array([*values, None], dtype=object)[:-1]
    return pd.array(numbers if kind[0] in "FIUb" else values, dtype=kind)
