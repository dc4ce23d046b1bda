"""Integers in 32-bit words along inputs: compressed-tensors (pack-quantized) and MLX."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.formats.packing.bits import FP4, nibbles, powers, spread, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.parts import Parts
    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

_WORDS = ("int32", "uint32")
_COMPRESSED = {
    "scales": "weight_scale",
    "zeros": "weight_zero_point",
    "order": "weight_g_idx",
    "shape": "weight_shape",
    "input_scale": "input_scale",
}
_MLX_WIDTHS = (2, 3, 4, 5, 6, 8)
_MX_GROUPS = {"mxfp4": 32, "mxfp8": 32, "nvfp4": 16}


def find(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """Weights of both writers."""
    yield from _compressed(names, stated)
    yield from _mlx(names, stated)


def _compressed(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """``weight_packed`` of 32-bit words with ``weight_scale`` and the true shape in ``weight_shape``."""
    for stem, carrier in list(names.ending("weight_packed")):
        scales = names.get(f"{stem}weight_scale")
        if carrier.dtype != "int32" or len(carrier.shape) < 2 or scales is None or not scales.shape:
            continue
        parts = names.parts(stem, _COMPRESSED)
        bits, inputs = _true_width(names, parts, carrier, stated)
        shape = (*carrier.shape[:-1], inputs)
        groups = scales.shape[-1] if len(scales.shape) == len(shape) else 1
        way = "one scale per row" if groups == 1 else f"groups of {-(-inputs // groups)}"
        decoder = partial(_compressed_rows, bits=bits) if "order" not in parts else None
        yield names.packed(
            f"{stem}weight", carrier, parts, shape, f"compressed-tensors int{bits}",
            f"compressed-tensors int{bits}, {way}", f"int{bits}", decoder,
        )  # fmt: skip


def _true_width(names: Names, parts: dict[str, str], carrier: StoredTensor, stated: Stated) -> tuple[int, int]:
    """Bits of an integer and inputs of the weight: from its stored shape, else as config states, else 4."""
    words = carrier.shape[-1]
    stored = names.read(parts["shape"]) if "shape" in parts else None
    if stored is not None and stored.size == len(carrier.shape) and tuple(stored[:-1].tolist()) == carrier.shape[:-1]:
        inputs = int(stored[-1])
        for bits in (4, 8, 2, 1, 3, 5, 6, 7):
            if inputs > 0 and -(-inputs * bits // 32) == words:
                return bits, inputs
    bits = stated.bits if stated.bits is not None and stated.bits <= 8 else 4
    return bits, 32 * words // bits


def _compressed_rows(parts: Parts, start: int, stop: int, *, bits: int) -> np.ndarray:
    """(q - z) · s of the group; integers are stored with half their range added, zero points packed along rows."""
    inputs, half = parts.shape[-1], 1 << (bits - 1)
    values = unpack(parts["weight"].rows(start, stop), bits)[..., :inputs].astype(np.float32) - half
    scales = _grouped(parts.float_rows("scales", start, stop), len(parts.shape))
    if "zeros" in parts:
        packed = np.ascontiguousarray(parts["zeros"].all().swapaxes(-1, 0))
        zeros = unpack(packed, bits).swapaxes(-1, 0)[start:stop].astype(np.float32) - half
        values -= spread(_grouped(zeros, len(parts.shape)), inputs)
    made: np.ndarray = values * spread(scales, inputs)
    return made


def _grouped(scales: np.ndarray, rank: int) -> np.ndarray:
    return scales.reshape(*scales.shape, *[1] * (rank - scales.ndim))


def _mlx(names: Names, stated: Stated) -> Iterator[PackedWeight]:
    """``weight`` of 32-bit words with ``scales``, and ``biases`` unless the elements are floats."""
    for stem, scales in list(names.ending(".scales")):
        carrier = names.get(f"{stem}.weight", ("uint32",))
        if carrier is None or len(carrier.shape) < 2 or scales.shape[:-1] != carrier.shape[:-1]:
            continue
        parts = names.parts(stem, {"scales": ".scales", "biases": ".biases"})
        own, words, groups = stated.of(stem), carrier.shape[-1], max(scales.shape[-1], 1)
        if "biases" in parts:
            yield _mlx_affine(names, carrier, parts, own, words, groups)
        elif scales.dtype in ("uint8", "float8_e4m3fn", "float8_e8m0"):
            yield _mlx_float(names, carrier, parts, own, words, groups)


def _mlx_affine(
    names: Names, carrier: StoredTensor, parts: dict[str, str], stated: Stated, words: int, groups: int
) -> PackedWeight:
    bits, group = _mlx_width(words, groups, stated)
    shape = (*carrier.shape[:-1], 32 * words // bits)
    text = f"MLX int{bits}, groups of {group}"
    decoder = partial(_mlx_rows, bits=bits)
    return names.packed(carrier.name, carrier, parts, shape, f"MLX int{bits}", text, f"int{bits}", decoder)


def _mlx_width(words: int, groups: int, stated: Stated) -> tuple[int, int]:
    """Bits and group: as stated if they fit the shapes, else the usual group that leaves a whole width."""
    if stated.bits in _MLX_WIDTHS and stated.group and 32 * words == stated.bits * stated.group * groups:
        return stated.bits, stated.group
    for group in (64, 32, 128):
        bits, rest = divmod(32 * words, groups * group)
        if not rest and bits in _MLX_WIDTHS:
            return bits, group
    return 4, max(8 * words // groups, 1)


def _mlx_rows(parts: Parts, start: int, stop: int, *, bits: int) -> np.ndarray:
    """Q · s + b of the group."""
    inputs = parts.shape[-1]
    values = unpack(parts["weight"].rows(start, stop), bits)[..., :inputs].astype(np.float32)
    scales = spread(parts.float_rows("scales", start, stop), inputs)
    made: np.ndarray = values * scales + spread(parts.float_rows("biases", start, stop), inputs)
    return made


def _mlx_float(
    names: Names, carrier: StoredTensor, parts: dict[str, str], stated: Stated, words: int, groups: int
) -> PackedWeight:
    """The modes mxfp4, mxfp8 and nvfp4: known by config, else by bytes for each scale."""
    each = 4 * words // groups
    mode = stated.format if stated.format in _MX_GROUPS else {16: "mxfp4", 32: "mxfp8", 8: "nvfp4"}.get(each, "")
    bits = 8 if mode == "mxfp8" else 4
    shape = (*carrier.shape[:-1], 32 * words // bits)
    text = f"MLX {mode.upper()}, groups of {shape[-1] // groups}" if mode else "MLX, mode not known"
    dtype = "float8_e4m3fn" if bits == 8 else "float4_e2m1"
    decoder = partial(_mlx_float_rows, mode=mode) if mode else None
    return names.packed(carrier.name, carrier, parts, shape, f"MLX {mode.upper()}".strip(), text, dtype, decoder)


def _mlx_float_rows(parts: Parts, start: int, stop: int, *, mode: str) -> np.ndarray:
    """Element · scale: a power of two, or float8_e4m3 for nvfp4."""
    import ml_dtypes

    codes = np.ascontiguousarray(parts["weight"].rows(start, stop)).view(np.uint8)
    values = codes.view(ml_dtypes.float8_e4m3fn).astype(np.float32) if mode == "mxfp8" else FP4[nibbles(codes)]
    stored = parts["scales"].rows(start, stop).view(np.uint8)
    scales = stored.view(ml_dtypes.float8_e4m3fn).astype(np.float32) if mode == "nvfp4" else powers(stored)
    made: np.ndarray = values * spread(scales, parts.shape[-1])
    return made
