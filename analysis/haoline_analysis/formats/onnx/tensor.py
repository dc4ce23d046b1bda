"""``TensorProto`` and ``SparseTensorProto`` to :class:`Weight` handles, checked against the bytes that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from haoline_analysis import dtypes
from haoline_analysis.dtypes import ONNX_CODES
from haoline_analysis.errors import ExternalDataError, MalformedModelError
from haoline_analysis.formats.onnx.protobuf import LEN, VARINT, fields, name_text, signed, text, varint
from haoline_analysis.formats.onnx.sources import INLINE_BYTES, RawSource, SparseSource, StringSource, TypedSource
from haoline_analysis.formats.onnx.types import MAX_DIM
from haoline_analysis.formats.storage import FileStorage, MemoryStorage, MissingStorage
from haoline_analysis.model import Weight

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.external import ExternalFiles
    from haoline_analysis.formats.storage import Buffer, Storage
    from haoline_analysis.model import WeightSource

_MAX_RANK = 32  # numpy's bound before 2.0
_MAX_BYTES = 1 << 62
_DIMS, _DTYPE, _FLOATS, _INT32S, _STRINGS, _INT64S, _NAME = 1, 2, 4, 5, 6, 7, 8
_RAW, _DOUBLES, _UINT64S, _EXTERNAL, _LOCATION = 9, 10, 11, 13, 14
_TYPED_FIELDS = frozenset({_FLOATS, _INT32S, _STRINGS, _INT64S, _DOUBLES, _UINT64S})
_SEGMENT = 3

_FIELD_OF = dict.fromkeys(dtypes.BITS, _INT32S) | {
    "float32": _FLOATS,
    "complex64": _FLOATS,
    "float64": _DOUBLES,
    "complex128": _DOUBLES,
    "int64": _INT64S,
    "uint32": _UINT64S,
    "uint64": _UINT64S,
    "string": _STRINGS,
}
_UNIT_BYTES = {_FLOATS: 4, _DOUBLES: 8}
_SUB_BYTE_BITS = {"int4": 4, "uint4": 4, "float4_e2m1": 4, "int2": 2, "uint2": 2}


@dataclass(slots=True)
class _Run:
    """All entries of one typed field: the bytes they span and how many there can be."""

    start: int
    stop: int = 0
    fewest: int = 0
    most: int = 0
    payload: int = 0  # bytes of content, for strings


@dataclass(slots=True)
class _Header:
    """A ``TensorProto`` with its payloads as positions."""

    key: bytes = b""
    dims: list[int] = field(default_factory=list)
    number: int = 0
    raw: tuple[int, int] | None = None
    runs: dict[int, _Run] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    location: int = 0
    segmented: bool = False

    @property
    def name(self) -> str:
        """The tensor's name as text, for messages."""
        return name_text(self.key)


def parse_tensor(
    buf: Buffer, pos: int, end: int, base: int, storage: Storage, files: ExternalFiles, kind: str
) -> tuple[bytes, Weight]:
    """Read a ``TensorProto`` at ``pos:end``; returns its name and a handle on its elements.

    Raises:
        MalformedModelError: if dims, type and stored bytes contradict each other.
        ExternalDataError: if external data escapes the model's folder or is too short.
    """
    header = _header(buf, pos, end, base)
    dtype = _dtype(header, base + pos)
    shape = _shape(header)
    if header.location == 1 or (header.external and header.raw is None and not header.runs):
        return header.key, _external(header, dtype, shape, files, kind)
    source, stored = _embedded(header, dtype, _count(header, dtype, shape), buf, base, storage)
    return header.key, Weight(dtype, shape, source, kind, None, stored)


