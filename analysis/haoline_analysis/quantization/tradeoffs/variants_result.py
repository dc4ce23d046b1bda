"""Several variants of one model side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.tradeoffs import showing

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from haoline_analysis.quantization.quantizers import QuantizedModel

FLOAT = "float"
"""The row of the model itself."""


@dataclass(eq=False, repr=False)
class Variants:
    """A table of what each variant costs and gives, which of them nothing beats, and which one to take."""

    name: str
    table: pd.DataFrame
    """Index: name. Columns: scheme, size_bytes, size_share, cosine, cosine_min, sqnr_db, top1, p50_us, p95_us,
    latency_share, front, meets, breaks, note."""
    models: Mapping[str, QuantizedModel]
    failed: Mapping[str, str]
    """Why a variant could not be made or run."""
    front: tuple[str, ...]
    recommended: str | None
    """None where no variant keeps the bounds."""
    why: str
    constraint: Any
    complete: bool = True
    """False where it was interrupted; what was finished by then is there."""
    notes: Sequence[str] = field(default=())

    @property
    def model(self) -> QuantizedModel | None:
        """The recommended model; None where there is none, or it is the float model."""
        return self.models.get(self.recommended or "")

    def save(self, name: str | None, path: str | os.PathLike[str]) -> Path:
        """Save a variant (None: the recommended one) with its recipe beside it.

        Raises:
            ModelError: if there is no such variant or the file cannot be written.
        """
        asked = self.recommended if name is None else name
        model = self.models.get(asked or "")
        if model is None:
            known = ", ".join(self.models) or "none"
            raise ModelError(f"There is no variant {asked!r} to save; there are: {known}.")
        return model.save(path)

    def chart(self) -> Any:
        """Accuracy over latency, points as large as the files (altair).

        Raises:
            MissingExtraError: if altair is not installed.
        """
        from haoline_analysis.quantization.tradeoffs.chart import scatter

        return scatter(self)

    def summary(self) -> str:
        """A readable text: the table, the recommendation, what failed."""
        return showing.text(self)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """The same as Markdown, also written to ``path`` where given.

        Raises:
            ModelError: if the file cannot be written.
        """
        return showing.written(showing.markdown(self), path)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """The same as one HTML element with its own style, also written to ``path`` where given.

        Raises:
            ModelError: if the file cannot be written.
        """
        return showing.written(showing.html(self), path)

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
