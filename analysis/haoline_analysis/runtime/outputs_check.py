"""Whether capturing changes what the model computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOTABLE = 1e-3
"""Difference to the largest output, from which on the capture shows another computation."""

WHY = "where every tensor is kept, onnxruntime fuses fewer ops"


@dataclass(frozen=True)
class OutputCheck:
    """Outputs of the first sample with and without capture."""

    identical: bool
    max_abs_difference: float | None  # over finite elements; None where there is nothing to compare
    note: str
    relative_difference: float | None = None  # the same as a share of the largest element of its output


def compare(plain: Mapping[str, np.ndarray], captured: Sequence[Mapping[str, np.ndarray]]) -> OutputCheck:
    """How the outputs of every pass compare to those of the plain run."""
    pairs = [(plain[name], run[name]) for run in captured for name in plain if name in run]
    if not pairs:
        return OutputCheck(identical=False, max_abs_difference=None, note="The model has no outputs to compare.")
    if any(a.shape != b.shape or a.dtype != b.dtype for a, b in pairs):
        note = "The outputs with capture have another shape or type than without."
        return OutputCheck(identical=False, max_abs_difference=None, note=note)
    if all(_same(a, b) for a, b in pairs):
        return OutputCheck(
            identical=True,
            max_abs_difference=0.0,
            note="Outputs with and without capture are identical.",
            relative_difference=0.0,
        )
    return _different(pairs)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Equality bit by bit, but for the sign of zero and the bits of NaN."""
    return bool(np.all((a == b) | ((a != a) & (b != b))))


def _different(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> OutputCheck:
    found = [_difference(a, b) for a, b in pairs]
    worst = max(difference for difference, _, _ in found)
    relative = max(difference / scale if scale else 0.0 for difference, scale, _ in found)
    if any(mismatch for _, _, mismatch in found):
        note = f"Outputs with capture are NaN or infinite where those without are not, or the other way round: {WHY}."
    elif relative > _NOTABLE:
        note = (
            f"Outputs with capture differ by up to {worst:.3g}, {relative:.1%} of the largest output: {WHY}, "
            "so what is shown is not quite what a plain run computes."
        )
    else:
        share = f"{worst:.3g}, {relative:.1e} of the largest output"
        note = f"Outputs with capture differ by up to {share}, from those without: {WHY}."
    return OutputCheck(identical=False, max_abs_difference=worst, note=note, relative_difference=relative)


def _difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float, bool]:
    """Largest difference of elements finite in both, the largest of them, and whether any is finite in one only."""
    with np.errstate(all="ignore"):
        wide = (np.asarray(a, np.complex128), np.asarray(b, np.complex128))
        finite = np.isfinite(wide[0]) & np.isfinite(wide[1])
        difference = np.abs(wide[0] - wide[1])[finite].max(initial=0.0)
        scale = np.abs(wide[0])[finite].max(initial=0.0)
        other = bool(np.any(np.isfinite(wide[0]) != np.isfinite(wide[1])))
    return float(difference), float(scale), other
