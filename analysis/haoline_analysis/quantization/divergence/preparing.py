"""From what the user gives to what is compared: both models, their samples, the pairs, how much is held at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.metrics import warm_up
from haoline_analysis.quantization.divergence.pairs import pair_of
from haoline_analysis.quantization.divergence.weights import weight_errors
from haoline_analysis.runtime import wire
from haoline_analysis.runtime.beside import Beside
from haoline_analysis.runtime.forms import Forms
from haoline_analysis.runtime.passes import SAMPLE_BYTES
from haoline_analysis.runtime.providers import chosen
from haoline_analysis.runtime.samples import InputError, ports_of, samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.statistics import channel_axes, layouts
from haoline_analysis.runtime.targets import find_targets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.deployed import Deployed
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.matching import Match, Matching, Unmatched
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.forms import Form
    from haoline_analysis.runtime.samples import Port, Sample, Samples
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop, Tell
    from haoline_analysis.runtime.targets import Target

HIDDEN = "onnxruntime does not hand out the float model's tensor"
REMOVED = "no op is left in the variant that makes it: it is what an input or a constant holds"
_MOST_NAMED = 5


@dataclass
class Job:
    """All that is known before the samples are run."""

    source: ModelSource
    model: Model  # the float one
    report: Beside[ModelReport]
    variant_report: Beside[ModelReport]
    deployed: Deployed
    samples: Samples
    first: Sample
    forms: Forms
    provider: str | None
    pairs: tuple[Pair, ...]
    targets: Mapping[int, Target]  # of the float model by tensor
    unmatched: list[Unmatched]
    axes: Mapping[str, int | None]
    layouts: Mapping[str, str]
    linked: Mapping[str, Path]
    inputs: Mapping[str, str]  # names of the float model's inputs to the variant's
    outputs: Mapping[str, str]  # likewise
    work: Mapping[int, int]  # op rows of the float model to those of the deployed ops that do their work
    weight_errors: Beside[dict[int, float]]  # SQNR in dB by op row of the float model
    notes: list[str] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)  # float tensors whose counterparts turned out to be none: why

    @property
    def sizes(self) -> Sequence[Form]:
        """Element type and shape of every tensor of the float model, for the first sample."""
        return self.forms.of(self.first.feeds)

    def parts(self, budget: int = SAMPLE_BYTES) -> list[tuple[int, ...]]:
        """Slots of pairs that are run together, in execution order: a sample's tensors stay within the budget."""
        sizes, parts, held = self.sizes, [[]], 0  # type: tuple[Sequence[Form], list[list[int]], int]
        for slot, pair in enumerate(self.pairs):
            size = 2 * (sizes[pair.tensor].nbytes or 0)  # the variant's and the local one take about as much again
            if parts[-1] and held + size > budget:
                parts.append([])
                held = 0
            parts[-1].append(slot)
            held += size
        return [tuple(part) for part in parts]


def prepare(
    float_model: Any,
    variant: Any,
    inputs: Any,
    *,
    reports: tuple[ModelReport | None, ModelReport | None],
    provider: str | None,
    options: Mapping[str, Any],
    stop: Stop,
    tell: Tell,
) -> Job:
    """Open both models and the samples, and find out which tensors correspond.

    Raises:
        ModelError: if a model, the inputs or the provider are refused, or the models have nothing in common.
    """
    from haoline_analysis.quantization.deployed import deploy
    from haoline_analysis.quantization.matching import match

    warm_up()
    source, model, own = source_of(_given(float_model))
    chosen(provider)
    samples = samples_of(inputs, model, **options)
    if not len(samples):
        raise ModelError(f"There are no samples in {samples.origin}.")
    first, forms = samples[0], Forms(model)
    tell("Preparing the variant", 0.0)
    deployed = deploy(_given(variant), provider, wait=False)
    try:
        report = Beside(lambda: reports[0] or own or _analyzed(model))
        sizes = forms.of(first.feeds)
        check_inputs(model, deployed.raw)
        stop.options()
        tell("Matching tensors", 0.0)
        matching = match(model, deployed, feeds=[first.feeds], evaluation=forms.evaluation, source=source)
        targets, linked = _targets(source, model, sizes)
        pairs, hidden = _pairs(model, deployed, matching, targets)
        _check_some(pairs, source.label, deployed)
        raw = deployed.raw
        return Job(
            source=source,
            model=model,
            report=report,
            variant_report=Beside(lambda: reports[1] or _analyzed(raw)),
            deployed=deployed,
            samples=samples,
            first=first,
            forms=forms,
            provider=provider,
            pairs=pairs,
            targets=targets,
            unmatched=[*matching.unmatched, *hidden],
            axes=channel_axes(model, forms.evaluation),
            layouts=layouts(model, forms.evaluation),
            linked=linked,
            inputs=matching.inputs,
            outputs=matching.outputs,
            work=matching.ops,
            weight_errors=Beside(lambda: weight_errors(model, deployed.given, matching.weights)),
            notes=list(matching.notes),
        )
    except BaseException:
        deployed.close()
        raise


