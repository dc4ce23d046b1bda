"""Where a model's bytes live, and reading parts of them without holding the rest."""

from __future__ import annotations

import mmap
import stat
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from haoline_analysis.errors import ExternalDataError, ModelError, ModelNotFoundError, UnsupportedFormatError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

_MOST_COMPARED = 4000
"""Comparing a name with those of a hundred thousand files would take seconds."""

Buffer = bytes | mmap.mmap
"""Bytes that can be indexed and sliced; a slice is always ``bytes``."""


class Storage(Protocol):
    """A run of bytes of known size."""

    size: int

    def read(self, offset: int, length: int) -> np.ndarray:
        """Return ``length`` bytes as a uint8 array.

        Raises:
            ModelError: if the bytes are no longer there.
        """


class MemoryStorage:
    """Bytes that the user handed over."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes."""
        self.data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> np.ndarray:
        """Return a read-only view of ``length`` bytes, uint8."""
        return np.frombuffer(self.data, np.uint8, length, offset)

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Lend the bytes for scanning."""
        yield self.data


class FileStorage:
    """A file, as it was when it was opened.

    Reads go through ``read`` and not through a kept memory map: touching a map of a file that somebody truncates,
    as exporting again to the same path does, kills the process.
    """

    def __init__(self, path: Path) -> None:
        """Note the file's size and time.

        Raises:
            ModelError: if there is no such regular file.
        """
        found = _regular_file(path)
        self.path = path
        self.size = found.st_size
        self._modified = found.st_mtime_ns

    def read(self, offset: int, length: int) -> np.ndarray:
        """Return ``length`` bytes as a fresh uint8 array.

        Raises:
            ModelError: if the file has gone or changed since it was opened.
        """
        self._check_unchanged()
        try:
            data = np.fromfile(self.path, np.uint8, length, offset=offset)
        except OSError as error:
            raise ModelError(f"{self.path}: cannot read {length} bytes at {offset}: {error}") from error
        if len(data) < length:
            raise ModelError(f"{self.path}: has only {len(data)} of the {length} bytes needed at {offset}")
        return data

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Map the file for scanning, and let go of it (and of the pages touched) afterwards.

        Raises:
            ModelError: if the file has gone or changed since it was opened.
        """
        self._check_unchanged()
        if self.size == 0:
            yield b""
            return
        view = self._mapped()
        try:
            if len(view) != self.size:
                raise ModelError(f"{self.path}: changed while it was being opened")
            yield view
        finally:
            with suppress(BufferError):  # an array still looks at it (a profiler or a traceback may keep one alive)
                view.close()

    def _mapped(self) -> mmap.mmap:
        try:
            with self.path.open("rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.path}: cannot be read: {error}") from error

    def _check_unchanged(self) -> None:
        try:
            now = self.path.stat()
        except OSError as error:
            raise ModelError(f"{self.path}: has gone since the model was opened: {error}") from error
        if (now.st_size, now.st_mtime_ns) != (self.size, self._modified):
            raise ModelError(f"{self.path}: has changed since the model was opened; open it again")


def _regular_file(path: Path) -> os.stat_result:
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{path}: no such file{_near(path)}") from error
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"{path}: no such file ({getattr(error, 'strerror', None) or error})") from error
    if stat.S_ISDIR(found.st_mode):
        raise UnsupportedFormatError(f"{path}: is a folder; expected a model file")
    if not stat.S_ISREG(found.st_mode):
        raise UnsupportedFormatError(f"{path}: is not a regular file; expected a model file")
    return found


def _near(path: Path) -> str:
    """Files beside it of nearly that name, as the end of a sentence; empty where there are none."""
    with suppress(OSError):
        beside = [each.name for each in islice(path.parent.iterdir(), _MOST_COMPARED)]
        near = get_close_matches(path.name, beside)
        return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    return ""


class MissingStorage:
    """External data that is not there: analysis goes on, loading it is an error."""

    size = 0

    def __init__(self, reason: str) -> None:
        """Take what to say to whoever wants the bytes."""
        self.reason = reason

    def read(self, offset: int, length: int) -> np.ndarray:
        """Raise.

        Raises:
            ExternalDataError: always, naming what is missing.
        """
        raise ExternalDataError(f"{self.reason}: cannot read {length} bytes at {offset}")
