"""What every live view of a report shares: the report's bytes, the state of the graph, and the answers it gets."""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from haoline_analysis.errors import ModelError
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.model_report import written
from haoline_analysis.report.page import hardware_choice, page
from haoline_jupyter import assets, choosing, shown
from haoline_jupyter.report_answers import ReportAnswers
from haoline_jupyter.session import Choice, session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from haoline_analysis import ModelReport
    from haoline_jupyter.answering import Answer

    Check = Callable[[ModelReport, Any], Any]

GRAPH_STATE = (
    "selection",
    "color",
    "edge_color",
    "size",
    "filter",
    "expanded",
    "focus",
    "camera",
    "constants",
    "quantizers",
)
"""Traits that say what a graph shows (js/src/graph/state.ts)."""


class Named(t.TraitType[Any, Any]):
    """A trait whose values the report knows: checked where Python sets it, taken as it is from the page."""

    def __init__(self, default: Any, check: Check, help: str, heard: Check | None = None) -> None:  # noqa: A002
        """``check(report, value)`` gives what is kept, or refuses; ``heard`` does so with what the page says."""
        self.check = check
        self.heard = heard
        super().__init__(default, help=help)

    def validate(self, obj: Any, value: Any) -> Any:
        """What is kept of a value."""
        if obj.listening:
            return self.heard(obj.report, value) if self.heard else value
        return self.check(obj.report, value)


def camera(_: Any, value: Any) -> dict[str, float] | None:
    """Where one looks: the world point in the upper left corner and the scale, pixels per unit.

    Raises:
        ModelError: if a number is missing or none.
    """
    if value is None:
        return None
    try:
        made = {key: float(value[key]) for key in ("x", "y", "scale")}
    except (TypeError, KeyError, ValueError, IndexError):
        made = {}
    if not made or not all(map(math.isfinite, made.values())) or made["scale"] <= 0:
        raise ModelError(f"A camera is a dict of x, y and a positive scale, or None to fit the graph, not {value!r}.")
    return made


def text(_: Any, value: Any) -> str:
    """Words; None is none."""
    return "" if value is None else str(value)


def group(report: ModelReport, value: Any) -> str:
    """The address of one group."""
    return (choosing.addresses(report, value or "") or [""])[0]


def edge_column(report: ModelReport, value: Any) -> str:
    """The name of a column of the tensors."""
    return choosing.column(report, value, "tensors")


