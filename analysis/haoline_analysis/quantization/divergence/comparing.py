"""Comparing a float model with what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.preparing import prepare
from haoline_analysis.quantization.divergence.running import Running
from haoline_analysis.quantization.divergence.summing import report_of
from haoline_analysis.runtime.collecting import no_collection
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.stopping import interruptible

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from haoline_analysis.quantization.divergence.divergence_report import DivergenceReport
    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.quantization.divergence.running import Done
    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.stopping import Stop, Tell


def compare(
    float_model: Any,
    variant: Any,
    inputs: Any = None,
    *,
    local: bool = True,
    histograms: bool = True,
    latency: bool = True,
    executor: Executor | None = None,
    provider: str | None = None,
    preprocess: str | Callable[..., Any] | None = None,
    tokenizer: Any = None,
    limit: int | None = None,
    batch: int | None = None,
    report: ModelReport | None = None,
    variant_report: ModelReport | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> DivergenceReport:
    """Run a float model and a variant of it on the same samples and measure how far every tensor is off.

    The variant may be quantized in any way, half precision, pruned, optimised or exported anew. What is measured is
    the graph that onnxruntime runs of it: capturing changes no result. Memory does not grow with the samples. Ctrl-C
    keeps what is measured.

    Args:
        float_model: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.
        variant: the same, or a ``QuantizedModel``.
        inputs: what to feed: arrays, files, pictures, a folder, a frame, text, a callable; None: made up.
        local: measure as well the error that each op makes by itself, fed with the float model's tensors.
        histograms: count the distributions of both sides of every tensor.
        latency: time a few runs of both models.
        executor: who runs the samples; None: this process.
        provider: ``"cpu"``, ``"cuda"`` or another of onnxruntime's; None or ``"auto"``: CUDA where there is a device.
        preprocess: how pictures become arrays: a preset's name or a callable.
        tokenizer: how text becomes ids: a tokenizer file or folder, or a callable.
        limit: most samples.
        batch: how many to run at a time, where the models leave that open; a sample is then a batch. None: one.
        report: the float model's report, which gets columns of what was measured; None: made from the model.
        variant_report: the variant's report, likewise.
        progress: told the stage and the fraction done, from 0 to 1.

    Raises:
        ModelError: if anything is refused, a model fails, or the two have no tensor in common; says which and why.
    """
    if executor is not None and not hasattr(executor, "submit"):
        raise ModelError(f"executor is a concurrent.futures.Executor, not {type(executor).__name__}.")
    tell = progress or _silent
    tell("Reading the models", 0.0)
    options = {"preprocess": preprocess, "tokenizer": tokenizer, "limit": limit, "batch": batch}

    def work(stop: Stop, told: Tell) -> tuple[Job, Done] | None:
        try:
            job = prepare(
                float_model,
                variant,
                inputs,
                reports=(report, variant_report),
                provider=provider,
                options=options,
                stop=stop,
                tell=told,
            )
        except StoppedError:
            return None
        running = Running(job, local=local, histograms=histograms, latency=latency, tell=told)
        try:
            return job, running.run(stop, executor)
        except BaseException:
            job.deployed.close()
            raise

    with no_collection():
        found = interruptible(work, tell)
        if found is None:
            raise KeyboardInterrupt
        tell("Summing up", 1.0)
        return report_of(*found, models=(float_model, variant))


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""
