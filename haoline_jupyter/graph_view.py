"""The graph of a model as a live view of its own, steered from Python and from the page alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis import ModelReport
from haoline_analysis.report.bundle import graph_bundle
from haoline_jupyter.cell_view import CellView
from haoline_jupyter.run import Request, report_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas as pd


class GraphView(CellView):
    """The graph of a model, nothing else: ``GraphView(report, color="estimated_us")``.

    Every argument is a trait that can be read and set later, and that follows what the reader does:
    ``view.color = "macs"``, ``view.selection = ["/layers.0/MatMul"]``, ``view.observe(callback, "selection")``.
    """

    def __init__(
        self,
        report: ModelReport | str | Path | Any,
        color: str | None = "flops",
        size: str | None = None,
        edge_color: str | None = None,
        filter: str = "",  # noqa: A002  what it is called in the view
        expanded: Iterable[str] | None = None,
        focus: str = "",
        selection: Any = None,
        camera: Mapping[str, float] | None = None,
        constants: bool = False,
        quantizers: bool = True,
        height: int = 480,
    ) -> None:
        """Show the graph of a report, or of what :func:`haoline_analysis.analyze` takes.

        Args:
            report: a report, the path of a model, or a model.
            color: op column that colours nodes; None or empty for categories.
            size: op column that sizes nodes.
            edge_color: tensor column that colours edges; None for precisions.
            filter: a query such as ``"type:MatMul macs>1e9"``: what does not match fades.
            expanded: addresses of the open groups; None leaves it to the view.
            focus: address of the group shown alone.
            selection: rows, names, a mask, or a pandas object of such.
            camera: ``{"x", "y", "scale"}``; None fits the graph.
            constants: whether ops that depend on weights alone are drawn.
            quantizers: whether Quantize/DequantizeLinear ops are drawn.
            height: of the cell, in pixels.

        Raises:
            ModelError: if the model is refused, or has no such op, column or group.
        """
        shown = report if isinstance(report, ModelReport) else report_of(report, Request(), lambda *_: None)
        if color == "flops" and color not in shown.tables["ops"]:
            color = None  # weights and engine layers have no FLOPs: the page then chooses
        super().__init__(
            shown,
            view="graph",
            color=color,
            size=size,
            edge_color=edge_color,
            filter=filter,
            expanded=expanded,
            focus=focus,
            selection=selection,
            camera=camera,
            constants=constants,
            quantizers=quantizers,
            height=height,
        )

    @property
    def selected(self) -> pd.DataFrame:
        """The selected ops: rows of ``report.ops``."""
        frame: pd.DataFrame = self.report.ops.iloc[self.selection]
        return frame

    def stored(self, view_id: str = "") -> dict[str, Any]:
        """The graph in the forms that need no kernel."""
        return graph_bundle(self.report, self.state(), self.document, view_id)
