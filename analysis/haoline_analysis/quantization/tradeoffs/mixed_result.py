"""A model that is quantized as far as a target takes, and how that was found."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.tradeoffs.constraints import show
from haoline_analysis.report import markup
from haoline_analysis.report.formatting import plain

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from haoline_analysis.quantization.quantizers import QuantizedModel
    from haoline_analysis.quantization.sensitivity import Sensitivity
    from haoline_analysis.quantization.tradeoffs.constraints import Constraint
    from haoline_analysis.quantization.tradeoffs.outcome import Outcome

_HEADINGS = {
    "step": "Step",
    "float_ops": "Float ops",
    "int16_ops": "INT16 ops",
    "predicted_cosine": "Predicted cosine",
    "cosine": "Cosine",
    "predicted_db": "Predicted dB",
    "sqnr_db": "dB",
    "size_share": "Size",
    "latency_share": "Latency",
    "meets": "Meets",
}


@dataclass(eq=False, repr=False)
class MixedPrecision:
    """The model, every build on the way to it, and what else there is."""

    name: str
    model: QuantizedModel
    met: bool
    """Whether the target is met, as measured by running it."""
    why: str
    outcome: Outcome
    steps: pd.DataFrame
    """One row per build: step, float_ops, int16_ops, predicted_db, predicted_cosine, predicted_us, sqnr_db, cosine,
    size_bytes, size_share, p50_us, latency_share, meets."""
    alternatives: pd.DataFrame
    """Dynamic INT8 and INT16 activations, measured on the same data."""
    sensitivity: Sensitivity | None
    """None where everything quantized met the target."""
    constraint: Constraint
    islands: Sequence[str] = field(default=())
    """Where float costs more than it gives, or integers do."""
    notes: Sequence[str] = field(default=())
    complete: bool = True

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the model with its recipe beside it.

        Raises:
            ModelError: if the file cannot be written.
        """
        return self.model.save(path)

    def summary(self) -> str:
        """A readable text."""
        lines = [list(_HEADINGS.values()), *self._rows(self.steps)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(_HEADINGS))]
        table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([f"Mixed precision of {plain(self.name, 100)}", *table, "", *self._facts()])

    def _facts(self) -> list[str]:
        others = [f"Alternative: {name}: {row['told']}" for name, row in self.alternatives.iterrows()]
        return [plain(each, 2000) for each in (self.why, *others, *self.islands, *self.notes)]

    def _rows(self, frame: pd.DataFrame) -> list[list[str]]:
        return [[_cell(key, row[key]) for key in _HEADINGS] for _, row in frame.iterrows()]

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def to_markdown(self) -> str:
        """The same as Markdown."""
        marks = ["---:"] * len(_HEADINGS)
        table = [f"| {' | '.join(line)} |" for line in [list(_HEADINGS.values()), marks, *self._rows(self.steps)]]
        return "\n".join([f"## Mixed precision of {plain(self.name, 100)}", "", *table, "", *self._facts(), ""])

    def _repr_html_(self) -> str:
        facts = markup.table([], [[each] for each in self._facts()])
        numeric = [True] * len(_HEADINGS)
        steps = markup.table(list(_HEADINGS.values()), self._rows(self.steps), numeric)
        sections = [markup.section("Builds", steps), markup.section("Why", facts)]
        cards = [("Target", str(self.constraint)), ("Met", "yes" if self.met else "no")]
        return markup.whole("mixed", f"Mixed precision of {self.name}", cards, sections)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def _cell(key: str, value: Any) -> str:
    if key == "meets":
        return "yes" if value else "no"
    if isinstance(value, str):
        return plain(value)
    if key.endswith("_ops"):
        return f"{int(value)}"
    if value != value:
        return "n/a"
    if key.endswith("_share"):
        return f"{value:.0%}"
    if key.endswith("_db"):
        return f"{value:.1f}" if math.isfinite(value) else "exact"
    return show("cosine", value)
