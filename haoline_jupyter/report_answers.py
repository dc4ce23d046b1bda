"""What the page of any view asks its kernel for about the report itself: how the values of a tensor are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_jupyter.answering import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis import ModelReport
    from haoline_jupyter.answering import Answer

LEAST_BINS, MOST_BINS = 8, 1024


class ReportAnswers:
    """Answers about one report."""

    KINDS: tuple[str, ...] = ("histogram",)

    def __init__(self, report: ModelReport) -> None:
        """Tensors are asked for by their rows in the report's table."""
        self._report = report

    def to(self, kind: str, asked: Mapping[str, Any]) -> Answer:
        """What is said, and the bytes that go with it.

        Raises:
            ModelError: if there is no such thing, or it cannot be had.
        """
        return {"histogram": self.histogram}[kind](asked)

    def histogram(self, asked: Mapping[str, Any]) -> Answer:
        """How the values of a stored tensor are spread: figures in the header; edges and counts as float64.

        Raises:
            ModelError: if there is no such tensor, or its values cannot be read.
        """
        row, rows = whole(asked.get("tensor"), "tensor"), len(self._report.tables["tensors"]["name"].values)
        if not 0 <= row < rows:
            raise ModelError(f"There is no tensor {row}: there are {rows}.")
        bins = min(max(whole(asked.get("bins", 128), "bins"), LEAST_BINS), MOST_BINS)
        made = self._report.histogram(row, bins=bins)
        told = {**made.header(), "tensor": row}
        return told, [np.asarray(part, dtype="<f8").tobytes() for part in (made.edges, made.counts)]