def parse_sparse(
    buf: Buffer, pos: int, end: int, base: int, storage: Storage, files: ExternalFiles
) -> tuple[bytes, Weight]:
    """Read a ``SparseTensorProto``; returns the name of its values and a handle of kind ``sparse``.

    Raises:
        MalformedModelError: if values and indices do not fit the dims.
    """
    header, parts = _Header(), {}
    for number, wire, a, b in fields(buf, pos, end, base):
        if wire == LEN and number in {1, 2}:
            parts[number] = parse_tensor(buf, a, b, base, storage, files, "sparse")
        elif number == 3:
            _collect_dims(header, buf, wire, a, b, base)
    if set(parts) != {1, 2}:
        raise MalformedModelError(f"sparse tensor at byte {base + pos} lacks its values or its indices")
    (header.key, values), (_, indices) = parts[1], parts[2]
    shape = _shape(header)
    _check_sparse(header.name, shape, values, indices)
    stored = (values.nbytes or 0) + (indices.nbytes or 0)
    return header.key, Weight(
        values.dtype, shape, SparseSource(header.name, shape, values, indices), "sparse", values.location, stored
    )


def _check_sparse(name: str, shape: tuple[int, ...], values: Weight, indices: Weight) -> None:
    total = prod(shape)
    fits = indices.shape in {(values.elements,), (values.elements, len(shape))}
    if indices.dtype != "int64" or not fits or values.elements > total:
        raise MalformedModelError(
            f"sparse tensor {name!r}: values {list(values.shape)} and indices {list(indices.shape)} do not fit "
            f"dims {list(shape)}"
        )


def _header(buf: Buffer, pos: int, end: int, base: int) -> _Header:
    header = _Header()
    before = pos
    for number, wire, a, b in fields(buf, pos, end, base):
        stop = b
        if number == _DIMS:
            _collect_dims(header, buf, wire, a, b, base)
        elif number in _TYPED_FIELDS:
            _collect_run(header, number, wire, (before, stop), (a, b))
        elif wire == VARINT:
            _collect_number(header, number, a)
        elif wire == LEN:
            _collect_bytes(header, number, buf, a, b, base)
        before = stop
    return header


def _collect_dims(header: _Header, buf: Buffer, wire: int, a: int, b: int, base: int) -> None:
    if wire == VARINT:
        header.dims.append(signed(a))
    elif wire == LEN:
        while a < b:
            value, a = varint(buf, a, b, base)
            header.dims.append(signed(value))


def _collect_number(header: _Header, number: int, value: int) -> None:
    if number == _DTYPE:
        header.number = value
    elif number == _LOCATION:
        header.location = value


def _collect_bytes(header: _Header, number: int, buf: Buffer, a: int, b: int, base: int) -> None:
    if number == _NAME:
        header.key = buf[a:b]
    elif number == _RAW:
        header.raw = (a, b)
    elif number == _EXTERNAL:
        entry = {n: text(buf[s:t]) for n, w, s, t in fields(buf, a, b, base) if w == LEN}
        header.external[entry.get(1, "")] = entry.get(2, "")
    elif number == _SEGMENT:
        header.segmented = True


