"""Half-quadratic quantization of weights (Badri and Shaji 2023), so that torch is not needed for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from haoline_analysis.quantization.quantizers.methods.blockwise import blockwise_quantizer

NORM, PENALTY, GROWTH, STEPS = 0.7, 10.0, 1.01, 20
"""The authors' choice: norm of the error, weight of its constraint, growth of that, most steps."""


def half_quadratic(blocks: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integers 0…2^bits−1, scales and zero points (real at 4 bits) of blocks, each row of ``[n, size]`` being one.

    Zero points minimise the p-norm of the error (p = 0.7, so that outliers count less than in least squares) by turns
    with the error itself, whose proximal operator is a soft threshold; scales stay as min and max make them.
    """
    top = 2**bits - 1
    low, high = blocks.min(1, keepdims=True), blocks.max(1, keepdims=True)
    scale = np.where(high > low, (high - low) / top, 1.0).astype(np.float32)
    zero = -low / scale
    best, kept, penalty = np.inf, zero, PENALTY
    for _ in range(STEPS):
        integers = np.clip(np.rint(blocks / scale + zero), 0, top)
        error = blocks - (integers - zero) * scale
        mean = float(np.abs(error).mean())
        if mean >= best:
            break
        best, kept = mean, zero
        zero = (integers - (blocks - _shrink(error, penalty)) / scale).mean(1, keepdims=True)
        penalty *= GROWTH
    if bits == 8:  # for which onnxruntime takes whole zero points only
        kept = np.clip(np.rint(kept), 0, top)
    integers = np.clip(np.rint(blocks / scale + kept), 0, top)
    return integers.astype(np.uint8), scale, kept.astype(np.float32)


def _shrink(error: np.ndarray, penalty: float) -> np.ndarray:
    """The generalised soft threshold of the p-norm."""
    size = np.abs(error)
    shrunk: np.ndarray = np.sign(error) * np.maximum(size - (size + 1e-8) ** (NORM - 1) / penalty, 0)
    return shrunk


def hqq_quantizer(config: Any) -> Any:
    """Onnxruntime's blockwise quantizer with this rounding."""
    return blockwise_quantizer(config, half_quadratic, whole_zeros=config.bits == 8)
