"""Bytes of storage to numpy arrays, for every element type."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from haoline_analysis.errors import MissingExtraError

_NATIVE = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("float64", "float32", "float16", "complex64", "complex128"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    )
}

# Element types numpy gets from the ml_dtypes package, one element per stored unit after unpacking.
EXTENDED = {
    "bfloat16": "bfloat16",
    "float8_e4m3fn": "float8_e4m3fn",
    "float8_e4m3fnuz": "float8_e4m3fnuz",
    "float8_e5m2": "float8_e5m2",
    "float8_e5m2fnuz": "float8_e5m2fnuz",
    "float8_e8m0": "float8_e8m0fnu",
    "float6_e2m3": "float6_e2m3fn",
    "float6_e3m2": "float6_e3m2fn",
    "float4_e2m1": "float4_e2m1fn",
}

_PACKED_BITS = {
    "int4": 4,
    "uint4": 4,
    "float4_e2m1": 4,
    "int2": 2,
    "uint2": 2,
    "float6_e2m3": 6,
    "float6_e3m2": 6,
}


def decode(dtype: str, data: np.ndarray, count: int) -> np.ndarray:
    """Turn stored bytes (uint8, little-endian, ONNX packing) into ``count`` elements.

    Sub-byte integers become one int8 or uint8 each; bfloat16 and the small floats become ml_dtypes arrays.

    Raises:
        MissingExtraError: if ml_dtypes is needed and not installed.
    """
    if dtype in _NATIVE:
        native: np.ndarray = data.view(_NATIVE[dtype])
        return native
    if dtype == "bool":
        truth: np.ndarray = data != 0
        return truth
    if dtype in _PACKED_BITS:
        data = _unpack(data, _PACKED_BITS[dtype], count)
    return interpret(dtype, data)


def interpret(dtype: str, units: np.ndarray) -> np.ndarray:
    """Give unpacked units (one element each) their meaning: ml_dtypes, sign-extended int8, or uint8."""
    if dtype in EXTENDED:
        values: np.ndarray = units.view(extended(dtype))
        return values.byteswap() if sys.byteorder == "big" else values
    if dtype.startswith("int"):
        bits = _PACKED_BITS[dtype]
        return _sign_extend(units, bits)
    return units


def _sign_extend(units: np.ndarray, bits: int) -> np.ndarray:
    lift = np.uint8(8 - bits)
    shifted: np.ndarray = (units << lift).view(np.int8) >> np.int8(8 - bits)
    return shifted


def _unpack(data: np.ndarray, bits: int, count: int) -> np.ndarray:
    """Split a little-endian bit stream into ``count`` bytes of ``bits`` bits each."""
    if bits == 6:
        return _unpack_sixes(data)[:count]
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    mask = np.uint8((1 << bits) - 1)
    units: np.ndarray = ((data[:, None] >> shifts) & mask).reshape(-1)[:count]
    return units


def _unpack_sixes(data: np.ndarray) -> np.ndarray:
    groups = np.zeros((-(-len(data) // 3), 3), np.uint32)
    groups.reshape(-1)[: len(data)] = data
    words = groups[:, 0] | groups[:, 1] << 8 | groups[:, 2] << 16
    return ((words[:, None] >> np.arange(0, 24, 6, dtype=np.uint32)) & 0x3F).astype(np.uint8).reshape(-1)


def extended(dtype: str) -> Any:
    """The numpy dtype of an element type of ``EXTENDED``.

    Raises:
        MissingExtraError: if ml_dtypes is not installed, or too old.
    """
    name = EXTENDED[dtype]
    try:
        import ml_dtypes
    except ImportError as error:
        raise MissingExtraError(f"{dtype} elements need a package: pip install ml_dtypes") from error
    if not hasattr(ml_dtypes, name):
        raise MissingExtraError(f"{dtype} elements need a newer package: pip install --upgrade ml_dtypes")
    return np.dtype(getattr(ml_dtypes, name))


def decode_varints(data: np.ndarray) -> np.ndarray:
    """Decode packed protobuf varints (uint8) into uint64, wrapping at 64 bits."""
    last = np.flatnonzero(data < 0x80)
    first = np.concatenate([np.zeros(1, np.int64), last[:-1] + 1]) if len(last) else last
    length = last - first + 1
    values = np.zeros(len(last), np.uint64)
    for byte in range(int(length.max(initial=0))):
        some = length > byte
        part = (data[first[some] + byte] & np.uint8(0x7F)).astype(np.uint64)
        values[some] |= part << np.uint64(7 * byte)
    return values


def narrow(values: np.ndarray, dtype: str) -> np.ndarray:
    """Reduce 64-bit varints to the stored bytes of ``dtype``, as uint8, the inverse of ONNX's widening."""
    if dtype in {"int16", "uint16", "float16", "bfloat16"}:
        unit = "<u2"
    elif dtype in {"int32", "uint32"}:
        unit = "<u4"
    else:
        unit = "<u8" if dtype in {"int64", "uint64"} else "<u1"
    return values.astype(unit).view(np.uint8)
