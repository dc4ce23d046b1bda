"""Which bytes onnxruntime is given, and where it finds external data."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.onnx.external import ExternalFiles
from haoline_analysis.formats.storage import FileStorage, MemoryStorage
from haoline_analysis.model import Model
from haoline_analysis.runtime.optimizers import spared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.storage import Buffer
    from haoline_analysis.report import ModelReport


@dataclass(frozen=True)
class ModelSource:
    """A model file, or the bytes of one; can be sent to another process that sees the same files."""

    path: Path | None = None
    data: bytes | None = None
    spared: tuple[str, ...] = ()  # onnxruntime's optimizers that would end the process, see :mod:`.optimizers`

    @property
    def label(self) -> str:
        """How messages call the model."""
        return self.path.name if self.path is not None else "model"

    @property
    def folder(self) -> Path | None:
        """Where external data is; None where there is no file."""
        return self.path.parent if self.path is not None else None

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Lend the model's bytes, a file being mapped.

        Raises:
            ModelError: if the file has gone.
        """
        storage = FileStorage(self.path) if self.path is not None else MemoryStorage(self.data or b"")
        with storage.buffer() as buf:
            yield buf

    def linked(self, locations: set[str]) -> dict[str, Path]:
        """All external files where onnxruntime would not follow one by itself: a link out of the folder, as in caches.

        Nothing where it finds them all: it takes them either from its caller or from the folder.

        Raises:
            ExternalDataError: if a location may not be read.
        """
        if self.folder is None:
            return {}
        files, real = ExternalFiles(self.path), Path(os.path.realpath(self.folder))
        found = {location: files.open(location, location) for location in sorted(locations)}
        paths = {name: storage.path for name, storage in found.items() if isinstance(storage, FileStorage)}
        return paths if any(not path.is_relative_to(real) for path in paths.values()) else {}


def source_of(model: Any) -> tuple[ModelSource, Model, ModelReport | None]:
    """Where the bytes of a path, ``bytes``, a ``ModelProto``, a ``Model`` or a report's model are.

    Raises:
        ModelError: if it is refused, or is an opened model that came from no file.
    """
    from haoline_analysis.report import ModelReport

    report = model if isinstance(model, ModelReport) else None
    opened = report.model if report is not None else model
    if report is not None and opened is None:
        raise ModelError("This report was restored without its model: give the model file to run it.")
    if isinstance(opened, Model):
        return _of_opened(opened), opened, report
    if isinstance(opened, (str, os.PathLike)):
        read = open_model(opened)
        return _of_opened(read), read, report
    data = bytes(opened) if isinstance(opened, (bytes, bytearray, memoryview)) else None
    if opened is not None and data is None and hasattr(opened, "SerializeToString"):
        data = opened.SerializeToString()
    read = open_model(opened if data is None else data)
    return ModelSource(data=data, spared=spared(read)), read, report


def _of_opened(model: Model) -> ModelSource:
    if model.path is None:
        raise ModelError("This model was not opened from a file: give capture the ModelProto or the bytes themselves.")
    path = Path(os.path.abspath(model.path))  # noqa: PTH100 - a link is kept, as in formats
    return ModelSource(path=path, spared=spared(model))
