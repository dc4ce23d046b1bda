"""What every layer makes of real data, as a live view beside the graph."""

from __future__ import annotations

import json
from contextlib import suppress
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any

import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import plain
from haoline_analysis.runtime import display
from haoline_analysis.runtime.document import document, tensor_rows
from haoline_jupyter import assets, choosing
from haoline_jupyter.activation_answers import Answers
from haoline_jupyter.cell_view import CellView
from haoline_jupyter.view import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from haoline_analysis.runtime import ActivationReport

STATE = ("sample", "tensor", "panel", "snapshot")
MOST_SNAPSHOT, MOST_PANEL = 400_000, 20_000
"""Characters that the page may have kept in a notebook (js/src/data/host-state.ts has the same limits)."""


def sent_row(_: Any, value: Any) -> int:
    """A row number from the page."""
    return value if isinstance(value, int) and value >= 0 else -1


class Own(t.TraitType[Any, Any]):
    """A trait that the view itself judges: ``check(view, value)`` gives what is kept, or refuses."""

    def __init__(self, default: Any, check: Callable[[ActivationView, Any], Any], help: str) -> None:  # noqa: A002
        """The default is not checked."""
        self.check = check
        super().__init__(default, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """What is kept of a value."""
        return self.check(obj, value)


def known_sample(view: ActivationView, value: Any) -> int:
    """A sample that there is; the page's slips are put right.

    Raises:
        ModelError: if Python names one that there is not.
    """
    count = len(view.captured.samples)
    if isinstance(value, int) and 0 <= value < count:
        return int(value)
    if view.listening:
        return min(max(value, 0), max(count - 1, 0)) if isinstance(value, int) else 0
    raise ModelError(f"There is no sample {value}: there are {count}.")


def small_panel(view: ActivationView, value: Any) -> dict[str, Any]:
    """Settings that a notebook can keep; the page's are else left as they were.

    Raises:
        ModelError: if Python gives something else.
    """
    try:
        small = isinstance(value, dict) and len(json.dumps(value)) <= MOST_PANEL
    except (TypeError, ValueError):
        small = False
    if small:
        return dict(value)
    if view.listening:
        return dict(view.panel)
    raise ModelError("The settings of the panel are a small dict of what JSON can hold.")


def small_snapshot(view: ActivationView, value: Any) -> str:
    """What is on screen, unless it is too much to keep."""
    return value if isinstance(value, str) and len(value) <= MOST_SNAPSHOT else str(view.snapshot)


class ActivationView(CellView):
    """What was captured, beside the graph: ``ActivationView(captured, tensor="conv1", sample=3)``.

    Traits can be read and set later and follow what the reader does: ``view.sample = 4``,
    ``view.observe(callback, "tensor")``.
    """

    activations = t.Bytes(help="the gzipped container of the capture").tag(sync=True)
    sample = Own(0, known_sample, "number of the sample shown; two-way").tag(sync=True)
    tensor = Named(
        -1, choosing.tensor_row, "row of the tensor shown, set by name or row; -1: what the op makes", sent_row
    ).tag(sync=True)
    panel = Own({}, small_panel, "how it is shown, in the view's own words; two-way").tag(sync=True)
    snapshot = Own("", small_snapshot, "what is on screen, for a reader without a kernel; the page's").tag(sync=True)

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
        self._busy = RLock()
        self.observe(self._follow, "tensor")
        super().__init__(
            self.captured.report,
            view=display.VIEW,
            activations=document(self.captured),
            tensor=-1 if tensor is None else tensor,
            sample=sample,
            panel=dict(panel or {}),
            height=height,
            **graph,
        )

    def _follow(self, change: dict[str, Any]) -> None:
        """A tensor that Python names is shown with the op that makes it."""
        if self.listening or change["new"] < 0:
            return
        producer = int(self.report.tables["tensors"]["producer"].values[change["new"]])
        if producer >= 0 and producer not in self.selection:
            self.selection = [producer]

    def state(self) -> dict[str, Any]:
        """What the view shows, the tensor, the sample and the snapshot included."""
        kept = {name: getattr(self, name) for name in STATE}
        own = {name: value for name, value in kept.items() if value != self.traits()[name].default()}
        return {**super().state(), **own}

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

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        """The page asks for a tile, an array or an input; each is answered in kind, failures too."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind not in Answers.KINDS:
            super()._answer(_, content, buffers)
            return
        told = {"type": kind, "request": content.get("request")}
        try:
            with self._busy:
                answer, sent = self._answers.to(kind, content)
        except KeyboardInterrupt:
            self.send({**told, "error": "The kernel was interrupted."})
        except ModelError as error:
            self.send({**told, "error": plain(error, 1000)})
        except Exception as error:  # noqa: BLE001  the page waits for an answer, whatever happened
            self.send({**told, "error": plain(f"{type(error).__name__}: {error}", 1000)})
        else:
            self.send({**told, **answer}, buffers=sent)


def _reopened(captured: ActivationReport | str | Path) -> ActivationReport:
    """What is shown, read from its folder where it is none yet."""
    from haoline_analysis.runtime import ActivationReport, reopen

    if isinstance(captured, ActivationReport):
        return captured
    return reopen(captured)
