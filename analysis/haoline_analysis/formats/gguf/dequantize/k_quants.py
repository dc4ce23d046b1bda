"""Blocks of 256 in groups of 16 or 32 with small scales of their own: Q2_K to Q6_K. Layouts as in ``ggml-common.h``."""

from __future__ import annotations

import numpy as np

from haoline_analysis.formats.gguf.dequantize.plain import fields, halves


def _grouped(elements: np.ndarray, scales: np.ndarray, minimums: np.ndarray | None = None) -> np.ndarray:
    """Elements [n, 256] times the scale of their group [n, groups], less its minimum."""
    values = elements.reshape(*scales.shape, -1) * scales[..., None]
    if minimums is not None:
        values -= minimums[..., None]
    made: np.ndarray = values.reshape(len(elements), -1)
    return made


def _six_bits(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eight scales and eight minimums of 6 bits from 12 bytes, as Q4_K and Q5_K pack them.

    The first four of each are the low bits of bytes 0-3 and 4-7; of the last four, the low four bits are the halves of
    bytes 8-11 and the high two the top bits of the first eight bytes.
    """
    first, second, third = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    scales = np.concatenate([first & 63, (third & 15) | (first >> 6 << 4)], axis=1)
    minimums = np.concatenate([second & 63, (third >> 4) | (second >> 6 << 4)], axis=1)
    return scales, minimums


def q2_k(blocks: np.ndarray, order: str) -> np.ndarray:
    """16 bytes of scale and minimum (4 bits each), 256 elements of 2 bits, scale of scales, scale of minimums."""
    packed = blocks[:, :16]
    scales = halves(blocks, 80, order) * (packed & 15)
    minimums = halves(blocks, 82, order) * (packed >> 4)
    return _grouped(fields(blocks[:, 16:80], 2, 32), scales, minimums)


def q3_k(blocks: np.ndarray, order: str) -> np.ndarray:
    """256 inverted third bits, 256 elements' lower 2 bits, 16 scales of 6 bits, scale of scales."""
    third = fields(blocks[:, :32], 1, 32) ^ np.uint8(1)
    elements = fields(blocks[:, 32:96], 2, 32).astype(np.float32) - 4 * third.astype(np.float32)
    low = fields(blocks[:, 96:104], 4, 8)
    high = fields(blocks[:, 104:108], 2, 4)
    scales = halves(blocks, 108, order) * ((low | high << 4).astype(np.float32) - 32)
    return _grouped(elements, scales)


def q4_k(blocks: np.ndarray, order: str) -> np.ndarray:
    """Scale of scales, scale of minimums, 8 of each in 12 bytes, 256 elements of 4 bits."""
    scales, minimums = _six_bits(blocks[:, 4:16])
    return _grouped(
        fields(blocks[:, 16:], 4, 32), halves(blocks, 0, order) * scales, halves(blocks, 2, order) * minimums
    )


def q5_k(blocks: np.ndarray, order: str) -> np.ndarray:
    """As Q4_K, with 256 fifth bits before the elements."""
    scales, minimums = _six_bits(blocks[:, 4:16])
    elements = fields(blocks[:, 48:], 4, 32) | fields(blocks[:, 16:48], 1, 32) << 4
    return _grouped(elements, halves(blocks, 0, order) * scales, halves(blocks, 2, order) * minimums)


def q6_k(blocks: np.ndarray, order: str) -> np.ndarray:
    """256 elements' lower 4 bits, their upper 2, 16 signed scales, scale of scales; zero at 32."""
    elements = fields(blocks[:, :128], 4, 64) | fields(blocks[:, 128:192], 2, 32) << 4
    scales = halves(blocks, 208, order) * blocks[:, 192:208].view(np.int8)
    return _grouped(elements.astype(np.float32) - 32, scales)


K_QUANTS = {"Q2_K": q2_k, "Q3_K": q3_k, "Q4_K": q4_k, "Q5_K": q5_k, "Q6_K": q6_k}
