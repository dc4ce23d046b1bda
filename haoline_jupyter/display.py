"""How a shell shows a report: the live widget together with the forms that need no kernel."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report.bundle import mimebundle
from haoline_analysis.report.model_report import ModelReport
from haoline_jupyter.export import WIDGET_MIME
from haoline_jupyter.progress import NotebookSink, Progress
from haoline_jupyter.run import Request, message, report_of
from haoline_jupyter.widget import ReportWidget

if TYPE_CHECKING:
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell


class Outputs:
    """The widgets in the outputs of each cell; what a cell showed before is closed when it runs again."""

    def __init__(self) -> None:
        """Nothing is shown."""
        self._shown: dict[str, tuple[str, list[ReportWidget]]] = {}

    def begin(self, cell: str, run: str) -> None:
        """A cell runs: its former outputs are about to be replaced."""
        former, widgets = self._shown.get(cell, (run, []))
        if former != run:
            del self._shown[cell]
            for widget in widgets:
                widget.close()

    def add(self, cell: str, run: str, widget: ReportWidget) -> None:
        """A cell shows a widget."""
        self.begin(cell, run)
        self._shown.setdefault(cell, (run, []))[1].append(widget)


outputs = Outputs()


def here(shell: Any) -> tuple[str, str]:
    """The cell that runs and the message that runs it; a front end that names no cell gets one cell a message."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    run = str(parent.get("header", {}).get("msg_id", ""))
    return str(parent.get("metadata", {}).get("cellId") or run), run


def is_batch(shell: Any) -> bool:
    """Whether nobody sits in front of the kernel (nbconvert, papermill): such a run cannot ask for input.

    A widget would be saved in place of the static report, which is what pages made of the notebook can show.
    """
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("content", {}).get("allow_stdin") is False


def bundle(report: ModelReport) -> dict[str, Any]:
    """All representations of a report, the live widget among them where there is a kernel."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None or is_batch(shell):
        return mimebundle(report)
    try:
        widget = ReportWidget(report)
    except ModelError as error:
        sys.stderr.write(f"{message(error)}\n")
        return mimebundle(report)
    outputs.add(*here(shell), widget)
    return {
        **mimebundle(report, widget.document),
        WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id},
    }


def _cell_starts(*_: Any) -> None:
    """Close what the cell showed in its last run."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None:
        outputs.begin(*here(shell))


def install(shell: InteractiveShell) -> None:
    """Show reports as widgets in this shell."""
    shell.display_formatter.mimebundle_formatter.for_type(ModelReport, bundle)
    if _cell_starts not in shell.events.callbacks["pre_run_cell"]:
        shell.events.register("pre_run_cell", _cell_starts)


def remove(shell: InteractiveShell) -> None:
    """Show reports without widgets again."""
    shell.display_formatter.mimebundle_formatter.pop(ModelReport, None)
    if _cell_starts in shell.events.callbacks["pre_run_cell"]:
        shell.events.unregister("pre_run_cell", _cell_starts)


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
