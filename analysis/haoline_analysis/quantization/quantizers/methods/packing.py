"""How MatMulNBits stores integers."""

from __future__ import annotations

import numpy as np


def pack_blocks(integers: np.ndarray, bits: int) -> np.ndarray:
    """Integers 0…2^bits−1, uint8 ``[columns, blocks, size]``, as bytes; two in each at 4 bits, the first one low."""
    packed: np.ndarray = integers if bits == 8 else integers[..., ::2] | integers[..., 1::2] << 4
    return np.ascontiguousarray(packed)


def pack_zeros(zeros: np.ndarray, bits: int) -> np.ndarray:
    """Zero points, uint8 ``[columns, blocks]``; at 4 bits two a byte, an odd one with nothing beside it."""
    if bits == 8:
        return zeros
    even = np.pad(zeros, ((0, 0), (0, zeros.shape[1] % 2)))
    packed: np.ndarray = even[:, ::2] | even[:, 1::2] << 4
    return np.ascontiguousarray(packed)
