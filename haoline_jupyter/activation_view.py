"""What every layer makes of real data, as a live view beside the graph."""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from threading import Thread
from typing import TYPE_CHECKING, Any

import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime import display
from haoline_analysis.runtime.document import document, tensor_rows
from haoline_jupyter import assets
from haoline_jupyter.activation_answers import Answers
from haoline_jupyter.sampled_view import SampledView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from haoline_analysis.runtime import ActivationReport


class ActivationView(SampledView):
    """What was captured, beside the graph: ``ActivationView(captured, tensor="conv1", sample=3)``.

    Traits can be read and set later and follow what the reader does: ``view.sample = 4``,
    ``view.observe(callback, "tensor")``.
    """

    activations = t.Bytes(help="the gzipped container of the capture").tag(sync=True)

    def __init__(
        self,
        captured: ActivationReport | str | Path,
        tensor: str | int | None = None,
        sample: int = 0,
        panel: Mapping[str, Any] | None = None,
        height: int = 640,
        **graph: Any,
    ) -> None:
        """Show a capture.

        Args:
            captured: what :func:`haoline_analysis.runtime.capture` returns, or the folder of one in stored mode.
            tensor: name or row of the tensor shown first; None: what the selected op makes.
            sample: number of the sample shown first.
            panel: how it is shown, as ``view.panel`` tells.
            height: of the cell, in pixels.
            graph: what the graph shows, as in :class:`GraphView` (``selection``, ``color``, ``filter``, …).

        Raises:
            ModelError: if the folder holds no capture, or there is no such tensor, op, column or group.
        """
        self.captured = _reopened(captured)
        self._answers = Answers(self.captured, tensor_rows(self.captured))
        super().__init__(
            self.captured.report,
            tensor,
            view=display.VIEW,
            activations=document(self.captured),
            sample=sample,
            panel=dict(panel or {}),
            height=height,
            **graph,
        )

    def sample_count(self) -> int:
        """How many samples were captured."""
        return len(self.captured.samples)

    def stored(self, view_id: str = "") -> dict[str, Any]:
        """The capture in the forms that need no kernel."""
        return display.mimebundle(self.captured, self.state(), self.document, view_id)

    def to_html(self, path: str | Path | None = None) -> str:
        """One page that opens as this view is now, also written to ``path`` where given."""
        return display.to_html(self.captured, path, assets=assets.views(), state=self.state())

    def live(self) -> dict[str, Any]:
        """The form that a page draws; meanwhile the sample shown is run again, for the first picture not to wait."""
        if self.captured.mode != "stored" and len(self.captured.tensors):
            Thread(target=self._warm, name="haoline-activations", daemon=True).start()
        return super().live()

    def _warm(self) -> None:
        """Have the tensors of the sample shown at hand; whoever asks for one later hears what is wrong with it."""
        known = self.captured.tensors.index
        shown = str(self.report.tables["tensors"]["name"].values[self.tensor]) if self.tensor >= 0 else ""
        with suppress(Exception):
            self.captured.load(shown if shown in known else known[0], self.sample)


def _reopened(captured: ActivationReport | str | Path) -> ActivationReport:
    """What is shown, read from its folder where it is none yet.

    Raises:
        ModelError: if it is neither a capture nor a folder of one.
    """
    from haoline_analysis.runtime import ActivationReport, reopen

    if isinstance(captured, ActivationReport):
        return captured
    if not isinstance(captured, str | PathLike):
        raise ModelError(f"An ActivationView shows what capture() returns, not {type(captured).__name__}.")
    return reopen(captured)
