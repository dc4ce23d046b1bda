"""Small integers and floats out of larger words."""

from __future__ import annotations

import numpy as np

FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)
"""Values of float4_e2m1 by code (OCP Microscaling Formats 1.0, section 5.3.3)."""


def unpack(words: np.ndarray, bits: int) -> np.ndarray:
    """Split 32-bit words [..., w] into unsigned integers [..., 32 w / bits], uint8, lowest bits first.

    Where ``bits`` does not divide 32, integers run on from one word into the next, and ``bits`` words hold 32.
    """
    stored = np.ascontiguousarray(words).view("<u4")
    if 32 % bits == 0:
        shifts = np.arange(0, 32, bits, dtype=np.uint32)
        mask = np.uint32((1 << bits) - 1)
        values: np.ndarray = ((stored[..., None] >> shifts) & mask).astype(np.uint8)
        return values.reshape(*stored.shape[:-1], -1)
    stream = np.unpackbits(stored.view(np.uint8), axis=-1, bitorder="little")
    whole = stream.shape[-1] // bits * bits
    weights = (1 << np.arange(bits, dtype=np.uint16)).astype(np.uint8)
    parts = stream[..., :whole].reshape(*stored.shape[:-1], -1, bits)
    joined: np.ndarray = (parts * weights).sum(axis=-1, dtype=np.uint8)
    return joined


def nibbles(data: np.ndarray, high_first: bool = False) -> np.ndarray:
    """Split bytes [..., n] into 4-bit codes [..., 2n], uint8."""
    units = data.view(np.uint8)
    low, high = units & np.uint8(15), units >> np.uint8(4)
    pair = (high, low) if high_first else (low, high)
    return np.stack(pair, axis=-1).reshape(*units.shape[:-1], -1)


def powers(exponents: np.ndarray) -> np.ndarray:
    """Values of float8_e8m0: 2^(e - 127); 255 is NaN (OCP Microscaling Formats 1.0, section 5.4.1)."""
    codes = exponents.view(np.uint8).astype(np.int32)
    values: np.ndarray = np.where(codes == 255, np.float32(np.nan), np.ldexp(np.float32(1), codes - 127))
    return values.astype(np.float32)


def spread(scales: np.ndarray, size: int, group: int | None = None) -> np.ndarray:
    """Repeat scales [..., groups] along the last axis to ``size`` elements; groups are equal unless stated.

    Raises:
        ValueError: if there are not enough groups.
    """
    groups = scales.shape[-1]
    each = group or -(-size // max(groups, 1))
    if groups * each < size:
        raise ValueError(f"{groups} groups of {each} are fewer than {size} elements")
    return np.repeat(scales, each, axis=-1)[..., :size]
