"""The report: columns per op, tensor and scope, totals and findings, with the ways to change and export it."""

from __future__ import annotations

from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.report import mix, repeats, user_column
from haoline_analysis.report.content import new_id
from haoline_analysis.report.frames import op_frame
from haoline_analysis.report.naming import offer
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from haoline_analysis.architecture import Architecture
    from haoline_analysis.findings import Finding
    from haoline_analysis.hardware import HardwareProfile
    from haoline_analysis.model import Gap, Model
    from haoline_analysis.report.content import Content
    from haoline_analysis.report.facts import Binding, ModelFacts, Port, Repeat
    from haoline_analysis.report.histogram import TensorHistogram
    from haoline_analysis.report.placing import Placed
    from haoline_analysis.report.tables import Tables
    from haoline_analysis.report.totals import Totals
    from haoline_analysis.report.view_assets import ViewAssets
    from haoline_analysis.shapes.value import Assumption

VIEWS = ("graph", "layers", "memory", "hardware", "findings")
"""The tabs a viewer has."""


class ModelReport:
    """Everything known about one model under one binding of its dims, on one kind of hardware."""

    def __init__(
        self,
        content: Content,
        model: Model | None = None,
        rebind: Callable[[ModelReport, Mapping[str, Any]], ModelReport] | None = None,
    ) -> None:
        """Wrap content; ``rebind`` evaluates the same opened model under other shapes."""
        self._content = content
        self._model = model
        self._rebind = rebind
        self._frames: dict[str, pd.DataFrame] = {}
        self._overlay: bytes | None = None
        self._watchers: list[Callable[[], None]] = []
        self._lock = RLock()
        self.view = VIEWS[0]  # the tab a viewer opens first

    @property
    def content(self) -> Content:
        """The plain data of the report, for exporters."""
        return self._content

    @property
    def id(self) -> str:
        """The identity of the report; kept by JSON, new after :meth:`bind` and :meth:`on`."""
        return self._content.id

    @property
    def model(self) -> Model | None:
        """The opened model; None in a report restored from JSON."""
        return self._model

    @property
    def facts(self) -> ModelFacts:
        """What the model file states about itself."""
        return self._content.facts

    @property
    def holds(self) -> str:
        """What its rows are: ``ops`` of a graph, ``weights`` of a checkpoint, ``layers`` of an engine."""
        return self.facts.holds

    @property
    def architecture(self) -> Architecture | None:
        """What kind of language model it is, where config, metadata or tensors tell."""
        return self._content.architecture

    @property
    def facts_of_format(self) -> dict[str, Any]:
        """What only its format states, JSON-like: config, tokenizer, shards, engine, … (docs/formats.md)."""
        return self._content.format_facts

    @property
    def name(self) -> str:
        """The model's name."""
        return self.facts.name

    @property
    def inputs(self) -> tuple[Port, ...]:
        """The model's inputs under the binding."""
        return self.facts.inputs

    @property
    def outputs(self) -> tuple[Port, ...]:
        """The model's outputs under the binding."""
        return self.facts.outputs

    @property
    def totals(self) -> Totals:
        """Whole-model figures: ``totals.macs`` or ``totals["macs"]``."""
        return self._content.totals

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Least and greatest value of a total, where an If leaves it open."""
        return self._content.ranges

    @property
    def bindings(self) -> dict[str, Binding]:
        """The size used for each symbolic dim, and who chose it."""
        return self._content.bindings

    @property
    def assumptions(self) -> list[Assumption]:
        """The defaults the report rests on."""
        return self._content.assumptions

    @property
    def gaps(self) -> list[Gap]:
        """What the report cannot tell."""
        return self._content.gaps

    @property
    def findings(self) -> list[Finding]:
        """Risks found, the severest first."""
        return self._content.findings

    @property
    def hardware(self) -> Placed | None:
        """Where it is estimated to run and how; None before a choice."""
        return self._content.placed

    @property
    def tables(self) -> Tables:
        """The tables behind the frames, built on first use."""
        return self._content.tables

    @property
    def ops(self) -> pd.DataFrame:
        """One row per op, in execution order."""
        return self._frame("ops", lambda: op_frame(self.tables["ops"], self.tables["scopes"]))

    @property
    def tensors(self) -> pd.DataFrame:
        """One row per tensor."""
        return self._frame("tensors", self.tables["tensors"].frame)

    @property
    def scopes(self) -> pd.DataFrame:
        """One row per module scope, with the sums over its subtree; row 0 is the whole model."""
        return self._frame("scopes", self.tables["scopes"].frame)

    @property
    def memory(self) -> pd.DataFrame:
        """Bytes of live activations while each op runs."""
        return self._frame("memory", self.tables["memory"].frame)

    @property
    def precision_mix(self) -> pd.DataFrame:
        """Per precision: ops and MACs computed in it, parameters and bytes stored in it."""
        return self._frame("precision_mix", lambda: mix.precision_mix(self.tables["ops"]))

    @property
    def breakdown(self) -> pd.DataFrame:
        """What is stored, by role and type: tensors, parameters, bytes, bits per weight and share of all bytes."""
        return self._frame("breakdown", self.tables["breakdown"].frame)

    @property
    def training(self) -> pd.DataFrame | None:
        """Memory of training by optimizer, in bytes; None for a model that cannot be trained from here."""
        return self._frame("training", self.tables["training"].frame) if "training" in self.tables else None

    @property
    def repeats(self) -> list[Repeat]:
        """Runs of neighbouring scopes of one structure."""
        return repeats.repeats(self.tables["scopes"])

    def _frame(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """A frame made once."""
        with self._lock:
            if name not in self._frames:
                self._frames[name] = make()
            return self._frames[name]

    def histogram(self, tensor: str | int, bins: int = 128) -> TensorHistogram:
        """The values of a stored tensor, read from its file: all up to 64 Mi elements, evenly spaced rows of more.

        Quantized weights are dequantized.

        Args:
            tensor: name of a tensor or of a weight, or a row of :attr:`tensors`.
            bins: number of bins of equal width.

        Raises:
            ModelError: if there is no such tensor, it is not stored, or its values cannot be decoded here.
        """
        from haoline_analysis.report.histogram import histogram

        if self._model is None:
            raise ModelError("This report was restored without its model: analyze the model file to see its values.")
        return histogram(self._model, tensor, bins)

    def bind(self, shapes: Mapping[str, Any] | None = None, /, **dims: int) -> ModelReport:
        """A new report under other sizes; the file is not read again.

        Args:
            shapes: sizes by dim name, or whole shapes by input name.
            dims: sizes by dim name; what is not named keeps its binding.

        Raises:
            BindingError: if a name is no dim or input of the model.
            ModelError: if this report was restored from JSON and has no model.
        """
        if self._rebind is None:
            raise ModelError(self._unbindable())
        report = self._rebind(self, {**(shapes or {}), **dims})
        report.content.own_of(self._content)
        report.view = self.view
        return report

    def _unbindable(self) -> str:
        """Why no shapes can be bound."""
        if self._model is None:
            return "This report was restored without its model: analyze the model file to bind other shapes."
        return f"A report of {self.holds} has no inputs whose shapes could be bound."

    def on(self, hardware: str | HardwareProfile, *, count: int = 1, precision: str | None = None) -> ModelReport:
        """A new report that differs in the estimates: another device, number of devices or precision.

        Raises:
            UnknownHardwareError: if no profile has that name.
            ModelError: if the count or the precision is none.
        """
        tables = self.tables
        for name in user_column.TABLES:  # what changes in place
            tables = tables.replaced(name, Table(tables[name].rows, dict(tables[name].columns)))
        content = replace(self._content, tables=tables, id=new_id(), placed=None)
        report = ModelReport(content, self._model, self._rebind)
        report.view = self.view
        report.set_hardware(hardware, count=count, precision=precision)
        return report

    def set_hardware(
        self, hardware: str | HardwareProfile | None, *, count: int = 1, precision: str | None = None
    ) -> None:
        """Change the hardware of this very report: only what is estimated is computed anew.

        Raises:
            UnknownHardwareError: if no profile has that name.
            ModelError: if the count or the precision is none.
        """
        from haoline_analysis.report import placing

        choice = placing.choose(hardware, count, precision)
        if choice is None:
            raise ModelError("No device was detected on this machine: name a hardware profile.")
        with self._lock:
            columns, placed = placing.placed(self.holds, self.tables["ops"], self.totals, choice)
            self.tables["ops"].add(*columns)
            self._content.placed = placed
            self._content.forget_findings()
        self._changed("ops")

    def add_column(
        self,
        name: str,
        values: Any,
        *,
        by: str | None = None,
        table: str = "ops",
        label: str = "",
        unit: str = "",
        aggregate: str | None = None,
        scale: str | None = None,
        center: float | None = None,
        description: str = "",
        provenance: str = "measured",
    ) -> ModelReport:
        """Add a column of one's own; it is sorted, coloured and exported like any other, in live views at once.

        Args:
            name: the column's name; a built-in one cannot be replaced, one's own can.
            values: a Series or mapping by name or row number, in which rows may be missing, or one value per row.
            by: what names are of: ``"op"``, or ``"tensor"`` for the op that makes it. None: whichever fits.
            table: ``"ops"``, or ``"tensors"`` for the edges of the graph.
            label: words for people.
            unit: the unit of the values.
            aggregate: how a group shows it: ``sum``, ``max``, ``mean``, ``min`` or None.
            scale: ``linear``, ``log``, ``diverging``, ``categorical`` or ``ordinal`` colours; None: by the values.
            center: where a diverging scale turns; None: at 0.
            description: a sentence about it.
            provenance: ``counted``, ``estimated``, ``measured`` or ``declared``.

        Returns:
            This report.

        Raises:
            ModelError: if the name is taken or the values do not fit the ops or tensors.
        """
        user_column.check_place(table, by)
        column = Column(name, values, label or str(name), unit, provenance, aggregate, description, scale, center)
        user_column.check(column, self.tables[table], self._content.own[table])
        column = replace(column, values=user_column.align(values, self.tables, table, by))
        with self._lock:
            self._content.put_own(table, column)
        self._changed(table)
        return self

    def remove_column(self, name: str, *, table: str = "ops") -> ModelReport:
        """Take back what :meth:`add_column` added.

        Raises:
            ModelError: if no column of that name was added.
        """
        user_column.check_place(table, None)
        own = self._content.own[table]
        if name not in own:
            raise ModelError(f"No column {name!r} was added to the {table}{offer(name, own)}")
        with self._lock:
            self._content.drop_own(table, name)
        self._changed(table)
        return self

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change of columns or hardware; the result ends that."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback) if callback in self._watchers else None

    def _changed(self, table: str) -> None:
        """Forget what was derived from a table, and tell those who show it."""
        with self._lock:
            self._frames.pop(table, None)
            self._overlay = None
        for callback in [*self._watchers]:
            callback()

    def summary(self) -> str:
        """A readable text of the whole report, without control characters."""
        from haoline_analysis.report.text import summary

        return summary(self)

    def to_json(self, path: str | Path | None = None, *, indent: int | None = None) -> str:
        """The report as versioned JSON (docs/report-schema.md), also written to ``path`` where given."""
        from haoline_analysis.report import json_codec

        return written(json_codec.dumps(self, indent), path)

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelReport:
        """The report that :meth:`to_json` wrote: the same tables, totals and findings, without the model.

        Raises:
            ModelError: if the text is no report or of a newer schema.
        """
        from haoline_analysis.report import json_codec

        return cls(json_codec.loads(text))

    def to_markdown(self, path: str | Path | None = None) -> str:
        """The report as Markdown, also written to ``path`` where given."""
        from haoline_analysis.report.markdown import to_markdown

        return written(to_markdown(self), path)

    def to_html(self, path: str | Path | None = None, *, assets: ViewAssets | None = None) -> str:
        """One self-contained HTML page, also written to ``path`` where given.

        It is interactive with the view bundle, which loading ``haoline_jupyter`` provides and ``assets`` may
        (``haoline_jupyter.views()``); without a bundle it is static.
        """
        from haoline_analysis.report.page import page

        return written(page(self, assets), path)

    def to_document(self) -> bytes:
        """The gzipped binary container that the views draw (docs/architecture.md)."""
        from haoline_analysis.report.document import document

        return document(self)

    def to_overlay(self) -> bytes:
        """The gzipped container of what may have changed since the document was made: estimates and own columns."""
        from haoline_analysis.report.document import overlay

        with self._lock:
            if self._overlay is None:
                self._overlay = overlay(self)
            return self._overlay

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Text, static HTML and the stored report, for any notebook front end."""
        from haoline_analysis.report.bundle import mimebundle

        return mimebundle(self)


def written(text: str, path: str | Path | None) -> str:
    """The text, written as UTF-8 to the path where there is one."""
    if path is not None:
        from pathlib import Path

        try:
            Path(path).expanduser().write_text(text, encoding="utf-8")
        except OSError as error:
            raise ModelError(f"Cannot write {path}: {error.strerror}.") from error
    return text
