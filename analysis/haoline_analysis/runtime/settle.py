"""The first sample: run plainly, then with capture, until every tensor asked for is there or known not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.failures import RuntimeFailure
from haoline_analysis.runtime.outputs_check import OutputCheck, compare
from haoline_analysis.runtime.plan import culprits
from haoline_analysis.runtime.runner import Runner
from haoline_analysis.runtime.targets import CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.forms import Forms
    from haoline_analysis.runtime.plan import Plan
    from haoline_analysis.runtime.samples import Sample
    from haoline_analysis.runtime.stopping import Stop
    from haoline_analysis.runtime.targets import Refusals

UNKEPT = "onnxruntime does not run the model with them as outputs"


class Settled:
    """A plan that is known to work; opens the runner of each pass and compares its outputs."""

    def __init__(self, plan: Plan, model: Model, forms: Forms, refused: Refusals, first: Sample) -> None:
        """Take the plan and the first sample; nothing is run yet."""
        self.plan, self.forms = plan, forms
        self.provider = ""
        self.first = first
        self._model, self._refused = model, refused
        self._plain: dict[str, np.ndarray] = {}
        self._captured: list[dict[str, np.ndarray]] = []

    def run_plain(self, stop: Stop) -> None:
        """Run the first sample without capture, and let go of that session.

        Raises:
            RuntimeFailure: if the model is refused or fails.
            StoppedError: if it was told to stop.
        """
        session = self.plan.plain()
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
                blamed = culprits(failure, self.plan.passes[at], self._model, self.forms.of(self.first.feeds))
                if not blamed:
                    raise
                self._leave_out(at, blamed)

    def _tried(self, at: int, stop: Stop) -> tuple[Runner, dict[str, np.ndarray]]:
        runner = self.plan.runner(at, self.forms.of)
        found = runner.run(self.first.feeds, self.first.label, stop.options())
        self._captured.append({name: found[name].copy() for name in self._plain if name in found})
        self._note_missing(at, found)
        return runner, found

    def _note_missing(self, at: int, found: Mapping[str, np.ndarray]) -> None:
        """Outputs that turn out to be no tensors of numbers."""
        for target in self.plan.passes[at].targets:
            if target.output not in found:
                self._refused.add(CONTAINER, target.name, target.op)

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
