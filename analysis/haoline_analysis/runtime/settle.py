"""The first sample: run plainly, then with capture, until every tensor asked for is there or known not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.beside import Beside
from haoline_analysis.runtime.failures import RuntimeFailure
from haoline_analysis.runtime.outputs_check import OutputCheck, compare
from haoline_analysis.runtime.plan import culprits
from haoline_analysis.runtime.runner import Runner
from haoline_analysis.runtime.statistics.fast import kernel
from haoline_analysis.runtime.targets import CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.forms import Forms
    from haoline_analysis.runtime.plan import Plan
    from haoline_analysis.runtime.samples import Sample
    from haoline_analysis.runtime.sessions import Session
    from haoline_analysis.runtime.stopping import Stop
    from haoline_analysis.runtime.targets import Refusals

TWICE_BYTES = 112 << 20
"""Bytes of one sample's tensors up to which those of two are held."""

TOGETHER_BYTES = 32 << 20
"""Bytes of a model up to which two sessions may be opened at a time: while it is read each needs its weights twice."""

UNKEPT = "onnxruntime does not run the model with them as outputs"


class Settled:
    """A plan that is known to work; opens the runner of each pass and compares its outputs."""

    def __init__(
        self,
        plan: Plan,
        model: Model,
        forms: Forms,
        refused: Refusals,
        first: Sample,
        opening: Beside[Session] | None = None,
    ) -> None:
        """Take the plan, the first sample and, where it is being opened already, the plain session."""
        self.plan, self.forms = plan, forms
        self.provider = ""
        self.first = first
        self._model, self._refused = model, refused
        self._plain: dict[str, np.ndarray] = {}
        self._opening = opening
        self._running: Beside[None] | None = None
        self._captured: list[dict[str, np.ndarray]] = []

    def begin(self, stop: Stop) -> None:
        """Run the first sample without capture, beside what follows where the session is being opened already.

        Raises:
            RuntimeFailure: if the model is refused or fails.
            StoppedError: if it was told to stop.
        """
        if self._opening is None:
            self._run_plain(stop)
        else:
            self._running = Beside(lambda: self._run_plain(stop))

    def finish(self) -> None:
        """Wait for the plain run.

        Raises:
            RuntimeFailure: if the model is refused or fails.
            StoppedError: if it was told to stop.
        """
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def _run_plain(self, stop: Stop) -> None:
        opening, self._opening = self._opening, None
        session = self.plan.plain() if opening is None else opening.result()
        del opening  # it would keep the weights
        self.provider = session.provider
        runner = Runner(session, (), None, self.plan.dtypes)
        found = runner.run(self.first.feeds, self.first.label, stop.options())
        self._plain = {name: array.copy() for name, array in found.items()}

    def open(self, at: int, stop: Stop) -> tuple[Runner, dict[str, np.ndarray]]:
        """The runner of a pass and what it gave for the first sample, after leaving out what keeps it from running.

        Raises:
            RuntimeFailure: if nothing that can be left out is the reason.
            StoppedError: if it was told to stop.
        """
        while True:
            try:
                return self._tried(at, stop)
            except RuntimeFailure as failure:
                self.finish()  # what the plain run cannot do either is the model's own fault
                blamed = culprits(failure, self.plan.passes[at], self._model, self.forms.of(self.first.feeds))
                if not blamed:
                    raise
                self._leave_out(at, blamed)

    def _tried(self, at: int, stop: Stop) -> tuple[Runner, dict[str, np.ndarray]]:
        if self._model.file_bytes > TOGETHER_BYTES:
            self.finish()
        runner = self.plan.runner(at, self.forms.of, self.pools(at))
        self.finish()  # before this one takes memory for its outputs
        found = runner.run(self.first.feeds, self.first.label, stop.options())
        self._captured.append({name: found[name].copy() for name in self._plain if name in found})
        self._note_missing(at, found)
        return runner, found

    def _note_missing(self, at: int, found: Mapping[str, np.ndarray]) -> None:
        """Outputs that turn out to be no tensors of numbers."""
        for target in self.plan.passes[at].targets:
            if target.output not in found:
                self._refused.add(CONTAINER, target.name, target.op)

    def pools(self, at: int) -> int:
        """Two, so that one sample can run while another is counted, where the tensors of a pass are not too large.

        Compiled loops count a sample on all cores, much faster than it runs: memory for a second would gain nothing.
        """
        if kernel.promising:
            return 1
        sizes = self.forms.of(self.first.feeds)
        held = sum(sizes[target.tensor].nbytes or 0 for target in self.plan.passes[at].targets)
        return 2 if held <= TWICE_BYTES else 1

    def _leave_out(self, at: int, names: set[str]) -> None:
        for target in self.plan.passes[at].targets:
            if target.name in names:
                self._refused.add(UNKEPT, target.name, target.op)
        self.plan = self.plan.without(at, names, self._model)

    @property
    def outputs(self) -> Mapping[str, np.ndarray]:
        """The model's outputs for the first sample, in a plain run."""
        return self._plain

    def check(self) -> OutputCheck:
        """How the outputs compare, over all passes opened so far."""
        return compare(self._plain, self._captured)
