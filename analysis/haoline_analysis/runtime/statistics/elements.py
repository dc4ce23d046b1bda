"""Element types: what they are computed in, and where they end."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from haoline_analysis.errors import ModelError

_NARROW = frozenset({"float16", "int8", "uint8", "int16", "uint16", "bool"})
_WIDE = frozenset({"int32", "uint32", "int64", "uint64", "longdouble", "float128", "float96"})
_AS_THEY_ARE = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_EXTENDED = ("bfloat16", "float8_", "float6_", "float4_", "int4", "uint4", "int2", "uint2")


class StatisticsError(ModelError):
    """A tensor whose elements are no numbers (strings, complex numbers, objects)."""


@lru_cache(maxsize=64)
def check_dtype(dtype: np.dtype) -> None:
    """Refuse elements that have no order or no mean.

    Raises:
        StatisticsError: if the elements are no real numbers or truth values.
    """
    name = dtype.name
    if name not in _NARROW | _WIDE | {"float32", "float64"} and not name.startswith(_EXTENDED):
        raise StatisticsError(f"Statistics need real numbers, and the tensor holds {name}.")


def widened(values: np.ndarray) -> np.ndarray:
    """The elements as float32 where that holds each exactly, else as float64; no copy where they are that already."""
    if values.dtype in _AS_THEY_ARE:
        return values
    name = values.dtype.name
    if name == "bfloat16":  # the upper half of a float32
        units = values.view(np.uint16).astype(np.uint32)
        return np.left_shift(units, 16, out=units).view(np.float32)
    return values.astype(np.float64 if name in _WIDE or name == "float64" else np.float32)


@lru_cache(maxsize=64)
def wide_dtype(dtype: np.dtype) -> np.dtype:
    """What :func:`widened` makes of an element type."""
    return widened(np.empty(0, dtype)).dtype


@lru_cache(maxsize=64)
def limits(dtype: np.dtype) -> tuple[float, float] | None:
    """The least and the greatest finite value of an element type; None for truth values, which always are at one."""
    if dtype.kind in "iu":
        whole = np.iinfo(dtype)
        return int(whole.min), int(whole.max)
    if dtype.kind == "f":
        real = np.finfo(dtype)
        return float(real.min), float(real.max)
    return None if dtype.kind == "b" else _extended_limits(dtype)


def _extended_limits(dtype: np.dtype) -> tuple[float, float]:
    import ml_dtypes  # whoever has such an array has the package

    told = ml_dtypes.iinfo if dtype.name.startswith(("int", "uint")) else ml_dtypes.finfo
    return float(told(dtype).min), float(told(dtype).max)
