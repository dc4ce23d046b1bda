"""A bounded scanner of the protobuf wire format (https://protobuf.dev/programming-guides/encoding).

Positions are indices into a buffer; ``base`` is the file offset of the buffer's first byte, so that messages name
bytes of the file.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NoReturn

from haoline_analysis.errors import MalformedModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.storage import Buffer

VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5

_FIXED = {FIXED64: 8, FIXED32: 4}
_MAX_VARINT_BYTES = 10

MAX_NAME = 1000
"""Characters of a name that are kept: names are shown, joined and compared a great many times."""


def malformed(offset: int, problem: str) -> NoReturn:
    """Refuse the file, naming the byte.

    Raises:
        MalformedModelError: always.
    """
    raise MalformedModelError(f"{problem} at byte {offset}")


def varint(buf: Buffer, pos: int, end: int, base: int = 0) -> tuple[int, int]:
    """Read an unsigned varint; returns its value (64 bits) and the position after it.

    Raises:
        MalformedModelError: if it runs past ``end`` or is longer than ten bytes.
    """
    if pos < end and (first := buf[pos]) < 0x80:
        return first, pos + 1
    value = shift = 0
    for at in range(pos, min(end, pos + _MAX_VARINT_BYTES)):
        byte = buf[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + 1
        shift += 7
    malformed(base + pos, "truncated number" if end - pos < _MAX_VARINT_BYTES else "number longer than ten bytes")


def signed(value: int) -> int:
    """Reinterpret a 64-bit varint as two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def span(buf: Buffer, pos: int, end: int, base: int = 0) -> tuple[int, int]:
    """Read a length prefix at ``pos``; returns start and stop of what it measures.

    Raises:
        MalformedModelError: if it reaches beyond ``end``.
    """
    if pos < end and (size := buf[pos]) < 0x80:
        start = pos + 1
    else:
        size, start = varint(buf, pos, end, base)
    if start + size > end:
        malformed(base + pos, f"truncated: {size} bytes are announced and {end - start} are left")
    return start, start + size


def fields(buf: Buffer, pos: int, end: int, base: int = 0) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(field, wire type, a, b)``: value and next position of a varint, else start and stop of the content.

    Raises:
        MalformedModelError: if a field reaches beyond ``end`` or is of no known wire type.
    """
    while pos < end:
        key, after = varint(buf, pos, end, base)
        field, wire = key >> 3, key & 7
        if field == 0:
            malformed(base + pos, "field number 0")
        if wire == LEN:
            start, pos = span(buf, after, end, base)
            yield field, wire, start, pos
        elif wire == VARINT:
            value, pos = varint(buf, after, end, base)
            yield field, wire, value, pos
        elif wire in _FIXED:
            pos = after + _FIXED[wire]
            if pos > end:
                malformed(base + after, "truncated: the data ends inside a number")
            yield field, wire, after, pos
        else:
            malformed(base + pos, f"unknown wire type {wire}")


def skip(buf: Buffer, pos: int, end: int, base: int = 0) -> int:
    """Return the position after the field at ``pos``.

    Raises:
        MalformedModelError: as :func:`fields`.
    """
    _, _, _, after = next(fields(buf, pos, end, base))
    return after


def float32(buf: Buffer, start: int) -> float:
    """Read a little-endian float32."""
    (value,) = struct.unpack("<f", buf[start : start + 4])
    return float(value)


def text(data: bytes) -> str:
    """Decode UTF-8, writing bytes that are not UTF-8 in hexadecimal, so that distinct names stay distinct."""
    return data.decode("utf-8", "backslashreplace")


def name_text(data: bytes) -> str:
    """Decode a name; see :func:`shorten`."""
    return shorten(text(data))


def shorten(whole: str) -> str:
    """A name of bounded length: a longer one is cut, a checksum telling it from those that begin alike."""
    return whole if len(whole) <= MAX_NAME else f"{whole[:MAX_NAME]}…{zlib.crc32(whole.encode()):08x}"
