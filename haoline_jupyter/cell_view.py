"""A live view that is a cell's output of its own, as high as its reader likes."""

from __future__ import annotations

from typing import Any

import traitlets as t

from haoline_jupyter import shown
from haoline_jupyter.export import WIDGET_MIME
from haoline_jupyter.view import View

LEAST_HEIGHT, MOST_HEIGHT = 160, 4000


class CellView(View):
    """What the user makes, holds, steers and shows."""

    height = t.Int(480, help="pixels; the reader may drag it; two-way").tag(sync=True)

    @t.validate("height")
    def _within(self, proposal: Any) -> int:
        return int(min(max(proposal["value"], LEAST_HEIGHT), MOST_HEIGHT))

    def state(self) -> dict[str, Any]:
        """What the view shows, its height included."""
        return {**super().state(), "height": self.height}

    def stored(self, view_id: str = "") -> dict[str, Any]:
        """The forms that need no kernel; ``view_id`` where a page may show the live view in their place."""
        raise NotImplementedError

    def open(self) -> None:
        """Open the link to the page, unless nobody sits in front of the kernel: its state would be saved twice."""
        if not shown.is_batch():
            super().open()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The live view where there is a page, with the forms that need no kernel."""
        self.reopen()
        if not shown.is_live() or self.comm is None:
            return self.stored()
        shown.follow()
        shown.outputs.add(*shown.here(), self, kept=True)
        return {**self.stored(self.view_id), **self.live()}

    def live(self) -> dict[str, Any]:
        """The form that a page with the widget manager draws."""
        return {WIDGET_MIME: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}
