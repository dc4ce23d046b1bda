"""The report as a live widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from haoline_jupyter.view import View

if TYPE_CHECKING:
    from haoline_analysis import ModelReport


class ReportWidget(View):
    """Shows one report with all its tabs."""

    tab = t.Unicode("graph", help="the tab shown; two-way").tag(sync=True)

    def __init__(self, report: ModelReport, *, tab: str | None = None) -> None:
        """Show a report, opening at a tab.

        Raises:
            MissingAssetsError: if the front end is not built.
        """
        super().__init__(report, tab=tab or report.view)

    def state(self) -> dict[str, Any]:
        """What the view shows, the tab included."""
        return {**super().state(), "tab": self.tab}
