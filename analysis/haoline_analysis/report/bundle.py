"""The forms in which a notebook stores and shows a report."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from haoline_analysis.report.header import SCHEMA
from haoline_analysis.report.page import hardware_choice
from haoline_analysis.report.static_html import static_html
from haoline_analysis.report.text import summary

if TYPE_CHECKING:
    from haoline_analysis.report.model_report import ModelReport

MIME = "application/vnd.haoline.report+json"
STORED_LAYERS = 100
"""Rows of the layer table that a notebook stores as HTML; the stored document holds all of them."""


def mimebundle(report: ModelReport, document: bytes | None = None) -> dict[str, Any]:
    """Readable text, static HTML, and the container, ``document`` where it is made already."""
    return {
        "text/plain": summary(report),
        "text/html": static_html(report, STORED_LAYERS),
        MIME: {
            "schema": SCHEMA,
            "id": report.id,
            "hardware": hardware_choice(report),
            "document": base64.b64encode(document or report.to_document()).decode(),
        },
    }
