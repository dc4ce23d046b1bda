"""From what the user asks for to a plan: the model, its samples, the tensors, the passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime import wire
from haoline_analysis.runtime.beside import Beside
from haoline_analysis.runtime.forms import Forms
from haoline_analysis.runtime.passes import SAMPLE_BYTES, split
from haoline_analysis.runtime.plan import Plan, make_pass
from haoline_analysis.runtime.providers import chosen
from haoline_analysis.runtime.samples import ports_of, samples_of
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.statistics import channel_axes, layouts, warm_up
from haoline_analysis.runtime.targets import find_targets, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.forms import Form
    from haoline_analysis.runtime.samples import Sample, Samples
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.targets import Refusals, Target


BESIDE_BYTES = 128 << 20
"""Bytes of a model of which two sessions may be open at a time."""


@dataclass
class Job:
    """All that is known before the first run."""

    model: Model
    report: Beside[ModelReport]
    opening: Beside[Session] | None  # the plain session, where it is opened beside everything else
    samples: Samples
    first: Sample
    forms: Forms
    plan: Plan
    refused: Refusals
    layouts: Mapping[str, str]  # by target
    notes: list[str]

    @property
    def sizes(self) -> Sequence[Form]:
        """Element type and shape of every tensor of the model, for the first sample."""
        return self.forms.of(self.first.feeds)

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample's tensors, as far as known."""
        return sum(self.sizes[target.tensor].nbytes or 0 for target in self.plan.targets)


def prepare(
    model: Any,
    inputs: Any,
    *,
    report: ModelReport | None,
    tensors: str | Iterable[str] | None,
    provider: str | None,
    options: Mapping[str, Any],
) -> Job:
    """Open the model, find its samples, and plan the capture.

    Raises:
        ModelError: if the model, the inputs, the tensors or the provider are refused.
    """
    warm_up()
    source, opened, own = source_of(model)
    chosen(provider)  # refused before the work rather than after it
    opening = _opening(source, opened, provider)
    samples = samples_of(inputs, opened, **options)
    if not len(samples):
        raise ModelError(f"There are no samples in {samples.origin}.")
    first, forms = samples[0], Forms(opened)
    targets, refused, linked = _targets(source, opened, forms.of(first.feeds), tensors)
    return Job(
        model=opened,
        report=Beside(lambda: report or own or _analyzed(opened)),  # while onnxruntime opens its sessions
        opening=opening,
        samples=samples,
        first=first,
        forms=forms,
        plan=_plan(source, opened, provider, targets, forms, first, linked),
        refused=refused,
        layouts=_of_targets(targets, layouts(opened, forms.evaluation)),
        notes=[],
    )


def _opening(source: ModelSource, model: Model, provider: str | None) -> Beside[Session] | None:
    """The plain session on its way, if two sessions of the model may be open at a time and it is all in one file."""
    apart = any(tensor.weight is not None and tensor.weight.location is not None for tensor in model.tensors)
    if apart or model.file_bytes > BESIDE_BYTES:
        return None
    return Beside(lambda: Session(source, None, provider, {}, capturing=False))


def _analyzed(model: Model) -> ModelReport:
    from haoline_analysis.report import analyze

    return analyze(model)


def _targets(
    source: ModelSource, model: Model, sizes: Sequence[Form], asked: str | Iterable[str] | None
) -> tuple[list[Target], Refusals, dict[str, Any]]:
    """What is captured, what cannot be, and external files to be handed over."""
    dtypes = {index: form.dtype for index, form in enumerate(sizes) if form.dtype}
    with source.buffer() as buf:
        graph = wire.scan(buf)
    found, refused = find_targets(model, graph, dtypes)
    targets = select(model, found, asked, refused)
    if not targets:
        raise ModelError(f"{source.label}: there is no tensor to capture. {_why_none(refused)}")
    return targets, refused, source.linked(graph.locations)


def _why_none(refused: Refusals) -> str:
    """Why a model has nothing to capture."""
    return " ".join(gap.what for gap in refused.gaps()) or "No op makes one, other than constants."


def _plan(
    source: ModelSource,
    model: Model,
    provider: str | None,
    targets: Sequence[Target],
    forms: Forms,
    first: Sample,
    linked: Mapping[str, Any],
) -> Plan:
    parts = split(targets, forms.of(first.feeds), SAMPLE_BYTES)
    return Plan(
        source=source,
        provider=provider,
        passes=tuple(make_pass(part, model) for part in parts),
        dtypes={port.name: port.dtype for port in ports_of(model)},
        linked=dict(linked),
        axes=_axes(targets, channel_axes(model, forms.evaluation)),
    )


def _axes(targets: Sequence[Target], axes: Mapping[str, int | None]) -> dict[str, int | None]:
    """Channel axes by target; what a loop stacks has one more axis in front."""
    found: dict[str, int | None] = {}
    for target in targets:
        axis = axes.get(target.value or target.name)
        found[target.name] = axis + 1 if target.stacked and axis is not None and axis >= 0 else axis
    return found


def _of_targets(targets: Sequence[Target], found: Mapping[str, str]) -> dict[str, str]:
    return {target.name: "other" if target.stacked else found.get(target.name, "other") for target in targets}
