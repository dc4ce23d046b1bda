"""A file inside a file: part of a storage and of its buffer, read in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.errors import MalformedModelError

if TYPE_CHECKING:
    import numpy as np

    from haoline_analysis.formats.storage import Buffer, Storage


@dataclass(slots=True, eq=False)
class Part:
    """``size`` bytes at ``offset`` of a storage."""

    whole: Storage
    offset: int
    size: int

    def read(self, offset: int, length: int) -> np.ndarray:
        """Return ``length`` bytes as a uint8 array.

        Raises:
            ModelError: if they are outside the part, or no longer there.
        """
        if offset < 0 or offset + length > self.size:
            raise MalformedModelError(f"bytes {offset} to {offset + length} are outside a part of {self.size}")
        return self.whole.read(self.offset + offset, length)


class Window(bytes):
    """A stretch of a buffer that is looked at without a copy; a ``bytes`` to those who ask for its type alone."""

    _buf: Buffer
    _start: int
    _size: int

    @classmethod
    def of(cls, buf: Buffer, start: int, size: int) -> Window:
        """``size`` bytes of ``buf`` from ``start``."""
        made = cls()
        made._buf, made._start, made._size = buf, start, size
        return made

    def __len__(self) -> int:
        """Bytes in the window."""
        return self._size

    def __getitem__(self, key: object) -> object:  # type: ignore[override]
        """A byte as an integer, or a stretch as ``bytes``."""
        if isinstance(key, slice):
            start, stop, _ = key.indices(self._size)
            return self._buf[self._start + start : self._start + max(start, stop)]
        if isinstance(key, int) and 0 <= key < self._size:
            return self._buf[self._start + key]
        raise IndexError("outside the window")

    def find(self, wanted: bytes, start: int = 0, stop: int | None = None) -> int:  # type: ignore[override]
        """Place of the first occurrence from ``start`` on, or -1."""
        end = self._size if stop is None else min(stop, self._size)
        return self._inside(self._buf.find(wanted, self._start + start, self._start + end))

    def rfind(self, wanted: bytes, start: int = 0, stop: int | None = None) -> int:  # type: ignore[override]
        """Place of the last occurrence from ``start`` on, or -1."""
        end = self._size if stop is None else min(stop, self._size)
        return self._inside(self._buf.rfind(wanted, self._start + start, self._start + end))

    def _inside(self, place: int) -> int:
        return place - self._start if place >= 0 else -1
