"""Four-bit floats in blocks: NVFP4 (modelopt, compressed-tensors), MXFP4 (gpt-oss, compressed-tensors), and MXFP6.

Elements are float4_e2m1, two in a byte, the lower nibble first. NVFP4: a float8_e4m3 scale for 16 elements and a
float32 one for the tensor. MXFP4 and MXFP6: a power of two for 32 elements (OCP Microscaling Formats 1.0).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.formats import elements
from haoline_analysis.formats.packing.bits import FP4, nibbles, powers, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.packing.parts import Parts
    from haoline_analysis.formats.packing.stated import Stated
    from haoline_analysis.formats.packing.stored_tensors import Names, PackedWeight, StoredTensor

_BYTES = ("uint8", "int8")
_MODELOPT = {"scales": "_scale", "global_scale": "_scale_2"}
_COMPRESSED = {"scales": "weight_scale", "global_scale": "weight_global_scale", "input_scale": "input_global_scale"}


def find(names: Names, _: Stated) -> Iterator[PackedWeight]:
    """NVFP4 and MXFP4 weights of all writers."""
    yield from _modelopt(names)
    yield from _compressed(names)
    yield from _gpt_oss(names)


def _logical(carrier: StoredTensor, scales: StoredTensor, group: int) -> tuple[int, ...] | None:
    """Shape of the weight, if there is a scale for every ``group`` elements of its last axis."""
    if len(carrier.shape) < 2 or scales.shape[:-1] != carrier.shape[:-1]:
        return None
    inputs = 2 * carrier.shape[-1]
    return (*carrier.shape[:-1], inputs) if -(-inputs // group) == scales.shape[-1] else None


def _sixes(carrier: StoredTensor, scales: StoredTensor) -> tuple[int, ...] | None:
    """Shape of a weight of which four elements take three bytes, with a scale for every 32."""
    if len(carrier.shape) < 2 or scales.shape[:-1] != carrier.shape[:-1] or carrier.shape[-1] != 24 * scales.shape[-1]:
        return None
    return (*carrier.shape[:-1], 32 * scales.shape[-1])


def _modelopt(names: Names) -> Iterator[PackedWeight]:
    """``weight`` with ``weight_scale`` and ``weight_scale_2``; experts the same under other names."""
    for stem, _ in list(names.ending("_scale_2")):
        carrier, scales = names.get(stem, _BYTES), names.get(f"{stem}_scale", ("float8_e4m3fn",))
        shape = _logical(carrier, scales, 16) if carrier is not None and scales is not None else None
        if carrier is None or shape is None:
            continue
        parts = names.parts(stem, _MODELOPT)
        module = stem.removesuffix("weight") if stem.endswith(".weight") else f"{stem}_"
        if names.get(f"{module}input_scale") is not None:
            parts["input_scale"] = f"{module}input_scale"
        text = "NVFP4 (modelopt), groups of 16"
        yield names.packed(
            stem, carrier, parts, shape, "NVFP4", text, "float4_e2m1", partial(_nvfp4_rows, divide=False)
        )


def _compressed(names: Names) -> Iterator[PackedWeight]:
    """``weight_packed`` of bytes with ``weight_scale``."""
    for stem, carrier in list(names.ending("weight_packed")):
        if carrier.dtype not in _BYTES or (stem and not stem.endswith(".")):
            continue
        nv, mx = (
            names.get(f"{stem}weight_scale", ("float8_e4m3fn",)),
            names.get(f"{stem}weight_scale", ("uint8", "float8_e8m0")),
        )
        name, parts = f"{stem}weight", names.parts(stem, _COMPRESSED)
        shape = _logical(carrier, nv, 16) if nv is not None else None
        if shape is not None:
            text, decoder = "NVFP4 (compressed-tensors), groups of 16", partial(_nvfp4_rows, divide=True)
            yield names.packed(name, carrier, parts, shape, "NVFP4", text, "float4_e2m1", decoder)
            continue
        shape = _logical(carrier, mx, 32) if mx is not None else None
        if shape is not None:
            text = "MXFP4 (compressed-tensors), groups of 32"
            yield names.packed(name, carrier, parts, shape, "MXFP4", text, "float4_e2m1", _mxfp4_rows)
            continue
        shape = _sixes(carrier, mx) if mx is not None else None
        if shape is not None:
            text = "MXFP6 (compressed-tensors), groups of 32"
            yield names.packed(name, carrier, parts, shape, "MXFP6", text, "float6_e2m3", _mxfp6_rows)


def _nvfp4_rows(parts: Parts, start: int, stop: int, *, divide: bool) -> np.ndarray:
    """Element · scale of the group · scale of the tensor; compressed-tensors stores the latter's reciprocal."""
    values = FP4[nibbles(parts["weight"].rows(start, stop))]
    scales = spread(parts.float_rows("scales", start, stop), parts.shape[-1], 16)
    if "global_scale" in parts:
        overall = parts.floats("global_scale")
        if overall.size > 1:  # one for each expert
            overall = overall.reshape(-1, *[1] * (len(parts.shape) - 1))[start:stop]
        scales = scales / overall if divide else scales * overall
    made: np.ndarray = values * scales
    return made


def _mxfp4_rows(parts: Parts, start: int, stop: int) -> np.ndarray:
    """Element · 2^(scale - 127)."""
    values = FP4[nibbles(parts["weight"].rows(start, stop))]
    made: np.ndarray = values * spread(powers(parts["scales"].rows(start, stop)), parts.shape[-1], 32)
    return made


def _mxfp6_rows(parts: Parts, start: int, stop: int) -> np.ndarray:
    """Element · 2^(scale - 127)."""
    stored = parts["weight"].rows(start, stop)
    count = stored.size // 3 * 4
    values = elements.decode("float6_e2m3", np.ascontiguousarray(stored).reshape(-1), count).astype(np.float32)
    scales = spread(powers(parts["scales"].rows(start, stop)), parts.shape[-1], 32)
    made: np.ndarray = values.reshape(scales.shape) * scales
    return made


def _gpt_oss(names: Names) -> Iterator[PackedWeight]:
    """``…_blocks`` [experts, out, groups, 16] with ``…_scales`` [experts, out, groups].

    The model's parameter is [experts, in, out], transposed; in OpenAI's own files (``.blocks``) it is not.
    """
    for mark in ("_blocks", ".blocks"):
        for stem, carrier in list(names.ending(mark)):
            scales = names.get(f"{stem}{mark[0]}scales", ("uint8", "float8_e8m0"))
            if scales is None or carrier.dtype != "uint8" or carrier.shape != (*scales.shape, 16):
                continue
            *lead, rows, groups = scales.shape if len(scales.shape) > 1 else (1, *scales.shape)
            turned = mark == "_blocks" and len(lead) == 1
            shape = (*lead, 32 * groups, rows) if turned else (*lead, rows, 32 * groups)
            parts = {"scales": scales.name}
            decoder = partial(_gpt_oss_rows, turned=turned)
            yield names.packed(stem, carrier, parts, shape, "MXFP4", "MXFP4, groups of 32", "float4_e2m1", decoder)


def _gpt_oss_rows(parts: Parts, start: int, stop: int, *, turned: bool) -> np.ndarray:
    """Element · 2^(scale - 127), experts transposed where the parameter is."""
    codes = nibbles(parts["weight"].rows(start, stop))
    values = FP4[codes] * powers(parts["scales"].rows(start, stop))[..., None]
    joined: np.ndarray = values.reshape(*values.shape[:-2], -1)
    return joined.swapaxes(-1, -2) if turned else joined
