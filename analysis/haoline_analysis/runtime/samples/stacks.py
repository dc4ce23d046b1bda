"""Named arrays whose leading axes count samples."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.samples.check import as_array, fits, lacks_batch, refuse_unknown
from haoline_analysis.runtime.samples.errors import InputError
from haoline_analysis.runtime.samples.npy import NpyFile
from haoline_analysis.runtime.samples.sample import Sample
from haoline_analysis.shapes.roles import BATCH, role_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from haoline_analysis.runtime.samples.ports import Port
    from haoline_analysis.runtime.samples.sources import Source


def batch_axes(ports: Sequence[Port]) -> dict[str, int]:
    """The axis of each port that counts samples; ports without one, such as a scalar, are absent."""
    symbol = _batch_symbol(ports)
    if symbol is not None:
        return {port.name: port.shape.index(symbol) for port in ports if port.shape and symbol in port.shape}
    ranked = {port.name: port.shape[0] for port in ports if port.shape and len(port.shape) > 1}
    unnamed = {name: 0 for name, dim in ranked.items() if dim in (None, "")}
    fixed = {dim for dim in ranked.values() if isinstance(dim, int)}
    return unnamed or (dict.fromkeys(ranked, 0) if len(fixed) == 1 else {})


def _batch_symbol(ports: Sequence[Port]) -> str | None:
    for port in ports:
        shape = port.shape or ()
        if shape and isinstance(shape[0], str) and role_of_name(shape[0], len(shape)) is BATCH:
            return shape[0]
    made_up = [port.shape[0] for port in ports if port.shape and len(port.shape) > 1 and isinstance(port.shape[0], str)]
    return made_up[0] if made_up and role_of_name(made_up[0], 2) is None else None


def fixed_batch(ports: Sequence[Port]) -> int:
    """The number of samples that the model demands at a time: 1 where that is open."""
    axes = batch_axes(ports)
    sizes = [port.shape[axes[port.name]] for port in ports if port.shape and port.name in axes]
    return next((size for size in sizes if isinstance(size, int)), 1)


class Stack:
    """Arrays by input name, taken apart along their batch axes into samples of the model's batch size."""

    def __init__(
        self,
        arrays: Mapping[str, Any],
        ports: Sequence[Port],
        label: str = "sample {}",
        tokens: Callable[[Mapping[str, np.ndarray]], tuple[str, ...] | None] | None = None,
        *,
        whole: bool = False,
    ) -> None:
        """Hold ``arrays`` (anything with a shape that numpy slices) as samples, or ``whole`` as one.

        ``label`` may hold a place for the number of the sample; ``tokens`` finds words for feeds.

        Raises:
            InputError: if a name is unknown, or the arrays disagree about the number of samples.
        """
        refuse_unknown(arrays, ports)
        by_name = {port.name: port for port in ports}
        self._arrays = {
            name: array if hasattr(array, "shape") and hasattr(array, "ndim") else as_array(array, by_name[name])
            for name, array in arrays.items()
        }
        self._notes = tuple(note for port in ports if (note := self._add_channels(port)))
        self._batch = max(1, fixed_batch(ports))
        self._label = label
        self._axes = {} if whole else self._sample_axes(ports)
        self._count, self._first = self._counted(), 0
        self._numbered = self._count > 1 and "{}" not in label
        self._tokens = tokens

    @property
    def taken_apart(self) -> str:
        """A note about the axis that became samples; "" where there is one sample."""
        if len(self) < 2 or not self._axes:
            return ""
        each = "" if self._batch == 1 else f" of {self._batch}"
        return f"the leading axis of {self._rows():,} was taken apart into {len(self):,} samples{each}"

    def __len__(self) -> int:
        """Number of samples."""
        return self._count

    def sample(self, index: int) -> Sample:
        """One batch of rows, read from a file if that is where they are."""
        feeds = {name: np.asarray(self._rows_of(name, array, index)) for name, array in self._arrays.items()}
        words = self._tokens(feeds) if self._tokens else None
        return Sample(feeds, self.label(index), tokens=words, notes=self._notes)

    def label(self, index: int) -> str:
        """Its number, in the label's place for it."""
        number = self._first + index
        return self._label.replace("{}", str(number)) + (f" [{number}]" if self._numbered else "")

    def part(self, start: int, stop: int) -> Source:
        """The rows of ``start:stop`` alone, so that a pickled piece carries no others."""
        rows = slice(start * self._batch, stop * self._batch)
        arrays = {name: self._narrow(name, array, rows) for name, array in self._arrays.items()}
        piece = copy(self)
        piece.__dict__.update(_arrays=arrays, _count=stop - start, _first=self._first + start)
        return piece

    def _add_channels(self, port: Port) -> str:
        """Give grey pictures (H×W, or N of them) the channel axis of 1 that their input has."""
        array, shape = self._arrays.get(port.name), port.shape or ()
        if not isinstance(array, np.ndarray) or len(shape) != 4 or shape[1] != 1 or lacks_batch(array.shape, shape):
            return ""
        if array.ndim not in (2, 3) or not fits(array.shape[-2:], shape[-2:]):
            return ""
        self._arrays[port.name] = array[None, None] if array.ndim == 2 else array[:, None]
        return f"input {port.name!r}: a channel axis of 1 was added"

    def _sample_axes(self, ports: Sequence[Port]) -> dict[str, int]:
        """Batch axes of the arrays that have one."""
        axes = batch_axes(ports)
        found = {}
        for port in ports:
            array = self._arrays.get(port.name)
            if array is None or port.name not in axes or port.shape is None:
                continue
            if array.ndim == len(port.shape) and not (axes[port.name] == 0 and lacks_batch(array.shape, port.shape)):
                found[port.name] = axes[port.name]
        return found

    def _rows(self) -> int:
        return max((self._arrays[name].shape[axis] for name, axis in self._axes.items()), default=1)

    def _counted(self) -> int:
        rows = {name: self._arrays[name].shape[axis] for name, axis in self._axes.items()}
        if len(set(rows.values())) > 1:
            raise InputError("the arrays disagree about the number of samples: " + _told(rows))
        count = next(iter(rows.values()), self._batch)
        if count % self._batch:
            raise InputError(f"the model takes {self._batch} samples at a time, {count} rows do not divide into that")
        if rows and not count:
            raise InputError(f"there are no samples: {_told(rows)}")
        return count // self._batch

    def _rows_of(self, name: str, array: Any, index: int) -> Any:
        return self._cut(name, array, slice(index * self._batch, (index + 1) * self._batch))

    def _narrow(self, name: str, array: Any, rows: slice) -> Any:
        """A file on disk stays one: it is told its rows, not read."""
        axis = self._axes.get(name)
        if axis is None or not isinstance(array, NpyFile):
            return array if axis is None else self._cut(name, array, rows)
        return array.narrowed(axis, rows)

    def _cut(self, name: str, array: Any, rows: slice) -> Any:
        axis = self._axes.get(name)
        return array[()] if axis is None else array[(slice(None),) * axis + (rows,)]


def _told(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{name!r} has {count:,}" for name, count in rows.items())
