"""The values of a stored tensor as a histogram, read from its file bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis import dtypes
from haoline_analysis.errors import ModelError
from haoline_analysis.model import RowSource, SpanSource
from haoline_analysis.report.formatting import count, percent, plain
from haoline_analysis.report.moments import Moments
from haoline_analysis.report.naming import offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.model import Model, Weight

MAX_COUNTED = 64 * 2**20
"""Elements up to which every one is counted: a quarter of a gigabyte while it is done."""
SAMPLE = 8 * 2**20
"""Elements that stand for a larger tensor."""
STRETCHES = 256
"""Runs of neighbouring rows that a sample consists of, evenly spaced."""
CHUNK = 4 * 2**20
"""Elements decoded at a time."""
MAX_WHOLE = 2**30
"""Bytes of a tensor that can only be decoded as a whole; elements of one row that can only be decoded as one."""
MAX_BINS = 4096
MAX_LEVELS = 256
"""Distinct values up to which they are counted as levels of a grid."""


@dataclass(frozen=True, eq=False)
class TensorHistogram:
    """How the values of a tensor are distributed. Statistics are of the finite elements that were counted."""

    tensor: str
    edges: np.ndarray  # float64 [bins + 1]
    counts: np.ndarray  # int64 [bins]
    elements: int  # of the whole tensor
    counted: int
    sampled: bool  # evenly spaced rows stand for the tensor
    minimum: float | None  # None where no element is finite
    maximum: float | None
    mean: float | None
    std: float | None  # of the population
    zeros: int
    nans: int
    infinities: int
    quantization: str | None  # how it is packed, in a line
    levels: int | None  # distinct values, where there are few; None: many

    def header(self) -> dict[str, Any]:
        """All but the bins, as data."""
        names = ("tensor", "elements", "counted", "sampled", "minimum", "maximum", "mean", "std")
        more = ("zeros", "nans", "infinities", "quantization", "levels")
        return {name: getattr(self, name) for name in (*names, *more)}

    def __repr__(self) -> str:
        """Name, range and moments, and a line of bars."""
        of = f" of {count(self.elements)}, evenly spaced" if self.sampled else ""
        lines = [f"{plain(self.tensor)}: {count(self.counted)} values{of}"]
        if self.minimum is not None and self.maximum is not None and self.mean is not None and self.std is not None:
            lines.append(
                f"  from {self.minimum:.6g} to {self.maximum:.6g}, mean {self.mean:.4g}, deviation {self.std:.4g}, "
                f"{percent(self.zeros / max(self.counted, 1))} zeros"
            )
        if self.nans or self.infinities:
            lines.append(f"  {self.nans:,} NaN, {self.infinities:,} infinite")
        if self.levels is not None:
            lines.append(f"  {self.levels} distinct values")
        if self.quantization:
            lines.append(f"  {plain(self.quantization)}")
        return "\n".join([*lines, f"  {_bars(self.counts)}"])


def histogram(model: Model, tensor: str | int, bins: int = 128) -> TensorHistogram:
    """The histogram of a stored tensor; a name may be that of a tensor or of a weight, a number is a row of tensors.

    Up to ``MAX_COUNTED`` elements all are counted; of more, evenly spaced rows.

    Raises:
        ModelError: if there is no such tensor, it is computed rather than stored, or its values cannot be decoded.
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= MAX_BINS:
        raise ModelError(f"a histogram has 1 to {MAX_BINS} bins, not {bins!r}")
    index = find(model, tensor)
    held = model.tensors[index]
    if held.weight is None and model.holds == "layers":
        raise ModelError(f"{plain(held.name)} is computed: an engine does not hand out the values that it stores")
    if held.weight is None:
        raise ModelError(f"{plain(held.name)} is computed, not stored: capture activations to see its values")
    return of_weight(held.weight, held.name, bins)


def find(model: Model, tensor: str | int) -> int:
    """The row of a tensor by its name, by the name of its weight, or by its number.

    Raises:
        ModelError: if there is none.
    """
    if isinstance(tensor, int) and not isinstance(tensor, bool):
        if not 0 <= tensor < len(model.tensors):
            raise ModelError(f"there is no tensor {tensor}: the model has {len(model.tensors)}")
        return tensor
    for index, item in enumerate(model.tensors):
        if item.name == tensor:
            return index
    if model.holds == "weights":
        for op in model.ops:
            if op.name == tensor and op.inputs:
                return op.inputs[0]
    raise ModelError(f"there is no tensor {plain(tensor)!r}{offer(tensor, [item.name for item in model.tensors])}")


