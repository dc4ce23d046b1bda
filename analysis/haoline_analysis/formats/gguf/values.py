"""Values of the metadata: numbers, texts and arrays, of which only short ones are read."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.gguf.limits import MAX_ARRAY, MAX_NESTING, MAX_STRING_ARRAY, MAX_TEXT

if TYPE_CHECKING:
    from haoline_analysis.formats.gguf.cursor import Cursor

_NUMBERS = {
    0: ("B", "uint8"),
    1: ("b", "int8"),
    2: ("H", "uint16"),
    3: ("h", "int16"),
    4: ("I", "uint32"),
    5: ("i", "int32"),
    6: ("f", "float32"),
    7: ("?", "bool"),
    10: ("Q", "uint64"),
    11: ("q", "int64"),
    12: ("d", "float64"),
}
_STRING = 8
_ARRAY = 9


@dataclass(frozen=True, slots=True)
class LongArray:
    """An array too long to be read with the header: what it is and where."""

    kind: str  # "string", "float32", "array"
    count: int
    offset: int  # of its first element in the file
    nbytes: int

    def __str__(self) -> str:
        """What it is, in a few words."""
        return f"{self.count:,} × {self.kind}, {self.nbytes:,} bytes"


@dataclass(frozen=True, slots=True)
class LongText:
    """A text of which only the beginning was read."""

    start: str
    nbytes: int

    def __str__(self) -> str:
        """The beginning, and how long the whole is."""
        return f"{self.start}… ({self.nbytes:,} bytes)"


Value = int | float | bool | str | tuple[Any, ...] | LongArray | LongText


def read_value(cursor: Cursor, key: str) -> Value:
    """Read the value of ``key``: its type, then itself.

    Raises:
        MalformedModelError: if its type is unknown or the file ends before it does.
        LimitError: if it is beyond what any real file holds.
    """
    kind = cursor.word(f"the type of {key!r}")
    if kind == _ARRAY:
        return _array(cursor, key, 1)
    if kind == _STRING:
        return _text(cursor, key)
    return _number(cursor, kind, key)


def _number(cursor: Cursor, kind: int, key: str) -> int | float | bool:
    code, _ = _known(kind, key)
    return cursor.unpack(struct.Struct(cursor.order + code), repr(key))[0]


def _known(kind: int, key: str) -> tuple[str, str]:
    if kind not in _NUMBERS:
        raise MalformedModelError(f"the metadata {key!r} is of type {kind}, which GGUF does not have")
    return _NUMBERS[kind]


def _text(cursor: Cursor, key: str) -> str | LongText:
    count = cursor.length(f"the text of {key!r}")
    at = cursor.skip(count, f"the text of {key!r}")
    kept = cursor.take(at, min(count, MAX_TEXT)).decode("utf-8", "replace")
    return kept if count <= MAX_TEXT else LongText(kept.rstrip("\ufffd"), count)


def _array(cursor: Cursor, key: str, depth: int) -> tuple[Any, ...] | LongArray:
    what = f"the array {key!r}"
    kind = cursor.word(what)
    count = cursor.length(what)
    if kind == _ARRAY:
        return _nested(cursor, key, count, depth)
    if kind == _STRING:
        return _strings(cursor, key, count)
    code, name = _known(kind, key)
    size = struct.calcsize(f"={code}")
    at = cursor.skip(count * size, f"{what} of {count} × {name}")
    if count > MAX_ARRAY:
        return LongArray(name, count, at, count * size)
    return struct.unpack(f"{cursor.order}{count}{code}", cursor.take(at, count * size))


def _strings(cursor: Cursor, key: str, count: int) -> tuple[str, ...] | LongArray:
    start = cursor.position
    cursor.skip_strings(count, f"the array {key!r}")
    end = cursor.position
    if count > MAX_STRING_ARRAY or end - start > MAX_TEXT:
        return LongArray("string", count, start, end - start)
    cursor.position = start
    found = tuple(str(_text(cursor, key)) for _ in range(count))
    cursor.position = end
    return found


def _nested(cursor: Cursor, key: str, count: int, depth: int) -> LongArray:
    """Walk over arrays in an array; what they hold is not kept."""
    if depth >= MAX_NESTING:
        raise LimitError(f"the array {key!r} holds arrays in arrays, more than {MAX_NESTING} deep")
    smallest = 4 + cursor.length_bytes
    if count > cursor.left // smallest:
        raise MalformedModelError(f"the array {key!r} counts {count} arrays, more than the file can hold")
    cursor.count_items(count)
    start = cursor.position
    for _ in range(count):
        _array(cursor, key, depth + 1)
    return LongArray("array", count, start, cursor.position - start)
