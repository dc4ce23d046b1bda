"""Which part of a tensor a view asks for: chosen channels, or a plane of two axes; cut out as maps ``[n, H, W]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_MAPS = 4096
MOST_SIDE = 2048
"""Limits on one request: no screen shows more, and the page could ask for anything."""
NO_AXIS = -1


class TileError(ModelError):
    """A part of a tensor that does not exist or cannot be drawn."""


@dataclass(frozen=True)
class Maps:
    """Chosen channels, each a map of the last two other axes."""

    channels: tuple[int, ...]
    size: int
    at: tuple[int, ...] = ()  # index per axis, for the axes that a map does not show

    def cut(self, array: np.ndarray, channel_axis: int | None) -> np.ndarray:
        """The maps ``[n, H, W]`` of a tensor.

        Raises:
            TileError: if the tensor has no channels, or not these.
        """
        if channel_axis is None or array.ndim == 0:
            raise TileError("This tensor has no channel axis: choose two axes of it instead.")
        axis = channel_axis % array.ndim
        _check(self.channels, array.shape[axis], "channel")
        rest = [other for other in range(array.ndim) if other != axis]
        shown = (rest[1:] if axis > 0 else rest)[-2:]
        if array.size == 0 or not self.channels:
            return _nothing(array, len(self.channels))
        cut = array[_index(array.shape, self.at, {axis, *shown})]
        moved = np.moveaxis(cut, sorted({axis, *shown}).index(axis), 0)[list(self.channels)]
        stack = (len(self.channels), *[1] * (2 - len(shown)), *moved.shape[1:])
        return np.reshape(moved, stack)


@dataclass(frozen=True)
class Plane:
    """One map of two axes at an index of the others."""

    rows: int
    columns: int
    at: tuple[int, ...]
    size: int

    def cut(self, array: np.ndarray, _: int | None = None) -> np.ndarray:
        """The map ``[1, H, W]`` of a tensor.

        Raises:
            TileError: if the tensor has no such axes.
        """
        shown = [axis for axis in (self.rows, self.columns) if axis != NO_AXIS]
        if any(not 0 <= axis < array.ndim for axis in shown) or len(set(shown)) < len(shown):
            raise TileError(f"A tensor of {array.ndim} axes has no plane of axes {self.rows} and {self.columns}.")
        if array.size == 0:
            return _nothing(array, 1)
        plane = array[_index(array.shape, self.at, set(shown))]
        if len(shown) == 2 and self.rows > self.columns:
            plane = plane.T
        height = 1 if self.rows == NO_AXIS else array.shape[self.rows]
        width = 1 if self.columns == NO_AXIS else array.shape[self.columns]
        return np.reshape(plane, (1, height, width))


def _nothing(array: np.ndarray, count: int) -> np.ndarray:
    """Maps of a tensor without elements, or none."""
    return np.empty((count, 0, 0), array.dtype)


def _index(shape: Sequence[int], at: Sequence[int], shown: set[int]) -> tuple[Any, ...]:
    """What selects the shown axes whole and one index of every other.

    Raises:
        TileError: if an index lies outside of its axis.
    """
    parts: list[Any] = []
    for axis, length in enumerate(shape):
        if axis in shown:
            parts.append(slice(None))
            continue
        place = at[axis] if axis < len(at) else 0
        _check([place], length, f"axis-{axis} index")
        parts.append(place)
    return tuple(parts)


def _check(places: Sequence[int], length: int, what: str) -> None:
    """Refuse places that are not there.

    Raises:
        TileError: naming the first one.
    """
    for place in places:
        if not 0 <= place < length:
            raise TileError(f"There is no {what} {place}: there are {length}.")


def view_of(asked: Any) -> Maps | Plane:
    """The part of a tensor that a message asks for.

    Raises:
        TileError: if the message is none.
    """
    data = asked if isinstance(asked, dict) else {}
    size = _whole(data.get("size"), "size")
    if not 1 <= size <= MOST_SIDE:
        raise TileError(f"A tile has 1 to {MOST_SIDE} pixels a side, not {size}.")
    at = _wholes(data.get("at", []), "at")
    if data.get("kind") == "maps":
        channels = _wholes(data.get("channels"), "channels")
        if len(channels) > MOST_MAPS:
            raise TileError(f"At most {MOST_MAPS} channels at once, not {len(channels)}.")
        return Maps(channels, size, at)
    if data.get("kind") == "plane":
        return Plane(_whole(data.get("rows"), "rows"), _whole(data.get("columns"), "columns"), at, size)
    raise TileError(f"A view is of kind maps or plane, not {data.get('kind')!r}.")


def _whole(value: Any, name: str) -> int:
    """A whole number of a message.

    Raises:
        TileError: if it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TileError(f"{name} is a whole number, not {value!r}.")
    return value


def _wholes(value: Any, name: str) -> tuple[int, ...]:
    """A list of whole numbers of a message."""
    if not isinstance(value, list):
        raise TileError(f"{name} is a list of whole numbers, not {value!r}.")
    return tuple(_whole(item, name) for item in value)
