"""Elements back to the bytes that stand for them in a file."""

from __future__ import annotations

import sys

import numpy as np

from haoline_analysis import dtypes


def stored_bytes(dtype: str, elements: np.ndarray) -> np.ndarray:
    """The bytes (uint8) of elements as :func:`haoline_analysis.formats.elements.decode` gives them, little-endian."""
    flat = np.ascontiguousarray(elements).reshape(-1)
    bits = dtypes.BITS[dtype]
    if bits < 8:
        return _packed(flat.view(np.uint8), bits)
    if sys.byteorder == "big" or flat.dtype.byteorder == ">":
        flat = flat.astype(flat.dtype.newbyteorder("<"))
    return flat.view(np.uint8)


def _packed(units: np.ndarray, bits: int) -> np.ndarray:
    """One element in each byte to a bit stream, lowest bits first."""
    stream = np.unpackbits(units[:, None], axis=1, count=bits, bitorder="little")
    return np.packbits(stream.reshape(-1), bitorder="little")
