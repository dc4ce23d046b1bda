"""Which reader reads what: content first, suffix second."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from haoline_analysis.errors import MalformedModelError, ModelError, ModelNotFoundError, UnsupportedFormatError
from haoline_analysis.formats.onnx_reader import OnnxReader
from haoline_analysis.formats.sniff import recognise
from haoline_analysis.formats.storage import FileStorage, MemoryStorage
from haoline_analysis.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD_BYTES = 512


class Reader(Protocol):
    """Reads one format."""

    format: str

    def can_read(self, head: bytes, path: Path | None) -> bool:
        """Whether the first bytes, or failing those the path, are of this format."""

    def read(self, storage: FileStorage | MemoryStorage, path: Path | None) -> Model:
        """Open the model.

        Raises:
            ModelError: if it is refused.
        """


READERS: Sequence[Reader] = (OnnxReader(),)


def open_source(source: Any) -> Model:
    """Open whatever :func:`haoline_analysis.formats.open_model` takes.

    Raises:
        ModelError: if it is refused; the message starts with the file's name.
    """
    if isinstance(source, Model):
        return source
    path, storage = _storage(source)
    where = path.name if path is not None else "model"
    try:
        return _reader(storage, path).read(storage, path)
    except ModelError as error:
        raise type(error)(f"{where}: {error}") from error


def _storage(source: Any) -> tuple[Path | None, FileStorage | MemoryStorage]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return None, MemoryStorage(bytes(source))
    if isinstance(source, (str, os.PathLike)):
        path = _path(os.fsdecode(source))
        return path, FileStorage(path)
    return None, MemoryStorage(_serialized(source))


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:  # "~somebody" whose home is not known
        raise ModelNotFoundError(f"{name}: {error}") from error


def _serialized(source: Any) -> bytes:
    """Bytes of a ``ModelProto``, known by its descriptor so that onnx need not be imported.

    Raises:
        UnsupportedFormatError: if it is something else.
        MalformedModelError: if it cannot be written (protobuf stops at 2 GB).
    """
    kind = getattr(getattr(source, "DESCRIPTOR", None), "full_name", "")
    if not kind.endswith("ModelProto"):
        raise UnsupportedFormatError(f"expected a path, bytes or an onnx.ModelProto, got {type(source).__name__}")
    try:
        data: bytes = source.SerializeToString()
    except Exception as error:  # each protobuf implementation raises its own
        raise MalformedModelError(f"the ModelProto cannot be serialized: {error}") from error
    return data


def _reader(storage: FileStorage | MemoryStorage, path: Path | None) -> Reader:
    head = storage.read(0, min(_HEAD_BYTES, storage.size)).tobytes()
    other = recognise(head, storage.size)
    if other is not None:
        raise UnsupportedFormatError(f"{other}; expected an ONNX model")
    for reader in READERS:
        if reader.can_read(head, path):
            return reader
    raise UnsupportedFormatError(f"unrecognised content (starts with {head[:8].hex(' ')}); expected an ONNX model")
