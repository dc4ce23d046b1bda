"""Where samples come from: small picklable objects that make a sample when it is asked for."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from haoline_analysis.runtime.samples.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.runtime.samples.sample import Sample


class Source(Protocol):
    """A sized sequence of samples whose feeds nobody has checked yet."""

    def __len__(self) -> int:
        """Number of samples."""

    def sample(self, index: int) -> Sample:
        """Make sample ``index``, which lies in range.

        Raises:
            ModelError: if it cannot be read or does not fit.
        """

    def label(self, index: int) -> str:
        """What sample ``index`` is called, told without making it; "" where it has no name."""

    def part(self, start: int, stop: int) -> Source:
        """The samples ``start:stop`` alone, holding no more data than they need."""


class Only:
    """One sample that is already there."""

    def __init__(self, sample: Sample) -> None:
        """Hold ``sample``."""
        self._sample = sample

    def __len__(self) -> int:
        """One."""
        return 1

    def sample(self, index: int) -> Sample:  # noqa: ARG002
        """That one."""
        return self._sample

    def label(self, index: int) -> str:  # noqa: ARG002
        """What a sample is called."""
        return self._sample.label

    def part(self, start: int, stop: int) -> Source:  # noqa: ARG002
        """Itself."""
        return self


class Chain:
    """Sources one after the other."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Chain ``sources``."""
        self.sources = list(sources)
        self._ends = list(accumulate(map(len, self.sources)))

    @property
    def taken_apart(self) -> str:
        """A note about the first array of several samples in it, "" where there is none."""
        return next((note for each in self.sources if (note := getattr(each, "taken_apart", ""))), "")

    def __len__(self) -> int:
        """Their lengths together."""
        return self._ends[-1] if self._ends else 0

    def sample(self, index: int) -> Sample:
        """A sample of the source that ``index`` falls into."""
        at = bisect_right(self._ends, index)
        return self.sources[at].sample(index - self._start(at))

    def label(self, index: int) -> str:
        """What the source that ``index`` falls into calls it."""
        at = bisect_right(self._ends, index)
        return self.sources[at].label(index - self._start(at))

    def part(self, start: int, stop: int) -> Source:
        """The sources that overlap ``start:stop``, the outer ones cut."""
        pieces = []
        for at in range(bisect_right(self._ends, start), len(self.sources)):
            first = self._start(at)
            if first >= stop:
                break
            source = self.sources[at]
            pieces.append(source.part(max(0, start - first), min(len(source), stop - first)))
        return Chain(pieces)

    def _start(self, at: int) -> int:
        return self._ends[at - 1] if at else 0


class Grouped:
    """Batches of samples that are run at a time."""

    def __init__(self, source: Source, size: int, *, fill: bool = True) -> None:
        """Join each ``size`` samples of ``source``; to ``fill`` the last batch its last sample is repeated."""
        self._source = source
        self._size = size
        self._fill = fill

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self._source) // self._size)

    def sample(self, index: int) -> Sample:
        """One batch: feeds joined along axis 0, the picture and tokens of its first sample."""
        each = [self._source.sample(at) for at in self._members(index)]
        feeds = {name: self._join(name, each) for name in each[0].feeds}
        return each[0].fed(feeds, self.label(index))

    def label(self, index: int) -> str:
        """``first … last``."""
        members = self._members(index)
        return " … ".join(dict.fromkeys([self._source.label(members[0]), self._source.label(members[-1])]))

    def part(self, start: int, stop: int) -> Source:
        """Whole batches ``start:stop``."""
        members = self._source.part(start * self._size, min(stop * self._size, len(self._source)))
        return Grouped(members, self._size, fill=self._fill)

    def _members(self, index: int) -> list[int]:
        first, last = index * self._size, len(self._source) - 1
        if not self._fill:
            return list(range(first, min(first + self._size, last + 1)))
        return [min(first + i, last) for i in range(self._size)]

    def _join(self, name: str, samples: Sequence[Sample]) -> Any:
        arrays = [np.asarray(sample.feeds[name]) for sample in samples]
        if arrays[0].ndim == 0:
            return arrays[0]
        try:
            return np.concatenate(arrays)
        except ValueError as error:
            shapes = ", ".join(dict.fromkeys(str(array.shape) for array in arrays))
            raise InputError(f"a batch of {self._size} needs samples of one shape, got {shapes}") from error
