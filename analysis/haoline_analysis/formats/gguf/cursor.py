"""A place in a file's header: reads numbers and strings, never beyond the end."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.gguf.limits import MAX_KEPT, MAX_NAME, MAX_STRINGS

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer


class Cursor:
    """Reads from ``position`` on. ``order`` is that of the file's integers; lengths have 8 bytes, in version 1 four."""

    def __init__(self, buffer: Buffer, position: int = 0, order: str = "<", length: str = "Q") -> None:
        """Stand at ``position`` of the bytes."""
        self.buffer = buffer
        self.size = len(buffer)
        self.position = position
        self.order = order
        self._length = struct.Struct(order + length)
        self._word = struct.Struct(order + "I")
        self._strings = 0
        self._kept = 0

    @property
    def left(self) -> int:
        """Bytes from here to the end of the file."""
        return self.size - self.position

    @property
    def length_bytes(self) -> int:
        """Bytes that a length or a count takes."""
        return self._length.size

    def unpack(self, packed: struct.Struct, what: str) -> tuple[int | float | bool, ...]:
        """The numbers stored here.

        Raises:
            MalformedModelError: if the file ends before.
        """
        at = self.skip(packed.size, what)
        return packed.unpack_from(self.buffer, at)

    def word(self, what: str) -> int:
        """An unsigned 32-bit integer."""
        return int(self.unpack(self._word, what)[0])

    def length(self, what: str) -> int:
        """A count or a length of bytes."""
        return int(self.unpack(self._length, what)[0])

    def skip(self, count: int, what: str) -> int:
        """Go on by ``count`` bytes and return where they start.

        Raises:
            MalformedModelError: if the file ends before.
        """
        if count > self.left:
            raise MalformedModelError(
                f"{what} takes {count} bytes at {self.position}, but the file ends {self.left} bytes later"
            )
        at = self.position
        self.position += count
        return at

    def name(self, what: str) -> str:
        """A key or a tensor's name.

        Raises:
            MalformedModelError: if the file ends before, or it is no UTF-8.
            LimitError: if it is longer than any name.
        """
        count = self.length(what)
        if count > MAX_NAME and count <= self.left:
            raise LimitError(f"{what} has {count} bytes at {self.position}; at most {MAX_NAME} are read")
        at = self.skip(count, what)
        try:
            return self.take(at, count).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedModelError(f"{what} at {at} is not UTF-8") from error

    def take(self, at: int, count: int) -> bytes:
        """Keep ``count`` bytes that have been skipped.

        Raises:
            LimitError: if the header makes us keep more than any real one.
        """
        self._kept += count
        if self._kept > MAX_KEPT:
            raise LimitError(f"names and values of the header take more than {MAX_KEPT} bytes")
        return bytes(self.buffer[at : at + count])

    def skip_strings(self, count: int, what: str) -> None:
        """Walk over ``count`` strings; a third of a microsecond each.

        Raises:
            MalformedModelError: if the file ends before.
            LimitError: if there are more than any tokenizer has.
        """
        if count > self.left // self.length_bytes:
            raise MalformedModelError(f"{what} counts {count} strings at {self.position}, more than the file can hold")
        self.count_items(count)
        unpack, buffer, step = self._length.unpack_from, self.buffer, self.length_bytes
        position, last = self.position, self.size - step
        for _ in range(count):
            if position > last:
                raise MalformedModelError(f"{what} reaches beyond the end of the file")
            position += unpack(buffer, position)[0] + step
        if position > self.size:
            raise MalformedModelError(f"{what} reaches beyond the end of the file")
        self.position = position

    def count_items(self, count: int) -> None:
        """Take ``count`` more things off the budget of what is walked over one by one.

        Raises:
            LimitError: if it is spent.
        """
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise LimitError(f"the header's arrays hold more than {MAX_STRINGS} strings or arrays")
