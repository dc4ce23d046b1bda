"""The header of one GGUF file: metadata and where each tensor is.

Source: the GGUF specification (``docs/gguf.md`` of ggml). Version 1 has 32-bit counts, lengths and dimensions; a file
written on a big-endian machine has all its numbers, the version among them, the other way round.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError, UnsupportedFormatError
from haoline_analysis.formats.gguf.cursor import Cursor
from haoline_analysis.formats.gguf.limits import MAX_ALIGNMENT, MAX_DIMS, MAX_PAIRS, MAX_TENSORS
from haoline_analysis.formats.gguf.types import TYPES
from haoline_analysis.formats.gguf.values import Value, read_value

if TYPE_CHECKING:
    from haoline_analysis.formats.gguf.types import TensorType
    from haoline_analysis.formats.storage import Buffer

MAGIC = b"GGUF"
VERSIONS = (1, 2, 3)
DEFAULT_ALIGNMENT = 32
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor of the file."""

    name: str
    shape: tuple[int, ...]  # outermost axis first, as in every other format; the file has them the other way round
    type: TensorType | None  # None: a type we do not know
    code: int  # the type's number
    start: int  # of its bytes in the file
    nbytes: int | None  # None: of a type we do not know


@dataclass(frozen=True, slots=True)
class Header:
    """What one file says before its tensors' bytes."""

    version: int
    order: str  # "<" or ">"
    metadata: dict[str, Value]
    tensors: list[TensorInfo]
    alignment: int
    data_start: int


def read_header(buffer: Buffer) -> Header:
    """Read the header; the tensors' bytes are not touched.

    Raises:
        MalformedModelError: if it breaks the format: cut off, contradictory, counts beyond the file.
        LimitError: if it holds more than any real file.
        UnsupportedFormatError: if it is no GGUF, or of a version that is not known.
    """
    version, order = _version(buffer)
    cursor = Cursor(buffer, 8, order, "I" if version == 1 else "Q")
    tensors = cursor.length("the number of tensors")
    pairs = cursor.length("the number of metadata entries")
    _check_count(tensors, MAX_TENSORS, cursor.left // (3 * cursor.length_bytes), "tensors")
    _check_count(pairs, MAX_PAIRS, cursor.left // (cursor.length_bytes + 5), "metadata entries")
    metadata = _metadata(cursor, pairs)
    raw = [_raw_info(cursor) for _ in range(tensors)]
    alignment = _alignment(metadata)
    data_start = -(-cursor.position // alignment) * alignment
    infos = [_placed(one, data_start, alignment, cursor.size) for one in raw]
    _check_apart(infos)
    return Header(version, order, metadata, infos, alignment, data_start)


def _version(buffer: Buffer) -> tuple[int, str]:
    if len(buffer) < 8 or buffer[:4] != MAGIC:
        raise UnsupportedFormatError("is not a GGUF file")
    for order in "<>":
        (version,) = struct.unpack_from(f"{order}I", buffer, 4)
        if version in VERSIONS:
            return version, order
    raise UnsupportedFormatError(f"GGUF version {struct.unpack_from('<I', buffer, 4)[0]} is not known; 1 to 3 are")


def _check_count(count: int, limit: int, possible: int, what: str) -> None:
    if count > possible:
        raise MalformedModelError(f"the header counts {count} {what}, more than the file can hold")
    if count > limit:
        raise LimitError(f"the header counts {count} {what}; at most {limit} are read")


def _metadata(cursor: Cursor, count: int) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for _ in range(count):
        key = cursor.name("a metadata key")
        if key in found:
            raise MalformedModelError(f"the metadata has the key {key!r} twice")
        found[key] = read_value(cursor, key)
    return found


def _alignment(metadata: dict[str, Value]) -> int:
    value = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_ALIGNMENT or value & (value - 1):
        raise MalformedModelError(f"the alignment is {value}, not a power of two")
    return value


def _raw_info(cursor: Cursor) -> tuple[str, tuple[int, ...], int, int]:
    """Name, shape, type and offset of one tensor as they stand in the file."""
    name = cursor.name("a tensor's name")
    what = f"the description of {name!r}"
    axes = cursor.word(what)
    if axes > MAX_DIMS:
        raise MalformedModelError(f"the tensor {name!r} has {axes} axes; at most {MAX_DIMS} are possible")
    dims = [cursor.length(what) for _ in range(axes)]
    code = cursor.word(what)
    (offset,) = cursor.unpack(struct.Struct(cursor.order + "Q"), what)
    return name, tuple(reversed(dims)), code, int(offset)


def _placed(raw: tuple[str, tuple[int, ...], int, int], data_start: int, alignment: int, size: int) -> TensorInfo:
    """The tensor with its bytes' place, checked against the file."""
    name, shape, code, offset = raw
    elements = prod(shape)
    if elements >= _LARGEST:
        raise MalformedModelError(f"the tensor {name!r} has the shape {shape}, which nothing can hold")
    if offset % alignment:
        raise MalformedModelError(f"the tensor {name!r} is at {offset}, not a multiple of the alignment {alignment}")
    kind = TYPES.get(code)
    start = data_start + offset
    nbytes = None
    if kind is not None:
        if (shape[-1] if shape else 1) % kind.block:
            raise MalformedModelError(
                f"the tensor {name!r} has rows of {shape[-1] if shape else 1} elements, "
                f"but {kind.name} has blocks of {kind.block}"
            )
        nbytes = elements // kind.block * kind.size
    if start + (nbytes or 0) > size and (nbytes or elements):
        raise MalformedModelError(
            f"the tensor {name!r} ends at {start + (nbytes or 0)}, but the file has {size} bytes (is it complete?)"
        )
    return TensorInfo(name, shape, kind, code, start, nbytes)


def _check_apart(infos: list[TensorInfo]) -> None:
    """Refuse tensors of one name, and tensors that share bytes."""
    if len({info.name for info in infos}) < len(infos):
        seen: set[str] = set()
        twice = next(info.name for info in infos if info.name in seen or seen.add(info.name))  # type: ignore[func-returns-value]
        raise MalformedModelError(f"the file has two tensors called {twice!r}")
    last: TensorInfo | None = None
    for info in sorted(infos, key=lambda one: one.start):
        if info.nbytes == 0:
            continue
        if last is not None and info.start < last.start + max(last.nbytes or 1, 1):
            raise MalformedModelError(f"the tensors {last.name!r} and {info.name!r} overlap")
        last = info
