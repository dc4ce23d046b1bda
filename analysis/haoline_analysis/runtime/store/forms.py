"""How one stored array lies in the file: its element type, shape, and which axis comes first."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from haoline_analysis.errors import MissingExtraError
from haoline_analysis.runtime.store.errors import StoreError

MOST_AXES = 32
"""As many as every numpy we support takes."""

_NATIVE = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)
_EXTENDED = frozenset(  # of ml_dtypes, one element per byte or two
    (
        *("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
        *("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "int4", "uint4", "int2", "uint2"),
    )
)


class Form(NamedTuple):
    """What the bytes of an array mean; little-endian, C order once ``axis`` has moved to the front."""

    dtype: str
    shape: tuple[int, ...]
    axis: int | None = None  # not negative

    @property
    def nbytes(self) -> int:
        """Bytes of the array, exact for any shape."""
        return prod(self.shape) * element(self.dtype).itemsize

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape with ``axis`` in front, as the bytes lie."""
        if self.axis is None:
            return self.shape
        return (self.shape[self.axis], *self.shape[: self.axis], *self.shape[self.axis + 1 :])

    def array(self, data: np.ndarray) -> np.ndarray:
        """A view of ``nbytes`` bytes (uint8) as the array that was stored."""
        values = data.view(element(self.dtype)).reshape(self.stored_shape)
        return values if self.axis is None else np.moveaxis(values, 0, self.axis)


def element(word: str) -> np.dtype[Any]:
    """The numpy type of a word, little-endian.

    Raises:
        StoreError: if nothing is called so.
        MissingExtraError: if ml_dtypes is needed and not installed.
    """
    if word in _NATIVE:
        return np.dtype(word).newbyteorder("<")
    if word not in _EXTENDED:
        raise StoreError(f"Elements of type {word!r} cannot be stored.")
    try:
        import ml_dtypes
    except ImportError as error:
        raise MissingExtraError(f"{word} elements need a package: pip install ml_dtypes") from error
    if not hasattr(ml_dtypes, word):
        raise MissingExtraError(f"{word} elements need a newer package: pip install --upgrade ml_dtypes")
    found: np.dtype[Any] = np.dtype(getattr(ml_dtypes, word))
    return found


def form_of(array: np.ndarray, axis: int | None = None) -> Form:
    """The form in which an array is stored; an axis that it does not have is ignored.

    Raises:
        StoreError: if its elements cannot be stored (text, objects).
    """
    element(array.dtype.name)
    has_axis = axis is not None and -array.ndim <= axis < array.ndim
    return Form(array.dtype.name, array.shape, axis % array.ndim if has_axis and axis is not None else None)


def laid_out(array: np.ndarray, form: Form) -> np.ndarray:
    """The bytes of an array in its form, flat uint8; a copy only where the order or byte order differs."""
    ordered = array if form.axis is None else np.moveaxis(array, form.axis, 0)
    flat = np.ascontiguousarray(ordered, dtype=element(form.dtype)).reshape(-1)
    return flat.view(np.uint8)
