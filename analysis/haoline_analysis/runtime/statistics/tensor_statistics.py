"""Running statistics of one tensor over any number of samples, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from haoline_analysis.runtime.statistics.channels import channel_arrays, channel_summary
from haoline_analysis.runtime.statistics.elements import check_dtype, limits
from haoline_analysis.runtime.statistics.histogram import Histogram, histogram_of
from haoline_analysis.runtime.statistics.moments import Moments
from haoline_analysis.runtime.statistics.quantiles import quantile_columns, sorted_finite
from haoline_analysis.runtime.statistics.reservoir import Reservoir
from haoline_analysis.runtime.statistics.sheets import sheets

if TYPE_CHECKING:
    from collections.abc import Callable

    from haoline_analysis.runtime.statistics.sums import Exact

SMALL = 4096
"""Arrays of no more elements are held back and worked through together."""

_HELD = 16_384  # elements held back before they are worked through
_HELD_ARRAYS = 512


class TensorStatistics:
    """Statistics of a tensor, fed one sample at a time; can be pickled and merged.

    Figures other than ``count``, ``nan`` and ``inf`` are those of the finite elements. Means are exact to about 1e-6 of
    the mean magnitude, deviations to about 1e-5 of themselves (float32 sums of at most 8,192 elements, joined in
    float64, about the mean where squares would cancel); the rest is exact, except quantiles and histogram beyond
    16,384 elements, which rest on a uniform random subsample
    (:class:`~haoline_analysis.runtime.statistics.reservoir.Reservoir` states its error).
    """

    def __init__(self, channel_axis: int | None = None, seed: int = 0) -> None:
        """Expect channels along ``channel_axis`` (from the end if negative); merged parts want different seeds."""
        self._samples = 0
        self.channels_lost = False
        """Whether a sample came whose channels do not fit: its rank or their number is another."""
        self._channel_axis = channel_axis
        self._dtype: np.dtype | None = None
        self._count = 0
        self._saturated = 0
        self._moments: Moments | None = None
        self._told: tuple[Exact, dict[str, np.ndarray]] | None = None
        self._reservoir = Reservoir(seed)
        self.pending: Callable[[], None] | None = None
        """Hands over what somebody else counted for this tensor (see ``Together``)."""
        self._held: list[np.ndarray] = []
        self._held_elements = 0

    def add(self, array: np.ndarray) -> None:
        """Take in one sample of the tensor; the array may be overwritten afterwards.

        Raises:
            StatisticsError: if the elements are no real numbers or truth values.
        """
        array = np.asarray(array)
        check_dtype(array.dtype)
        self._samples += 1
        self._count += array.size
        self._dtype = array.dtype
        if array.size > SMALL:
            self._take(array, self._channel_axis)
            return
        self._held.append(array.copy())
        self._held_elements += array.size
        if self._held_elements >= _HELD or len(self._held) == _HELD_ARRAYS:
            self._release()

    @property
    def samples(self) -> int:
        """Samples taken in."""
        self._release()
        return self._samples

    @property
    def channel_axis(self) -> int | None:
        """Where channels are expected; None if nowhere, or no more."""
        return self._channel_axis

    @property
    def reservoir(self) -> Reservoir:
        """The subsample, for those who count elsewhere."""
        return self._reservoir

    def absorb(self, samples: int, elements: int, known: Exact, dtype: np.dtype) -> None:
        """Take in what was counted elsewhere, but for the subsample: finite elements below the limits of the type."""
        self._samples += samples
        self._count += elements
        self._dtype = dtype
        moments = Moments.of(known)
        if self._moments is None:
            self._moments = moments if self._channel_axis is not None else moments.collapse()
        else:
            self._moments_of(moments.channels).merge(self._fitting(moments))

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the tie to whoever else counts for this tensor."""
        self._release()
        return self.__dict__ | {"pending": None, "_told": None}

    def merge(self, other: TensorStatistics) -> None:
        """Take in the statistics of other samples of the same tensor."""
        self._release()
        other._release()
        self._samples += other.samples
        self._count += other._count
        self._saturated += other._saturated
        self._dtype = self._dtype or other._dtype
        self._reservoir.merge(other._reservoir)
        if other.channels_lost:
            self._lose_channels()
        if other._moments is not None:
            self._moments_of(other._moments.channels).merge(self._fitting(other._moments))

    def row(self) -> dict[str, Any]:
        """The tensor's statistics by column name; NaN or None where unknown."""
        self._release()
        whole = (self._moments or Moments(1)).collapse()
        total = whole.known()
        finite, zeros = int(total.count[0]), int(total.zeros[0])
        some = finite > 0
        low, high = (float(total.low[0]), float(total.high[0])) if some else (np.nan, np.nan)
        return {
            "samples": self._samples,
            "count": self._count,
            "min": low,
            "max": high,
            "mean": float(total.mean[0]) if some else np.nan,
            "std": float(np.sqrt(total.spread[0] / finite)) if some else np.nan,
            **quantile_columns(self._sorted(), low, high),
            "quantiles": "exact" if self._reservoir.stride == 1 else "sampled",
            "zeros": zeros,
            "sparsity": zeros / finite if some else np.nan,
            "nan": whole.nan,
            "inf": whole.inf,
            "saturation": self._saturated / finite if some and self._has_limits() else np.nan,
            **channel_summary(self._of_channels()),
        }

    def channels(self) -> dict[str, np.ndarray] | None:
        """Arrays [channels] of min, max, mean, std, sparsity, dead and outlier; None where there are no channels."""
        self._release()
        told = self._of_channels()
        return None if told is None else dict(told)

    def histogram(self) -> Histogram:
        """How often which magnitudes come, by sign."""
        self._release()
        total = (self._moments or Moments(1)).collapse().known()
        return histogram_of(
            self._sorted(),
            low=float(total.low[0]),
            high=float(total.high[0]),
            finite=int(total.count[0]),
            zeros=int(total.zeros[0]),
            sampled=self._reservoir.stride > 1,
        )

    @property
    def drawn(self) -> int:
        """Elements on which quantiles and histogram rest."""
        self._release()
        return len(self._reservoir)

    def _of_channels(self) -> dict[str, np.ndarray] | None:
        """The arrays, made once until more is known."""
        if self._channel_axis is None or self._moments is None:
            return None
        known = self._moments.known()
        if self._told is None or self._told[0] is not known:
            self._told = known, channel_arrays(known, self._count)
        return self._told[1]

    def _sorted(self) -> np.ndarray:
        return sorted_finite(self._reservoir.values())

    def _has_limits(self) -> bool:
        return self._dtype is not None and limits(self._dtype) is not None

    def _release(self) -> None:
        """Work through what was held back, arrays of one shape together; take in what others counted."""
        if self.pending is not None:
            self.pending()
        held, self._held, self._held_elements = self._held, [], 0
        start = 0
        for stop in range(1, len(held) + 1):
            if stop == len(held) or held[stop].shape != held[start].shape or held[stop].dtype != held[start].dtype:
                self._take_alike(held[start:stop])
                start = stop

    def _take_alike(self, arrays: list[np.ndarray]) -> None:
        axis = self._channel_axis
        if axis is not None and not -arrays[0].ndim <= axis < arrays[0].ndim:
            self._lose_channels()
            axis = None
        self._take(np.stack(arrays), axis + 1 if axis is not None and axis >= 0 else axis)

    def _take(self, array: np.ndarray, axis: int | None) -> None:
        if self._channel_axis is None or (axis is not None and not -array.ndim <= axis < array.ndim):
            self._lose_channels()
            axis = None
        if not array.size:
            return
        axis = None if axis is None else axis % array.ndim
        moments = self._moments_of(1 if axis is None else array.shape[axis])
        axis = None if self._channel_axis is None else axis
        array = np.ascontiguousarray(array)
        for sheet in sheets(array, axis):
            low, high = moments.add(sheet)
            self._count_saturated(sheet.values, low, high)
        self._reservoir.add(array.reshape(-1))  # last: it jumps about, and now the elements are in the cache

    def _moments_of(self, channels: int) -> Moments:
        """The running moments, which give up their channels where the number is another now."""
        if self._moments is None:
            self._moments = Moments(channels)
        elif self._moments.channels != channels:
            self._lose_channels()
        return self._moments

    def _fitting(self, moments: Moments) -> Moments:
        return moments if self._moments is None or self._moments.channels == moments.channels else moments.collapse()

    def _lose_channels(self) -> None:
        self.channels_lost = self.channels_lost or self._channel_axis is not None
        self._channel_axis = None
        if self._moments is not None and self._moments.channels > 1:
            self._moments = self._moments.collapse()

    def _count_saturated(self, values: np.ndarray, low: float, high: float) -> None:
        bounds = None if self._dtype is None else limits(values.dtype)
        if bounds is None or (low > bounds[0] and high < bounds[1]):
            return
        for bound, reached in zip(bounds, (low <= bounds[0], high >= bounds[1]), strict=True):
            if reached:
                self._saturated += int(np.count_nonzero(values == values.dtype.type(bound)))
