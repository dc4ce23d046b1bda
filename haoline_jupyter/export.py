"""A notebook as one HTML page: every report in it interactive, one copy of the views for all."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MissingExtraError, ModelError, ModelNotFoundError
from haoline_analysis.report import container
from haoline_analysis.report.bundle import MIME
from haoline_analysis.report.page import Data, bundle_elements, embedded
from haoline_jupyter import assets

if TYPE_CHECKING:
    from pathlib import Path

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
BESIDE = ("activations", "divergence")
"""Containers that may be stored with a report's."""
_ID = re.compile(r"[0-9a-f]{32}")


def page_of(path: Path) -> str:
    """The page of a notebook file.

    Raises:
        MissingExtraError: if nbconvert is not installed.
        ModelError: if the file is no notebook.
    """
    try:
        import nbformat

        from haoline_jupyter.exporter import HaolineExporter
    except ImportError as error:
        raise MissingExtraError('Exporting notebooks needs nbconvert: pip install "haoline-jupyter[lab]"') from error
    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise ModelNotFoundError(f"Cannot read {path}: {error.strerror}.") from error
    except Exception as error:  # nbformat raises whatever its parsers raise
        raise ModelError(f"{path} is not a notebook.") from error
    return HaolineExporter().page(notebook)


def with_bundle(html: str) -> str:
    """The page with the views at its end, where every report is there to be drawn."""
    head, closing, tail = html.rpartition("</body>")
    return head + bundle_elements(assets.views()) + closing + tail


def embed_reports(notebook: Any) -> int:
    """Replace each report output by its interactive form, in place; returns how many there are."""
    page_data = Data()
    count = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data and (html := _interactive(data, page_data)):
                output["data"] = {"text/html": html}
                count += 1
    _forget_widgets(notebook)
    return count


def _forget_widgets(notebook: Any) -> None:
    """Drop the stored widgets where none is left to show: their loader would be fetched from elsewhere."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    if not any(WIDGET_MIME in output.get("data", {}) for output in outputs):
        notebook.metadata.pop("widgets", None)


def _interactive(data: Any, page_data: Data) -> str:
    """The interactive form of one output; empty where what is stored is no report."""
    stored = data[MIME]
    decoded = _container(stored.get("document", ""))
    report_id = str(stored.get("id", ""))
    if decoded is None or not _ID.fullmatch(report_id):
        return ""
    document, header = decoded
    beside = {kind: found[0] for kind in BESIDE if kind in stored and (found := _container(stored[kind]))}
    state = _state(stored, header.get("hardware"))
    fallback = str(data.get("text/html", ""))
    return embedded(fallback, report_id, document, state, page_data, beside)


def _container(text: Any) -> tuple[bytes, dict[str, Any]] | None:
    """The bytes and the header of a stored container; None where it is none."""
    try:
        data = base64.b64decode(text, validate=True)
        return data, container.decode(data)[0]
    except (ModelError, OSError, EOFError, ValueError, TypeError, KeyError, binascii.Error):
        return None


def _state(stored: Any, hardware: Any) -> dict[str, object]:
    """What the view of a stored report shows at first."""
    state = stored.get("state") if isinstance(stored.get("state"), dict) else {}
    return {"tab": "graph", **state, "view": str(stored.get("view") or "report"), "hardware": _choice(hardware)}


def _choice(hardware: Any) -> dict[str, object]:
    """The hardware a stored report is estimated on."""
    if not hardware:
        return {"profile": None, "count": 1, "precision": None}
    return {"profile": hardware["profile"]["id"], "count": hardware["count"], "precision": hardware["precision"]}
