"""Resampling and boxes: operations per output element by interpolation mode."""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.sizes import elements_in, elements_out, integer, scalar_in, shape_in, shape_out, text

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

TAPS = {"nearest": 0, "linear": 2, "bilinear": 2, "cubic": 4, "bicubic": 4}
OVERLAP = 16  # intersection over union of two boxes


def _per_element(mode: str, dims: int) -> int:
    """A weighted sum of taps^dims neighbours: that many multiplies, one add less.

    Raises:
        UnknownSizeError: if the mode is none of the standard's.
    """
    if mode not in TAPS:
        raise UnknownSizeError(f"mode {mode}")
    return max(2 * TAPS[mode] ** dims - 1, 0) if TAPS[mode] else 0


@cost_rule("Resize", "Upsample")
@cost_rule("Resize", domain="com.ms.internal.nhwc")
@cost_rule("Upsample", domain="com.microsoft.nchwc")
def resize(signature: Signature) -> Cost:
    """Interpolation over the dims that change size; nearest is free."""
    before, after = shape_in(signature, 0), shape_out(signature)
    dims = sum(a != b for a, b in zip(before, after, strict=True))
    return Cost(0, _per_element(text(signature, "mode", "nearest"), dims) * elements_out(signature) if dims else 0)


@cost_rule("GridSample")
@cost_rule("GridSample", domain=MICROSOFT)
@cost_rule("GridSample", domain="com.ms.internal.nhwc")
def grid_sample(signature: Signature) -> Cost:
    """Interpolation over the spatial dims at given places."""
    dims = len(shape_in(signature, 0, 3)) - 2
    return Cost(0, _per_element(text(signature, "mode", "linear"), dims) * elements_out(signature))


@cost_rule("RoiAlign")
def roi_align(signature: Signature) -> Cost:
    """Bilinear samples per output element, accumulated; the adaptive ratio 0 is taken as 2 x 2 samples."""
    samples = (integer(signature, "sampling_ratio", 0) or 2) ** 2
    return Cost(0, samples * (_per_element("linear", 2) + 1) * elements_out(signature))


@cost_rule("CropAndResize", domain=MICROSOFT)
def crop_and_resize(signature: Signature) -> Cost:
    """Bilinear or nearest samples."""
    return Cost(0, _per_element(text(signature, "mode", "bilinear"), 2) * elements_out(signature))


@cost_rule("Col2Im")
def column_to_image(signature: Signature) -> Cost:
    """One add per input element."""
    return Cost(0, elements_in(signature))


@cost_rule("NonMaxSuppression")
def non_max_suppression(signature: Signature) -> Cost:
    """An upper bound: sort the scores of each class, compare each kept box with every box."""
    batch, classes, boxes = shape_in(signature, 1, 3)
    kept = min(scalar_in(signature, 2) or 0, boxes)
    return Cost(0, batch * classes * (boxes * ceil(log2(max(boxes, 2))) + kept * boxes * OVERLAP))
