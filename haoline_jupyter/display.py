"""How a shell shows a report: the live widget together with the forms that need no kernel."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report.bundle import mimebundle
from haoline_analysis.report.model_report import ModelReport
from haoline_jupyter import shown
from haoline_jupyter.export import WIDGET_MIME
from haoline_jupyter.progress import NotebookSink, Progress
from haoline_jupyter.run import Request, message, report_of
from haoline_jupyter.widget import ReportWidget

if TYPE_CHECKING:
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell


def bundle(report: ModelReport) -> dict[str, Any]:
    """All representations of a report, the live widget among them where there is a kernel."""
    if not shown.is_live():
        return mimebundle(report)
    try:
        widget = ReportWidget(report)
    except ModelError as error:
        sys.stderr.write(f"{message(error)}\n")
        return mimebundle(report)
    shown.outputs.add(*shown.here(), widget)
    return {
        **mimebundle(report, widget.document, widget.view_id),
        WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id},
    }


def install(shell: InteractiveShell) -> None:
    """Show reports as widgets in this shell."""
    shell.display_formatter.mimebundle_formatter.for_type(ModelReport, bundle)
    shown.install(shell)


def remove(shell: InteractiveShell) -> None:
    """Show reports without widgets again."""
    shell.display_formatter.mimebundle_formatter.pop(ModelReport, None)
    shown.remove(shell)


def display_file(path: str | Path) -> None:
    """Show the report of a model file; what stands behind a model opened from the file browser."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    from haoline_jupyter import extension

    shell = get_ipython()
    if shell is not None:
        extension.load(shell)
    try:
        with Progress(NotebookSink()) as progress:
            report = report_of(path, Request(), progress)
    except ModelError as error:
        sys.stderr.write(f"{message(error)}\n")
        return
    display(report)
