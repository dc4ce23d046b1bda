"""What a capture found: statistics of every tensor, and the tensors themselves on demand."""

from __future__ import annotations

import operator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import offer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Gap
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.loading import Loader
    from haoline_analysis.runtime.outputs_check import OutputCheck
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.saved import SavedSamples
    from haoline_analysis.runtime.statistics import Histogram


@dataclass(eq=False, kw_only=True)
class ActivationReport:
    """A model run on samples. Statistics are here; :meth:`load` gets single tensors, from any thread."""

    report: ModelReport  # the model's own; its op table has columns of what was measured
    tensors: pd.DataFrame  # one row per captured tensor in execution order, indexed by name
    channels: pd.DataFrame  # tensor, channel, min, max, mean, std, sparsity, dead, outlier
    findings: list[Finding]
    gaps: list[Gap]  # what could not be captured, and why
    notes: tuple[str, ...]
    samples: Samples | SavedSamples
    done: int  # samples that all statistics rest on
    complete: bool  # False: interrupted, or the store was full
    mode: str  # "statistics" or "stored"
    provider: str  # "CPU", "CUDA"
    check: OutputCheck | None  # None: stopped before the first sample was through
    histograms: Mapping[str, Histogram]
    layouts: Mapping[str, str]
    channel_axes: Mapping[str, int | None]
    loader: Loader
    folder: Path | None = None  # where the tensors are stored
    id: str = field(default_factory=lambda: uuid4().hex)

    def histogram(self, tensor: str) -> Histogram:
        """Distribution of a tensor over all samples, on a logarithmic scale to both sides of zero.

        Raises:
            ModelError: if it was not captured.
        """
        self._check(tensor)
        return self.histograms[tensor]

    def load(self, tensor: str, sample: int = 0, channel: int | None = None) -> np.ndarray:
        """One sample of a tensor, or one of its channels without the channel axis.

        In mode "stored" it is read from disk; else the sample is run again, and the other tensors of that sample are
        then at hand, up to 256 MB of the latest.

        Raises:
            ModelError: if there is no such tensor, sample or channel, or the model cannot be run any more.
        """
        axis = self.channel_axis(tensor)
        if channel is not None and axis is None:
            raise ModelError(f"{tensor!r} has no channels to choose from.")
        chosen = None if channel is None else _number(channel, "channel")
        return self.loader.load(tensor, _number(sample, "sample"), chosen, axis)

    def layout(self, tensor: str) -> str:
        """How to look at a tensor: ``maps``, ``tokens``, ``attention``, ``vector`` or ``other``.

        Raises:
            ModelError: if it was not captured.
        """
        self._check(tensor)
        return self.layouts.get(tensor, "other")

    def channel_axis(self, tensor: str) -> int | None:
        """The axis of a tensor's channels, negative from the end; None where it has none.

        Raises:
            ModelError: if it was not captured.
        """
        self._check(tensor)
        return self.channel_axes.get(tensor)

    def close(self) -> None:
        """Let go of the session and of tensors kept for :meth:`load`, which opens them again when it is called."""
        self.loader.close()

    def _check(self, tensor: str) -> None:
        if not isinstance(tensor, str) or tensor not in self.tensors.index:
            raise ModelError(f"There is no captured tensor {tensor!r}{offer(tensor, self.tensors.index)}")

    def summary(self) -> str:
        """A readable text of the capture, without control characters."""
        from haoline_analysis.runtime.display import summary

        return summary(self)

    def to_html(self, path: str | Path | None = None, **options: Any) -> str:
        """One self-contained HTML page, also written to ``path`` where given."""
        from haoline_analysis.runtime.display import to_html

        return to_html(self, path, **options)

    def __repr__(self) -> str:
        """The summary."""
        return self.summary()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Text, static HTML and the stored capture, for any notebook front end."""
        from haoline_analysis.runtime.display import mimebundle

        return mimebundle(self)


def _number(value: Any, what: str) -> int:
    """A sample or channel as a plain number; True is none, though Python counts with it."""
    with suppress(TypeError):
        if not isinstance(value, bool):
            return operator.index(value)
    raise ModelError(f"A {what} is chosen by its number, not by {value!r}.")
