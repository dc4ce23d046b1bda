"""A place in a buffer, and reading the arguments of pickle opcodes from it, each within bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer

MAX_LINE = 1 << 16
"""Longest argument that ends at a line break; only pickles of protocol 0, and names, have them."""

MAX_INTEGER_BYTES = 1 << 12
"""Longest integer; a larger one is no count of anything."""


class Cursor:
    """Reads forward through ``buf[start:stop]``."""

    __slots__ = ("buf", "pos", "stop")

    def __init__(self, buf: Buffer, start: int, stop: int) -> None:
        """Stand at ``start``."""
        self.buf = buf
        self.pos = start
        self.stop = stop

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            MalformedModelError: if there are fewer.
        """
        start = self.pos
        end = start + count
        if count < 0 or end > self.stop:
            raise MalformedModelError(f"the pickle is cut short: {count} bytes wanted at {start}, ends at {self.stop}")
        self.pos = end
        return self.buf[start:end]

    def code(self) -> int:
        """The next opcode.

        Raises:
            MalformedModelError: if the pickle has ended without STOP.
        """
        if self.pos >= self.stop:
            raise MalformedModelError(f"the pickle is cut short: it ends at {self.stop} without STOP")
        self.pos += 1
        return self.buf[self.pos - 1]

    def unsigned(self, width: int) -> int:
        """A little-endian unsigned integer of ``width`` bytes."""
        return int.from_bytes(self.take(width), "little")

    def signed(self, width: int) -> int:
        """A little-endian signed integer of ``width`` bytes."""
        return int.from_bytes(self.take(width), "little", signed=True)

    def real(self) -> float:
        """A big-endian float64."""
        value: float = struct.unpack(">d", self.take(8))[0]
        return value

    def counted(self, width: int) -> bytes:
        """Bytes after a length of ``width`` bytes."""
        return self.take(self.unsigned(width))

    def text(self, width: int) -> str:
        """UTF-8 text after a length of ``width`` bytes; wrong bytes are replaced."""
        return self.counted(width).decode("utf-8", "replace")

    def integer(self, width: int) -> int:
        """A signed integer of as many bytes as the length before it says.

        Raises:
            LimitError: if it is absurdly long.
        """
        length = self.unsigned(width)
        if length > MAX_INTEGER_BYTES:
            raise LimitError(f"the pickle holds an integer of {length} bytes")
        return self.signed(length)

    def line(self) -> str:
        """Text up to the line break.

        Raises:
            MalformedModelError: if there is no line break within ``MAX_LINE`` bytes.
        """
        end = self.buf.find(b"\n", self.pos, min(self.stop, self.pos + MAX_LINE))
        if end < 0:
            raise MalformedModelError(f"the pickle is cut short: no line break after {self.pos}")
        data = self.buf[self.pos : end]
        self.pos = end + 1
        return data.decode("utf-8", "replace").rstrip("\r")
