"""The report and its overlay as binary containers for the views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.report import container
from haoline_analysis.report.header import SCHEMA, findings, header
from haoline_analysis.report.severity import NAME as SEVERITY
from haoline_analysis.report.severity import severity_column
from haoline_analysis.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from haoline_analysis.report.model_report import ModelReport

ESTIMATES = ("estimated_us", "bound", "utilisation")
"""Op columns that depend on the hardware."""


def document(report: ModelReport) -> bytes:
    """The whole report, gzipped."""
    head, tables = parts(report)
    return pack(head, tables)


def parts(report: ModelReport) -> tuple[dict[str, Any], dict[str, Table]]:
    """What a container holds of a report: the keys of its header, and its tables."""
    head = {**header(report.content), "user_columns": report.content.own}
    return head, {**report.tables, "ops": _with_severity(report)}


def pack(head: Mapping[str, Any], tables: Mapping[str, Table]) -> bytes:
    """A report's container, gzipped."""
    return container.compress(container.encode({"schema": SCHEMA, "kind": "report", **head}, tables))


def overlay(report: ModelReport) -> bytes:
    """The hardware, the columns that depend on it, and the user's own, gzipped."""
    placed = report.hardware
    head = {
        "schema": SCHEMA,
        "kind": "overlay",
        "id": report.id,
        "hardware": placed.as_dict() if placed else None,
        "findings": findings(report.content),
        "user_columns": report.content.own,
    }
    own = report.content.own
    tables = {"ops": _part(_with_severity(report), (*ESTIMATES, SEVERITY, *own["ops"]))}
    if own["tensors"]:
        tables["tensors"] = _part(report.tables["tensors"], own["tensors"])
    return container.compress(container.encode(head, tables))


def _part(table: Table, names: Iterable[str]) -> Table:
    """Those columns of a table that it has."""
    return Table(table.rows, {name: table[name] for name in names if name in table})


def _with_severity(report: ModelReport) -> Table:
    """The op table with the worst finding of each op; a user's own column of that name stays."""
    ops = report.tables["ops"]
    table = Table(ops.rows, dict(ops.columns))
    if SEVERITY not in table:
        table.add(severity_column(ops.rows, report.findings))
    return table