def _collect_run(header: _Header, number: int, wire: int, spanned: tuple[int, int], content: tuple[int, int]) -> None:
    run = header.runs.setdefault(number, _Run(spanned[0]))
    run.stop = spanned[1]
    size = content[1] - content[0]
    if number == _STRINGS or wire != LEN:
        run.fewest += 1
        run.most += 1
        run.payload += size if wire == LEN else 0
    elif number in _UNIT_BYTES:
        run.fewest += size // _UNIT_BYTES[number]
        run.most += -(-size // _UNIT_BYTES[number])
    else:  # packed varints of one to ten bytes each; counted exactly when they are loaded
        run.fewest += -(-size // 10)
        run.most += size


def _dtype(header: _Header, offset: int) -> str:
    dtype = ONNX_CODES.get(header.number)
    if dtype is None:
        raise MalformedModelError(f"tensor {header.name!r} at byte {offset}: unknown element type {header.number}")
    if header.segmented:
        raise MalformedModelError(f"tensor {header.name!r} at byte {offset}: stored in segments, which ONNX never used")
    return dtype


def _shape(header: _Header) -> tuple[int, ...]:
    """Dims as a shape, once no dim and no product of dims is absurd."""
    size = 1
    for dim in header.dims[: _MAX_RANK + 1]:
        size *= max(dim, 1)
        if not 0 <= dim < MAX_DIM or size >= _MAX_BYTES:
            raise MalformedModelError(f"tensor {header.name!r}: absurd dims {header.dims[:_MAX_RANK]}")
    if len(header.dims) > _MAX_RANK:
        raise MalformedModelError(f"tensor {header.name!r}: {len(header.dims)} dimensions; at most {_MAX_RANK}")
    return tuple(header.dims)


def _count(header: _Header, dtype: str, shape: tuple[int, ...]) -> int:
    """Number of elements, once the embedded bytes can hold exactly that many."""
    count = prod(shape)
    if header.raw is not None and (header.raw[1] > header.raw[0] or not header.runs):
        held = header.raw[1] - header.raw[0]
        if dtypes.nbytes(dtype, shape) != held:
            _contradiction(header, dtype, f"{held} bytes")
    elif (run := header.runs.get(_FIELD_OF[dtype])) is not None:
        if not run.fewest <= _entries(dtype, count) <= run.most:
            _contradiction(header, dtype, f"{run.most} values")
    elif count:
        _contradiction(header, dtype, "no data")
    return count


def _entries(dtype: str, count: int) -> int:
    if dtype.startswith("complex"):
        return 2 * count
    bits = _SUB_BYTE_BITS.get(dtype, 8)
    return -(-count * bits // 8)


def _contradiction(header: _Header, dtype: str, found: str) -> None:
    raise MalformedModelError(f"tensor {header.name!r}: dims {header.dims} of {dtype} do not fit the {found} stored")


def _embedded(
    header: _Header, dtype: str, count: int, buf: Buffer, base: int, storage: Storage
) -> tuple[WeightSource, int | None]:
    """The source of elements inside the model file, and the bytes they take where that is not dense."""
    if header.raw is not None and (header.raw[1] > header.raw[0] or not header.runs):
        start, stop = header.raw
        kept, offset = _keep(buf, start, stop, base, storage)
        return RawSource(header.name, dtype, count, kept, offset, stop - start), None
    run = header.runs.get(_FIELD_OF[dtype], _Run(0))
    kept, offset = _keep(buf, run.start, run.stop, base, storage)
    length = run.stop - run.start
    if dtype == "string":
        return StringSource(header.name, count, kept, offset, length), run.payload
    if count == 0:
        return RawSource(header.name, dtype, 0, kept, offset, 0), None
    return TypedSource(header.name, dtype, count, _FIELD_OF[dtype], kept, offset, length), None


def _keep(buf: Buffer, start: int, stop: int, base: int, storage: Storage) -> tuple[Storage, int]:
    """Small payloads of a file are copied out; large ones stay where they are."""
    if stop - start <= INLINE_BYTES and isinstance(storage, FileStorage):
        return MemoryStorage(buf[start:stop]), 0
    return storage, base + start


def _external(header: _Header, dtype: str, shape: tuple[int, ...], files: ExternalFiles, kind: str) -> Weight:
    expected = dtypes.nbytes(dtype, shape)
    if expected is None:
        raise MalformedModelError(f"tensor {header.name!r}: {dtype} elements cannot be external data")
    offset = _external_number(header, "offset", 0)
    length = _external_number(header, "length", expected)
    if length != expected:
        _contradiction(header, dtype, f"{length} external bytes")
    storage = files.open(header.external.get("location", ""), header.name)
    if not isinstance(storage, MissingStorage) and offset + length > storage.size:
        raise ExternalDataError(
            f"tensor {header.name!r}: needs bytes {offset} to {offset + length} of {storage.path.name}, "
            f"which has {storage.size}"
        )
    source = RawSource(header.name, dtype, prod(shape), storage, offset, length)
    return Weight(dtype, shape, source, kind, getattr(storage, "path", None))


def _external_number(header: _Header, key: str, default: int) -> int:
    written = header.external.get(key, "")
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and len(written) < 20):
        raise MalformedModelError(f"tensor {header.name!r}: external {key} {written[:40]!r} is not a size")
    return int(written)
