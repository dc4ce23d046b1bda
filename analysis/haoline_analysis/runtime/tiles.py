"""What a view draws of one tensor: maps cut out of it, pooled to the screen's size, in sixteen bits a value.

A view asks for channels (``maps``) or for a plane of two axes; both come down to a stack of maps ``[n, H, W]``. Codes
run linearly from a map's least to its greatest finite value; the last three stand for what has no place between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.cuts import Maps, Plane, TileError, view_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Maps", "Plane", "Tile", "TileError", "difference", "mean", "numbers", "pool", "tile", "view_of"]

TOP = 65532
"""The code of a map's greatest value."""
NAN, POSITIVE, NEGATIVE = 65533, 65534, 65535
"""The codes of NaN and of the infinities."""


def numbers(array: np.ndarray) -> np.ndarray:
    """The values as float32 where that loses nothing, else as float64.

    Raises:
        TileError: if they are no real numbers.
    """
    if array.dtype.kind in "OSUMmVc" and not _is_small_float(array.dtype):
        raise TileError(f"Values of type {array.dtype} are no real numbers and cannot be drawn.")
    wide = array.dtype.itemsize > (4 if array.dtype.kind == "f" else 2)
    return np.asarray(array, dtype=np.float64 if wide else np.float32)


def _is_small_float(dtype: np.dtype[Any]) -> bool:
    """Whether a type is one of ml_dtypes' (bfloat16, float8…, int4…), which numpy calls void."""
    return dtype.type.__module__.startswith("ml_dtypes")


def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One tensor minus another of its shape, float64.

    Raises:
        TileError: if the shapes differ, as they may where dims are dynamic.
    """
    if first.shape != second.shape:
        raise TileError(f"The samples cannot be compared: {_words(first.shape)} and {_words(second.shape)}.")
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(np.subtract(numbers(first), numbers(second), dtype=np.float64))


def mean(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """The mean over tensors of one shape, one of which is in memory at a time; float64.

    Raises:
        TileError: if there is none, or their shapes differ.
    """
    total: np.ndarray | None = None
    count = 0
    for array in arrays:
        if total is None:
            total = np.zeros(array.shape)
        if total.shape != array.shape:
            raise TileError(f"No mean over samples of shapes {_words(total.shape)} and {_words(array.shape)}.")
        with np.errstate(invalid="ignore", over="ignore"):
            total += numbers(array)
        count += 1
    if total is None:
        raise TileError("There is no sample to take the mean of.")
    return np.asarray(total / count)


def _words(shape: Sequence[int]) -> str:
    """A shape as people write it."""
    return "×".join(map(str, shape)) or "scalar"


@dataclass(frozen=True)
class Tile:
    """Maps ready to be drawn; figures are of the finite values of the whole maps, NaN where there is none."""

    codes: np.ndarray  # uint16 [n, h, w]
    full: tuple[int, int]  # [H, W] before pooling
    low: np.ndarray  # float64 [n], as the others
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray

    def header(self) -> dict[str, Any]:
        """What is said beside the codes, as JSON."""
        figures = {name: _finite(getattr(self, name)) for name in ("low", "high", "mean", "std")}
        return {"shape": list(self.codes.shape), "full": list(self.full), **figures}

    def payload(self) -> bytes:
        """The codes as little-endian bytes."""
        return self.codes.astype("<u2", copy=False).tobytes()

    def values(self) -> np.ndarray:
        """What the codes stand for, float64 [n, h, w]."""
        low, high = (side[:, None, None] for side in (self.low, self.high))
        part = self.codes / TOP
        values = low * (1 - part) + high * part
        for code, value in ((NAN, math.nan), (POSITIVE, math.inf), (NEGATIVE, -math.inf)):
            values[self.codes == code] = value
        return np.asarray(values)


def _finite(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON has them."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def tile(maps: np.ndarray, size: int) -> Tile:
    """Maps ``[n, H, W]`` pooled to at most ``size`` pixels a side.

    Raises:
        TileError: if the values are no real numbers.
    """
    values = numbers(maps)
    low, high, average, spread = _figures(values)
    pooled = pool(values, size)
    return Tile(_codes(pooled, low, high), (values.shape[1], values.shape[2]), low, high, average, spread)


def _figures(maps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Least, greatest, mean and standard deviation of each map's finite values; float64 [n]."""
    flat = maps.reshape(maps.shape[0], math.prod(maps.shape[1:]))
    if flat.shape[1] == 0:
        nothing = np.full(maps.shape[0], math.nan)
        return nothing, nothing, nothing, nothing
    finite = np.isfinite(flat)
    if finite.all():
        low, high = (side.astype(np.float64) for side in (flat.min(axis=1), flat.max(axis=1)))
    else:
        low = np.where(finite, flat, math.inf).min(axis=1).astype(np.float64)
        high = np.where(finite, flat, -math.inf).max(axis=1).astype(np.float64)
        low[~finite.any(axis=1)] = high[~finite.any(axis=1)] = math.nan
    with np.errstate(invalid="ignore", over="ignore"):
        return low, high, *_moments(flat, finite)


def _moments(flat: np.ndarray, finite: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each row where it is finite; float64, in two passes so that nothing cancels."""
    kept = np.where(finite, flat, 0)
    count = np.where(finite.any(axis=1), finite.sum(axis=1), math.nan)
    average = kept.sum(axis=1, dtype=np.float64) / count
    apart = np.where(finite, kept - average[:, None], 0.0)
    return average, np.sqrt(np.einsum("ij,ij->i", apart, apart) / count)


def pool(maps: np.ndarray, size: int) -> np.ndarray:
    """Each block of pixels by its value of largest magnitude; a NaN in a block stays visible."""
    for axis in (1, 2):
        length = maps.shape[axis]
        if length > size:
            step = -(-length // size)
            most, least = (_over_blocks(extreme, maps, step, axis) for extreme in (np.maximum, np.minimum))
            maps = np.where(-least > most, least, most)
    return maps


def _over_blocks(extreme: np.ufunc, maps: np.ndarray, step: int, axis: int) -> np.ndarray:
    """The extreme of each ``step`` neighbours; strided slices, as numpy's own ``reduceat`` takes ten times as long."""
    lines = np.moveaxis(maps, axis, 0)
    made = lines[::step].copy()
    for start in range(1, step):
        part = lines[start::step]
        extreme(made[: len(part)], part, out=made[: len(part)])
    return np.moveaxis(made, 0, axis)


def _codes(maps: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Values as codes; halves keep the range of float64 itself from overflowing."""
    base, span = low[:, None, None] / 2, (high / 2 - low / 2)[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        part = np.where(span > 0, (maps.astype(np.float64) / 2 - base) / span, 0.0)
    known = np.isfinite(maps)
    codes = np.where(known, np.rint(np.clip(np.where(known, part, 0.0), 0.0, 1.0) * TOP), NAN).astype(np.uint16)
    codes[maps == math.inf] = POSITIVE
    codes[maps == -math.inf] = NEGATIVE
    return codes
