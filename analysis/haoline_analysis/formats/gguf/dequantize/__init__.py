"""Blocks of quantized elements to the real numbers they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.formats.gguf.dequantize.codebooks import CODEBOOKS
from haoline_analysis.formats.gguf.dequantize.k_quants import K_QUANTS
from haoline_analysis.formats.gguf.dequantize.legacy import LEGACY
from haoline_analysis.formats.gguf.dequantize.plain import plain_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.formats.gguf.types import TensorType

__all__ = ["DECODERS", "dequantize", "plain_values"]

DECODERS: dict[str, Callable[[np.ndarray, str], np.ndarray]] = {**LEGACY, **K_QUANTS, **CODEBOOKS}
"""By the type's name: (blocks uint8 [n, bytes], byte order) to float32 [n, elements]."""


def dequantize(kind: TensorType, blocks: np.ndarray, order: str) -> np.ndarray:
    """Float32 [n, elements per block] of uint8 [n, bytes per block].

    Raises:
        ModelError: if the type cannot be dequantized here.
    """
    decoder = DECODERS.get(kind.name)
    if decoder is None:
        raise ModelError(f"{kind.name} weights cannot be dequantized here")
    with np.errstate(all="ignore"):  # damaged scales may be infinite or no numbers
        return decoder(blocks, order)
