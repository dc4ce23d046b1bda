"""How far stored weights are from the float model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.merging import factors
from haoline_analysis.quantization.divergence.metrics import Grid, Job, Tally
from haoline_analysis.quantization.structure.form import BAD_GRID
from haoline_analysis.quantization.structure.stored import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from haoline_analysis.model import Model, Weight
    from haoline_analysis.quantization.structure import Form, Reading
    from haoline_analysis.quantization.structure.stored import Stored

_PIECE = 1 << 20  # elements
_TURNING = frozenset({"FusedGemm", "FusedMatMul", "Gemm", "QGemm"})
"""Ops that can be told to read a matrix transposed."""
_PLAIN, _QUANTIZED = {0: "transA", 1: "transB"}, {0: "transA", 3: "transB"}
"""The attributes that tell so, by slot."""


def weight_errors(
    model: Model, variant: Reading, weights: Mapping[tuple[int, int], tuple[int, int]]
) -> dict[int, float]:
    """SQNR in dB of the largest weight of each op of the float model, by row; infinite where it is the same.

    Where ops behind may be merged into a weight, the variant's is compared with the float model's as it is and with
    what these would make of it: it is near to one of them.

    Args:
        model: the float model.
        variant: the graph that holds the variant's weights.
        weights: (op row, slot) in the float model to the same in the variant.
    """
    told: dict[int, tuple[int, float]] = {}
    made: dict[tuple[int, int, int, bool, int], float] = {}
    for (row, slot), (other, place) in weights.items():
        weight = model.tensors[model.ops[row].inputs[slot]].weight
        if weight is None or not weight.dtype.startswith(("float", "bfloat")):
            continue
        if row in told and told[row][0] >= weight.elements:
            continue
        turned = _transposed(model, row, slot) != _transposed(variant.model, other, place)
        merged = list(factors(model, row, slot, weight))
        tensors = model.ops[row].inputs[slot], variant.model.ops[other].inputs[place]
        key = (*tensors, place, turned, row if merged else -1)
        if key not in made:
            found = stored(variant.model, variant.forms, other, place)
            found = found.transposed() if found is not None and turned else found
            made[key] = np.fmax.reduce([_sqnr(weight, found, factor) for factor in (None, *merged)])
        told[row] = weight.elements, made[key]
    return {row: sqnr for row, (_, sqnr) in told.items() if not np.isnan(sqnr)}


def _transposed(model: Model, row: int, slot: int) -> bool:
    """Whether an op reads the matrix in a slot transposed: the shape of a square one does not tell."""
    op = model.ops[row]
    slots = _QUANTIZED if op.type == "QGemm" else _PLAIN
    return op.type in _TURNING and bool(op.attributes.get(slots.get(slot, "")))


def _sqnr(weight: Weight, other: Stored | None, factor: NDArray[np.float32] | None) -> float:
    """SQNR of one weight, perhaps times a factor per channel.

    NaN where the other cannot be read or has another shape, or where there is no signal.
    """
    if other is None or other.size != weight.elements:
        return np.nan
    if other.shape != weight.shape:
        other = other.transposed()
    if other.shape != weight.shape:
        return np.nan
    tally = Tally(["weight"], [None], [Grid(other.form)])
    try:
        elements = other.elements
        for part in _parts(weight, other.form):
            values = weight.values(part.start, part.stop)
            if factor is not None:
                values = values * (factor if len(factor) == 1 else factor[part])
            tally.add([Job(0, values, elements[part] if weight.shape else elements)], 0)
    except (ModelError, *BAD_GRID):
        return np.nan
    found = float(tally.totals().sqnr_db[0])
    return np.nan if found == -np.inf else found


def _parts(weight: Weight, form: Form | None) -> list[slice]:
    """Rows of the first axis to be taken at a time: memory that is used again is cheaper than much of it."""
    count = weight.shape[0] if weight.shape else 1
    if form is not None and not form.per_tensor:
        return [slice(0, count)]  # its scales belong to all of it
    rows = max(1, _PIECE * count // max(1, weight.elements))
    return [slice(start, min(start + rows, count)) for start in range(0, count, rows)]
