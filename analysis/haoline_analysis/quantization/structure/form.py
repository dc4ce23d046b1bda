"""A quantization grid: which real each integer stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis import dtypes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FLOAT_ENDS = {
    "float8_e4m3fn": 448.0,
    "float8_e4m3fnuz": 240.0,
    "float8_e5m2": 57344.0,
    "float8_e5m2fnuz": 57344.0,
    "float4_e2m1": 6.0,
}
"""Largest finite values (OCP 8-bit Floating Point Specification; ONNX, "Float stored in 8 bits")."""

BAD_GRID = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
"""What comes of scales that do not fit their tensor: an axis that is not there, more of them than channels."""


@dataclass(frozen=True, eq=False)
class Form:
    """How the elements of a tensor stand for reals: ``real = (q - zero_point) * scale``.

    ``scale`` and ``zero_point`` are scalars; or [channels] along ``axis``; or, with ``block``, as the tensor but with
    one entry per ``block`` elements along ``axis``.
    """

    dtype: str  # "int8", "uint8", "int16", "uint16", "int4", "uint4", "int32" of a bias, "float8_e4m3fn", …
    scale: NDArray[np.floating]
    zero_point: NDArray[np.generic]
    axis: int | None = None  # channel axis, or the axis that is divided into blocks; None per tensor
    block: int | None = None  # elements that share a scale along axis

    @property
    def bits(self) -> int:
        """Storage bits per element."""
        return dtypes.BITS[self.dtype]

    @property
    def per_tensor(self) -> bool:
        """Whether one scale holds for all elements."""
        return self.scale.size == 1

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest element of the type."""
        if self.dtype in _FLOAT_ENDS:
            return -_FLOAT_ENDS[self.dtype], _FLOAT_ENDS[self.dtype]
        bits = dtypes.BITS[self.dtype]
        return (0.0, 2.0**bits - 1) if self.dtype.startswith("u") else (-(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)

    def dequantize(self, q: np.ndarray) -> NDArray[np.float32]:
        """The reals that elements stand for, float32 of ``q``'s shape; as DequantizeLinear computes them."""
        return self._reals(q, self._spread(self.scale, q.shape), self._spread(self.zero_point, q.shape))

    def dequantize_at(self, q: np.ndarray, places: tuple[NDArray[np.intp], ...]) -> NDArray[np.float32]:
        """The reals of single elements: ``places`` are their indices, one array of ``q``'s shape per axis."""
        return self._reals(q, self._at(self.scale, places), self._at(self.zero_point, places))

    def _reals(self, q: np.ndarray, scale: np.ndarray, zero: np.ndarray) -> NDArray[np.float32]:
        """Elements with scales and zero points that broadcast to them."""
        scale = scale.astype(np.float32, copy=False)
        if self.dtype in dtypes.FLOATS or not np.any(self.zero_point):
            found: NDArray[np.float32] = np.multiply(q.astype(np.float32), scale)
            return found
        # Differences are exact: float32 holds those of 16 bits, int64 those of 32.
        if self.bits > 16:
            found = (q.astype(np.int64) - zero.astype(np.int64)).astype(np.float32)
        else:
            found = np.subtract(q, zero, dtype=np.float32)
        found *= scale
        return found

    def quantize(self, reals: np.ndarray) -> np.ndarray:
        """The nearest elements of the grid, in the type that numpy holds ``dtype`` in; as QuantizeLinear computes them.

        Raises:
            ValueError: for a type that is not of integers.
        """
        if self.dtype in dtypes.FLOATS:
            raise ValueError(f"{self.dtype} is no integer type")
        low, high = self.ends
        scaled = np.rint(np.divide(reals, self._spread(self.scale, reals.shape), dtype=np.float64))
        held = np.clip(scaled + self._spread(self.zero_point, reals.shape).astype(np.float64), low, high)
        return np.asarray(held, self.dtype if self.bits >= 8 else ("uint8" if low == 0 else "int8"))

    def low_high(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The reals at the ends of the grid, each of the shape of ``scale``."""
        low, high = self.ends
        scale, zero = self.scale.astype(np.float64), self.zero_point.astype(np.float64)
        return (low - zero) * scale, (high - zero) * scale

    def same_grid(self, other: Form) -> bool:
        """Whether equal elements stand for equal reals."""
        return (
            (self.dtype, self.block) == (other.dtype, other.block)
            and ((self.per_tensor and other.per_tensor) or self.axis == other.axis)
            and np.array_equal(self.scale.reshape(-1), other.scale.reshape(-1))
            and np.array_equal(self.zero_point.reshape(-1), other.zero_point.reshape(-1))
        )

    def transposed(self, order: Sequence[int]) -> Form:
        """The form of the same elements with their axes in another order, as ``numpy.transpose`` takes it.

        Raises:
            ValueError: if that is no order of the axes.
        """
        if self.axis is None:
            return self
        axis = list(order).index(self.axis % len(order))
        if not self.block:
            return replace(self, axis=axis)
        zero = self.zero_point.transpose(order) if self.zero_point.ndim else self.zero_point
        return replace(self, scale=self.scale.transpose(order), zero_point=zero, axis=axis)

    def _spread(self, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Scales or zero points so that they broadcast to the tensor."""
        if values.size == 1:
            return values.reshape(())
        assert self.axis is not None
        axis = self.axis % len(shape)
        if self.block:
            repeated = np.repeat(values, self.block, axis)
            return np.take(repeated, np.arange(shape[axis]), axis)
        return values.reshape([-1 if at == axis else 1 for at in range(len(shape))])

    def _at(self, values: np.ndarray, places: tuple[NDArray[np.intp], ...]) -> np.ndarray:
        """Scales or zero points of some elements."""
        if values.size == 1:
            return values.reshape(())
        assert self.axis is not None
        axis = self.axis % len(places)
        if self.block:
            places = (*places[:axis], places[axis] // self.block, *places[axis + 1 :])
        else:
            values, places = values.reshape(-1), places[axis : axis + 1]
        found: np.ndarray = values[places]
        return found
