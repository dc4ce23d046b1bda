"""Bytes of one tensor of a GGUF file, read when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.elements import decode
from haoline_analysis.formats.gguf.dequantize import dequantize, plain_values

if TYPE_CHECKING:
    from haoline_analysis.formats.gguf.header import TensorInfo
    from haoline_analysis.formats.storage import Storage

_CHUNK_BLOCKS = 1 << 16
"""Blocks dequantized at a time: their intermediate arrays stay in some tens of megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class TensorSource:
    """Where a tensor is. Elements of blocks are handed out as the blocks' bytes, or dequantized by rows."""

    storage: Storage
    info: TensorInfo
    order: str

    def load(self) -> np.ndarray:
        """The stored elements; for quantized types the bytes of all blocks, uint8.

        Raises:
            ModelError: if the file has changed or the type is not known.
        """
        kind = self.info.type
        if kind is None or self.info.nbytes is None:
            raise ModelError(f"{self.info.name!r} is of the ggml type {self.info.code}, which is not known")
        data = self.storage.read(self.info.start, self.info.nbytes)
        if kind.is_quantized:
            return data
        if self.order == ">" and kind.size > 1:
            data = data.reshape(-1, kind.size)[:, ::-1].reshape(-1)
        return decode(kind.dtype, np.ascontiguousarray(data), prod(self.info.shape))

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Float32 values of rows ``start:stop`` of the first axis.

        Raises:
            ModelError: if the file has changed, or the type cannot be dequantized here.
        """
        shape = self.info.shape or (1,)
        row = prod(shape[1:])
        values = self._elements(start * row, stop * row)
        return values.reshape((stop - start, *shape[1:]) if self.info.shape else ())

    def _elements(self, start: int, stop: int) -> np.ndarray:
        """Elements ``start:stop`` in storage order: whole blocks are read, and what was not asked for is cut off."""
        kind = self.info.type
        if kind is None:
            raise ModelError(f"{self.info.name!r} is of the ggml type {self.info.code}, which is not known")
        values = np.empty(max(stop - start, 0), np.float32)
        first, last = start // kind.block, -(-stop // kind.block)
        for block in range(first, last, _CHUNK_BLOCKS):
            count = min(_CHUNK_BLOCKS, last - block)
            data = self.storage.read(self.info.start + block * kind.size, count * kind.size)
            if kind.is_quantized:
                made = dequantize(kind, data.reshape(count, kind.size), self.order).reshape(-1)
            else:
                made = plain_values(kind, data, self.order)
            low, high = block * kind.block, (block + count) * kind.block
            cut = made[max(start - low, 0) : len(made) - max(high - stop, 0)]
            at = max(low - start, 0)
            values[at : at + len(cut)] = cut
        return values
