"""Declared types (``TypeProto``) and the numbers of element types."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.errors import LimitError
from haoline_analysis.formats.onnx.protobuf import LEN, VARINT, fields, malformed, name_text, signed

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Buffer
    from haoline_analysis.model import Dim

MAX_DIM = 1 << 53
"""Larger sizes are refused: they are nobody's tensor, and no longer exact in float64."""

_MAX_TYPE_DEPTH = 32
_TENSOR, _SEQUENCE, _MAP, _OPAQUE, _SPARSE, _OPTIONAL = 1, 4, 5, 7, 8, 9


class TypeInfo(NamedTuple):
    """What a file declares about a value."""

    dtype: str | None = None
    shape: tuple[Dim, ...] | None = None
    unknown: int | None = None  # an element type number that the standard does not have


UNDECLARED = TypeInfo()


def parse_type(buf: Buffer, pos: int, end: int, base: int, depth: int = 0) -> TypeInfo:
    """Read a ``TypeProto``: element type and shape, or a name such as ``sequence(float32)``.

    Raises:
        MalformedModelError: if it breaks the wire format or declares an absurd dimension.
        LimitError: if sequences and maps nest deeper than 32 levels.
    """
    if depth > _MAX_TYPE_DEPTH:
        raise LimitError(f"types nest deeper than {_MAX_TYPE_DEPTH} levels at byte {base + pos}")
    info = UNDECLARED
    for field, wire, a, b in fields(buf, pos, end, base):
        if wire != LEN:
            continue
        if field in {_TENSOR, _SPARSE}:
            info = _tensor(buf, a, b, base, sparse=field == _SPARSE)
        elif field in _CONTAINERS:
            info = _container(buf, a, b, base, field, depth)
        elif field == _OPAQUE:
            info = TypeInfo(f"opaque({_opaque(buf, a, b, base)})")
    return info


_CONTAINERS = {_SEQUENCE: "sequence", _MAP: "map", _OPTIONAL: "optional"}


def _container(buf: Buffer, pos: int, end: int, base: int, kind: int, depth: int) -> TypeInfo:
    key, element = "", UNDECLARED
    for field, wire, a, b in fields(buf, pos, end, base):
        if wire == LEN and field == (2 if kind == _MAP else 1):
            element = parse_type(buf, a, b, base, depth + 1)
        elif kind == _MAP and (field, wire) == (1, VARINT):
            key = ONNX_CODES.get(a, "?") + ", "
    return TypeInfo(f"{_CONTAINERS[kind]}({key}{element.dtype or '?'})", None, element.unknown)


def _opaque(buf: Buffer, pos: int, end: int, base: int) -> str:
    spans = [(a, b) for field, wire, a, b in fields(buf, pos, end, base) if wire == LEN and field in {1, 2}]
    return ", ".join(name_text(buf[a:b]) for a, b in spans)


def _tensor(buf: Buffer, pos: int, end: int, base: int, *, sparse: bool) -> TypeInfo:
    number, shape = 0, None
    for field, wire, a, b in fields(buf, pos, end, base):
        if (field, wire) == (1, VARINT):
            number = a
        elif (field, wire) == (2, LEN):
            shape = _shape(buf, a, b, base)
    dtype = ONNX_CODES.get(number)
    unknown = number if number and dtype is None else None
    return TypeInfo(f"sparse_tensor({dtype})" if sparse and dtype else dtype, shape, unknown)


def _shape(buf: Buffer, pos: int, end: int, base: int) -> tuple[Dim, ...]:
    return tuple(
        _dim(buf, a, b, base) for field, wire, a, b in fields(buf, pos, end, base) if (field, wire) == (1, LEN)
    )


def _dim(buf: Buffer, pos: int, end: int, base: int) -> Dim:
    dim: Dim = None
    for field, wire, a, b in fields(buf, pos, end, base):
        if (field, wire) == (1, VARINT):
            size = signed(a)
            if size >= MAX_DIM:
                malformed(base + pos, f"a declared dimension of {size}")
            dim = size if size >= 0 else None  # exporters wrote -1 for "unknown" before symbols existed
        elif (field, wire) == (2, LEN):
            dim = name_text(buf[a:b]) or None
    return dim
