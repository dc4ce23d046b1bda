"""What a page asks about the report itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from haoline_analysis import analyze
from haoline_analysis.formats.stored import stored_model
from haoline_analysis.model import Weight
from haoline_jupyter.report_answers import MOST_BINS, ReportAnswers
from haoline_jupyter.view import View

if TYPE_CHECKING:
    from haoline_analysis import ModelReport

VALUES = np.arange(-50, 50, dtype=np.float32).reshape(20, 5)


class _Kept:
    """A weight at hand."""

    def load(self) -> np.ndarray:
        return VALUES


@pytest.fixture(scope="module")
def report() -> ModelReport:
    """A checkpoint of one matrix."""
    weight = Weight("float32", VALUES.shape, _Kept())
    return analyze(stored_model(name="one", format="safetensors", path=None, tensors=[("head.weight", weight)]))


def test_edges_and_counts_go_with_the_figures(report: ModelReport) -> None:
    told, (edges, counts) = ReportAnswers(report).to("histogram", {"tensor": 0, "bins": 16})
    assert len(np.frombuffer(edges)) == 17
    assert np.frombuffer(counts).sum() == VALUES.size == told["elements"]
    assert (told["minimum"], told["maximum"], told["mean"]) == (-50, 49, -0.5)
    assert told["tensor"] == 0
    assert told["sampled"] is False


def test_bins_are_as_many_as_a_page_can_draw(report: ModelReport) -> None:
    _, (_, counts) = ReportAnswers(report).to("histogram", {"tensor": 0, "bins": 10**9})
    assert len(np.frombuffer(counts)) == MOST_BINS


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"tensor": 7}, "There is no tensor 7: there are 1."), ({"tensor": "x"}, "tensor is a whole number")],
)
def test_a_view_answers_a_wrong_question_with_a_sentence(
    report: ModelReport, asked: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(View, "send", lambda _, content, buffers=None: sent.append(content))
    view = View(report)
    view._answer(view, {"type": "histogram", "request": 3, **asked}, [])
    view.close()
    (answer,) = (content for content in sent if content.get("type") == "histogram")
    assert said in answer["error"]
    assert answer["request"] == 3
