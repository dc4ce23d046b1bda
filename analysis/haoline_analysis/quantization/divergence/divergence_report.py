"""What a comparison found: errors of every tensor, made and seen, and the tensors themselves on demand."""

from __future__ import annotations

import operator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from haoline_analysis.errors import ModelError
from haoline_analysis.report.naming import offer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from haoline_analysis.comparison import Comparison
    from haoline_analysis.findings import Finding
    from haoline_analysis.model import Gap
    from haoline_analysis.quantization.divergence.loading import Loader
    from haoline_analysis.quantization.divergence.metrics.bins import Counted
    from haoline_analysis.quantization.structure import Form
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.outputs_check import OutputCheck
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.statistics import Histogram

SIDES = ("float", "variant", "difference", "local")


@dataclass(eq=False, kw_only=True)
class DivergenceReport:
    """A model and a variant of it run on the same samples. :meth:`load` gets single tensors, from any thread.

    SQNR is 10 log10(sum f² / sum (f - v)²) in dB over all elements and samples, infinite where nothing differs. What is
    called local is the error of the ops that make a tensor when they are fed the float model's tensors.
    """

    report: ModelReport  # the float model's; its op table has columns of what was measured
    variant_report: ModelReport  # the variant's, likewise
    ops: pd.DataFrame  # one row per op that makes a comparable tensor, in execution order, indexed by name
    tensors: pd.DataFrame  # one row per comparable tensor, indexed by name
    channels: pd.DataFrame  # tensor, channel, sqnr_db, local_sqnr_db, mse, max_abs
    outputs: pd.DataFrame  # one row per output of the model
    output_samples: Mapping[str, Mapping[str, Mapping[int, float]]]  # by output: cosine and sqnr_db by sample
    samples_table: pd.DataFrame  # one row per sample: label, cosine and sqnr_db of the outputs
    unmatched: pd.DataFrame  # tensor, op, why
    findings: list[Finding]
    gaps: list[Gap]
    notes: tuple[str, ...]
    samples: Samples
    done: int  # samples that all figures rest on
    complete: bool  # False: interrupted
    provider: str  # "CPU", "CUDA"
    check: OutputCheck | None  # the variant's outputs with capture and without; None: stopped before that
    sizes: Mapping[str, int | None]  # bytes of both files
    latency: Mapping[str, Mapping[str, float]] | None  # p50_us and p95_us of both
    scheme: str | None  # how the variant was quantized, where it says so
    bins: Mapping[str, Counted]
    forms: Mapping[str, Form | None]
    layouts: Mapping[str, str]
    channel_axes: Mapping[str, int | None]
    counterpart: NDArray[np.int32]  # [ops of report] row in variant_report of the op that computes the same, -1 without
    loader: Loader
    float_model: Any  # as given
    variant_model: Any
    what_if: dict[str, Any] | None = None  # what keeping ops float would change, once that is measured
    suggestions: list[dict[str, Any]] | None = None  # changes that lint suggests, once it was asked
    id: str = field(default_factory=lambda: uuid4().hex)

    @cached_property
    def comparison(self) -> Comparison:
        """Both graphs compared op by op; counterparts are those whose tensors were matched, else of like structure."""
        from haoline_analysis.quantization.divergence.pairing import comparison

        return comparison(self.report, self.variant_report, self.counterpart)

    def histogram(self, tensor: str) -> tuple[Histogram, Histogram, Form | None]:
        """Distributions of both sides of a tensor over all samples in linear bins, and the variant's grid.

        Raises:
            ModelError: if it was not compared, or histograms were not asked for.
        """
        from haoline_analysis.runtime.statistics import Histogram

        self._check(tensor)
        counted = self.bins.get(tensor)
        if counted is None:
            raise ModelError(f"There is no histogram of {tensor!r}: it was not matched, or none was asked for.")
        edges, counts = counted.edges, counted.scaled()
        sampled = counted.drawn < counted.elements
        sides = [Histogram(edges[:-1], edges[1:], side, sampled) for side in counts]
        return sides[0], sides[1], self.forms.get(tensor)

    def load(self, tensor: str, sample: int = 0, which: str = "float", channel: int | None = None) -> np.ndarray:
        """One sample of a tensor, float32: of the ``float`` model, the ``variant``, the ``difference`` or ``local``.

        The difference is the variant's less the float model's, ``local`` is the part of it that the op makes by itself,
        fed with the float model's tensors. The sample is run again, and its other tensors are then
        at hand, up to 256 MB of the latest.

        Raises:
            ModelError: if there is no such tensor, sample, side or channel, or a model cannot be run any more.
        """
        self._check(tensor)
        if which not in SIDES:
            raise ModelError(f"{which!r} is none of {', '.join(SIDES)}.")
        chosen = None if channel is None else _number(channel, "channel")
        return self.loader.load(tensor, _number(sample, "sample"), which, chosen, self.channel_axis(tensor))

    def layout(self, tensor: str) -> str:
        """How to look at a tensor: ``maps``, ``tokens``, ``attention``, ``vector`` or ``other``.

        Raises:
            ModelError: if it is not comparable.
        """
        self._check(tensor)
        return self.layouts.get(tensor, "other")

    def channel_axis(self, tensor: str) -> int | None:
        """The axis of a tensor's channels; None where it has none.

        Raises:
            ModelError: if it is not comparable.
        """
        self._check(tensor)
        return self.channel_axes.get(tensor)

    def close(self) -> None:
        """Let go of sessions, tensors kept for :meth:`load`, and the deployed graph; what is measured stays."""
        self.loader.close()

    def summary(self) -> str:
        """A sentence or two to paste: size, speed, accuracy, and the three ops that cost most."""
        from haoline_analysis.quantization.divergence.sentence import sentence

        return sentence(self)

    def chart(self, kind: str = "ranking") -> Any:
        """An altair chart: ``ranking``, ``depth``, ``blocks`` or ``categories``.

        Raises:
            ModelError: if there is no such chart, or altair is not installed.
        """
        from haoline_analysis.quantization.divergence.charts import chart

        return chart(self, kind)

    def to_document(self) -> bytes:
        """The gzipped container that the divergence view draws (docs/architecture.md)."""
        from haoline_analysis.quantization.divergence.document import document

        return document(self)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """The comparison as Markdown, also written to ``path`` where given."""
        from haoline_analysis.quantization.divergence.display import to_markdown

        return to_markdown(self, path)

    def to_html(self, path: str | Path | None = None, **options: Any) -> str:
        """One self-contained HTML page, also written to ``path`` where given."""
        from haoline_analysis.quantization.divergence.display import to_html

        return to_html(self, path, **options)

    def worst(self, count: int = 3) -> Sequence[str]:
        """Names of the ops that make the most error themselves, the worst first."""
        ranked = self.ops[self.ops["local_sqnr_db"].notna()].sort_values("local_sqnr_db", kind="stable")
        return list(ranked.index[:count])

    def _check(self, tensor: str) -> None:
        if not isinstance(tensor, str) or tensor not in self.tensors.index:
            raise ModelError(f"There is no compared tensor {tensor!r}{offer(tensor, self.tensors.index)}")

    def __repr__(self) -> str:
        """A readable text."""
        from haoline_analysis.quantization.divergence.display import summary

        return summary(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Text, static HTML and the stored comparison, for any notebook front end."""
        from haoline_analysis.quantization.divergence.display import mimebundle

        return mimebundle(self)


def _number(value: Any, what: str) -> int:
    """A sample or channel as a plain number; True is none, though Python counts with it."""
    with suppress(TypeError):
        if not isinstance(value, bool):
            return operator.index(value)
    raise ModelError(f"A {what} is chosen by its number, not by {value!r}.")
