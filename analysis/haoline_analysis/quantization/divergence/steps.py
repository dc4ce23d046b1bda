"""Three sessions in step: the float model, the deployed variant, and the variant's ops fed with float tensors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.quantization.divergence.metrics import Job
from haoline_analysis.runtime.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from haoline_analysis.quantization.divergence.local import LocalGraph
    from haoline_analysis.quantization.divergence.pairs import Pair
    from haoline_analysis.runtime.forms import Forms
    from haoline_analysis.runtime.plan import Plan
    from haoline_analysis.runtime.sessions import Session


class Fed(NamedTuple):
    """An input of the float model, and the element type to bring it into; "" for its own."""

    source: str
    dtype: str


@dataclass(frozen=True)
class Step:
    """What is run for one part of the pairs; can be sent to another process that sees the same files."""

    slots: tuple[int, ...]  # of the pairs among all
    pairs: tuple[Pair, ...]
    floats: Plan
    variant: Plan
    inputs: Mapping[str, Fed] = field(default_factory=dict)  # what feeds the variant, where that is not the same
    local: Plan | None = None
    graph: LocalGraph | None = None

    def open(self, forms: Forms | None = None) -> Three:
        """The runners of the three sessions.

        Raises:
            RuntimeFailure: if onnxruntime refuses one of the models.
        """
        return Sessions(self).runners(forms)

    def of(self, slots: tuple[int, ...], pairs: tuple[Pair, ...]) -> Step:
        """The same for some of the pairs."""
        return replace(self, slots=slots, pairs=pairs)

    def reopened(self, three: Three, forms: Forms | None, *, floats_too: bool) -> Three:
        """Runners that are open already, with one for the local graph."""
        floats = three.floats
        if floats_too:
            floats = self.floats.runner(0, None if forms is None else forms.of)
        return Three(floats, three.variant, None if self.local is None else _recurring(self.local))

    def with_local(self, floats: Plan, plan: Plan | None, graph: LocalGraph) -> Step:
        """The same with a graph that measures each op on its own."""
        return replace(self, floats=floats, local=plan, graph=graph)

    def variant_feeds(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A sample in the element types that the variant takes."""
        return fed_to(feeds, self.inputs)


def fed_to(feeds: Mapping[str, np.ndarray], inputs: Mapping[str, Fed]) -> dict[str, np.ndarray]:
    """What a variant is fed: the float model's feeds under its names, in its types."""
    made = {}
    for name, (source, dtype) in inputs.items():
        array = feeds[source]
        made[name] = array.astype(dtype) if dtype else array
    renamed = {source for source, _ in inputs.values()}
    return {name: array for name, array in feeds.items() if name not in renamed} | made


class Sessions:
    """The open sessions of a step."""

    def __init__(self, step: Step) -> None:
        """Open them.

        Raises:
            RuntimeFailure: if onnxruntime refuses one of the models.
        """
        self._step = step
        self._floats, self._variant = step.floats.session(0), step.variant.session(0)
        self._local = None if step.local is None else step.local.session(0)

    def runners(self, forms: Forms | None) -> Three:
        """Runners for one thread."""
        step = self._step
        floats = Runner(
            self._floats, step.floats.passes[0].targets, None if forms is None else forms.of, step.floats.dtypes
        )
        local = None
        if self._local is not None and step.local is not None:
            local = _recurring(step.local, self._local)
        return Three(floats, _recurring(step.variant, self._variant), local)


def _recurring(plan: Plan, session: Session | None = None) -> Runner:
    """A runner of a graph of which only runs tell the shapes."""
    return Runner(session or plan.session(0), plan.passes[0].targets, None, plan.dtypes, recurring=True)


class Three(NamedTuple):
    """Runners of one step."""

    floats: Runner
    variant: Runner
    local: Runner | None


class Found(NamedTuple):
    """What a sample gave."""

    floats: Mapping[str, np.ndarray]
    variant: Mapping[str, np.ndarray]
    local: Mapping[str, np.ndarray]

    def jobs(self, step: Step, made: int) -> list[Job]:
        """Float tensors beside the variant's, each followed by the same beside what the ops make of float tensors.

        The former have the pairs' slots, the latter those from ``made`` on. Both are next to each other so that the
        float tensor is still in the cache.
        """
        outputs = {} if step.graph is None else step.graph.outputs
        jobs = []
        for slot, pair in zip(step.slots, step.pairs, strict=True):
            value, other = self.floats.get(pair.output), self.variant.get(pair.captured)
            if value is None or other is None:
                continue
            jobs.append(Job(slot, value, other))
            local = self.local.get(outputs.get(pair.name, ""))
            if local is not None:
                jobs.append(Job(made + slot, value, local))
        return jobs


def run(
    step: Step, three: Three, feeds: Mapping[str, np.ndarray], where: str, options: object = None, *, keep: bool = False
) -> Found:
    """One sample through all sessions of a step.

    Raises:
        RuntimeFailure: if a model fails on it.
        StoppedError: if it was told to stop.
    """
    floats = three.floats.run(feeds, where, options, keep=keep)
    variant = three.variant.run(step.variant_feeds(feeds), where, options, keep=keep)
    return Found(floats, variant, run_local(step, three, feeds, floats, where, options, keep=keep))


def run_local(
    step: Step,
    three: Three,
    feeds: Mapping[str, np.ndarray],
    floats: Mapping[str, np.ndarray],
    where: str,
    options: object = None,
    *,
    keep: bool = False,
) -> Mapping[str, np.ndarray]:
    """What the variant's ops make of the float tensors of a sample; nothing where that is not asked for.

    Raises:
        RuntimeFailure: if they fail on it.
        StoppedError: if it was told to stop.
    """
    if three.local is None or step.graph is None:
        return {}
    return three.local.run(local_feeds(step, step.graph, feeds, floats), where, options, keep=keep)


def local_feeds(
    step: Step, graph: LocalGraph, feeds: Mapping[str, np.ndarray], floats: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What the local graph is fed: float tensors, and the model's own inputs where ops read them."""
    given = step.variant_feeds(feeds)
    return {name: floats[output] for name, output in graph.inputs.items()} | {name: given[name] for name in graph.own}
