"""Where the elements of ONNX tensors are: one small class per way of storing them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats import elements
from haoline_analysis.formats.onnx import protobuf
from haoline_analysis.formats.storage import FileStorage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from haoline_analysis.formats.storage import Storage
    from haoline_analysis.model import Weight

INLINE_BYTES = 1024
"""Tensors this small are held in memory, so that thousands of shape constants need no file access."""
_WORTH_MAPPING = 1 << 16
"""Bytes from which on a file is mapped for the sake of a few elements."""
_ALIGNED = 48
"""Bytes that hold a whole number of elements of every width from 2 to 128 bits."""
MAX_DENSE_BYTES = 1 << 32
"""A sparse tensor that would be larger than this when dense is not expanded."""


@dataclass(slots=True, eq=False)
class RawSource:
    """Elements stored as they are, in the model file or in external data."""

    name: str
    dtype: str
    count: int
    storage: Storage
    offset: int
    length: int  # bytes

    def load(self) -> np.ndarray:
        """Read and decode the elements, flat."""
        if self.length == 0:
            return elements.decode(self.dtype, np.zeros(0, np.uint8), 0)
        return elements.decode(self.dtype, self.storage.read(self.offset, self.length), self.count)

    def span(self, start: int, stop: int) -> np.ndarray:
        """Read and decode elements ``start:stop``; those of less than a byte are read with their neighbours."""
        bits = dtypes.BITS[self.dtype]
        if stop <= start:
            return elements.decode(self.dtype, np.zeros(0, np.uint8), 0)
        first = start * bits // 8 // _ALIGNED * _ALIGNED  # a whole number of elements of any width
        last = min(-(-stop * bits // 8), self.length)
        skipped = start - first * 8 // bits
        data = self.storage.read(self.offset + first, last - first)
        return elements.decode(self.dtype, data, skipped + stop - start)[skipped:]

    def pick(self, places: NDArray[np.intp]) -> np.ndarray:
        """Decode the elements at some places; of a large tensor in a file only what is around them is read."""
        whole_bytes = dtypes.BITS[self.dtype] % 8 == 0 and self.dtype != "bool"
        if not isinstance(self.storage, FileStorage) or self.length < _WORTH_MAPPING or not whole_bytes:
            return self.load()[places]
        with self.storage.buffer() as buf:
            stored = np.frombuffer(buf, np.uint8, self.length, self.offset)
            picked = elements.decode(self.dtype, stored, self.count)[places]
            del stored  # a map that is looked at cannot be let go of
        return picked


@dataclass(slots=True, eq=False)
class TypedSource:
    """Elements in a typed field (``int64_data`` and the like), packed or one field each.

    ``offset`` and ``length`` span the protobuf fields, tags included; other fields may lie between them.
    """

    name: str
    dtype: str
    count: int
    field: int
    storage: Storage
    offset: int
    length: int
    kept: np.ndarray | None = None  # of few elements: read and decoded once

    def load(self) -> np.ndarray:
        """Read and decode the elements, flat; those of a small tensor are kept, and read-only.

        Raises:
            MalformedModelError: if there are more or fewer than the dims say.
        """
        if self.kept is not None:
            return self.kept
        values = self._decoded()
        if self.length <= INLINE_BYTES:
            values.flags.writeable = False
            self.kept = values
        return values

    def _decoded(self) -> np.ndarray:
        data = self.storage.read(self.offset, self.length)
        stored = _typed_bytes(data, self.field, self.dtype, self.offset)
        values = (
            elements.decode(self.dtype, stored, self.count) if self.dtype not in _UNPACKED else _units(stored, self)
        )
        if len(values) != self.count:
            raise MalformedModelError(f"tensor {self.name!r}: {len(values)} elements stored, dims say {self.count}")
        return values


# float6 travels one element per int32_data entry, unlike the other sub-byte types.
_UNPACKED = frozenset({"float6_e2m3", "float6_e3m2"})
_FIXED_FIELDS = frozenset({4, 10})  # float_data, double_data


def _units(stored: np.ndarray, source: TypedSource) -> np.ndarray:
    return elements.interpret(source.dtype, stored & np.uint8(0x3F))


def _typed_bytes(data: np.ndarray, field: int, dtype: str, base: int) -> np.ndarray:
    buf = data.tobytes()
    parts: list[np.ndarray] = []
    for number, wire, a, b in protobuf.fields(buf, 0, len(buf), base):
        if number != field:
            continue
        if wire == protobuf.VARINT:
            parts.append(elements.narrow(np.array([a], np.uint64), dtype))
        elif field in _FIXED_FIELDS:
            parts.append(np.frombuffer(buf, np.uint8, b - a, a))
        else:
            parts.append(elements.narrow(elements.decode_varints(np.frombuffer(buf, np.uint8, b - a, a)), dtype))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


@dataclass(slots=True, eq=False)
class StringSource:
    """Elements of a string tensor, one protobuf field each."""

    name: str
    count: int
    storage: Storage
    offset: int
    length: int

    def load(self) -> np.ndarray:
        """Read the strings as an object array of ``str``, flat."""
        buf = self.storage.read(self.offset, self.length).tobytes()
        found = [
            protobuf.text(buf[a:b])
            for number, wire, a, b in protobuf.fields(buf, 0, len(buf), self.offset)
            if (number, wire) == (6, protobuf.LEN)
        ]
        return np.array(found, dtype=object)


@dataclass(slots=True, eq=False)
class ArraySource:
    """Elements that an attribute held directly (``value_ints`` and the like)."""

    array: np.ndarray

    def load(self) -> np.ndarray:
        """Return the array."""
        return self.array


@dataclass(slots=True, eq=False)
class SparseSource:
    """Values at linear (``[nnz]``) or per-dimension (``[nnz, rank]``) indices, zero elsewhere."""

    name: str
    shape: tuple[int, ...]
    values: Weight
    indices: Weight

    def load(self) -> np.ndarray:
        """Expand to a dense flat array.

        Raises:
            LimitError: if the dense array would exceed ``MAX_DENSE_BYTES``.
            MalformedModelError: if an index is out of range.
        """
        values = self.values.numpy().reshape(-1)
        count = prod(self.shape)
        if count * values.itemsize > MAX_DENSE_BYTES:
            raise LimitError(f"sparse tensor {self.name!r}: too large to expand ({count} elements)")
        dense = np.zeros(count, values.dtype)
        dense[self._positions(count)] = values
        return dense

    def _positions(self, count: int) -> np.ndarray:
        indices = self.indices.numpy().astype(np.int64)
        try:
            flat = np.ravel_multi_index(tuple(indices.T), self.shape) if indices.ndim == 2 else indices
        except ValueError as error:
            raise MalformedModelError(f"sparse tensor {self.name!r}: an index is out of range") from error
        positions = np.asarray(flat, np.int64)
        if positions.size and (positions.min() < 0 or positions.max() >= count):
            raise MalformedModelError(f"sparse tensor {self.name!r}: an index is out of range")
        return positions
