"""JSON of unknown origin, parsed within bounds, and typed access to what is in it."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from haoline_analysis.errors import LimitError, MalformedModelError

MAX_BYTES = 256 << 20
"""Layer information of the largest engines is tens of megabytes."""

_BRACKETS = re.compile(r'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)

MAX_DEPTH = 64
"""The deepest that TensorRT writes is five."""


def parse(text: str, what: str) -> Any:
    """The value of a JSON text.

    Raises:
        MalformedModelError: if it is no JSON.
        LimitError: if it nests deeper than ``MAX_DEPTH``.
    """
    check_depth(text, what)
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise LimitError(f"the {what} nests deeper than the interpreter allows") from error
    except ValueError as error:  # JSONDecodeError, and integers of thousands of digits
        raise MalformedModelError(f"the {what} is no valid JSON: {error}") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def decoder() -> json.JSONDecoder:
    """A decoder with the bounds of :func:`parse`."""
    return json.JSONDecoder(parse_constant=_refuse)


def first_value(text: str, start: int, what: str, using: json.JSONDecoder) -> tuple[dict[str, Any], int]:
    """The JSON object that begins at ``start`` in a longer text, and where it ends.

    Raises:
        MalformedModelError: if it is no JSON object.
        LimitError: if it nests too deep.
    """
    try:
        value, stop = using.raw_decode(text, start)
    except RecursionError as error:
        raise LimitError(f"the {what} nests deeper than the interpreter allows") from error
    except ValueError as error:
        raise MalformedModelError(f"the {what} in the log is no valid JSON: {error}") from error
    check_depth(text[start:stop], what)
    return mapping(value, what), stop


def check_depth(text: str, what: str) -> None:
    """Refuse text whose brackets, those in strings left out, nest too deep; linear, and without a call per level.

    Raises:
        LimitError: if they do.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for mark in _BRACKETS.finditer(text):
        character = mark.group()
        if character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise LimitError(f"the {what} nests deeper than {MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def check_size(size: int, what: str) -> None:
    """Refuse what is larger than is read.

    Raises:
        LimitError: if it is larger than ``MAX_BYTES``.
    """
    if size > MAX_BYTES:
        raise LimitError(f"the {what} has {size:,} bytes, more than the {MAX_BYTES:,} that are read")


def decode(data: bytes, what: str) -> str:
    """The text of a file; bytes that are no UTF-8 become replacement characters (paths in logs).

    Raises:
        LimitError: if it is larger than ``MAX_BYTES``.
    """
    check_size(len(data), what)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def mapping(value: Any, what: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        MalformedModelError: if it is none.
    """
    if not isinstance(value, dict):
        raise MalformedModelError(f"{what} is {_kind(value)}, expected an object")
    return value


def listing(value: Any, what: str) -> list[Any]:
    """A JSON array.

    Raises:
        MalformedModelError: if it is none.
    """
    if not isinstance(value, list):
        raise MalformedModelError(f"{what} is {_kind(value)}, expected a list")
    return value


def text(value: Any, what: str) -> str:
    """A JSON string.

    Raises:
        MalformedModelError: if it is none.
    """
    if not isinstance(value, str):
        raise MalformedModelError(f"{what} is {_kind(value)}, expected text")
    return value


def number(value: Any, what: str, *, at_least: float | None = 0.0) -> float:
    """A finite JSON number.

    Raises:
        MalformedModelError: if it is none, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MalformedModelError(f"{what} is {_kind(value)}, expected a number")
    try:
        found = float(value)
    except OverflowError as error:
        raise MalformedModelError(f"{what} is beyond what a number can be") from error
    if found in (float("inf"), float("-inf")) or (at_least is not None and found < at_least):
        raise MalformedModelError(f"{what} is {found:g}, expected at least {at_least or 0:g} and finite")
    return found


def integer(value: Any, what: str, *, at_least: int = 0, most: int = 2**62) -> int:
    """A JSON integer within bounds.

    Raises:
        MalformedModelError: if it is none, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedModelError(f"{what} is {_kind(value)}, expected an integer")
    if not at_least <= value <= most:
        raise MalformedModelError(f"{what} is out of bounds: expected {at_least} to {most}")
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
