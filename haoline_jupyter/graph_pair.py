"""The graphs of two models side by side, with what differs marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis import ModelReport
from haoline_analysis.comparison import compare
from haoline_jupyter.graph_view import GraphView
from haoline_jupyter.run import Request, report_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Pair(Protocol):
    """Two reports with what ties their rows together."""

    first: ModelReport
    second: ModelReport

    def to_document(self) -> bytes:
        """Both reports in one container, each row with its counterpart in the other."""


class GraphPair(GraphView):
    """Two models side by side: ``GraphPair("model.onnx", "model.int8.onnx")``.

    Camera, selection and open groups go together. Traits speak of the first model; the second follows by counterparts
    (``pair.comparison``).
    """

    def __init__(
        self,
        first: ModelReport | str | Path | Any,
        second: ModelReport | str | Path | Any,
        color: str | None = None,
        **state: Any,
    ) -> None:
        """Show two reports, or what :func:`haoline_analysis.analyze` takes.

        Args:
            first: a report, the path of a model, or a model.
            second: what it is compared with.
            color: op column that colours nodes in both; None or empty for categories.
            state: the other arguments of :class:`GraphView`.

        Raises:
            ModelError: if a model is refused, or has no such op, column or group.
        """
        self.comparison: Pair = compare(_report(first), _report(second))
        self._show(color, state)

    @classmethod
    def of(cls, comparison: Pair, color: str | None = None, **state: Any) -> GraphPair:
        """Show two models that are compared already: op by op, or an engine with the model it was built from.

        Raises:
            ModelError: if the first model has no such op, column or group.
        """
        made = cls.__new__(cls)
        made.comparison = comparison
        made._show(color, state)  # noqa: SLF001  our own
        return made

    def _show(self, color: str | None, state: Mapping[str, Any]) -> None:
        """Become the view of the comparison."""
        super().__init__(self.comparison.first, color=color, **state)
        self._unwatch_second = self.comparison.second.watch(self.refresh)

    def _document(self) -> bytes:
        return self.comparison.to_document()

    def refresh(self) -> None:
        """Send both reports anew after one has changed."""
        with self.hold_trait_notifications():
            super().refresh()
            self.overlay = b""
            self.document = self._document()

    def close(self) -> None:
        """End this view; the reports live on."""
        self._unwatch_second()
        super().close()

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(**options), "text/plain": repr(self.comparison)}


def _report(source: ModelReport | str | Path | Any) -> ModelReport:
    """A report, analysed where it is none yet."""
    return source if isinstance(source, ModelReport) else report_of(source, Request(), lambda *_: None)
