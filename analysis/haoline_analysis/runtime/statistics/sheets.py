"""Cut arrays into two-dimensional sheets, each of which is reduced along one axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

ROW = 8192
"""Most elements summed up in one go: keeps the error of float32 sums near 1e-6."""

COLUMN = 255
"""Most rows of a sheet that is reduced down its columns: a count of them fits a byte."""

_WORD = 64  # elements: their truth values pack into one word
_SHORT = 64  # elements; shorter rows are laid side by side and reduced down
_ABREAST = 1536  # elements; shorter lines of columns are laid side by side
_NARROW = 256  # elements; such lines even where their number cannot be divided
_FLAT = 4096  # elements of a row where there are no channels


class Sheet(NamedTuple):
    """A view of elements, [lanes, n] reduced along axis 1 or [n, lanes] reduced along axis 0.

    Lanes are (before, channel, after) in C order; what is before and after belongs to the same channel.
    """

    values: np.ndarray
    axis: int
    groups: tuple[int, int, int]

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return int(self.values.shape[1 - self.axis])

    @property
    def depth(self) -> int:
        """Elements of one lane."""
        return int(self.values.shape[self.axis])


def sheets(array: np.ndarray, channel_axis: int | None) -> Iterator[Sheet]:
    """Cut a contiguous array that is not empty; ``channel_axis`` is not negative."""
    if channel_axis is None:
        yield from _flat(array.reshape(-1))
        return
    shape = array.shape
    outer, channels, inner = prod(shape[:channel_axis]), shape[channel_axis], prod(shape[channel_axis + 1 :])
    if inner == 1 or (outer > 1 and inner < _SHORT):
        yield from _columns(array.reshape(outer, channels * inner), channels)
    else:
        yield from _rows(array.reshape(outer * channels, inner), channels)


def _flat(values: np.ndarray) -> Iterator[Sheet]:
    whole = values.size // _FLAT
    if whole:
        yield Sheet(values[: whole * _FLAT].reshape(whole, _FLAT), 1, (whole, 1, 1))
    if values.size > whole * _FLAT:
        yield Sheet(values[whole * _FLAT :].reshape(1, -1), 1, (1, 1, 1))


def _rows(values: np.ndarray, channels: int) -> Iterator[Sheet]:
    lanes, width = values.shape
    step = _even(width, ROW, _WORD)
    for start in range(0, width, step):
        yield Sheet(values[:, start : start + step], 1, (lanes // channels, channels, 1))


def _columns(values: np.ndarray, channels: int) -> Iterator[Sheet]:
    rows, width = values.shape
    abreast = _abreast(rows, width)
    whole = rows // abreast * abreast
    lines = values[:whole].reshape(whole // abreast, abreast * width)
    step = _even(len(lines), COLUMN)
    for start in range(0, len(lines), step):
        yield Sheet(lines[start : start + step], 0, (abreast, channels, width // channels))
    if whole < rows:
        yield Sheet(values[whole:], 0, (1, channels, width // channels))


def _abreast(rows: int, width: int) -> int:
    """How many lines of columns make one; leaving none over, if that can be had without much shorter ones."""
    most = min(rows, _ABREAST // width)
    for some in range(most, max(most // 2, 1), -1):
        if rows % some == 0:
            return some
    return max(most, 1) if width < _NARROW else 1


def _even(size: int, most: int, unit: int = 1) -> int:
    """Step that cuts ``size`` into pieces of nearly equal length, none above ``most``, a multiple of ``unit``."""
    step = -(-size // -(-size // most))
    return -(-step // unit) * unit
