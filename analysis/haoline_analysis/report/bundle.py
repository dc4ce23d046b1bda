"""The forms in which a notebook stores and shows a report."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haoline_analysis.report import digest
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.header import SCHEMA
from haoline_analysis.report.page import hardware_choice
from haoline_analysis.report.static_html import static_graph, static_html
from haoline_analysis.report.text import summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.report.model_report import ModelReport

MIME = "application/vnd.haoline.report+json"
STORED_LAYERS = 100
"""Rows of the layer table that a notebook stores as HTML; the stored document holds all of them."""


def mimebundle(report: ModelReport, document: bytes | None = None, view_id: str = "") -> dict[str, Any]:
    """Readable text, static HTML, and the container, ``document`` where it is made already.

    ``view_id`` names the live view that a page may show in place of what is stored.
    """
    return {
        "text/plain": summary(report),
        "text/html": static_html(report, STORED_LAYERS),
        MIME: stored(report, document, view_id),
    }


def graph_bundle(
    report: ModelReport, state: Mapping[str, Any], document: bytes | None = None, view_id: str = ""
) -> dict[str, Any]:
    """The same of a graph alone, in a state (the traits of a view that differ from its defaults)."""
    headline = ", ".join(f"{name} {value}" for name, value in digest.cards(report)[:3])
    return {
        "text/plain": f"Graph of {plain(report.name)}: {len(report.tables['ops']['name'])} ops, {headline}",
        "text/html": static_graph(report),
        MIME: {**stored(report, document, view_id), "view": "graph", "state": dict(state)},
    }


def stored(report: ModelReport, document: bytes | None, view_id: str) -> dict[str, Any]:
    """What a page needs to draw the report without a kernel."""
    return {
        "schema": SCHEMA,
        "id": report.id,
        **({"view_id": view_id} if view_id else {}),
        "hardware": hardware_choice(report),
        "document": base64.b64encode(document or report.to_document()).decode(),
    }
