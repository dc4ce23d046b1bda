"""External tensor data: which file a location names, and whether it may be read.

A model file is untrusted, so a location must stay in the model's folder after symbolic links are followed. The one
exception is a Hugging Face cache, where ``snapshots/<revision>/file`` links to ``blobs/<hash>`` of the same repository.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

from haoline_analysis.errors import ExternalDataError, ModelError
from haoline_analysis.formats.storage import FileStorage, MissingStorage


class ExternalFiles:
    """Resolves locations against the model's folder; each distinct one is looked up once."""

    def __init__(self, model: Path | None) -> None:
        """Take the path of the model file, None where it has none."""
        self._model = model
        self._known: dict[str, FileStorage | MissingStorage] = {}
        self.missing: dict[str, int] = {}  # location -> tensors that want it

    def open(self, location: str, tensor: str) -> FileStorage | MissingStorage:
        """Return the storage at ``location``, which is missing rather than an error where no file is there.

        Raises:
            ExternalDataError: if the location leaves the model's folder or is no regular file.
        """
        if location not in self._known:
            self._known[location] = self._resolve(location, tensor)
        storage = self._known[location]
        if isinstance(storage, MissingStorage):
            self.missing[location] = self.missing.get(location, 0) + 1
        return storage

    @property
    def file_bytes(self) -> int:
        """Bytes of the distinct external files that exist."""
        files = {storage.path: storage.size for storage in self._known.values() if isinstance(storage, FileStorage)}
        return sum(files.values())

    def _resolve(self, location: str, tensor: str) -> FileStorage | MissingStorage:
        _check_relative(location, tensor)
        if self._model is None:
            return MissingStorage(f"external data {location!r} cannot be found: the model was not opened from a path")
        for folder in self._folders():
            path = Path(os.path.realpath(folder / location))
            if os.path.exists(path):  # noqa: PTH110 - Path.exists raises on names that are too long
                return _open_inside(path, folder, location, tensor)
        return MissingStorage(f"external data {location!r} is missing from the model's folder")

    def _folders(self) -> list[Path]:
        """The folder the user named, then the one the model file really is in."""
        assert self._model is not None
        named = Path(os.path.abspath(self._model)).parent  # noqa: PTH100 - resolve() would follow the link we keep
        real = Path(os.path.realpath(self._model)).parent
        return [named] if real == Path(os.path.realpath(named)) else [named, real]


def _check_relative(location: str, tensor: str) -> None:
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    if not location or "\0" in location:
        raise ExternalDataError(f"tensor {tensor!r}: its external data has no usable location: {location!r}")
    if posix.is_absolute() or windows.drive or windows.root:
        raise ExternalDataError(f"tensor {tensor!r}: external data at an absolute path is refused: {location!r}")
    if ".." in posix.parts or ".." in windows.parts:
        raise ExternalDataError(f"tensor {tensor!r}: external data outside the model's folder: {location!r}")


def _open_inside(path: Path, folder: Path, location: str, tensor: str) -> FileStorage:
    if not any(path.is_relative_to(root) for root in _roots(folder)):
        raise ExternalDataError(f"tensor {tensor!r}: external data {location!r} links out of the model's folder")
    if not stat.S_ISREG(path.stat().st_mode):
        raise ExternalDataError(f"tensor {tensor!r}: external data {location!r} is not a regular file")
    try:
        return FileStorage(path)
    except ModelError as error:
        raise ExternalDataError(f"tensor {tensor!r}: external data {location!r}: {error}") from error


def _roots(folder: Path) -> list[Path]:
    """Real folders that external data may be in."""
    snapshots = [parent.parent for parent in (folder, *folder.parents) if parent.parent.name == "snapshots"]
    repositories = [found.parent for found in snapshots if "--" in found.parent.name]
    # Not resolved further: a ``blobs`` that is itself a link leads elsewhere and is not trusted.
    blobs = [Path(os.path.realpath(repository)) / "blobs" for repository in repositories]
    return [Path(os.path.realpath(folder)), *blobs]
