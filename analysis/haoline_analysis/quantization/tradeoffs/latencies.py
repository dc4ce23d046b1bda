"""From profiles to the time model of a float model and its variant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.sensitivity.noise import decibels
from haoline_analysis.quantization.sensitivity.sensitivity import OpLatency
from haoline_analysis.quantization.tradeoffs.profiling import kernels_of
from haoline_analysis.quantization.tradeoffs.running import Pair, Running
from haoline_analysis.quantization.tradeoffs.timing import NOTHING, times_of
from haoline_analysis.runtime.forms import Forms
from haoline_analysis.runtime.samples import samples_of
from haoline_analysis.runtime.source import source_of
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.sensitivity import Sensitivity
    from haoline_analysis.quantization.sensitivity.sites import Site
    from haoline_analysis.quantization.tradeoffs.timing import Times
    from haoline_analysis.runtime.samples import Samples
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.stopping import Stop

_SAMPLES = 8
"""Most samples that are timed."""
_UNCOVERED = 4.0
"""From this multiple of the measured noise on, what the variant has besides is said."""


def with_latency(found: Sensitivity, model: Any, variant: Any, inputs: Any = None) -> Sensitivity:
    """The same with what each op takes as float and quantized, by onnxruntime's profile of both models.

    Raises:
        ModelError: if one of them does not run on the inputs.
    """
    source, opened, _ = source_of(model)
    samples = samples_of(inputs, opened, limit=_SAMPLES)
    second = source_of(getattr(variant, "path", variant))[0]
    times = interruptible(lambda stop, _: measured_times(source, opened, second, found.sites, samples, stop), _silent)
    return replace(found, latency=per_op(times), totals=(times.float_us, times.variant_us))


def what_if(found: Sensitivity, compared: Any, progress: Callable[[str, float], None] | None = None) -> dict[str, Any]:
    """The sensitivity of a comparison's variant as its view reads it, with latencies where both models can be timed.

    Args:
        found: what was measured.
        compared: a ``DivergenceReport``.
        progress: told the stage and the fraction done.

    Raises:
        KeyboardInterrupt: if ``progress`` raises it.
    """
    tell = progress or _silent
    tell("Timing kernels", 0.0)
    try:
        timed = with_latency(found, compared.float_model, compared.variant_model, compared.samples)
    except (AttributeError, ModelError) as error:
        timed = replace(found, notes=(*found.notes, f"Latencies are missing: {error}"))
    tell("Timing kernels", 1.0)
    return replace(timed, notes=(*timed.notes, *_uncovered(found, compared))).what_if(compared.report)


def _uncovered(found: Sensitivity, compared: Any) -> list[str]:
    """What to say where the variant's own error is much larger than that of all that was measured together."""
    own = float(np.mean(10 ** (-compared.outputs["sqnr_db"].to_numpy(float) / 10)))
    if not own > _UNCOVERED * found.base.noise:
        return []
    said = "most of its error comes from what was not measured, so that predictions promise too much"
    return [f"The variant itself has {decibels(own):.1f} dB: {said}."]


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


def per_op(times: Times) -> dict[str, OpLatency]:
    """Microseconds of each op, Q and DQ of what it makes included.

    At 16 bits no kernel reads integers: beside the float kernel, what its neighbours hand over as integers is decoded
    and encoded.
    """
    found = {}
    for op, own in times.ops.items():
        moves = sum(times.of_tensor(name, NOTHING) for name in times.near([op]) if times.producer(name) == op)
        quantized = times.scale * (times.of_op(op, NOTHING) + moves)
        wide = quantized + times.change(NOTHING, NOTHING.with_wide([op]), [op])
        found[op] = OpLatency(times.scale * own.float_us, quantized, wide)
    return found


def measured_times(
    source: ModelSource,
    model: Model,
    variant: ModelSource,
    sites: Sequence[Site],
    samples: Samples,
    stop: Stop | None = None,
) -> Times:
    """Profile both models on the same samples in turns, and time them without profiling.

    Raises:
        ModelError: if one of them does not run.
        StoppedError: if it was told to stop.
    """
    timed = samples[: min(len(samples), _SAMPLES)]
    outcome = Pair(Running(source), Running(variant)).measure(timed, (1, 1), stop)
    feeds = [sample.feeds for sample in timed]
    kernels = kernels_of(source, variant, feeds, stop=stop)
    runs = outcome.float_p50_us, outcome.p50_us
    return times_of(model, sites, _elements(model, feeds[0]), _work(model), kernels, runs)


def _elements(model: Model, feeds: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Elements of every tensor whose shape follows from the inputs'."""
    forms = Forms(model).of(feeds)
    pairs = zip(model.tensors, forms, strict=True)
    return {tensor.name: int(np.prod(form.shape)) for tensor, form in pairs if form.shape is not None}


def _work(model: Model) -> dict[str, float]:
    """How heavy each op is beside others: its FLOPs and its output's elements."""
    from haoline_analysis.report import analyze

    ops = analyze(model).tables["ops"].frame(["name", "flops", "output_bytes"])
    heavy = ops["flops"].fillna(0).astype(float) + ops["output_bytes"].fillna(0).astype(float)
    return dict(zip(ops["name"], heavy.tolist(), strict=True))
