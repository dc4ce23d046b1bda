"""Let onnxruntime optimise a model, and keep what it made of it.

The graph it saves is the one it runs. Opened again without further optimisation, with any tensors as additional
outputs, it computes the same bits, because all fusion has happened already; outputs added before would prevent some.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.deployed.blocked import Copies
from haoline_analysis.quantization.deployed.saved import usable
from haoline_analysis.quantization.deployed.sessions import Fixed, Optimising
from haoline_analysis.quantization.structure import Reading
from haoline_analysis.runtime.source import ModelSource, source_of
from haoline_analysis.runtime.wire import Changes, changed, scan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from haoline_analysis.model import Model
    from haoline_analysis.runtime.sessions import Session

SEPARATE_BYTES = 1 << 30
"""Bytes of a model from which on the weights of the saved graph go into a file of their own: protobuf ends at 2 GB."""


class Deployed:
    """A model as it is given and as onnxruntime runs it; owns a folder, so close it or use it in ``with``."""

    def __init__(self, source: ModelSource, raw: Model, model: Model, session: Session, folder: Path) -> None:
        """Take over an optimised graph; see :func:`deploy`."""
        self.source, self.raw, self.model = source, raw, model
        self.given, self.running = Reading(raw), Reading(model)
        self.session = session
        """The plain session, which did the optimising: a run of it is a run of the deployed model."""
        assert model.path is not None
        self.path = Path(model.path)
        self.copies = Copies(model)
        self._close = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

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


def deploy(variant: Any, provider: str | None = None, *, threads: int | None = None) -> Deployed:
    """Let onnxruntime optimise a model as it does to run it, and read the graph it ends with.

    Args:
        variant: a path, bytes, a ``ModelProto``, an opened ``Model`` or a ``ModelReport``.
        provider: an execution provider, None or "auto" for the best there is.
        threads: cores for one op; None: all.

    Raises:
        ModelError: if the model is refused; with onnxruntime's reason where it cannot run.
    """
    source, raw, _ = source_of(variant)
    folder = Path(tempfile.mkdtemp(prefix="haoline-deployed-"))
    try:
        path = folder / "deployed.onnx"
        separate = raw.file_bytes > SEPARATE_BYTES
        session = Optimising(source, raw, provider, path, separate=separate, threads=threads)
        return Deployed(source, raw, usable(path), session, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
