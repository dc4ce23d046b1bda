"""The first sample of a step: the variant tells its element types, the local graph is made, all three run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.quantization.divergence.local import Known, build_local, run_most
from haoline_analysis.quantization.divergence.steps import Fed, Found, Step, run, run_local
from haoline_analysis.runtime.forms import Form
from haoline_analysis.runtime.plan import Pass, Plan, make_pass
from haoline_analysis.runtime.samples import ports_of
from haoline_analysis.runtime.source import ModelSource
from haoline_analysis.runtime.targets import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from haoline_analysis.errors import ModelError
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.quantization.divergence.preparing import Job
    from haoline_analysis.quantization.divergence.steps import Three
    from haoline_analysis.runtime.stopping import Stop

_TRIES = 256
"""Most sessions that are opened to find the ops that cannot be measured by themselves."""
_MOST_NAMED = 5


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
        job, first = self._job, self._job.first
        pairs = tuple(job.pairs[slot] for slot in slots)
        step = Step(tuple(slots), pairs, self._floats(pairs, ()), self._variant(pairs), inputs_of(job))
        three = step.open(job.forms)
        found = run(step, three, first.feeds, first.label, stop.options())
        step = self._fitting(step, found)
        if not self._local:
            return step, three, found
        measured = run_most(lambda wanted: self._with_local(at, step, wanted, three, found, stop), step.pairs, _TRIES)
        if measured.error is not None:
            some = measured.result is not None
            job.notes.append(_not_measured(measured.lost if some else (), measured.error))
        return measured.result or (step, three, found)

    def _fitting(self, step: Step, found: Found) -> Step:
        """The step without pairs whose shapes do not fit, which are no counterparts then."""
        kept = []
        for slot, pair in zip(step.slots, step.pairs, strict=True):
            why = _unfit(pair, found)
            if why:
                self._job.dropped[pair.name] = why
            else:
                kept.append((slot, pair))
        return step.of(tuple(slot for slot, _ in kept), tuple(pair for _, pair in kept))

    def _with_local(
        self, at: int, step: Step, wanted: Sequence[Pair], three: Three, found: Found, stop: Stop
    ) -> tuple[Step, Three, Found]:
        """The step with the graph that measures each op on its own, for the wanted ones of its pairs."""
        job, first = self._job, self._job.first
        path = job.deployed.path.parent / f"local.{at}.onnx"
        pairs = [pair for pair in job.pairs if pair.name not in job.dropped]
        graph = build_local(self._path, path, job.model, pairs, wanted, self._known(found))
        self.exact |= graph.exact
        if not graph.outputs:
            return step.with_local(step.floats, None, graph), three, found
        needed = list(graph.inputs.values())
        more = not set(needed) <= found.floats.keys()
        floats = self._floats(step.pairs, needed) if more else step.floats
        step = step.with_local(floats, self._as_is(path, named(list(dict.fromkeys(graph.outputs.values())))), graph)
        three = step.reopened(three, job.forms, floats_too=more)
        held = three.floats.run(first.feeds, first.label, stop.options()) if more else found.floats
        local = run_local(step, three, first.feeds, held, first.label, stop.options())
        return step, three, Found(held, found.variant, local)

    def _known(self, found: Found) -> Known:
        """Element types and shapes: of float tensors as evaluated, of the variant's as the run showed them."""
        job = self._job
        told = {tensor.name: Form(tensor.dtype, None) for tensor in job.deployed.model.tensors if tensor.dtype}
        seen = {name: Form(array.dtype.name, tuple(array.shape)) for name, array in found.variant.items()}
        return Known({pair.output: job.sizes[pair.tensor] for pair in job.pairs}, told | seen)

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
            level="all",
        )

    def _variant(self, pairs: Sequence[Pair]) -> Plan:
        model = self._job.deployed.model  # its own outputs too: what is known beforehand is bound once for all samples
        own = [model.tensors[at].name for at in model.outputs]
        names = list(dict.fromkeys([*(pair.captured for pair in pairs), *own]))
        return self._as_is(self._path, named(names))

    def _as_is(self, path: Path, targets: Sequence[Target]) -> Plan:
        return Plan(
            source=ModelSource(path=path),
            provider=self._job.provider,
            passes=(Pass(tuple(targets)),),
            dtypes={port.name: port.dtype for port in ports_of(self._job.deployed.raw)},
            linked={},
            axes={},
            level="none",
        )


def named(names: Sequence[str]) -> tuple[Target, ...]:
    """Targets for outputs of a file that is run as it is."""
    return tuple(Target(name, at, -1, name) for at, name in enumerate(names))


def _unfit(pair: Pair, found: Found) -> str:
    """Why two tensors cannot be one; "" where they can."""
    value, other = found.floats.get(pair.output), found.variant.get(pair.captured)
    if value is None or other is None:
        return "it is no tensor of numbers when it runs"
    if value.dtype.kind == "b" or not pair.grid.fits(value.shape, other.shape):
        return "its counterpart has another shape or order when it runs"
    return ""


def _not_measured(lost: Sequence[Pair], error: ModelError) -> str:
    """What a report has to say where local errors are missing: of these tensors, or of all."""
    names = ", ".join(repr(pair.name) for pair in lost[:_MOST_NAMED])
    more = len(lost) - _MOST_NAMED
    where = f" at {names}{f' and {more:,} more' if more > 0 else ''}" if lost else ""
    return f"The error that ops make by themselves could not be measured{where}: {error}"


def _with_copies(job: Job) -> Path:
    """The file that hands out all pairs: the deployed graph, or one that has copies of tensors in another layout."""
    deployed, names = job.deployed, [pair.captured for pair in job.pairs]
    if not deployed.copies.nodes(names):
        return deployed.path
    path = deployed.path.parent / "copies.onnx"
    path.write_bytes(deployed.with_outputs(names))
    return path


def inputs_of(job: Job) -> dict[str, Fed]:
    """Inputs that the variant takes under another name or in another float type than the float model."""
    own = {port.name: port.dtype for port in ports_of(job.model)}
    sources = {other: name for name, other in job.inputs.items()}
    found = {}
    for port in ports_of(job.deployed.raw):
        source = sources.get(port.name, port.name)
        dtype = port.dtype if port.is_float and own.get(source) != port.dtype else ""
        if source != port.name or dtype:
            found[port.name] = Fed(source, dtype)
    return found