def _given(model: Any) -> Any:
    """The model itself of what wraps one: a quantized model stands for its file."""
    path = getattr(model, "path", None)
    wraps = hasattr(model, "recipe") and isinstance(path, (str, os.PathLike))
    return Path(path) if wraps and path is not None else model


def _analyzed(model: Model) -> ModelReport:
    from haoline_analysis.report import analyze

    return analyze(model)


def check_inputs(model: Model, variant: Model) -> None:
    """Refuse a variant that cannot be fed what the float model is fed.

    Raises:
        InputError: if it takes other inputs, or of other ranks, sizes or kinds.
    """
    ports, others = ports_of(model), {port.name: port for port in ports_of(variant)}
    if len(ports) == len(others) and not all(port.name in others for port in ports):  # exported anew: by place
        others = {port.name: other for port, other in zip(ports, others.values(), strict=True)}
    if {port.name for port in ports} != others.keys():
        names = (", ".join(map(repr, side)) or "none" for side in ((port.name for port in ports), others))
        raise InputError("The two models take different inputs: {} and {}.".format(*names))
    for port in ports:
        if not _fits(port, others[port.name]):
            told = f"{port.name!r} is {port} in one, {others[port.name]} in the other"
            raise InputError(f"The two models take different inputs: {told}.")


def _fits(port: Port, other: Port) -> bool:
    """Whether what one input takes suits the other: a kind of number and a shape."""
    if port.dtype and other.dtype and port.dtype != other.dtype and not (port.is_float and other.is_float):
        return False
    if port.shape is None or other.shape is None:
        return True
    sizes = zip(port.shape, other.shape, strict=False)
    agree = all(a == b for a, b in sizes if isinstance(a, int) and isinstance(b, int))
    return len(port.shape) == len(other.shape) and agree


def _targets(source: ModelSource, model: Model, sizes: Sequence[Form]) -> tuple[dict[int, Target], Mapping[str, Path]]:
    """What the float model's session can hand out, by tensor, and external files to be handed over."""
    dtypes = {index: form.dtype for index, form in enumerate(sizes) if form.dtype}
    with source.buffer() as buf:
        graph = wire.scan(buf)
    found, _ = find_targets(model, graph, dtypes)
    return {target.tensor: target for target in found if not target.stacked}, source.linked(graph.locations)


def _pairs(
    model: Model, deployed: Deployed, matching: Matching, targets: Mapping[int, Target]
) -> tuple[tuple[Pair, ...], list[Unmatched]]:
    """Matches that both sessions hand out, in execution order, and the others."""
    from haoline_analysis.quantization.matching import Unmatched

    handed, pairs, hidden = set(deployed.handed), [], []
    named = {tensor.name: row for row, tensor in enumerate(deployed.raw.tensors)}
    for found in sorted(matching.matches, key=lambda one: _row(one, targets)):
        target, captured = targets.get(found.tensor), deployed.model.tensors[found.captured].name
        if target is None or captured not in handed:
            hidden.append(Unmatched(found.tensor, HIDDEN if target is None else REMOVED))
        else:
            name = model.tensors[found.tensor].name
            pairs.append(pair_of(found, name, target.output, target.op, captured, named.get(captured)))
    return tuple(pairs), hidden


def _row(match: Match, targets: Mapping[int, Target]) -> int:
    target = targets.get(match.tensor)
    return -1 if target is None else target.op


def _check_some(pairs: Sequence[Pair], label: str, deployed: Deployed) -> None:
    if not pairs:
        raise ModelError(
            f"{label} and {deployed.raw.name or 'the variant'} have no tensor in common that can be compared: "
            "are they two forms of one model?"
        )
