"""How a shell shows a report: the live widget together with the forms that need no kernel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report.bundle import graph_bundle, mimebundle
from haoline_analysis.report.model_report import ModelReport
from haoline_jupyter import shown
from haoline_jupyter.export import WIDGET_MIME
from haoline_jupyter.progress import NotebookSink, Progress
from haoline_jupyter.run import Request, message, report_of
from haoline_jupyter.widget import ReportWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from haoline_analysis.quantization import DivergenceReport
    from haoline_analysis.runtime import ActivationReport
    from haoline_jupyter.cell_view import CellView


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


def captured_bundle(captured: ActivationReport) -> dict[str, Any]:
    """All representations of a capture, the live view among them where there is a kernel."""
    from haoline_analysis.runtime import display
    from haoline_jupyter.activation_view import ActivationView

    return _with_view(lambda: ActivationView(captured), lambda: display.mimebundle(captured))


def compared_bundle(compared: DivergenceReport) -> dict[str, Any]:
    """All representations of a comparison, the live view among them where there is a kernel."""
    from haoline_analysis.quantization.divergence import display
    from haoline_jupyter.divergence_view import DivergenceView

    return _with_view(lambda: DivergenceView(compared), lambda: display.mimebundle(compared))


def paired_bundle(compared: Any) -> dict[str, Any]:
    """Both graphs side by side where there is a kernel, with the forms that need none."""
    from haoline_jupyter.commands import structure_forms
    from haoline_jupyter.graph_pair import GraphPair

    def without() -> dict[str, Any]:
        own = getattr(compared, "_repr_mimebundle_", None)
        told = own() if own else structure_forms.mimebundle(compared)
        return {**graph_bundle(compared.first, {}, compared.to_document()), **told}

    return _with_view(lambda: GraphPair.of(compared), without)


def _with_view(make: Callable[[], CellView], without: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a view made for display shows; where none can be made, the forms that need no kernel."""
    if not shown.is_live():
        return without()
    try:
        view = make()
    except ModelError as error:
        sys.stderr.write(f"{message(error)}\n")
        return without()
    shown.outputs.add(*shown.here(), view)
    return {**view.stored(view.view_id), **view.live()}


_LAZY = {
    ("haoline_analysis.runtime.activation_report", "ActivationReport"): captured_bundle,
    ("haoline_analysis.quantization.divergence.divergence_report", "DivergenceReport"): compared_bundle,
    ("haoline_analysis.comparison.comparison", "Comparison"): paired_bundle,
    ("haoline_analysis.comparison.engines.mapping", "EngineMapping"): paired_bundle,
}
"""Classes named, not imported: most notebooks run no model."""


def install(shell: InteractiveShell) -> None:
    """Show reports, captures and comparisons as widgets in this shell."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type(ModelReport, bundle)
    for named, form in _LAZY.items():
        formatter.for_type_by_name(*named, form)
    shown.install(shell)


def remove(shell: InteractiveShell) -> None:
    """Show them without widgets again."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.pop(ModelReport, None)
    for named in _LAZY:
        formatter.pop(".".join(named), None)
    shown.remove(shell)


def display_file(path: str | Path) -> None:
    """Show the report of a model file or folder; what stands behind a model opened from the file browser."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    from haoline_jupyter import extension

    shell = get_ipython()
    if shell is not None:
        extension.load(shell)
    try:
        with Progress(NotebookSink()) as progress:
            report = report_of(_named(Path(path)), Request(), progress)
    except ModelError as error:
        sys.stderr.write(f"{message(error)}\n")
        return
    display(report)


def _named(path: Path) -> Path:
    """The path as it is, and a folder by its own name; the kernel of a folder may run in it as well as beside it."""
    if not path.exists() and Path.cwd().name == path.name:
        return Path.cwd()
    return path.resolve() if path.is_dir() else path
