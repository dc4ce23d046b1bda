"""Elements that stand alone, and the parts that blocks are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from haoline_analysis.formats.gguf.types import TensorType

_CODES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1"}


def plain_values(kind: TensorType, data: np.ndarray, order: str) -> np.ndarray:
    """Float32 of the bytes of elements that stand alone."""
    if kind.name == "BF16":
        return (data.view(f"{order}u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(over="ignore"):
        return data.view(order + _CODES[kind.name]).astype(np.float32)


def halves(blocks: np.ndarray, at: int, order: str) -> np.ndarray:
    """The float16 at byte ``at`` of each block, as float32 [n, 1]."""
    return np.ascontiguousarray(blocks[:, at : at + 2]).view(f"{order}f2").astype(np.float32)


def fields(data: np.ndarray, bits: int, group: int) -> np.ndarray:
    """Split bytes [n, m] into fields of ``bits`` bits: of ``group`` bytes all lowest fields, then the next ones."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8).reshape(1, 1, -1, 1)
    split = data.reshape(len(data), -1, 1, group) >> shifts
    return (split & np.uint8((1 << bits) - 1)).reshape(len(data), -1)