def of_weight(weight: Weight, name: str, bins: int = 128) -> TensorHistogram:
    """The histogram of a weight.

    Raises:
        ModelError: if its values cannot be decoded here, or only as a whole that is too large.
    """
    _check(weight, name)
    total = prod(weight.shape)
    sampled = total > MAX_COUNTED
    moments = Moments(MAX_LEVELS)
    kept = list(_parts(weight, sampled))
    for part in kept:
        moments.add(part)
    edges = _edges(moments, bins, integers=weight.packing is None and weight.dtype not in dtypes.FLOATS)
    counts = np.zeros(bins, np.int64)
    for part in kept:
        values = part[np.isfinite(part)]
        counts += np.histogram(values, bins, (edges[0], edges[-1]))[0]
    return TensorHistogram(
        tensor=name,
        edges=edges,
        counts=counts,
        elements=total,
        counted=moments.counted,
        sampled=sampled,
        minimum=moments.minimum,
        maximum=moments.maximum,
        mean=moments.mean,
        std=moments.std,
        zeros=moments.zeros,
        nans=moments.nans,
        infinities=moments.infinities,
        quantization=weight.packing.text if weight.packing is not None else None,
        levels=moments.levels,
    )


def _check(weight: Weight, name: str) -> None:
    """Refuse what has no real numbers, or takes more memory than a look at it is worth.

    Raises:
        ModelError: saying why.
    """
    if weight.dtype == "string" or weight.dtype.startswith("complex"):
        raise ModelError(f"{plain(name)} holds {weight.dtype} elements, which have no histogram")
    rows = weight.shape[0] if weight.shape else 1
    if isinstance(weight.source, RowSource) or (isinstance(weight.source, SpanSource) and weight.packing is None):
        if prod(weight.shape) // max(rows, 1) > MAX_WHOLE // 4:
            raise ModelError(f"{plain(name)} has rows of {count(prod(weight.shape[1:]))} elements: too many to look at")
    elif 4 * prod(weight.shape) > MAX_WHOLE:
        raise ModelError(f"{plain(name)} can only be read as a whole, and has {count(prod(weight.shape))} elements")


def _parts(weight: Weight, sampled: bool) -> Iterator[np.ndarray]:
    """Float values in pieces of a bounded number of rows: all of them, or evenly spaced stretches."""
    rows = weight.shape[0] if weight.shape else 1
    if not prod(weight.shape):
        return
    row = prod(weight.shape[1:]) if weight.shape else 1
    if not isinstance(weight.source, (RowSource, SpanSource)):
        yield _decoded(weight)
        return
    at_once = max(1, CHUNK // row)
    for start, stop in _stretches(rows, max(1, SAMPLE // row)) if sampled else [(0, rows)]:
        for first in range(start, stop, at_once):
            yield weight.values(first, min(first + at_once, stop)).reshape(-1)


def _decoded(weight: Weight) -> np.ndarray:
    """All values of a source that knows no rows; the parts of a packed weight are what they say."""
    if weight.packing is not None and weight.packing.part != "weight":
        return np.asarray(weight.numpy(), np.float32).reshape(-1)
    return weight.values().reshape(-1)


def _stretches(rows: int, wanted: int) -> list[tuple[int, int]]:
    """About ``wanted`` of the rows in evenly spaced runs, the first and the last of the tensor among them."""
    if wanted >= rows:
        return [(0, rows)]
    number = min(wanted, STRETCHES)
    length = wanted // number
    starts = np.linspace(0, rows - length, number).astype(np.int64).tolist()
    return [(start, start + length) for start in starts]


def _edges(moments: Moments, bins: int, integers: bool) -> np.ndarray:
    """Bins of equal width over the range; those of integers hold equally many of them."""
    low, high = moments.minimum, moments.maximum
    if low is None or high is None:
        return np.linspace(0.0, 1.0, bins + 1)
    if integers:
        width = -(-(int(high) - int(low) + 1) // bins)
        return low - 0.5 + width * np.arange(bins + 1, dtype=np.float64)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1)
    if not (np.diff(edges) > 0).all():  # a range of a few steps of the type: wide enough to tell bins apart
        middle, half = (low + high) / 2, max(abs(low), abs(high)) * 1e-9
        edges = np.linspace(middle - half, middle + half, bins + 1)
    return edges


_BLOCKS = " ▁▂▃▄▅▆▇█"


def _bars(counts: np.ndarray, width: int = 64) -> str:
    """A line of bars, each the mean of its bins."""
    parts = np.array([part.mean() for part in np.array_split(counts, min(width, len(counts)))])
    top = parts.max() if len(parts) else 0
    heights = np.ceil(parts / top * (len(_BLOCKS) - 1)).astype(int) if top else np.zeros(len(parts), int)
    return "".join(_BLOCKS[height] for height in heights.tolist())
