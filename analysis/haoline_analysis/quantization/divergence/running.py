"""Sample after sample through the three sessions, in this process or shared out over an executor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.quantization.divergence.latency import measure
from haoline_analysis.quantization.divergence.outputs import Outputs
from haoline_analysis.quantization.divergence.settling import Settling, inputs_of
from haoline_analysis.quantization.divergence.sharing import shared
from haoline_analysis.quantization.divergence.steps import fed_to, run
from haoline_analysis.quantization.divergence.taking import nothing
from haoline_analysis.runtime.outputs_check import compare
from haoline_analysis.runtime.runner import Runner, StoppedError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.quantization.divergence.steps import Found, Step, Three
    from haoline_analysis.quantization.divergence.taking import Taken
    from haoline_analysis.runtime.outputs_check import OutputCheck
    from haoline_analysis.runtime.stopping import Stop, Tell


@dataclass
class Done:
    """What the runs left."""

    taken: Taken
    exact: set[str]  # float tensors whose op is the float model's own
    done: list[int] = field(default_factory=list)  # samples by step
    stopped: bool = False
    check: OutputCheck | None = None
    latency: dict[str, dict[str, float]] | None = None
    local: bool = True
    steps: list[Step] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Samples that all figures rest on."""
        return min(self.done, default=0)


class Running:
    """Runs all samples of a job."""

    def __init__(self, job: Job, *, local: bool, histograms: bool, latency: bool, tell: Tell) -> None:
        """Take the job and what is asked for."""
        self._job, self._tell = job, tell
        self._settling = Settling(job, local=local)
        self._histograms, self._latency = histograms, latency
        self.done = Done(self._empty(), self._settling.exact, local=local)
        self._plain: dict[str, np.ndarray] = {}
        self._captured: list[dict[str, np.ndarray]] = []

    def run(self, stop: Stop, executor: Executor | None = None) -> Done:
        """Run until all is done or somebody asks to stop.

        Raises:
            ModelError: if a sample cannot be read or a model fails on it.
        """
        parts = self._job.parts()
        self.done.done = [0] * len(parts)
        try:
            self._run_plain(stop)
            for at, slots in enumerate(parts):
                self._run_part(at, slots, stop, executor)
            if self._latency:
                self._tell("Timing both models", 1.0)
                self.done.latency = measure(self._job, stop)
        except StoppedError:
            self.done.stopped = True
        if self._captured:
            self.done.check = compare(self._plain, self._captured)
        return self.done

    def _empty(self) -> Taken:
        """Nothing measured yet."""
        job = self._job
        outputs = Outputs(job.model, job.deployed.raw, job.outputs)
        return nothing(job.pairs, job.axes, outputs, histograms=self._histograms)

    def _run_plain(self, stop: Stop) -> None:
        """The variant as anybody would run it, on the first sample."""
        job = self._job
        self._tell("Running the variant without capture", 0.0)
        runner = Runner(job.deployed.session, (), None, {})
        feeds = fed_to(job.first.feeds, inputs_of(job))
        found = runner.run(feeds, job.first.label, stop.options())
        self._plain = {name: array.copy() for name, array in found.items()}

    def _run_part(self, at: int, slots: tuple[int, ...], stop: Stop, executor: Executor | None) -> None:
        self._tell("Preparing the sessions", self._fraction(at, 0))
        step, three, found = self._settling.open(at, slots, stop)
        self.done.steps.append(step)
        self._captured.append({name: found.variant[name].copy() for name in self._plain if name in found.variant})
        if executor is None:
            self._stream(at, step, three, found, stop)
        else:
            del three, found
            for piece in shared(executor, step, self._job.samples, self._empty(), stop):
                self.done.taken.merge(piece.taken)
                self.done.done[at] += piece.samples
                self._told(at)
            if self.done.done[at] < len(self._job.samples):
                raise StoppedError

    def _stream(self, at: int, step: Step, three: Three, found: Found, stop: Stop) -> None:
        samples = self._job.samples
        for index in range(len(samples)):
            if index:
                sample = samples[index]
                found = run(step, three, sample.feeds, sample.label or f"sample {index}", stop.options())
            self.done.taken.add(step, found, index)
            self.done.done[at] += 1
            self._told(at)

    def _told(self, at: int) -> None:
        done, count = self.done.done[at], len(self._job.samples)
        self._tell(f"Sample {done} of {count}", self._fraction(at, done))

    def _fraction(self, at: int, done: int) -> float:
        return (at + done / len(self._job.samples)) / len(self.done.done)
