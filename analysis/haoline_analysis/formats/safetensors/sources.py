"""Elements of a tensor that stay in their file, whole or by rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.formats import elements

if TYPE_CHECKING:
    from haoline_analysis.formats.storage import Storage


@dataclass(slots=True, eq=False)
class ElementSource:
    """Elements stored densely, row by row, little-endian."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    storage: Storage
    offset: int
    length: int  # bytes

    def load(self) -> np.ndarray:
        """Read and decode all elements, flat.

        Raises:
            ModelError: if the file has gone or changed, or the element type is not known.
        """
        return self._decoded(self.offset, self.length, self._count(self.shape))

    def raw(self) -> tuple[Storage, int, int]:
        """Where the bytes are: storage, offset, length."""
        return self.storage, self.offset, self.length

    def stored_rows(self, start: int, stop: int) -> np.ndarray:
        """Elements of rows ``start:stop`` of the first axis as they are stored, [stop - start, …].

        Raises:
            ModelError: if the file has gone or changed, or the element type is not known.
        """
        rows = self.shape[0] if self.shape else 1
        inner = self.shape[1:]
        bits = self._count(inner) * self._bits()
        if rows == 0 or bits % 8:  # rows that start inside a byte are read with the others
            return self.load().reshape(rows, *inner)[start:stop]
        size, count = bits // 8, stop - start
        return self._decoded(self.offset + start * size, count * size, count * self._count(inner)).reshape(
            count, *inner
        )

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of rows ``start:stop`` of the first axis.

        Raises:
            ModelError: if the file has gone or changed, or the elements are no real numbers.
        """
        if self.dtype.startswith("complex"):
            raise ModelError(f"tensor {self.name!r} holds complex numbers, which have no one real value each")
        values: np.ndarray = self.stored_rows(start, stop).astype(np.float32)
        return values

    def _bits(self) -> int:
        bits = dtypes.BITS.get(self.dtype)
        if bits is None:
            raise ModelError(f"tensor {self.name!r} has elements of the type {self.dtype}, which is not known here")
        return bits

    def _decoded(self, offset: int, length: int, count: int) -> np.ndarray:
        self._bits()
        data = self.storage.read(offset, length) if length else np.zeros(0, np.uint8)
        return elements.decode(self.dtype, data, count)

    @staticmethod
    def _count(shape: tuple[int, ...]) -> int:
        total = 1
        for dim in shape:
            total *= dim
        return total
