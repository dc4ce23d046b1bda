"""The report and its overlay as binary containers for the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report import container
from haoline_analysis.report.header import SCHEMA, findings, header
from haoline_analysis.table import Table

if TYPE_CHECKING:
    from haoline_analysis.report.model_report import ModelReport

ESTIMATES = ("estimated_us", "bound", "utilisation")
"""Op columns that depend on the hardware."""


def document(report: ModelReport) -> bytes:
    """The whole report, gzipped."""
    head = {"schema": SCHEMA, "kind": "report", **header(report.content)}
    return container.compress(container.encode(head, report.tables))


def overlay(report: ModelReport) -> bytes:
    """The hardware and the columns that depend on it, gzipped."""
    placed = report.hardware
    head = {
        "schema": SCHEMA,
        "kind": "overlay",
        "id": report.id,
        "hardware": placed.as_dict() if placed else None,
        "findings": findings(report.content),
    }
    ops = report.tables["ops"]
    changed = Table(ops.rows, {name: ops[name] for name in ESTIMATES if name in ops})
    return container.compress(container.encode(head, {"ops": changed}))
