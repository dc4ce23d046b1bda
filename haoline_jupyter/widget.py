"""The report as a live widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_analysis.report.page import hardware_choice
from haoline_jupyter import assets
from haoline_jupyter.session import Choice, session

if TYPE_CHECKING:
    from haoline_analysis import ModelReport


class ReportWidget(anywidget.AnyWidget):
    """Shows one report; several widgets may show the same one."""

    # A stub of about 1 kB: anywidget stores the module once per widget, so the views themselves are fetched on demand.
    _esm = t.Unicode().tag(sync=True)

    report_id = t.Unicode(help="identity of the report").tag(sync=True)
    document = t.Bytes(help="the gzipped report container").tag(sync=True)
    overlay = t.Bytes(help="the gzipped overlay after a change of hardware; empty before").tag(sync=True)
    hardware = t.Dict(help='{"profile": id, "count": n, "precision": p}; two-way').tag(sync=True)
    selection = t.List(t.Int(), help="selected op rows; two-way").tag(sync=True)
    tab = t.Unicode("graph", help="the tab shown; two-way").tag(sync=True)
    color = t.Unicode(help="op column that colours the graph; two-way").tag(sync=True)
    status = t.Unicode(help="a line to the reader, such as why a choice was refused").tag(sync=True)

    def __init__(self, report: ModelReport, *, tab: str | None = None) -> None:
        """Show a report, opening at a tab.

        Raises:
            MissingAssetsError: if the front end is not built.
        """
        self.report = report
        super().__init__(
            _esm=assets.read("stub.js"),
            report_id=report.id,
            document=report.to_document(),
            hardware=hardware_choice(report),
            tab=tab or report.view,
        )
        self.observe(self._chosen, "hardware")
        self.on_msg(self._answer)
        session.widgets.add(self)

    def refresh(self) -> None:
        """Send the estimates after the report's hardware has changed."""
        with self.hold_trait_notifications():
            self.overlay = self.report.to_overlay()
            self.hardware = hardware_choice(self.report)
            self.status = ""

    def close(self) -> None:
        """End this widget; the report lives on."""
        session.widgets.discard(self)
        super().close()

    def _chosen(self, change: dict[str, Any]) -> None:
        """The reader picked other hardware inside the report."""
        try:
            choice = Choice.of(change["new"])
            if choice.as_dict() != hardware_choice(self.report):
                session.apply_to_shown(self.report, choice)
        except ModelError as error:
            self.hardware = hardware_choice(self.report)
            self.status = str(error)

    def _answer(self, _: Any, content: Any, __: Any) -> None:
        """The front end asks for the views: where no extension provides them, the kernel sends them."""
        if isinstance(content, dict) and content.get("type") == "bundle":
            views = assets.views()
            self.send({"type": "bundle"}, buffers=[views.module.encode(), views.style.encode()])
