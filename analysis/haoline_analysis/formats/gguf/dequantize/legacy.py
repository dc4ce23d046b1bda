"""Blocks of 32 with one scale, and maybe one minimum: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0. Layouts as in ``ggml-common.h``."""

from __future__ import annotations

import numpy as np

from haoline_analysis.formats.gguf.dequantize.plain import fields, halves


def _fifth_bits(blocks: np.ndarray, at: int) -> np.ndarray:
    """The 32 high bits of a block of five-bit elements, in the place they have in an element."""
    bits = np.unpackbits(blocks[:, at : at + 4], axis=1, bitorder="little")
    return bits << np.uint8(4)


def q4_0(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, then 32 elements of 4 bits with zero at 8."""
    made: np.ndarray = halves(blocks, 0, order) * (fields(blocks[:, 2:], 4, 16).astype(np.float32) - 8)
    return made


def q4_1(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, minimum, then 32 elements of 4 bits."""
    made: np.ndarray = halves(blocks, 0, order) * fields(blocks[:, 4:], 4, 16) + halves(blocks, 2, order)
    return made


def q5_0(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, 32 fifth bits, then 32 elements' lower 4 bits; zero at 16."""
    elements = fields(blocks[:, 6:], 4, 16) | _fifth_bits(blocks, 2)
    made: np.ndarray = halves(blocks, 0, order) * (elements.astype(np.float32) - 16)
    return made


def q5_1(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, minimum, 32 fifth bits, then 32 elements' lower 4 bits."""
    elements = fields(blocks[:, 8:], 4, 16) | _fifth_bits(blocks, 4)
    made: np.ndarray = halves(blocks, 0, order) * elements + halves(blocks, 2, order)
    return made


def q8_0(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale, then 32 signed bytes."""
    made: np.ndarray = halves(blocks, 0, order) * blocks[:, 2:].view(np.int8)
    return made


LEGACY = {"Q4_0": q4_0, "Q4_1": q4_1, "Q5_0": q5_0, "Q5_1": q5_1, "Q8_0": q8_0}
