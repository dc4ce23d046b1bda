"""The header of a safetensors file, every size in it checked against the file before it is believed.

The layout: an unsigned 64-bit length, little-endian; that many bytes of JSON, an object of tensor names to
``{"dtype", "shape", "data_offsets"}`` and perhaps ``__metadata__``, text to text; then the data, without holes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis import dtypes
from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.safetensors.dtypes import NAMES
from haoline_analysis.formats.safetensors.scan import MAX_STRING, Scanner, decoded

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Storage

LENGTH_BYTES = 8
MAX_HEADER = 100_000_000
"""Bytes; the format's own bound."""
MAX_TENSORS = 500_000
"""The largest checkpoints have some ten thousand in a file."""
MAX_METADATA = 10_000
MAX_SIZE = 1 << 63
"""Elements of a tensor, and bytes of its data."""

_S = rb"[ \t\n\r]*+"
_ENTRY = re.compile(
    _S
    + rb'("[^"\\\x00-\x1f]*+")'
    + _S.join((b"", rb":", rb"\{", rb'"dtype"', rb":", rb'"([A-Z0-9_]{1,32})"', rb",", rb'"shape"', rb":", rb"\[", b""))
    + rb"((?:(?:0|[1-9]\d{0,18})(?:,[ ]?(?:0|[1-9]\d{0,18})){0,15}+)?+)"
    + _S.join((b"", rb"\]", rb",", rb'"data_offsets"', rb":", rb"\[", rb"(0|[1-9]\d{0,18})", rb","))
    + _S.join((b"", rb"(0|[1-9]\d{0,18})", rb"\]", rb"\}", rb"([,}])"))
)
"""An entry as writers write it; any other order or spelling goes through the scanner."""


class Entry(NamedTuple):
    """A tensor as the header states it."""

    name: str
    dtype: str  # ours; of a type that is not known, theirs in lower case
    shape: tuple[int, ...]
    start: int  # in the file
    stop: int


@dataclass(slots=True)
class Header:
    """What a file holds."""

    tensors: list[Entry] = field(default_factory=list)  # in the order of the header
    metadata: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)  # types that are not known -> how many tensors have them
    data_start: int = 0


def read_header(storage: Storage) -> Header:
    """Read and check the header.

    Raises:
        MalformedModelError: if it is cut off, no such header, contradicts itself, or does not fit the file.
        LimitError: if it is larger than the format allows, or holds more than ``MAX_TENSORS``.
    """
    text = _text(storage)
    if bytes(text[:1]) != b"{":
        raise MalformedModelError("has no safetensors header: it does not start with '{'")
    found = _parse(text)
    found.data_start = LENGTH_BYTES + len(text)
    found.tensors = [entry._replace(start=entry.start + found.data_start, stop=entry.stop + found.data_start)
                     for entry in found.tensors]  # fmt: skip
    _check_layout(found, storage.size)
    return found


def _text(storage: Storage) -> memoryview:
    if storage.size < LENGTH_BYTES:
        raise MalformedModelError(f"is cut off: {storage.size} bytes are no safetensors file")
    length = int.from_bytes(storage.read(0, LENGTH_BYTES).tobytes(), "little")
    if length > MAX_HEADER:
        raise LimitError(f"its header claims {length:,} bytes, more than the {MAX_HEADER:,} that the format allows")
    if length > storage.size - LENGTH_BYTES:
        raise MalformedModelError(
            f"is cut off: its header claims {length:,} bytes, {storage.size - LENGTH_BYTES:,} are there"
        )
    return storage.read(LENGTH_BYTES, length).data


def _parse(text: memoryview) -> Header:
    """Entries with offsets into the data."""
    found = Header()
    scanner = Scanner(text, "header")
    names: set[str] = set()
    scanner.take(b"{")
    if scanner.peek() == b"}":
        scanner.at += 1
    else:
        while _entry(scanner, found, names):
            if len(names) > MAX_TENSORS:
                raise LimitError(f"the header lists more than {MAX_TENSORS:,} tensors")
    scanner.end()
    return found


