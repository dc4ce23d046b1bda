"""What a variant of a model makes of real data that the model does not, as a live view of both graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence import display
from haoline_jupyter import assets, choosing
from haoline_jupyter.divergence_answers import DivergenceAnswers
from haoline_jupyter.jobs import STOPPED, Job, Jobs
from haoline_jupyter.sampled_view import STATE, Own, SampledView
from haoline_jupyter.workshop import OPS, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from haoline_analysis.quantization import DivergenceReport

    Answer = tuple[dict[str, Any], list[bytes]]

ERROR = "error"
"""The column that colours the graphs at first; a comparison that was stopped at once has none."""
CHANGES = "changes"
NO_PLAN: dict[str, list[Any]] = {**{part: [] for part in OPS}, CHANGES: []}


def known_plan(view: DivergenceView, value: Any) -> dict[str, list[Any]]:
    """Rows of ops by what is to become of them, and names of changes; Python may name ops as in a selection.

    Raises:
        ModelError: if Python names what is no op or no change.
    """
    if not isinstance(value, dict) or not set(value) <= set(NO_PLAN):
        if view.listening:
            return dict(view.plan)
        raise ModelError('A plan is a dict such as {"keep_float": [...], "int16": [...], "changes": [...]}.')
    rows = choosing.known_rows if view.listening else choosing.op_rows
    return {part: rows(view.report, value.get(part) or []) for part in OPS} | {
        CHANGES: known_changes(value.get(CHANGES) or [], strict=not view.listening)
    }


def known_changes(names: Any, *, strict: bool = False) -> list[str]:
    """Names of changes that there are, each once.

    Raises:
        ModelError: if one is none of them, where that is ``strict``.
    """
    from haoline_analysis.quantization.quantizers.changes import change_names

    known = change_names()
    asked = [names] if isinstance(names, str) else list(names) if isinstance(names, (list, tuple)) else []
    if strict and (wrong := [name for name in asked if name not in known]):
        raise ModelError(f"There is no change {wrong[0]!r}: choose from {', '.join(known)}.")
    return [name for name in known if name in asked]


def _comparison(value: Any) -> DivergenceReport:
    """What is shown.

    Raises:
        ModelError: if it is something else.
    """
    from haoline_analysis.quantization import DivergenceReport

    if isinstance(value, DivergenceReport):
        return value
    raise ModelError(f"A DivergenceView shows what compare() returns, not {type(value).__name__}.")


class DivergenceView(SampledView):
    """A comparison beside both graphs: ``DivergenceView(compared, tensor="conv1", sample=3)``.

    Traits can be read and set later and follow what the reader does: ``view.plan`` is what they would keep float,
    ``view.built`` what they had built of it.
    """

    divergence = t.Bytes(help="the gzipped container of the comparison").tag(sync=True)
    plan = Own(NO_PLAN, known_plan, "rows of ops to keep float or 16-bit, and changes; two-way").tag(sync=True)

    work = t.Dict(help="the long question of the page that the kernel is at, empty for none; read-only").tag(sync=True)

    own_state = (*STATE, "plan")

    def __init__(
        self,
        compared: DivergenceReport,
        tensor: str | int | None = None,
        sample: int = 0,
        panel: Mapping[str, Any] | None = None,
        plan: Mapping[str, Any] | None = None,
        height: int = 760,
        color: str | None = ERROR,
        **graph: Any,
    ) -> None:
        """Show a comparison.

        Args:
            compared: what :func:`haoline_analysis.quantization.compare` returns.
            tensor: name or row of the tensor shown first; None: what the selected op makes.
            sample: number of the sample shown first.
            panel: how it is shown, as ``view.panel`` tells.
            plan: what is to be built: ``{"keep_float": [...], "int16": [...], "changes": [...]}``; ops as names, rows
                or a mask; changes such as ``"clip-mask"`` or ``"per-channel"``.
            height: of the cell, in pixels.
            color: op column that colours nodes in both graphs; None or empty for categories.
            graph: what the graphs show, as in :class:`GraphView` (``selection``, ``color``, ``filter``, …).

        Raises:
            ModelError: if that is no comparison, or there is no such tensor, op, column, group or change.
        """
        self._jobs, self._looks = Jobs(self.send), Jobs(self.send)  # first: a view that is refused is closed, too
        self._unwatch_variant: Callable[[], None] = lambda: None
        self.compared = _comparison(compared)
        self.built: dict[str, Any] = {}
        self._answers = DivergenceAnswers(compared)
        self._shop = Workshop(compared)
        super().__init__(
            compared.report,
            tensor,
            view=display.VIEW,
            divergence=compared.to_document(),
            sample=sample,
            panel=dict(panel or {}),
            plan=dict(plan or NO_PLAN),
            height=height,
            color=color if color != ERROR or ERROR in compared.report.tables["ops"] else "",
            **graph,
        )
        self._unwatch_variant = compared.variant_report.watch(self.refresh)

    def _document(self) -> bytes:
        """Both reports, with what matched in each other's rows."""
        pair: bytes = self.compared.comparison.to_document()
        return pair

    def sample_count(self) -> int:
        """How many samples were compared."""
        return len(self.compared.samples)

    def refresh(self) -> None:
        """Send both reports anew after one has changed."""
        with self.hold_trait_notifications():
            super().refresh()
            self.overlay = b""
            self.document = self._document()

    def stored(self, view_id: str = "") -> dict[str, Any]:
        """The comparison in the forms that need no kernel."""
        return display.mimebundle(self.compared, self.state(), self.document, view_id)

    def to_html(self, path: str | Path | None = None) -> str:
        """One page that opens as this view is now, also written to ``path`` where given."""
        return display.to_html(self.compared, path, assets=assets.views(), state=self.state())

    def close(self) -> None:
        """End this view and what it is busy with; the comparison lives on."""
        self._jobs.stop()
        self._looks.stop()
        self._unwatch_variant()
        super().close()

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        """The page asks for a tile or an array, or for work that takes long."""
        kind = content.get("type") if isinstance(content, dict) else None
        long = {"sensitivity": self._sensitivity, "build": self._build, "open": self._open}
        if kind == "stop":
            self._jobs.stop(content.get("request"))
        elif kind in long:
            self._start(self._jobs, content, long[kind])
        elif kind == "suggestions":
            self._start(self._looks, content, self._suggestions)
        else:
            super()._answer(_, content, buffers)

    def _start(self, jobs: Jobs, content: Mapping[str, Any], work: Callable[[Mapping[str, Any], Job], Answer]) -> None:
        """Have something done in a thread, which answers; or answer that this cannot be now.

        The question stands in ``work`` as long, if it is a long one, so that a page drawn meanwhile can rejoin.
        """

        def answer(job: Job) -> None:
            lasting = jobs is self._jobs
            try:
                self.work = dict(content) if lasting else self.work
                self.reply(content, lambda: work(content, job), STOPPED)
            finally:
                self.work = {} if lasting else self.work

        try:
            jobs.start(content, answer)
        except ModelError as error:
            self.send({"type": content["type"], "request": content.get("request"), "error": str(error)})

    def _suggestions(self, _: Mapping[str, Any], __: Job) -> Answer:
        """What lint would change, told without a run; kept with the comparison."""
        return {"suggestions": self._shop.suggestions()}, []

    def _sensitivity(self, _: Mapping[str, Any], job: Job) -> Answer:
        """What each op's quantization costs, measured alone; kept with the comparison."""
        found = self._shop.sensitivity(job.tell)
        self.divergence = self.compared.to_document()
        return {"what_if": found}, []

    def _build(self, asked: Mapping[str, Any], job: Job) -> Answer:
        """A variant with some ops float or 16-bit and some changes, made and run."""
        plan: dict[str, list[Any]] = {part: choosing.known_rows(self.report, asked.get(part)) for part in OPS}
        plan[CHANGES] = known_changes(asked.get(CHANGES))
        told, quantized = self._shop.build(plan, job.tell)
        self.built[told["path"]] = quantized
        return told, []

    def _open(self, asked: Mapping[str, Any], _: Job) -> Answer:
        """Show a variant that was built in place of the one shown."""
        self.show(self._shop.opened(asked.get("path")))
        return {"path": asked.get("path")}, []

    def show(self, compared: DivergenceReport) -> None:
        """Show another comparison of the same float model in this view.

        Raises:
            ModelError: if it is of another model.
        """
        names = [list(report.tables["ops"]["name"].values) for report in (compared.report, self.report)]
        if names[0] != names[1]:
            raise ModelError("The comparison is of another float model: make a view of its own for it.")
        with self._busy, self.hold_trait_notifications():
            self._unwatch()
            self._unwatch_variant()
            self.compared, self.report = compared, compared.report
            self._answers = DivergenceAnswers(compared)
            self._shop.compared = compared
            self._unwatch = compared.report.watch(self.refresh)
            self._unwatch_variant = compared.variant_report.watch(self.refresh)
            self.report_id = compared.report.id
            self.divergence = compared.to_document()
            self.snapshot = ""
            self.refresh()
