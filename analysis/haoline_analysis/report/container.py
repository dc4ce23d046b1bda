"""The binary container that carries a report to the views (see docs/architecture.md).

``"HLR1" | u32 header length | JSON header | padding to 8 | buffers, each 8-aligned``. Its other half is
``js/src/data/container.ts``. Sizes in a container are checked before they are used.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAGIC = b"HLR1"
NULL_CODE = 0xFFFFFFFF
GZIP_MAGIC = b"\x1f\x8b"
MAX_BYTES = 1 << 30
"""A gzip stream may expand a thousandfold: refuse rather than die."""
_GZIP_LEVEL = 4  # level 9 takes four times as long and saves five per cent
_NUMERIC: dict[str, np.dtype[Any]] = {"f64": np.dtype("<f8"), "i32": np.dtype("<i4"), "u8": np.dtype("u1")}
_META = ("label", "unit", "provenance", "aggregate", "description")
_HINTS = ("scale", "center")  # left out where there is none


class _Buffers:
    """Byte buffers laid out one after the other, each 8-aligned."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> dict[str, int]:
        """Append a buffer and say where it lies; lengths are bytes."""
        place = {"offset": self.size, "length": len(data)}
        padding = -len(data) % 8
        self.parts.append(data + b"\0" * padding)
        self.size += len(data) + padding
        return place


def encode(header: Mapping[str, Any], tables: Mapping[str, Table]) -> bytes:
    """The container of a header and its tables; numbers that are not finite become null."""
    buffers = _Buffers()
    listed = {
        name: {"rows": table.rows, "columns": [_encode_column(column, buffers) for column in table]}
        for name, table in tables.items()
    }
    text = json.dumps(finite({**header, "tables": listed}), allow_nan=False, separators=(",", ":")).encode()
    padding = b"\0" * (-(8 + len(text)) % 8)
    return b"".join([MAGIC, len(text).to_bytes(4, "little"), text, padding, *buffers.parts])


def compress(data: bytes) -> bytes:
    """The container as gzip, the same bytes for the same content."""
    return gzip.compress(data, _GZIP_LEVEL, mtime=0)


def finite(value: Any) -> Any:
    """A copy of JSON-like data with numpy scalars as Python's and non-finite numbers as None."""
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _encode_column(column: Column, buffers: _Buffers) -> dict[str, Any]:
    """Describe one column and append its buffers."""
    entry: dict[str, Any] = {"name": column.name} | {key: getattr(column, key) for key in _META}
    entry |= {key: getattr(column, key) for key in _HINTS if getattr(column, key) is not None}
    numbers = numeric(column.values)
    if numbers is None:
        codes, words = dictionary(column.values)
        entry |= {"type": "str"} | buffers.add(codes.astype("<u4").tobytes())
        entry["dictionary"] = buffers.add(json.dumps(words, separators=(",", ":")).encode())
        return entry
    kind = _wire_type(numbers.dtype)
    return entry | {"type": kind} | buffers.add(numbers.astype(_NUMERIC[kind]).tobytes())


def _wire_type(dtype: np.dtype[Any]) -> str:
    """Small integers travel as they are; everything else as float64."""
    if dtype.kind == "b" or dtype == np.uint8:
        return "u8"
    return "i32" if dtype.kind in "iu" and np.can_cast(dtype, np.int32) else "f64"


def numeric(values: Any) -> np.ndarray | None:
    """The numbers of a column, missing ones as NaN; None where the column holds text."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values
    if isinstance(values, (list, tuple)):
        return None
    dtype = getattr(values, "dtype", None)
    if getattr(dtype, "kind", "O") in "biuf" and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))
    return _object_numbers(values) if getattr(dtype, "kind", "") == "O" and isinstance(values, np.ndarray) else None


def _object_numbers(values: np.ndarray) -> np.ndarray | None:
    """Numbers of an object array (Python integers past 64 bits), or None when it holds anything else."""
    if any(isinstance(value, (str, bytes, tuple, list)) for value in values):
        return None
    return np.array([math.nan if value is None or value != value else float(value) for value in values])


def dictionary(values: Iterable[Any]) -> tuple[np.ndarray, list[str]]:
    """Codes and distinct strings of a text column; a missing value has code 0xFFFFFFFF."""
    categories = getattr(values, "categories", None)
    if categories is not None:
        raw = np.asarray(values.codes, dtype=np.int64)  # type: ignore[attr-defined]
        return np.where(raw < 0, NULL_CODE, raw).astype(np.uint32), [str(word) for word in categories]
    words: dict[str, int] = {}
    codes = [
        words.setdefault(value, len(words)) if isinstance(value, str) else _other(value, words) for value in values
    ]
    return np.array(codes, dtype=np.uint32), list(words)


def _other(value: Any, words: dict[str, int]) -> int:
    """The code of something that is no string: null for a missing value, else its text."""
    if value is None or value != value or type(value).__name__ == "NAType":
        return NULL_CODE
    return words.setdefault(str(value), len(words))


def decode(data: bytes) -> tuple[dict[str, Any], dict[str, Table]]:
    """The header and tables of a container, gzipped or not.

    Raises:
        MalformedModelError: if the bytes are no container or its sizes do not fit.
    """
    data = _unzipped(data) if data[:2] == GZIP_MAGIC else data
    if data[:4] != MAGIC:
        raise MalformedModelError("These bytes are not a HaoLine report: the HLR1 mark is missing.")
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise MalformedModelError("This HaoLine report is truncated inside its header.")
    header = json.loads(data[8:stop])
    body = memoryview(data)[stop + (-stop % 8) :]
    tables = {name: _decode_table(entry, body) for name, entry in header.pop("tables").items()}
    return header, tables


def _unzipped(data: bytes) -> bytes:
    """The content of a gzip stream of bounded size.

    Raises:
        MalformedModelError: if the stream is broken, incomplete or expands too far.
    """
    stream = zlib.decompressobj(wbits=31)
    try:
        content = stream.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise MalformedModelError(f"This HaoLine report is no complete gzip stream: {error}.") from error
    if not stream.eof:
        raise MalformedModelError("This HaoLine report is truncated, or expands beyond 1 GiB.")
    return content


def _decode_table(entry: dict[str, Any], body: memoryview) -> Table:
    """One table of a container."""
    table = Table(entry["rows"])
    for column in entry["columns"]:
        meta = {key: column[key] for key in _META} | {key: column.get(key) for key in _HINTS}
        table.add(Column(column["name"], _decode_values(column, body), **meta))
    return table


def _decode_values(column: dict[str, Any], body: memoryview) -> Any:
    """The values of one column: an array, or a list of strings and None."""
    raw = _slice(column, body)
    if column["type"] != "str":
        return np.frombuffer(raw, dtype=_NUMERIC[column["type"]])
    words = json.loads(bytes(_slice(column["dictionary"], body)))
    return [None if code == NULL_CODE else words[code] for code in np.frombuffer(raw, dtype="<u4").tolist()]


def _slice(place: dict[str, int], body: memoryview) -> memoryview:
    """The bytes at a place, which must lie inside the container."""
    stop = place["offset"] + place["length"]
    if place["offset"] < 0 or stop > len(body):
        raise MalformedModelError("This HaoLine report is truncated: a column reaches past its end.")
    return body[place["offset"] : stop]
