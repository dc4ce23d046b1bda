"""The directory of a zip archive, read and checked by ourselves: where each entry's bytes are, nothing unpacked.

The format is PKWARE's APPNOTE (end record, zip64, central directory, local headers). Stricter than unzippers are: the
directory must end where the end record begins, entries may not overlap, repeat a name or point outside.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError, UnsupportedFormatError

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer

MAX_ENTRIES = 200_000
MAX_RATIO = 1100
"""Deflate reaches 1032 to 1; more is a lie about the size."""

STORED, DEFLATED = 0, 8

_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_END_BYTES, _END64_BYTES, _LOCATOR_BYTES = 22, 56, 20
_CENTRAL_BYTES, _LOCAL_BYTES = 46, 30
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive."""

    name: str
    method: int
    offset: int  # of its bytes, behind the local header
    packed: int  # bytes in the archive
    size: int  # bytes unpacked
    header: int  # of the local header


def read_directory(buf: Buffer) -> dict[str, Entry]:
    """All entries by name.

    Raises:
        MalformedModelError: if the directory contradicts itself or the file.
        LimitError: if there are more than ``MAX_ENTRIES``.
    """
    count, start, stop = _directory_place(buf)
    if count > MAX_ENTRIES:
        raise LimitError(f"the zip archive has {count:,} entries, more than {MAX_ENTRIES:,}")
    if count * _CENTRAL_BYTES > stop - start:
        raise MalformedModelError(f"the zip directory has no room for its {count:,} entries")
    entries: dict[str, Entry] = {}
    place = start
    for _ in range(count):
        entry, place = _central_entry(buf, place, stop)
        if entry.name in entries:
            raise MalformedModelError(f"the zip archive holds {entry.name!r} twice")
        entries[entry.name] = _located(buf, entry, start)
    if place != stop:
        raise MalformedModelError(f"the zip directory holds more than its {count:,} entries")
    _check_apart(entries)
    return entries


def unpack(buf: Buffer, entry: Entry, limit: int) -> bytes:
    """The bytes of an entry, decompressed if need be.

    Raises:
        LimitError: if it is larger than ``limit``.
        MalformedModelError: if its content is not what the directory says.
        UnsupportedFormatError: if it is compressed by another method than deflate.
    """
    if entry.size > limit:
        raise LimitError(f"{entry.name} is {entry.size:,} bytes, more than the {limit:,} that are read")
    data = buf[entry.offset : entry.offset + entry.packed]
    if entry.method == STORED:
        return data
    if entry.method != DEFLATED:
        raise UnsupportedFormatError(f"{entry.name} is compressed by zip method {entry.method}")
    try:
        unpacked = zlib.decompressobj(-15).decompress(data, entry.size + 1)
    except zlib.error as error:
        raise MalformedModelError(f"{entry.name} cannot be decompressed: {error}") from error
    if len(unpacked) != entry.size:
        raise MalformedModelError(f"{entry.name} does not unpack to the {entry.size:,} bytes that the directory says")
    return unpacked


def _directory_place(buf: Buffer) -> tuple[int, int, int]:
    """Count of entries, and where the directory starts and stops."""
    size = len(buf)
    end = buf.rfind(_END, max(0, size - _END_BYTES - _FULL16))
    if end < 0 or end + _END_BYTES > size:
        raise MalformedModelError("the zip archive has no directory at its end; is the download complete?")
    count, length, start, comment = _fields("<HIIH", buf, end + 10)
    if end + _END_BYTES + comment != size:
        raise MalformedModelError("the zip archive does not end where its end record says")
    stop = end
    if end >= _LOCATOR_BYTES and buf[end - _LOCATOR_BYTES : end - _LOCATOR_BYTES + 4] == _LOCATOR:
        count, length, start, stop = _zip64_place(buf, end - _LOCATOR_BYTES)
    if start + length != stop:
        raise MalformedModelError("the zip directory is not where the end record says")
    return count, start, stop


def _zip64_place(buf: Buffer, locator: int) -> tuple[int, int, int, int]:
    (place,) = _fields("<Q", buf, locator + 8)
    if place + _END64_BYTES > locator or buf[place : place + 4] != _END64:
        raise MalformedModelError("the zip archive's zip64 end record is not where it says")
    count, length, start = _fields("<QQQ", buf, place + 32)
    return count, length, start, place