def _entry(scanner: Scanner, found: Header, names: set[str]) -> bool:
    """Read an entry and what follows it; False after the last one."""
    quick = _ENTRY.match(scanner.data, scanner.at)
    name = decoded(quick.group(1)) if quick is not None and quick.end(1) - quick.start(1) <= MAX_STRING else None
    if quick is not None and name is not None and name != "__metadata__":
        shape = tuple([int(dim) for dim in quick.group(3).split(b",")]) if quick.group(3) else ()
        _add(scanner, found, names, name, quick.group(2).decode(), shape, (int(quick.group(4)), int(quick.group(5))))
        scanner.at = quick.end()
        return bool(quick.group(6) == b",")
    name = scanner.string()
    scanner.take(b":")
    if name == "__metadata__":
        _new(scanner, names, name)
        found.metadata = _metadata(scanner)
    else:
        _add(scanner, found, names, name, *_fields(scanner, name))
    last = scanner.peek() == b"}"
    scanner.take(b"}" if last else b",")
    return not last


def _fields(scanner: Scanner, name: str) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """Type, shape and offsets in any order; fields that the format does not know are stepped over."""
    dtype: str | None = None
    sizes: dict[str, tuple[int, ...]] = {}
    seen: set[str] = set()
    for key in scanner.keys():  # noqa: SIM118 - not a mapping
        _new(scanner, seen, key)
        if key == "dtype":
            dtype = scanner.string()
        elif key in ("shape", "data_offsets"):
            sizes[key] = scanner.integers()
        elif len(seen) > 16:
            scanner.refuse(f"describes tensor {_short(name)} with too many fields")
        else:
            scanner.skip()
    if dtype is None or len(sizes) != 2:
        scanner.refuse(f"does not give dtype, shape and data_offsets of tensor {_short(name)}")
    return dtype, sizes["shape"], sizes["data_offsets"]


def _metadata(scanner: Scanner) -> dict[str, str]:
    found: dict[str, str] = {}
    if scanner.peek() == b"n":  # MLX writes null where it has none
        scanner.skip()
        return found
    for key in scanner.keys():  # noqa: SIM118 - not a mapping
        if key in found:
            scanner.refuse(f"has the key {_short(key)} twice")
        found[key] = scanner.string()
        if len(found) > MAX_METADATA:
            raise LimitError(f"the header's metadata has more than {MAX_METADATA:,} keys")
    return found


def _new(scanner: Scanner, names: set[str], name: str) -> None:
    if name in names:
        scanner.refuse(f"has the key {_short(name)} twice")
    names.add(name)


def _add(
    scanner: Scanner,
    found: Header,
    names: set[str],
    name: str,
    stated: str,
    shape: tuple[int, ...],
    offsets: tuple[int, ...],
) -> None:
    """Take an entry whose numbers agree with each other."""
    _new(scanner, names, name)
    dtype = NAMES.get(stated)
    if len(offsets) != 2 or not offsets[0] <= offsets[1] < MAX_SIZE:
        scanner.refuse(f"gives tensor {_short(name)} data_offsets that are no range")
    elements = 1
    for dim in shape:
        elements *= dim
        if elements >= MAX_SIZE:
            scanner.refuse(f"gives tensor {_short(name)} a shape of more than 2^63 elements")
    size = offsets[1] - offsets[0]
    if dtype is None:
        dtype = stated.lower()[:32]
        found.unknown[dtype] = found.unknown.get(dtype, 0) + 1
    elif elements * dtypes.BITS[dtype] != 8 * size:
        stands = f"{stated} [{', '.join(map(str, shape))}]"
        scanner.refuse(f"gives tensor {_short(name)}, {stands}, {size:,} bytes of data, which is not its size")
    found.tensors.append(Entry(name, dtype, shape, offsets[0], offsets[1]))


def _short(name: str) -> str:
    return repr(name if len(name) <= 120 else name[:117] + "…")


def _check_layout(header: Header, size: int) -> None:
    """The data of the tensors follow each other without overlap or hole, to the end of the file."""
    at = header.data_start
    for entry in sorted(header.tensors, key=lambda entry: (entry.start, entry.stop)):
        if entry.stop > size:
            raise MalformedModelError(
                f"is cut off: tensor {_short(entry.name)} ends at byte {entry.stop:,}, the file has {size:,}"
            )
        if entry.start != at:
            problem = "overlaps the one before it" if entry.start < at else f"leaves a hole of {entry.start - at} bytes"
            raise MalformedModelError(f"the data of tensor {_short(entry.name)} {problem}")
        at = entry.stop
    if at != size:
        raise MalformedModelError(f"has {size - at:,} bytes after the data of its tensors")
