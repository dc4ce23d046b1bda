"""Feed the tensors of one sample together: those of one form are worked through as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from haoline_analysis.runtime.statistics import fast
from haoline_analysis.runtime.statistics.batch import Batch
from haoline_analysis.runtime.statistics.moments import Moments
from haoline_analysis.runtime.statistics.sheets import sheets
from haoline_analysis.runtime.statistics.tensor_statistics import SMALL, TensorStatistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Job = tuple[TensorStatistics, np.ndarray]

_LANES = 16_384  # channels of a group: its sums stay in the cache
_WAITING = 131_072
_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


class Form(NamedTuple):
    """What tensors of one group have in common."""

    shape: tuple[int, ...]
    dtype: np.dtype
    channel_axis: int | None  # from the front

    @property
    def channels(self) -> int:
        """Number of channels, 1 where there are none."""
        return 1 if self.channel_axis is None else self.shape[self.channel_axis]


class Together:
    """Adds the tensors of a sample to their statistics; the figures are those of adding each on its own.

    What costs time per tensor is then spent per group of tensors. Not for several threads at once.
    """

    def __init__(self) -> None:
        """Start without groups; compiled loops are loaded in the background, where there are any."""
        fast.warm_up()
        self._batch: Batch | None = None
        self._groups: dict[tuple[Form, int], _Group] = {}
        self._alone: set[int] = set()  # ids of statistics whose tensors have NaN, infinities or huge values

    def add(self, jobs: Iterable[Job]) -> None:
        """Take in one sample; arrays may be overwritten afterwards.

        Raises:
            StatisticsError: if elements are no real numbers or truth values.
        """
        left = self._batched([(statistics, np.asarray(array)) for statistics, array in jobs])
        forms: dict[Form, list[Job]] = {}
        for statistics, array in left:
            form = None if id(statistics) in self._alone else _form(statistics, array)
            if form is None:
                statistics.add(array)
            else:
                forms.setdefault(form, []).append((statistics, array))
        used = [self._add_alike(form, alike) for form, alike in forms.items()]
        self._keep({key for keys in used for key in keys})

    def _batched(self, jobs: list[Job]) -> list[Job]:
        """Add what compiled loops can, once they are there; what is left."""
        if fast.kernel.found is None:
            return jobs
        if self._batch is None or not self._batch.holds(jobs):
            if self._batch is not None:
                self._batch.dissolve()
            self._batch = Batch(fast.kernel.found, jobs)
        return self._batch.add(jobs)

    def _add_alike(self, form: Form, jobs: list[Job]) -> list[tuple[Form, int]]:
        """Add tensors of one form in groups whose sums stay in the cache; the groups' keys."""
        most = max(2, _LANES // form.channels)
        keys = [(form, start) for start in range(0, len(jobs), most)]
        for key in keys:
            some = jobs[key[1] : key[1] + most]
            members = [statistics for statistics, _ in some]
            group = self._groups.get(key)
            if group is None or group.members != members:
                if group is not None:
                    group.dissolve()
                group = self._groups[key] = _Group(form, members)
            odd = group.add([array for _, array in some])
            if odd is not None:
                self._part(key, some, odd)
        return keys

    def _part(self, key: tuple[Form, int], jobs: list[Job], odd: int) -> None:
        """Add each on its own, this time all, from now on the odd one; the group forms anew without it."""
        self._groups.pop(key).dissolve()
        self._alone.add(id(jobs[odd][0]))
        for statistics, array in jobs:
            statistics.add(array)

    def _keep(self, keys: set[tuple[Form, int]]) -> None:
        """Give up the groups of other samples' shapes."""
        for key in self._groups.keys() - keys:
            self._groups.pop(key).dissolve()


def _form(statistics: TensorStatistics, array: np.ndarray) -> Form | None:
    """The form by which an array is grouped; None where it is better added alone."""
    if array.size <= SMALL or array.dtype not in _FLOATS or not array.flags.c_contiguous:
        return None
    axis = statistics.channel_axis
    if axis is not None and not -array.ndim <= axis < array.ndim:
        return None
    return Form(array.shape, array.dtype, None if axis is None else axis % array.ndim)


class _Group:
    """Counts for its members until somebody asks one of them."""

    def __init__(self, form: Form, members: list[TensorStatistics]) -> None:
        self.form, self.members = form, members
        self._samples = 0
        self._moments = Moments(form.channels * len(members), _WAITING)
        for member in members:
            if member.pending is not None:
                member.pending()
            member.pending = self.hand_over

    def add(self, arrays: Sequence[np.ndarray]) -> int | None:
        """Take in one array a member; or nothing, and tell the number of an array that wants a careful look."""
        found = []
        for alike in zip(*(sheets(array, self.form.channel_axis) for array in arrays), strict=True):
            one = self._moments.summarise(alike)
            if isinstance(one, int):
                return one
            found.append(one)
        for one in found:
            self._moments.take(one)
        self._samples += 1
        self._draw(arrays)
        return None

    def _draw(self, arrays: Sequence[np.ndarray]) -> None:
        """Draw at the same places of all arrays where their subsamples are equally dense."""
        places: dict[int, np.ndarray] = {}
        for member, array in zip(self.members, arrays, strict=True):
            reservoir = member.reservoir
            reservoir.make_room(array.size)
            if reservoir.stride not in places and reservoir.stride > 1:
                places[reservoir.stride] = reservoir.places(array.size)
            flat = array.reshape(-1)
            reservoir.keep(flat.copy() if reservoir.stride == 1 else flat.take(places[reservoir.stride]))

    def hand_over(self) -> None:
        """Give the members what was counted for them."""
        if not self._samples:
            return
        samples, known, channels = self._samples, self._moments.known(), self.form.channels
        self._samples, self._moments = 0, Moments(self._moments.channels, _WAITING)
        elements = samples * int(np.prod(self.form.shape))
        for index, member in enumerate(self.members):
            part = known.part(slice(index * channels, (index + 1) * channels))
            member.absorb(samples, elements, part, self.form.dtype)

    def dissolve(self) -> None:
        """Give the members what was counted for them, and let go of them."""
        self.hand_over()
        for member in self.members:
            if member.pending == self.hand_over:
                member.pending = None