class View(anywidget.AnyWidget):
    """A live view of one report; several may show the same one."""

    # A stub of about 1 kB: anywidget stores the module once per widget, so the views themselves are fetched on demand.
    _esm = t.Unicode().tag(sync=True)

    view = t.Unicode("report", help="which view it is").tag(sync=True)
    view_id = t.Unicode(help="identity of this view").tag(sync=True)
    report_id = t.Unicode(help="identity of the report").tag(sync=True)
    document = t.Bytes(help="the gzipped report container").tag(sync=True)
    overlay = t.Bytes(help="the gzipped overlay after a change of columns or hardware; empty before").tag(sync=True)
    hardware = t.Dict(help='{"profile": id, "count": n, "precision": p}; two-way').tag(sync=True)
    status = t.Unicode(help="a line to the reader, such as why a choice was refused").tag(sync=True)

    selection = Named([], choosing.op_rows, "selected op rows; two-way", choosing.known_rows).tag(sync=True)
    color = Named("", choosing.column, "op column that colours nodes, empty for categories; two-way").tag(sync=True)
    edge_color = Named("", edge_column, "tensor column that colours edges, empty for precision; two-way").tag(sync=True)
    size = Named("", choosing.column, "op column that sizes nodes; two-way").tag(sync=True)
    filter = Named("", text, "a query: what does not match fades; two-way").tag(sync=True)
    expanded = Named(None, choosing.addresses, "addresses of the open groups, None: the view's choice; two-way").tag(
        sync=True
    )
    focus = Named("", group, "address of the group shown alone, empty for the whole model; two-way").tag(sync=True)
    camera = Named(None, camera, "where one looks: x, y and scale; None fits the graph; two-way").tag(sync=True)
    constants = t.Bool(False, help="whether ops that depend on weights alone are drawn; two-way").tag(sync=True)
    quantizers = t.Bool(True, help="whether Quantize/DequantizeLinear ops are drawn; two-way").tag(sync=True)

    def __init__(self, report: ModelReport, **traits: Any) -> None:
        """Show a report.

        Raises:
            MissingAssetsError: if the front end is not built.
            ModelError: if the report has no such op, column or group.
        """
        self.report = report
        self.listening = False
        view_id = uuid.uuid4().hex
        super().__init__(
            _esm=assets.read("stub.js"),
            model_id=view_id,
            view_id=view_id,
            report_id=report.id,
            document=self._document(),
            hardware=hardware_choice(report),
            **traits,
        )
        self._unwatch = report.watch(self.refresh)
        self.observe(self._chosen, "hardware")
        self.on_msg(self._answer)
        session.widgets.add(self)

    def _document(self) -> bytes:
        """The container that the page draws."""
        return self.report.to_document()

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take what the page says: it knows more addresses than the report, and names no column that is not there."""
        self.listening = True
        try:
            super().set_state(sync_data)
        finally:
            self.listening = False

    def refresh(self) -> None:
        """Send the columns and estimates after the report has changed."""
        with self.hold_trait_notifications():
            for name, table in (("color", "ops"), ("size", "ops"), ("edge_color", "tensors")):
                if getattr(self, name) not in self.report.tables[table]:
                    setattr(self, name, "")
            self.overlay = self.report.to_overlay()
            self.hardware = hardware_choice(self.report)
            self.status = ""

    def close(self) -> None:
        """End this view; the report lives on."""
        session.widgets.discard(self)
        if hasattr(self, "_unwatch"):
            self._unwatch()
        shown.outputs.forget(self)
        super().close()
        layout = self._trait_values.get("layout")  # ipywidgets leaves it open, in the kernel and in the page
        if layout is not None:
            layout.close()
        self.__dict__.pop("_repr_mimebundle_", None)  # ipywidgets would hide it from displays for good

    def reopen(self) -> None:
        """Show the view again after it was closed; nothing happens to one that is open."""
        if self in session.widgets:
            return
        self._unwatch = self.report.watch(self.refresh)
        session.widgets.add(self)
        self.layout.open()
        self.refresh()
        self.open()

    def state(self) -> dict[str, Any]:
        """What the view shows, apart from defaults: what a page or a notebook keeps of it."""
        kept = {name: getattr(self, name) for name in GRAPH_STATE}
        return {name: value for name, value in kept.items() if value != self.traits()[name].default()}

    def to_html(self, path: str | Path | None = None) -> str:
        """The report as one page that opens as this view is now, also written to ``path`` where given."""
        return written(page(self.report, assets.views(), {"view": self.view, **self.state()}), path)

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
        """The page asks for the views, where no extension has them, for a page, for values; or its cell is gone."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "bundle":
            views = assets.views()
            self.send({"type": "bundle"}, buffers=[views.module.encode(), views.style.encode()])
        elif kind == "html":
            self.send({"type": "html"}, buffers=[self.to_html().encode()])
        elif kind == "gone":
            self.close()
        elif kind in ReportAnswers.KINDS:
            self.reply(content, lambda: ReportAnswers(self.report).to(str(kind), content))

    def reply(self, content: Mapping[str, Any], work: Callable[[], Answer], interrupted: str = "") -> None:
        """Send what ``work`` makes as the answer to a question, or one sentence that says what is wrong."""
        told = {"type": content["type"], "request": content.get("request")}
        try:
            answer, sent = work()
        except KeyboardInterrupt:
            self.send({**told, "error": interrupted or "The kernel was interrupted."})
        except ModelError as error:
            self.send({**told, "error": plain(error, 1000)})
        except Exception as error:  # noqa: BLE001  the page waits for an answer, whatever happened
            self.send({**told, "error": plain(f"{type(error).__name__}: {error}", 1000)})
        else:
            self.send({**told, **answer}, buffers=sent)
