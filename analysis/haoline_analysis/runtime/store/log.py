"""The one file that all arrays of a capture are appended to, within a budget.

Its name is random and the manifest names it, so an unfinished file beside an earlier capture harms nobody. Files that
a killed process left are removed by the next capture in the same folder; a lock tells them from files still written to.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from haoline_analysis.runtime.store.errors import StoreError, StoreFullError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

DATA_NAME = re.compile(r"activations-[0-9a-f]{32}\.bin")
ALIGNMENT = 64
"""Arrays start at multiples of it, which suits every element type and SIMD width."""
FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class DataLog:
    """An append-only file; an append that fails leaves it as it was."""

    def __init__(self, folder: Path, budget: int | None) -> None:
        """Create the file in a folder, with room for ``budget`` bytes (None: as the disk has).

        Raises:
            StoreError: if it cannot be created.
        """
        self.path = folder / f"activations-{secrets.token_hex(16)}.bin"
        self.budget = budget
        self.size = 0
        self._lock = RLock()
        try:
            self._file = self.path.open("xb", buffering=0)
        except OSError as error:
            raise StoreError(f"Cannot write to the folder {str(folder)!r}: {error.strerror}.") from error
        lock(self._file.fileno())

    def append(self, data: np.ndarray, what: str, reserved: int = 0) -> int:
        """Append flat bytes (uint8) and return their offset; safe from several threads.

        Args:
            data: the bytes.
            what: for the message, what has no room.
            reserved: bytes of the budget that are needed for something else.

        Raises:
            StoreFullError: if the budget or the disk has no room; nothing is added then.
        """
        with self._lock:
            start = self.size + -self.size % ALIGNMENT
            if self.budget is not None and start + data.nbytes + reserved > self.budget:
                raise StoreFullError(f"The budget of {self.budget:,} bytes has no room for {what}.")
            try:
                self._write(start, data.data)
            except OSError as error:
                raise self._failure(error, what) from error
            self.size = start + data.nbytes
            return start

    def _write(self, start: int, rest: memoryview) -> None:
        """Write everything: one call may take less."""
        self._file.seek(start)
        while len(rest):
            rest = rest[self._file.write(rest) :]

    def _failure(self, error: OSError, what: str) -> StoreError:
        """The refusal an error means, after the part written has been cut off."""
        with suppress(OSError):
            self._file.truncate(self.size)
        if error.errno in FULL:
            return StoreFullError(f"The disk has no room for {what} ({error.strerror}).")
        return StoreError(f"Cannot store {what}: {error.strerror}.")

    def cut(self, size: int) -> None:
        """Drop everything after ``size`` bytes."""
        with self._lock:
            self._file.truncate(size)
            self.size = size

    def close(self) -> None:
        """Let everything reach the disk and close the file.

        Raises:
            StoreFullError: if the disk turns out to be full.
        """
        try:
            self._file.truncate(self.size)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failure(error, "the capture") from error
        finally:
            self._file.close()

    def remove(self) -> None:
        """Close and delete the file."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def lock(descriptor: int) -> bool:
    """Claim an open file until it is closed; False where another process has it. True where there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows, which refuses to delete open files anyway
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(folder: Path, kept: str | None) -> None:
    """Delete data files that no manifest names and nobody writes to any more."""
    for path in folder.glob("activations-*.bin"):
        if path.name == kept or not DATA_NAME.fullmatch(path.name) or path.is_symlink() or not path.is_file():
            continue
        with suppress(OSError), path.open("rb") as file:
            if lock(file.fileno()):
                path.unlink()