def _central_entry(buf: Buffer, place: int, stop: int) -> tuple[Entry, int]:
    """The entry at ``place``, its data not located yet, and where the next one is."""
    if place + _CENTRAL_BYTES > stop or buf[place : place + 4] != _CENTRAL:
        raise MalformedModelError(f"the zip directory is broken at byte {place}")
    flags, method = _fields("<HH", buf, place + 8)
    packed, size, name_length, extra_length, comment = _fields("<IIHHH", buf, place + 20)
    (header,) = _fields("<I", buf, place + 42)
    after_name = place + _CENTRAL_BYTES + name_length
    following = after_name + extra_length + comment
    if following > stop:
        raise MalformedModelError(f"the zip directory is cut short at byte {place}")
    name = _checked_name(buf[after_name - name_length : after_name])
    if flags & 1:
        raise UnsupportedFormatError(f"{name} is encrypted")
    if _FULL32 in (packed, size, header):
        size, packed, header = _wide(buf[after_name : after_name + extra_length], size, packed, header, name)
    if size > MAX_RATIO * packed + MAX_RATIO or (method == STORED and size != packed):
        raise MalformedModelError(f"{name} cannot be {size:,} bytes from the {packed:,} stored")
    return Entry(name, method, -1, packed, size, header), following


def _wide(extra: bytes, size: int, packed: int, header: int, name: str) -> tuple[int, int, int]:
    """The sizes and the place that zip64 keeps in the extra field."""
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        place += 4
        if kind == 1:
            return _widened(extra[place : place + length], (size, packed, header), name)
        place += length
    raise MalformedModelError(f"{name} has no zip64 sizes where it needs them")


def _widened(data: bytes, narrow: tuple[int, int, int], name: str) -> tuple[int, int, int]:
    values, place = [], 0
    for value in narrow:
        if value == _FULL32:
            if place + 8 > len(data):
                raise MalformedModelError(f"{name} has no zip64 sizes where it needs them")
            (value,) = struct.unpack_from("<Q", data, place)
            place += 8
        values.append(value)
    return values[0], values[1], values[2]


def _fields(layout: str, buf: Buffer, place: int) -> tuple[int, ...]:
    """Little-endian numbers at ``place``."""
    return struct.unpack(layout, buf[place : place + struct.calcsize(layout)])


def _checked_name(data: bytes) -> str:
    name = data.decode("utf-8", "replace")
    parts = name.replace("\\", "/").split("/")
    if not name or ".." in parts or parts[0] == "" or "\0" in name or parts[0].endswith(":"):
        raise MalformedModelError(f"the zip archive holds {name!r}, which reaches outside of it")
    return name


def _located(buf: Buffer, entry: Entry, directory: int) -> Entry:
    """The entry with the place of its data, from the local header."""
    place = entry.header
    if place + _LOCAL_BYTES > directory or buf[place : place + 4] != _LOCAL:
        raise MalformedModelError(f"{entry.name} is not where the zip directory says")
    (method,) = _fields("<H", buf, place + 8)
    name_length, extra_length = _fields("<HH", buf, place + 26)
    name = buf[place + _LOCAL_BYTES : place + _LOCAL_BYTES + name_length].decode("utf-8", "replace")
    offset = place + _LOCAL_BYTES + name_length + extra_length
    if name != entry.name or method != entry.method:
        raise MalformedModelError(f"the zip directory and the entry itself disagree about {entry.name!r}")
    if offset + entry.packed > directory:
        raise MalformedModelError(f"{entry.name} reaches beyond the end of the zip archive's data")
    return Entry(entry.name, entry.method, offset, entry.packed, entry.size, place)


def _check_apart(entries: dict[str, Entry]) -> None:
    end, before = 0, ""
    for entry in sorted(entries.values(), key=lambda item: item.header):
        if entry.header < end:
            raise MalformedModelError(f"the zip entries {before!r} and {entry.name!r} overlap")
        end, before = entry.offset + entry.packed, entry.name
