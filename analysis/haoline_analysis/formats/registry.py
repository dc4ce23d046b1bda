"""Which reader reads what: content first, suffix second; readers of other packages through entry points."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError, ModelNotFoundError, UnsupportedFormatError
from haoline_analysis.formats.sniff import recognise
from haoline_analysis.formats.source import Source, open_storage
from haoline_analysis.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.formats.reader import Reader

ENTRY_POINTS = "haoline.formats"
"""Group of entry points under which other packages register a ``Reader``, as an instance or a class."""

_OWN = (
    "torch.live_reader:LiveReader",
    "torch.exported_reader:ExportedReader",
    "torch.script_reader:ScriptReader",
    "torch.checkpoint_reader:CheckpointReader",
    "gguf.reader:GgufReader",
    "safetensors.reader:SafetensorsReader",
    "huggingface.reader:HuggingFaceReader",
    "tensorrt.engine_reader:EngineReader",
    "tensorrt.reader:LayerInfoReader",
    "onnx.reader:OnnxReader",
)
"""Our readers, those with the clearest marks first. Their modules are small and import their work when they read."""


@lru_cache
def readers() -> Sequence[Reader]:
    """All readers: ours, then those of other packages. One that cannot be loaded is left out, with a warning."""
    return (*(_load(place) for place in _OWN), *_registered())


def _load(place: str) -> Reader:
    module, _, name = place.partition(":")
    made: Reader = getattr(import_module(f"haoline_analysis.formats.{module}"), name)()
    return made


def _registered() -> list[Reader]:
    found: list[Reader] = []
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            loaded = entry.load()
            found.append(loaded() if isinstance(loaded, type) else loaded)
        except Exception as error:  # noqa: BLE001 - somebody else's code
            import warnings

            warnings.warn(f"the format {entry.name!r} ({entry.value}) cannot be loaded: {error}", stacklevel=2)
    return found


def reader_named(name: str) -> Reader:
    """The reader of a format by its name.

    Raises:
        UnsupportedFormatError: if there is none.
    """
    for reader in readers():
        if reader.info.name == name:
            return reader
    known = ", ".join(reader.info.name for reader in readers())
    raise UnsupportedFormatError(f"no format is called {name!r}; known are {known}")


def open_source(source: Any, **options: Any) -> Model:
    """Open whatever :func:`haoline_analysis.formats.open_model` takes.

    Raises:
        ModelError: if it is refused; the message starts with the file's name.
    """
    if isinstance(source, Model):
        return source
    given = _given(source)
    where = given.path.name if given.path is not None else "model"
    try:
        return _reader(given).read(given, **options)
    except ModelError as error:
        raise type(error)(f"{where}: {error}") from error


def _given(source: Any) -> Source:
    """What the user handed over, with its first bytes."""
    if isinstance(source, (str, os.PathLike)):
        path = _path(os.fsdecode(source))
        if path.is_dir():
            return Source(path=path)
        return Source(path=path, storage=open_storage(path))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Source(storage=open_storage(bytes(source)))
    return Source(value=source)


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:  # "~somebody" whose home is not known
        raise ModelNotFoundError(f"{name}: {error}") from error


def _reader(given: Source) -> Reader:
    """The reader that takes it.

    Raises:
        UnsupportedFormatError: if none does; it says what the content looks like.
    """
    for reader in readers():
        if reader.can_read(given):
            return reader
    known = ", ".join(reader.info.label for reader in readers())
    if given.storage is not None:
        head = given.head
        seen = recognise(head, given.storage.size) or f"unrecognised content (starts with {head[:8].hex(' ')})"
        raise UnsupportedFormatError(f"{seen}; formats that can be read: {known}")
    if given.path is not None:
        raise UnsupportedFormatError(f"{given.path}: is a folder without a model; expected a Hugging Face model folder")
    raise UnsupportedFormatError(f"cannot read a {type(given.value).__name__}; formats that can be read: {known}")
