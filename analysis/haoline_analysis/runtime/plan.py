"""What is to be captured, and how: all that another process needs to do its share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from haoline_analysis.runtime import wire
from haoline_analysis.runtime.aliases import find_aliases
from haoline_analysis.runtime.failures import onnxruntime
from haoline_analysis.runtime.runner import Runner
from haoline_analysis.runtime.sessions import Session
from haoline_analysis.runtime.targets import body_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.aliases import Alias
    from haoline_analysis.runtime.failures import RuntimeFailure
    from haoline_analysis.runtime.forms import Form
    from haoline_analysis.runtime.source import ModelSource
    from haoline_analysis.runtime.targets import Target


DETACHED_BYTES = 4 << 20
_WEIGHTS = "haoline-weights"


@dataclass(frozen=True)
class Pass:
    """The tensors of one session."""

    targets: tuple[Target, ...]
    bodies: tuple[wire.BodyOutputs, ...] = ()
    aliases: Mapping[str, Alias] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A model, where to run it, and the tensors to capture, in one or several passes."""

    source: ModelSource
    provider: str | None
    passes: tuple[Pass, ...]
    dtypes: Mapping[str, str]  # element types of the model's inputs
    linked: Mapping[str, Path]  # external data that onnxruntime would not follow
    axes: Mapping[str, int | None]  # channel axis by target name
    level: str = ""  # how much onnxruntime may optimise, see Session
    key: str = field(default_factory=lambda: uuid4().hex)

    @property
    def aliases(self) -> dict[str, Alias]:
        """Targets that are others in another shape or order."""
        return {name: alias for part in self.passes for name, alias in part.aliases.items()}

    @property
    def targets(self) -> list[Target]:
        """All targets in execution order."""
        return [target for part in self.passes for target in part.targets]

    def plain(self) -> Session:
        """A session as anybody would make it.

        Raises:
            RuntimeFailure: if onnxruntime refuses the model.
        """
        return Session(self.source, None, self.provider, dict(self.linked), capturing=False)

    def session(self, at: int, *, beside: bool = False) -> Session:
        """The session that hands out the tensors of one pass, beside other work or alone.

        Raises:
            RuntimeFailure: if onnxruntime refuses it.
        """
        part = self.passes[at]
        names = [target.output.encode() for target in part.targets if not target.stacked]
        with self.source.buffer() as buf:
            graph = wire.scan(buf)
            location = _WEIGHTS if _detachable(graph) else ""
            data = wire.changed(buf, graph, wire.Changes(names, part.bodies, location.encode()))
            return Session(
                self.source,
                data,
                self.provider,
                dict(self.linked),
                capturing=True,
                beside=beside,
                weights=(location, buf) if location else None,
                level=self.level,
            )

    def runner(
        self, at: int, forms: Callable[[Mapping[str, np.ndarray]], Sequence[Form]] | None = None, pools: int = 1
    ) -> Runner:
        """The session of one pass, ready to be fed.

        Raises:
            RuntimeFailure: if onnxruntime refuses it.
        """
        return Runner(self.session(at, beside=pools > 1), self.passes[at].targets, forms, self.dtypes, pools)

    def without(self, at: int, names: set[str], model: Model) -> Plan:
        """The same with fewer targets in one pass."""
        kept = [target for target in self.passes[at].targets if target.name not in names]
        passes = [*self.passes]
        passes[at] = make_pass(kept, model)
        return replace(self, passes=tuple(passes), key=uuid4().hex)


def _detachable(graph: wire.MainGraph) -> bool:
    """Whether handing the weights over apart from the graph is worth it: they need not be parsed and copied twice."""
    held = sum(stop - start for start, stop in graph.weights)
    known = hasattr(onnxruntime().SessionOptions, "add_external_initializers_from_files_in_memory")
    return known and held >= DETACHED_BYTES and not graph.locations


def make_pass(targets: Sequence[Target], model: Model) -> Pass:
    """A pass for the targets, with what loops have to hand out for it."""
    return Pass(tuple(targets), tuple(body_outputs(model, targets)), find_aliases(model, targets))


def culprits(failure: RuntimeFailure, part: Pass, model: Model, forms: Sequence[Form]) -> set[str]:
    """Targets of a pass that may be why it fails where the plain model runs; the likeliest, not all.

    What a loop stacks must have one shape in all iterations, so that is to blame first, above all where the shape is
    not known beforehand; then the op that is named.
    """
    stacked = [target for target in part.targets if target.stacked]
    blamed = [target for target in stacked if _owner(target, model) == failure.node] or stacked
    doubtful = [target for target in blamed if forms[target.tensor].shape is None]
    own = [target for target in part.targets if failure.node and model.ops[target.op].name == failure.node]
    return {target.name for target in doubtful or blamed or own}


def _owner(target: Target, model: Model) -> str:
    return model.ops[model.ops[target.op].parent].name
