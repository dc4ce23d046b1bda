"""Let onnxruntime optimise a model, and keep what it made of it.

The graph it saves is the one it runs. Opened again without further optimisation, with any tensors as additional
outputs, it computes the same bits, because all fusion has happened already; outputs added before would prevent some.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from haoline_analysis.quantization.deployed.blocked import Copies
from haoline_analysis.quantization.deployed.saved import usable
from haoline_analysis.quantization.deployed.sessions import Fixed, Optimising
from haoline_analysis.quantization.structure import Reading
from haoline_analysis.runtime.beside import Beside
from haoline_analysis.runtime.source import ModelSource, source_of
from haoline_analysis.runtime.wire import Changes, changed, scan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.sessions import Session

SEPARATE_BYTES = 1 << 30
"""Bytes of a model from which on the weights of the saved graph go into a file of their own: protobuf ends at 2 GB."""


class Optimised(NamedTuple):
    """What onnxruntime made of a model."""

    session: Session
    model: Model  # the graph that it saved


class Deployed:
    """A model as it is given and as onnxruntime runs it; owns a folder, so close it or use it in ``with``.

    Everything but the model as it is given may have to wait for onnxruntime, and raises what that says if it refuses.
    """

    def __init__(self, source: ModelSource, raw: Model, optimised: Beside[Optimised], folder: Path) -> None:
        """Take over a model that is being optimised; see :func:`deploy`."""
        self.source, self.raw, self.given = source, raw, Reading(raw)
        self._optimised = optimised
        self._close = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def model(self) -> Model:
        """The graph that onnxruntime runs."""
        return self._optimised.result().model

    @property
    def session(self) -> Session:
        """The plain session, which did the optimising: a run of it is a run of the deployed model."""
        return self._optimised.result().session

    @cached_property
    def running(self) -> Reading:
        """The graph that onnxruntime runs, as quantization reads it."""
        return Reading(self.model)

    @cached_property
    def copies(self) -> Copies:
        """Ops that it gets in addition."""
        return Copies(self.model)

    @cached_property
    def path(self) -> Path:
        """Where it is saved."""
        assert self.model.path is not None
        return Path(self.model.path)

    @property
    def provider(self) -> str:
        """What it runs on, in short."""
        return self.session.provider

    @property
    def handed(self) -> list[str]:
        """Names of tensors that can be handed out without changing anything: what ops of the main graph make."""
        return [
            self.model.tensors[tensor].name
            for op in self.model.ops
            if op.parent < 0 and not op.call_path
            for tensor in op.outputs
            if tensor >= 0 and self.model.tensors[tensor].weight is None
        ]

    def capturing(self, names: Iterable[str], *, threads: int | None = None) -> Session:
        """A session of the deployed graph that has these tensors as additional outputs; its other outputs stay equal.

        Raises:
            RuntimeFailure: if onnxruntime refuses it.
        """
        return Fixed(self.saved, self.with_outputs(names), self._provider, threads=threads)

    def with_outputs(self, names: Iterable[str]) -> bytes:
        """The saved graph with these tensors as additional outputs; weights in a file of their own stay there."""
        wanted = list(dict.fromkeys(names))
        with self.saved.buffer() as buf:
            graph = scan(buf)
            whole = changed(buf, graph, Changes(outputs=[name.encode() for name in wanted]))
        return whole + self.copies.nodes(wanted)

    @property
    def saved(self) -> ModelSource:
        """Where the bytes of the deployed graph are."""
        return ModelSource(path=self.path)

    @property
    def _provider(self) -> str:
        return self.session.provider

    def close(self) -> None:
        """Delete the saved graph."""
        self._close()

    def __enter__(self) -> Deployed:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the saved graph."""
        self.close()


def deploy(variant: Any, provider: str | None = None, *, threads: int | None = None, wait: bool = True) -> Deployed:
    """Let onnxruntime optimise a model as it does to run it, and read the graph it ends with.

    Args:
        variant: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.
        provider: an execution provider, None or "auto" for the best there is.
        threads: cores for one op; None: all.
        wait: return when that is done; else when the model is read, and the rest is done beside.

    Raises:
        ModelError: if the model is refused; with onnxruntime's reason where it cannot run.
    """
    source, raw, _ = source_of(variant)
    folder = Path(tempfile.mkdtemp(prefix="haoline-deployed-"))
    path, separate = folder / "deployed.onnx", raw.file_bytes > SEPARATE_BYTES

    def optimised() -> Optimised:
        session = Optimising(source, raw, provider, path, separate=separate, threads=threads)
        return Optimised(session, usable(path))

    deployed = Deployed(source, raw, Beside(optimised), folder)
    if wait:
        try:
            _ = deployed.model
        except BaseException:
            deployed.close()
            raise
    return deployed
