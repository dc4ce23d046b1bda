"""What views of tensors of real samples share: which one is shown and how, and answers to what the page asks."""

from __future__ import annotations

import json
from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol

import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_jupyter import choosing
from haoline_jupyter.cell_view import CellView
from haoline_jupyter.view import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[dict[str, Any], list[bytes]]

STATE = ("sample", "tensor", "panel", "snapshot")
MOST_SNAPSHOT, MOST_PANEL = 400_000, 20_000
"""Characters that the page may have kept in a notebook (js/src/data/host-state.ts has the same limits)."""


class Answering(Protocol):
    """Answers questions of some kinds."""

    KINDS: tuple[str, ...]

    def to(self, kind: str, asked: Mapping[str, Any]) -> Answer:
        """What is said, and the bytes that go with it."""


def sent_row(_: Any, value: Any) -> int:
    """A row number from the page."""
    return value if isinstance(value, int) and value >= 0 else -1


class Own(t.TraitType[Any, Any]):
    """A trait that the view itself judges: ``check(view, value)`` gives what is kept, or refuses."""

    def __init__(self, default: Any, check: Callable[[Any, Any], Any], help: str) -> None:  # noqa: A002
        """The default is not checked."""
        self.check = check
        super().__init__(default, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """What is kept of a value."""
        return self.check(obj, value)


def known_sample(view: SampledView, value: Any) -> int:
    """A sample that there is; the page's slips are put right.

    Raises:
        ModelError: if Python names one that there is not.
    """
    count = view.sample_count()
    if isinstance(value, int) and 0 <= value < count:
        return int(value)
    if view.listening:
        return min(max(value, 0), max(count - 1, 0)) if isinstance(value, int) else 0
    raise ModelError(f"There is no sample {value}: there are {count}.")


def small_panel(view: SampledView, value: Any) -> dict[str, Any]:
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


def small_snapshot(view: SampledView, value: Any) -> str:
    """What is on screen, unless it is too much to keep."""
    return value if isinstance(value, str) and len(value) <= MOST_SNAPSHOT else str(view.snapshot)


class SampledView(CellView):
    """A tensor of a sample beside the graph.

    A subclass sets ``_answers`` before it calls this class's constructor.
    """

    sample = Own(0, known_sample, "number of the sample shown; two-way").tag(sync=True)
    tensor = Named(
        -1, choosing.tensor_row, "row of the tensor shown, set by name or row; -1: what the op makes", sent_row
    ).tag(sync=True)
    panel = Own({}, small_panel, "how it is shown, in the view's own words; two-way").tag(sync=True)
    snapshot = Own("", small_snapshot, "what is on screen, for a reader without a kernel; the page's").tag(sync=True)

    own_state: tuple[str, ...] = STATE
    """Traits that a notebook keeps beside those of the graph."""
    _answers: Answering

    def __init__(self, report: Any, tensor: str | int | None = None, **traits: Any) -> None:
        """Show a report; ``tensor`` is a name or row, None for what the selected op makes."""
        self._busy = RLock()
        self.observe(self._follow, "tensor")
        super().__init__(report, tensor=-1 if tensor is None else tensor, **traits)

    def sample_count(self) -> int:
        """How many samples there are."""
        raise NotImplementedError

    def _follow(self, change: dict[str, Any]) -> None:
        """A tensor that Python names is shown with the op that makes it."""
        if self.listening or change["new"] < 0:
            return
        producer = int(self.report.tables["tensors"]["producer"].values[change["new"]])
        if producer >= 0 and producer not in self.selection:
            self.selection = [producer]

    def state(self) -> dict[str, Any]:
        """What the view shows, the tensor, the sample and the snapshot included."""
        kept = {name: getattr(self, name) for name in self.own_state}
        own = {name: value for name, value in kept.items() if value != self.traits()[name].default()}
        return {**super().state(), **own}

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        """What the page asks for is answered in kind, failures too."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind not in self._answers.KINDS:
            super()._answer(_, content, buffers)
            return
        self.reply(content, lambda: self._locked(kind, content))

    def _locked(self, kind: str, content: Mapping[str, Any]) -> Answer:
        """The answer to one question at a time: they share sessions of onnxruntime."""
        with self._busy:
            return self._answers.to(kind, content)
