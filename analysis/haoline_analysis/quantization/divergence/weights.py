"""How far stored weights are from the float model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.model import Model
    from haoline_analysis.quantization.structure import Form

_BLOCK = 1 << 20  # elements that are float64 at a time


def weight_errors(
    model: Model,
    variant: Model,
    found: Mapping[int, Form],
    weights: Mapping[tuple[int, int], tuple[int, int]],
) -> dict[int, float]:
    """SQNR in dB of the largest weight of each op of the float model, by row; infinite where it is the same.

    Args:
        model: the float model.
        variant: the graph that holds the variant's weights.
        found: forms of its tensors.
        weights: (op row, slot) in the float model to the same in the variant.
    """
    told: dict[int, tuple[int, float]] = {}
    made: dict[tuple[int, int, int], float] = {}
    for (row, slot), (other, place) in weights.items():
        weight = model.tensors[model.ops[row].inputs[slot]].weight
        if weight is None or not weight.dtype.startswith(("float", "bfloat")):
            continue
        if row in told and told[row][0] >= weight.elements:
            continue
        key = (model.ops[row].inputs[slot], variant.ops[other].inputs[place], place)
        if key not in made:
            made[key] = _sqnr(model, key[0], variant, found, (other, place))
        told[row] = weight.elements, made[key]
    return {row: sqnr for row, (_, sqnr) in told.items() if not np.isnan(sqnr)}


def _sqnr(model: Model, tensor: int, variant: Model, found: Mapping[int, Form], place: tuple[int, int]) -> float:
    """SQNR of one weight; NaN where the variant's cannot be read or has another shape."""
    from haoline_analysis.quantization.structure import stored_reals

    weight = model.tensors[tensor].weight
    assert weight is not None
    try:
        value, other = weight.numpy(), stored_reals(variant, found, *place)
    except ModelError:
        return np.nan
    if other is None or other.size != value.size:
        return np.nan
    if other.shape != value.shape:
        if other.shape != value.shape[::-1]:
            return np.nan
        other = other.T
    return sqnr_of(value, other)


def sqnr_of(value: np.ndarray, other: np.ndarray) -> float:
    """SQNR in dB of two arrays; infinite where they are equal, NaN where the first is all zeros and they are not."""
    signal = noise = 0.0
    rows = max(1, _BLOCK // max(1, value[:1].size)) if value.ndim else 1
    pieces = range(0, len(value), rows) if value.ndim else [0]
    for start in pieces:
        part = value[start : start + rows] if value.ndim else value
        rest = other[start : start + rows] if value.ndim else other
        here = part.astype(np.float64)
        apart = here - rest
        signal += float(np.vdot(here, here))
        noise += float(np.vdot(apart, apart))
    if noise == 0:
        return np.inf
    return float(10 * np.log10(signal / noise)) if signal else np.nan
