"""Where the elements of PyTorch tensors are: a strided view of a storage that stays in its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import LimitError, MalformedModelError, ModelError
from haoline_analysis.formats import elements
from haoline_analysis.formats.torch.dtypes import ITEM_BYTES

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Storage

MAX_READ_BYTES = 1 << 36
"""Most that one view is expanded to; a view may repeat its elements (stride 0), so its file says little of its size."""

_UNITS = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8", 16: "<c16"}


@dataclass(slots=True, eq=False)
class StorageSpan:
    """A tensor storage: ``length`` bytes at ``offset`` of the file; ``big`` where the file was written big-endian."""

    storage: Storage | None  # None: not kept in this file
    offset: int
    length: int
    big: bool = False
    why: str = ""  # it cannot be read

    def read(self, start: int, count: int) -> np.ndarray:
        """``count`` bytes from ``start`` of the storage, uint8.

        Raises:
            ModelError: if they are not there.
        """
        if self.storage is None:
            raise ModelError(self.why or "the file holds no elements of this tensor")
        if start < 0 or start + count > self.length:
            raise MalformedModelError(f"bytes {start} to {start + count} are outside a storage of {self.length}")
        return self.storage.read(self.offset + start, count) if count else np.zeros(0, np.uint8)

    def part(self, start: int, length: int) -> StorageSpan:
        """A stretch of it.

        Raises:
            MalformedModelError: if it is longer.
        """
        if start + length > self.length:
            raise MalformedModelError(f"bytes {start} to {start + length} are outside a storage of {self.length}")
        return replace(self, offset=self.offset + start, length=length)


@dataclass(slots=True, eq=False)
class StridedSource:
    """The elements of a view; ``start`` and ``strides`` count stored units of the element type."""

    name: str
    span: StorageSpan
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int

    def load(self) -> np.ndarray:
        """Read and decode all elements, flat, in C order.

        Raises:
            ModelError: if they are not in the file, or the view repeats its storage beyond all measure.
        """
        return self._decode(self._units(self.start, self.shape))

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of rows ``start:stop`` of the first axis; a scalar is one row.

        Raises:
            ModelError: as ``load``.
        """
        if not self.shape:
            return self.load().reshape(()).astype(np.float32)
        shape = (stop - start, *self.shape[1:])
        values = self._decode(self._units(self.start + start * self.strides[0], shape))
        if np.iscomplexobj(values):
            raise ModelError(f"{self.name}: complex elements are no real numbers")
        return values.reshape(logical_shape(self.dtype, shape)).astype(np.float32)

    def _units(self, first: int, shape: tuple[int, ...]) -> np.ndarray:
        """Stored units of a block of the view, contiguous."""
        item = ITEM_BYTES[self.dtype]
        count = prod(shape)
        if count * item > MAX_READ_BYTES:
            raise LimitError(f"{self.name}: {count * item:,} bytes are too many to read at once")
        if count == 0:
            return np.zeros(0, _UNITS[item])
        reach = sum((size - 1) * stride for size, stride in zip(shape, self.strides, strict=True)) + 1
        data = self.span.read(first * item, reach * item).view(_UNITS[item])
        if reach == count and is_contiguous(shape, self.strides):
            return data
        bytes_apart = [stride * item for stride in self.strides]
        return np.ascontiguousarray(np.lib.stride_tricks.as_strided(data, shape, bytes_apart)).reshape(-1)

    def _decode(self, units: np.ndarray) -> np.ndarray:
        if self.span.big:
            units = _swapped(units, self.dtype)
        raw = units.view(np.uint8)
        if self.dtype == "complex32":
            return raw.view("<f2").astype(np.float32).view(np.complex64)
        if self.dtype in _PACKED:
            return elements.decode(self.dtype, raw, len(raw) * _PACKED[self.dtype])
        return elements.decode(self.dtype, raw, len(units))


_PACKED = {"float4_e2m1": 2, "uint4": 2, "uint2": 4}
"""Elements in one stored unit of the sub-byte types."""


def _swapped(units: np.ndarray, dtype: str) -> np.ndarray:
    """Units of a big-endian file, little-endian; of complex numbers each half by itself."""
    if dtype.startswith("complex"):
        half = ITEM_BYTES[dtype] // 2
        return units.view(f"<u{half}").byteswap().view(units.dtype)
    return units.byteswap()


def logical_shape(dtype: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in elements of one in stored units: the last axis holds several in one for sub-byte types."""
    return (*shape[:-1], shape[-1] * _PACKED[dtype]) if shape and dtype in _PACKED else shape


def is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether elements lie in C order without holes."""
    expected = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


@dataclass(slots=True, eq=False)
class AffineSource:
    """Elements that stand for ``(element - zero point) * scale``, one pair or one per index of ``axis``."""

    stored: StridedSource
    scales: StridedSource | float
    zeros: StridedSource | float
    axis: int | None = None

    def load(self) -> np.ndarray:
        """The stored elements, flat."""
        return self.stored.load()

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 real numbers of rows ``start:stop``."""
        values = self.stored.rows(start, stop)
        scale, zero = (self._spread(part, values, start, stop) for part in (self.scales, self.zeros))
        real: np.ndarray = ((values - zero) * scale).astype(np.float32)
        return real

    def _spread(self, part: StridedSource | float, values: np.ndarray, start: int, stop: int) -> np.ndarray:
        if not isinstance(part, StridedSource) or self.axis is None:
            return np.asarray(part, np.float64)
        each = part.load().astype(np.float64)
        if self.axis == 0:
            each = each[start:stop]
        shape = [1] * values.ndim
        shape[self.axis] = len(each)
        return each.reshape(shape)
