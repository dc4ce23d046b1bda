"""GPTQ and AWQ: integers in 32-bit words, with scales and packed zero points per group of inputs.

Layouts as AutoGPTQ, GPTQModel and AutoAWQ write them. A linear layer's weight [out, in] is stored transposed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.formats.packing.bits import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.parts import Parts
    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

_WIDTHS = (2, 3, 4, 8)
_PARTS = {"scales": ".scales", "zeros": ".qzeros", "order": ".g_idx"}
AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""The element that each nibble of a word holds, lowest first."""


def find(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """Weights stored as ``qweight``, ``qzeros``, ``scales`` and perhaps ``g_idx``."""
    for stem, carrier in list(names.ending(".qweight")):
        scales = names.get(f"{stem}.scales", rank=2)
        if carrier.dtype not in ("int32", "uint32") or len(carrier.shape) != 2 or scales is None:
            continue
        parts = names.parts(stem, _PARTS)
        if scales.shape[1] == carrier.shape[1]:
            yield _gptq(names, stem, carrier, scales, parts, stated)
        else:
            yield _awq(names, stem, carrier, scales, parts, stated)


def _gptq(
    names: Names, stem: str, carrier: StoredTensor, scales: StoredTensor, parts: dict[str, str], stated: Stated
) -> PackedWeight:
    words, columns = carrier.shape
    bits = _width(names, parts, words, columns, stated)
    inputs = 32 * words // bits
    group = -(-inputs // max(scales.shape[0], 1))
    text = f"GPTQ int{bits}, {_groups(scales.shape[0], group)}"
    # Before version 2 of the format, zero points are stored less one.
    offset = 0 if "v2" in stated.format else 1
    known = bits in _WIDTHS and "marlin" not in stated.format
    decoder = partial(_gptq_rows, bits=bits, group=group, offset=offset) if known else None
    return names.packed(f"{stem}.weight", carrier, parts, (columns, inputs), "GPTQ", text, f"int{bits}", decoder)


def _width(names: Names, parts: dict[str, str], words: int, columns: int, stated: Stated) -> int:
    """Bits of an integer: from the number of inputs where ``g_idx`` has them, else the zero points, else config."""
    order = names.tensors.get(parts.get("order", ""))
    zeros = names.tensors.get(parts.get("zeros", ""))
    if order is not None and order.shape[-1:] and order.shape[-1]:
        bits = 32 * words // order.shape[-1]
    elif zeros is not None and zeros.shape[-1:] and columns:
        bits = 32 * zeros.shape[-1] // columns
    else:
        bits = stated.bits or 4
    return next(width for width in (bits, stated.bits, 4) if width is not None and width in _WIDTHS)


def _groups(count: int, group: int) -> str:
    return "one group" if count == 1 else f"groups of {group}"


def _gptq_rows(parts: Parts, start: int, stop: int, *, bits: int, group: int, offset: int) -> np.ndarray:
    """(q - z) · s, with z and s of the group that ``g_idx`` gives for each input."""
    outputs, inputs = parts.shape
    words = np.ascontiguousarray(parts["weight"].all()[:, start:stop].T)
    values = unpack(words, bits)[:, :inputs].astype(np.float32)
    scales = parts.floats("scales")[:, start:stop].T
    order = parts["order"].all() if "order" in parts else np.arange(inputs) // group
    if "zeros" in parts:
        zeros = unpack(parts["zeros"].all(), bits)[:, :outputs][:, start:stop].T.astype(np.float32) + offset
    else:
        zeros = np.full(scales.shape, 1 << (bits - 1), np.float32)
    made: np.ndarray = (values - zeros[:, order]) * scales[:, order]
    return made


def _awq(
    names: Names, stem: str, carrier: StoredTensor, scales: StoredTensor, parts: dict[str, str], stated: Stated
) -> PackedWeight:
    rows, words = carrier.shape
    if scales.shape[1] == 8 * words:  # "gemm": packed along outputs
        shape = (8 * words, rows)
        group = -(-rows // max(scales.shape[0], 1))
        text = f"AWQ int4, {_groups(scales.shape[0], group)}"
        decoder = partial(_awq_rows, group=group)
        return names.packed(f"{stem}.weight", carrier, parts, shape, "AWQ", text, "int4", decoder)
    # "gemv" and later: packed along inputs, in orders that depend on the kernel
    bits = stated.bits or 4
    text = f"AWQ int{bits}, {stated.format or 'layout not known'}"
    shape = (rows, 32 * words // bits)
    return names.packed(f"{stem}.weight", carrier, parts, shape, "AWQ", text, f"int{bits}")


def _awq_rows(parts: Parts, start: int, stop: int, *, group: int) -> np.ndarray:
    """(q - z) · s; the nibbles of a word hold eight outputs in ``AWQ_ORDER``."""
    first, last = start // 8, -(-stop // 8)
    take = slice(start - 8 * first, stop - 8 * first)
    inputs = parts.shape[1]
    values = _ordered(parts["weight"].all()[:, first:last])[:, take].astype(np.float32)
    scales = parts.floats("scales")[:, start:stop]
    groups = np.arange(inputs) // group
    zeros = np.full(scales.shape, 8, np.float32)
    if "zeros" in parts:
        zeros = _ordered(parts["zeros"].all()[:, first:last])[:, take].astype(np.float32)
    made: np.ndarray = ((values - zeros[groups]) * scales[groups]).T
    return made


def _ordered(words: np.ndarray) -> np.ndarray:
    codes = unpack(words, 4).reshape(words.shape[0], -1, 8)
    values = np.empty_like(codes)
    values[..., list(AWQ_ORDER)] = codes
    return values.reshape(words.shape[0], -1)
