"""Running a model on samples and keeping what every op made of them."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.activation_report import ActivationReport
from haoline_analysis.runtime.collecting import no_collection
from haoline_analysis.runtime.collector import Collector
from haoline_analysis.runtime.columns import add_columns, op_columns
from haoline_analysis.runtime.executing import Distribution
from haoline_analysis.runtime.findings import findings
from haoline_analysis.runtime.frames import Histograms, channel_frame, tensor_frame
from haoline_analysis.runtime.loading import FromStore, Rerun
from haoline_analysis.runtime.preparing import prepare
from haoline_analysis.runtime.providers import CPU, CUDA, chosen, short
from haoline_analysis.runtime.runner import StoppedError
from haoline_analysis.runtime.saved import save
from haoline_analysis.runtime.settle import Settled
from haoline_analysis.runtime.stopping import interruptible
from haoline_analysis.runtime.store import StoredTensors, TensorStore
from haoline_analysis.runtime.streaming import Progress, Stream, captured
from haoline_analysis.runtime.targets import random_ops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from haoline_analysis.report import ModelReport
    from haoline_analysis.runtime.loading import Loader
    from haoline_analysis.runtime.preparing import Job
    from haoline_analysis.runtime.stopping import Stop, Tell

MODES = ("statistics", "stored")
STORE_BYTES = 4 << 30
"""Budget of a store where the user names none."""
_TABLE_BYTES = 8192
"""Room that the statistics of one tensor are given in a store, channels aside."""


def capture(
    model: Any,
    inputs: Any = None,
    *,
    tensors: str | Iterable[str] | None = None,
    mode: str = "statistics",
    executor: Executor | None = None,
    provider: str | None = None,
    preprocess: str | Callable[..., Any] | None = None,
    tokenizer: Any = None,
    limit: int | None = None,
    batch: int | None = None,
    folder: str | Path | None = None,
    budget_bytes: int | None = None,
    report: ModelReport | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> ActivationReport:
    """Run a model on samples and measure every tensor between its ops, in bounded memory.

    Ctrl-C keeps the statistics of the samples that are through.

    Args:
        model: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.
        inputs: what to feed: arrays, files, pictures, a folder, a frame, text, a callable; None: made up.
        tensors: names of tensors or ops, or patterns such as ``*relu*``; None: all that a run can hand out.
        mode: ``"statistics"``, or ``"stored"`` to keep the tensors on disk as well.
        executor: who runs the samples; None: this process.
        provider: ``"cpu"``, ``"cuda"`` or another of onnxruntime's; None or ``"auto"``: CUDA where there is a device.
        preprocess: how pictures become arrays: a preset's name or a callable.
        tokenizer: how text becomes ids: a tokenizer file or folder, or a callable.
        limit: most samples.
        batch: how many to run at a time, where the model leaves that open; a sample is then a batch. None: one.
        folder: where to store; None: a temporary folder that goes when the result does.
        budget_bytes: most bytes to store, 4 GiB if None; what fits is kept.
        report: the model's report, which gets columns of what was measured; None: made from the model.
        progress: told the stage and the fraction done, from 0 to 1.

    Raises:
        ModelError: if anything is refused or the model fails; says what, and at which op.
    """
    if mode not in MODES:
        raise ModelError(f"Unknown mode {mode!r}; choose one of {', '.join(MODES)}.")
    _check_options(executor, budget_bytes)
    tell = progress or _silent
    tell("Reading the model", 0.0)
    options = {"preprocess": preprocess, "tokenizer": tokenizer, "limit": limit, "batch": batch}
    with no_collection():
        job = prepare(model, inputs, report=report, tensors=tensors, provider=provider, options=options)
        if mode == "stored":
            return _stored(job, executor, folder, STORE_BYTES if budget_bytes is None else budget_bytes, tell)
        done = interruptible(lambda stop, told: _run(job, executor, None, stop, told), tell)
        return _report(job, done, _rerun(job, done), tell)


def _check_options(executor: Any, budget_bytes: Any) -> None:
    """Refuse what would fail only after the first run."""
    if executor is not None and not hasattr(executor, "submit"):
        raise ModelError(f"executor is a concurrent.futures.Executor, not {type(executor).__name__}.")
    if budget_bytes is not None and (isinstance(budget_bytes, bool) or not isinstance(budget_bytes, (int, float))):
        raise ModelError(f"budget_bytes is a number of bytes, not {budget_bytes!r}.")


def _silent(stage: str, fraction: float) -> None:
    """Nobody asked."""


@dataclass
class _Done:
    """What the runs left."""

    settled: Settled
    collector: Collector
    progress: Progress


def _run(job: Job, executor: Executor | None, store: TensorStore | None, stop: Stop, tell: Tell) -> _Done:
    """All runs, in a thread of their own."""
    settled = Settled(job.plan, job.model, job.forms, job.refused, job.first, job.opening)
    job.opening = None  # it would keep the session
    collector = Collector(job.plan.axes, job.plan.aliases)
    tell("Running without capture", 0.0)
    try:
        settled.begin(stop)
        if executor is None:
            progress = Stream(settled, job.samples, collector, store, tell).run(stop)
        else:
            progress = _distributed(settled, job, executor, collector, store, tell, stop)
    except StoppedError:
        progress = Progress([0], stopped=True)
    return _Done(settled, collector, progress)


def _distributed(
    settled: Settled,
    job: Job,
    executor: Executor,
    collector: Collector,
    store: TensorStore | None,
    tell: Tell,
    stop: Stop,
) -> Progress:
    """The first sample here, to know that the plan works, then all of them by the executor."""
    tell("Preparing the session", 0.0)
    for at in range(len(settled.plan.passes)):
        _, arrays = settled.open(at, stop)
        collector.sharing.own(captured(settled.plan.passes[at].targets, arrays))
    return Distribution(executor, settled.plan, job.samples, collector, store, tell).run(stop)


def _stored(
    job: Job, executor: Executor | None, folder: str | Path | None, budget: int, tell: Tell
) -> ActivationReport:
    """Run and store; the folder is a capture only once everything is in it."""
    place = Path(folder) if folder is not None else Path(tempfile.mkdtemp(prefix="haoline-activations-"))
    try:
        with TensorStore(place, budget, job.plan.axes) as store:
            _reserve(job, store)
            _cap(job, budget)
            done = interruptible(lambda stop, told: _run(job, executor, store, stop, told), tell)
            _check_some(done.progress)
            captured = _report(job, done, _rerun(job, done), tell)
            captured.mode, captured.folder = "stored", place
            save(captured, store)
    except BaseException:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
        raise
    captured.loader = FromStore(StoredTensors.open(place))
    if folder is None:
        weakref.finalize(captured, shutil.rmtree, place, ignore_errors=True)
    return captured


def _check_some(progress: Progress) -> None:
    if progress.full and not min(progress.done):
        raise ModelError(f"Not even one sample can be stored: {progress.full}")


def _reserve(job: Job, store: TensorStore) -> None:
    """Keep room for what is written beside the tensors."""
    sizes = job.sizes
    channels = sum(_channels(job.plan.axes[target.name], sizes[target.tensor].shape) for target in job.plan.targets)
    fed = sum(array.nbytes for array in job.first.feeds.values())
    fed += 0 if job.first.picture is None else job.first.picture.nbytes
    report = len(job.report.result().to_json())
    store.reserve(report + _TABLE_BYTES * (len(job.plan.axes) + 1) + 60 * channels + (fed + 256) * len(job.samples))


def _channels(axis: int | None, shape: tuple[int, ...] | None) -> int:
    """Channels of a target, as far as its shape is known."""
    return shape[axis] if axis is not None and shape is not None and -len(shape) <= axis < len(shape) else 0


def _cap(job: Job, budget: int) -> None:
    """Take no more samples than can be stored whole, where a pass has to be over before the next one begins."""
    if len(job.plan.passes) > 1 and job.sample_bytes * len(job.samples) > budget:
        fitting = max(1, budget // job.sample_bytes)
        job.notes.append(f"The budget holds {fitting} of {len(job.samples)} samples: only these are run.")
        job.samples = job.samples[:fitting]


def _rerun(job: Job, done: _Done) -> Loader:
    """Tensors on demand, with the session that is open already."""
    progress = done.progress
    runner = None if progress.runner is None else (progress.at, progress.runner)
    if progress.runner is not None:
        progress.runner.release()
    return Rerun(done.settled.plan, job.forms, job.samples, runner)


def _report(job: Job, done: _Done, loader: Loader, tell: Tell) -> ActivationReport:
    """Frames, findings and columns of what was measured.

    Raises:
        KeyboardInterrupt: if it was interrupted before the first sample was through.
    """
    progress, collector = done.progress, done.collector
    if not collector.statistics and progress.stopped:
        raise KeyboardInterrupt
    tell("Summing up", 1.0)
    plan = done.settled.plan
    sizes = job.sizes
    for target in plan.targets:  # onnxruntime's arrays do not say int4
        if target.name in collector.forms and sizes[target.tensor].dtype:
            collector.forms[target.name] = sizes[target.tensor].dtype, collector.forms[target.name][1]
    known = collector.found()
    tensors = tensor_frame(job.model, plan.targets, known, collector.forms)
    channels = channel_frame(known, list(tensors.index))
    tainted = frozenset(progress.tainted)
    found = findings(tensors, job.model, channels=channels, tainted=tainted, synthetic=job.samples.synthetic)
    report = job.report.result()
    add_columns(report, op_columns(tensors, job.model))
    finished = min(progress.done)
    return ActivationReport(
        report=report,
        tensors=tensors,
        channels=channels,
        findings=found,
        gaps=job.refused.gaps(),
        notes=tuple(_notes(job, done)),
        samples=job.samples,
        done=finished,
        complete=finished == len(job.samples) and not progress.stopped,
        mode="statistics",
        provider=done.settled.provider,
        check=done.settled.check(),
        histograms=Histograms(known, list(tensors.index)),
        layouts=job.layouts,
        channel_axes=plan.axes,
        loader=loader,
    )


def _notes(job: Job, done: _Done) -> list[str]:
    """What a reader should know of how it was captured."""
    progress, plan, count = done.progress, done.settled.plan, len(job.samples)
    notes = list(job.notes)
    if drawn := random_ops(job.model):
        notes.append(f"{', '.join(drawn)} draws anew at every run: a tensor looked at again is not the one counted.")
    if done.settled.provider == short(CPU) and CUDA in chosen(plan.provider):
        notes.append("onnxruntime can use CUDA, but finds no device here: the model ran on the CPU.")
    if len(plan.passes) > 1:
        size = job.sample_bytes / 1e6
        notes.append(f"One sample's tensors take {size:,.0f} MB: they were captured in {len(plan.passes)} passes.")
    if progress.full:
        notes.append(f"Stopped after {min(progress.done)} of {count} samples: {progress.full}")
    if progress.stopped:
        notes.append(f"Interrupted: the statistics are those of {min(progress.done)} of {count} samples.")
        if len(set(progress.done)) > 1:
            notes.append("The last tensors rest on fewer samples than the first: see the column samples.")
    return notes
