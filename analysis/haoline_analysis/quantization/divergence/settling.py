"""The first sample of a step: the variant tells its element types, the local graph is made, all three run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.learned import named
from haoline_analysis.quantization.divergence.local import build_local
from haoline_analysis.quantization.divergence.steps import Step, learning, learnt, run
from haoline_analysis.runtime.plan import Pass, Plan, make_pass
from haoline_analysis.runtime.samples import ports_of
from haoline_analysis.runtime.source import ModelSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.quantization.divergence.steps import Found, Three
    from haoline_analysis.runtime.stopping import Stop
    from haoline_analysis.runtime.targets import Target


class Settling:
    """Makes the steps of a job one after the other."""

    def __init__(self, job: Job, *, local: bool) -> None:
        """Take the job; ``local``: whether the error of each op itself is asked for."""
        self._job, self._local = job, local
        self._path = _with_copies(job)
        self.exact: set[str] = set()
        """Float tensors that the variant makes with the float model's own op."""

    def open(self, at: int, slots: Sequence[int], stop: Stop) -> tuple[Step, Three, Found]:
        """A step with its runners, and what the first sample gave.

        Raises:
            RuntimeFailure: if onnxruntime refuses a model or fails.
            StoppedError: if it was told to stop.
        """
        job = self._job
        pairs = tuple(job.pairs[slot] for slot in slots)
        step = Step(tuple(slots), pairs, self._floats(pairs, ()), self._variant(pairs), casts(job))
        if self._local:
            step = self._with_local(at, step, stop)
        three = step.open(job.forms)
        try:
            return step, three, run(step, three, job.first.feeds, job.first.label, stop.options())
        except ModelError as error:
            if step.local is None:
                raise
            step, three = step.without_local(), three._replace(local=None)
            found = run(step, three, job.first.feeds, job.first.label, stop.options())
            job.notes.append(f"The error of single ops could not be measured: {error}")
            return step, three, found

    def _with_local(self, at: int, step: Step, stop: Stop) -> Step:
        """The step with the graph that measures each op on its own."""
        job = self._job
        path = self._folder / f"local.{at}.onnx"
        dtypes = self._dtypes(stop)
        graph = build_local(self._path, path, job.model, job.pairs, step.pairs, dtypes)
        self.exact |= graph.exact
        if not graph.outputs:
            return step
        plan = self._as_is(path, named(list(dict.fromkeys(graph.outputs.values()))))
        floats = self._floats(step.pairs, list(graph.inputs.values()))
        return step.with_local(floats, plan, graph)

    def _dtypes(self, stop: Stop) -> Mapping[str, str]:
        """Element types by output name: of float tensors as evaluated, of captured ones as a run shows them."""
        job = self._job
        found = {pair.output: job.sizes[pair.tensor].dtype or "float32" for pair in job.pairs}
        types = {tensor.name: tensor.dtype or "" for tensor in job.deployed.model.tensors}
        unknown = [pair for pair in job.pairs if pair.form is None and not types.get(pair.captured)]
        if unknown:
            types |= self._seen(unknown, stop)
        return found | {name: dtype for name, dtype in types.items() if dtype}

    def _seen(self, pairs: Sequence[Pair], stop: Stop) -> dict[str, str]:
        """Element types that only a run shows."""
        job = self._job
        step = Step((), (), self._floats(pairs, ()), self._variant(pairs), casts(job))
        arrays = learnt(learning(step.variant), step.variant_feeds(job.first.feeds), job.first.label, stop.options())
        return {pair.captured: arrays[pair.captured].dtype.name for pair in pairs if pair.captured in arrays}

    def _floats(self, pairs: Sequence[Pair], more: Sequence[str]) -> Plan:
        """How the float model hands out the pairs' tensors, and more outputs that are fed to the local graph."""
        job = self._job
        wanted = {pair.output for pair in pairs}.union(more)
        targets = [job.targets[pair.tensor] for pair in job.pairs if pair.output in wanted]
        return Plan(
            source=job.source,
            provider=job.provider,
            passes=(make_pass(targets, job.model),),
            dtypes={port.name: port.dtype for port in ports_of(job.model)},
            linked=dict(job.linked),
            axes={},
        )

    def _variant(self, pairs: Sequence[Pair]) -> Plan:
        names = list(dict.fromkeys(pair.captured for pair in pairs))
        return self._as_is(self._path, named(names))

    def _as_is(self, path: Path, targets: Sequence[Target]) -> Plan:
        return Plan(
            source=ModelSource(path=path),
            provider=self._job.provider,
            passes=(Pass(tuple(targets)),),
            dtypes={port.name: port.dtype for port in ports_of(self._job.deployed.raw)},
            linked={},
            axes={},
            as_is=True,
        )

    @property
    def _folder(self) -> Path:
        return self._job.deployed.path.parent


def _with_copies(job: Job) -> Path:
    """The file that hands out all pairs: the deployed graph, or one that has copies of tensors in another layout."""
    deployed, names = job.deployed, [pair.captured for pair in job.pairs]
    if not deployed.copies.nodes(names):
        return deployed.path
    path = deployed.path.parent / "copies.onnx"
    path.write_bytes(deployed.with_outputs(names))
    return path


def casts(job: Job) -> dict[str, str]:
    """Inputs that the variant takes in another float type than the float model."""
    own = {port.name: port.dtype for port in ports_of(job.model)}
    ports = ports_of(job.deployed.raw)
    return {port.name: port.dtype for port in ports if port.is_float and own.get(port.name) != port.dtype}
