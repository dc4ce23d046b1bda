"""Weights of one small element each with scales beside: FP8 and int8, per tensor, row or block.

Layouts as DeepSeek and Qwen (``weight_scale_inv``), modelopt, FBGEMM and compressed-tensors (``weight_scale``)
write them. All of them are element · scale, whatever the scale is called.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.formats.packing.bits import powers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.parts import Parts
    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

FLOAT8 = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
_SUFFIXES = ("_scale_inv", "_scale")


def find(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """Elements of eight bits with a scale of their name beside them."""
    for suffix in _SUFFIXES:
        for stem, scale in list(names.ending(suffix)):
            carrier = names.get(stem, (*FLOAT8, "int8"))
            if carrier is None or not carrier.shape:
                continue
            stored = _way(carrier, scale, stated)
            if stored is not None:
                yield _packed(names, stem, suffix, carrier, stored, stated)


def _packed(
    names: Names, stem: str, suffix: str, carrier: StoredTensor, way: tuple[str, tuple[int, int] | None], stated: Stated
) -> PackedWeight:
    text, block = way
    module = stem.removesuffix("weight") if stem.endswith(".weight") else f"{stem}_"
    wanted = {"scales": f"{stem}{suffix}", "zeros": f"{stem}_zero_point", "input_scale": f"{module}input_scale"}
    parts = {part: name for part, name in wanted.items() if names.get(name) is not None}
    kind = "int8" if carrier.dtype == "int8" else "FP8"
    if names.tensors[wanted["scales"]].dtype in ("uint8", "float8_e8m0") and block == (1, 32):
        kind = f"MX{kind}"
    scheme = f"{kind} block" if block is not None and block[0] > 1 else kind
    writer = "compressed-tensors " if stated.method == "compressed-tensors" else ""
    decoder = partial(_block_rows, block=block) if block is not None else _rows
    return names.packed(
        stem, carrier, parts, carrier.shape, f"{writer}{scheme}", f"{writer}{kind}, {text}", carrier.dtype, decoder
    )


def _way(carrier: StoredTensor, scale: StoredTensor, stated: Stated) -> tuple[str, tuple[int, int] | None] | None:
    """How scales belong to elements, in words, and the block; None where the shapes do not tell."""
    count = 1
    for dim in scale.shape:
        count *= dim
    if count == 1:
        return "one scale per tensor", None
    trimmed = scale.shape
    while len(trimmed) > 1 and trimmed[-1] == 1:
        trimmed = trimmed[:-1]
    if trimmed == carrier.shape[: len(trimmed)] and len(trimmed) < len(carrier.shape):
        return ("one scale per row" if len(carrier.shape) == 2 else "one scale per expert and row"), None
    if len(scale.shape) != len(carrier.shape) or len(carrier.shape) < 2 or scale.shape[:-2] != carrier.shape[:-2]:
        return None
    block = _block(carrier.shape[-2:], scale.shape[-2:], stated)
    if block is None:
        return None
    if block[0] == 1:
        return f"groups of {block[1]}", block
    return f"blocks of {block[0]}×{block[1]}", block


def _block(size: tuple[int, ...], scales: tuple[int, ...], stated: Stated) -> tuple[int, int] | None:
    """Rows and columns of a block: as stated if it fits, else 128, else what divides evenly."""
    guesses = [stated.block, (1, stated.group) if stated.group else None, (128, 128)]
    if all(scales) and size[0] % scales[0] == 0 and size[1] % scales[1] == 0:
        guesses.append((size[0] // scales[0], size[1] // scales[1]))
    for block in guesses:
        if block is not None and all(-(-n // b) == s for n, b, s in zip(size, block, scales, strict=True)):
            return block
    return None


def _scales(parts: Parts) -> np.ndarray:
    stored = parts["scales"].all()
    exponents = stored.dtype.name in ("uint8", "float8_e8m0fnu")  # MXFP8
    return powers(stored) if exponents else stored.astype(np.float32)


def _rows(parts: Parts, start: int, stop: int) -> np.ndarray:
    """Element · scale of the tensor, row, or expert and row."""
    values = parts.float_rows("weight", start, stop)
    if "zeros" in parts:
        values -= _aligned(parts.floats("zeros"), parts.shape, start, stop)
    made: np.ndarray = values * _aligned(_scales(parts), parts.shape, start, stop)
    return made


def _aligned(scales: np.ndarray, shape: tuple[int, ...], start: int, stop: int) -> np.ndarray:
    """Scales shaped to multiply rows ``start:stop``."""
    if scales.size == 1:
        return scales.reshape(())
    lead = scales.shape
    while len(lead) > 1 and lead[-1] == 1:
        lead = lead[:-1]
    return scales.reshape(*lead, *[1] * (len(shape) - len(lead)))[start:stop]


def _block_rows(parts: Parts, start: int, stop: int, *, block: tuple[int, int]) -> np.ndarray:
    """Element · scale of its block in the last two axes."""
    values = parts.float_rows("weight", start, stop)
    scales = _scales(parts)
    height, width = parts.shape[-2:]
    if len(parts.shape) == 2:
        rows = np.arange(start, stop) // block[0]
    else:
        scales, rows = scales[start:stop], np.arange(height) // block[0]
    columns = np.arange(width) // block[1]
    made: np.ndarray = values * scales[..., rows, :][..., columns]
    return made
