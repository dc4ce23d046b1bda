"""A scanner of JSON from untrusted files: it builds only what its caller asks for, whatever else is there.

``json.loads`` would build every value of the text, and a list of a hundred million empty lists takes gigabytes.
Here a value is read where its type is expected, and skipped, token by token, where it is not.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from haoline_analysis.errors import LimitError, MalformedModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
MAX_SKIPPED = 500_000
"""Values that are stepped over in one text."""
MAX_STRING = 1 << 16
"""Bytes of one string that is read, quotes and escapes included."""

_SPACE = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrtu])*+"')
_INTEGER = re.compile(rb"(?:0|[1-9]\d{0,19})(?![\d.eE])")
_NUMBER = re.compile(rb"-?(?:0|[1-9]\d*+)(?:\.\d++)?(?:[eE][+-]?\d++)?")
_WORD = re.compile(rb"true|false|null")
_INTEGERS = re.compile(rb"\[[ \t\n\r]*+((?:\d{1,20}[ \t\n\r]*+,[ \t\n\r]*+){0,63}\d{1,20})?[ \t\n\r]*+\]")
_LEADING_ZERO = re.compile(rb"(?<!\d)0\d")


class Scanner:
    """A place in a JSON text, UTF-8."""

    def __init__(self, data: bytes | memoryview, what: str, at: int = 0) -> None:
        """Start at byte ``at`` of ``data``; ``what`` is what errors call the text."""
        self.data = data
        self.what = what
        self.at = at
        self.skipped = 0

    def refuse(self, problem: str) -> NoReturn:
        """Raise.

        Raises:
            MalformedModelError: always, with the place.
        """
        raise MalformedModelError(f"the {self.what} {problem} at byte {self.at}")

    def peek(self) -> bytes:
        """The next byte that is no white space, not taken; empty at the end."""
        found = _SPACE.match(self.data, self.at)
        assert found is not None
        self.at = found.end()
        return bytes(self.data[self.at : self.at + 1])

    def take(self, character: bytes) -> None:
        """Step over one character.

        Raises:
            MalformedModelError: if another comes next.
        """
        if self.peek() != character:
            self.refuse(f"is not valid JSON: expected {character.decode()!r}")
        self.at += 1

    def end(self) -> None:
        """Make sure that only white space is left.

        Raises:
            MalformedModelError: if there is more.
        """
        if self.peek():
            self.refuse("has data after its end")

    def string(self) -> str:
        """A string.

        Raises:
            MalformedModelError: if none comes next, or it is no valid UTF-8.
            LimitError: if it is longer than ``MAX_STRING``.
        """
        self.peek()
        found = _STRING.match(self.data, self.at)
        if found is None:
            self.refuse("is not valid JSON: expected a string")
        if found.end() - found.start() > MAX_STRING:
            raise LimitError(f"a string of the {self.what} has more than {MAX_STRING:,} bytes")
        text = decoded(found.group())
        if text is None:
            self.refuse("holds text that is no valid UTF-8")
        self.at = found.end()
        return text

    def integer(self) -> int:
        """An integer that is not negative and has at most 20 digits.

        Raises:
            MalformedModelError: if none comes next.
        """
        self.peek()
        found = _INTEGER.match(self.data, self.at)
        if found is None:
            self.refuse("does not hold a size where one is expected (an integer, not negative)")
        self.at = found.end()
        return int(found.group())

    def integers(self) -> tuple[int, ...]:
        """A list of at most 64 integers, as :meth:`integer` reads them.

        Raises:
            MalformedModelError: if none comes next.
        """
        self.peek()
        found = _INTEGERS.match(self.data, self.at)
        if found is None or _LEADING_ZERO.search(found.group()):
            self.refuse("does not hold a list of at most 64 sizes (integers, not negative) where one is expected")
        self.at = found.end()
        inner = found.group(1)
        return tuple([int(text) for text in inner.split(b",")]) if inner else ()

    def keys(self) -> Iterator[str]:
        """The keys of an object; the caller reads or skips the value of each before it asks for the next.

        Raises:
            MalformedModelError: if no object comes next.
        """
        self.take(b"{")
        if self.peek() == b"}":
            self.at += 1
            return
        while True:
            key = self.string()
            self.take(b":")
            yield key
            if self.peek() == b"}":
                self.at += 1
                return
            self.take(b",")

    def items(self) -> Iterator[int]:
        """Positions of the items of a list; the caller reads or skips each before it asks for the next.

        Raises:
            MalformedModelError: if no list comes next.
        """
        self.take(b"[")
        if self.peek() == b"]":
            self.at += 1
            return
        count = 0
        while True:
            yield count
            count += 1
            if self.peek() == b"]":
                self.at += 1
                return
            self.take(b",")

    def skip(self, depth: int = 0) -> None:
        """Step over a value of any type.

        Raises:
            MalformedModelError: if none comes next.
            LimitError: if it nests deeper than ``MAX_DEPTH``, or ``MAX_SKIPPED`` values have been stepped over.
        """
        self.skipped += 1
        if self.skipped > MAX_SKIPPED:
            raise LimitError(f"the {self.what} has more than {MAX_SKIPPED:,} values that mean nothing here")
        if depth > MAX_DEPTH:
            raise LimitError(f"the {self.what} nests deeper than {MAX_DEPTH} levels")
        kind = self.peek()
        if kind == b"{":
            self._skip_object(depth)
        elif kind == b"[":
            for _ in self.items():
                self.skip(depth + 1)
        else:
            self._skip_plain(_STRING if kind == b'"' else _WORD if kind in (b"t", b"f", b"n") else _NUMBER)

    def _skip_object(self, depth: int) -> None:
        self.take(b"{")
        if self.peek() == b"}":
            self.at += 1
            return
        while True:
            self.peek()
            self._skip_plain(_STRING)
            self.take(b":")
            self.skip(depth + 1)
            if self.peek() == b"}":
                self.at += 1
                return
            self.take(b",")

    def _skip_plain(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self.data, self.at)
        if found is None:
            self.refuse("is not valid JSON")
        self.at = found.end()


def decoded(literal: bytes) -> str | None:
    """The text of a JSON string with its quotes; None if it is no valid UTF-8 or has a broken escape."""
    try:
        if b"\\" not in literal:
            return literal[1:-1].decode("utf-8")
        text = json.loads(literal.decode("utf-8"))
        text.encode("utf-8")  # half a surrogate pair is no text
    except ValueError:
        return None
    return str(text)
