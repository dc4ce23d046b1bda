"""Running statistics equal numpy's over everything added, whatever is added and however it is cut up."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reference import DTYPES, check_channels, check_row, hard_data, lined_up

from haoline_analysis.runtime.statistics import TensorStatistics, Together, fast

pytestmark = pytest.mark.usefixtures("loops")

# Shapes on both sides of every way of cutting: held back, short and long rows, wide and narrow columns, tails.
SHAPES = [
    ((1, 8, 3, 3), 1),
    ((2, 70, 9, 9), 1),
    ((1, 20, 40, 40), 1),
    ((1, 3, 97, 103), 1),
    ((1, 130, 50), -1),
    ((1, 301, 17), 2),
    ((2, 5, 4100), 1),
    ((300, 2, 11), 1),
    ((1, 2, 60, 70), 1),
    ((9000,), None),
    ((1, 130, 50), None),
    ((5, 1000), 1),
    ((6000, 1), 1),
    ((1, 1, 9000), 1),
]


def collected(arrays, axis, seed=0):
    statistics = TensorStatistics(axis, seed)
    together = Together()
    for array in arrays:
        if fast.kernel.found is None:
            statistics.add(array)
        else:
            together.add([(statistics, array)])
    return statistics


@st.composite
def small_samples(draw):
    """Anything hypothesis thinks of, arrays of one rank that may differ in their other axes."""
    dtype = draw(st.sampled_from([np.float32, np.float64, np.float16, np.int8, np.uint8, np.int64, np.bool_]))
    rank = draw(st.integers(0, 3))
    axis = draw(st.none() | st.integers(-rank, rank - 1)) if rank else None
    channels = draw(st.integers(0, 4))
    elements = None
    if dtype is np.float64:
        elements = st.floats(-1e100, 1e100) | st.sampled_from([np.nan, np.inf, -np.inf])
    if dtype is np.int64:
        elements = st.integers(-(2**53), 2**53)
    arrays = []
    for _ in range(draw(st.integers(1, 4))):
        shape = [draw(st.integers(0, 4)) for _ in range(rank)]
        if axis is not None:
            shape[axis] = channels
        arrays.append(draw(hnp.arrays(dtype, tuple(shape), elements=elements)))
    return arrays, axis


@given(small_samples())
@settings(max_examples=400, deadline=None)
def test_small_arrays_as_numpy(samples):
    arrays, axis = samples
    statistics = collected(arrays, axis)
    row, channels = statistics.row(), statistics.channels()
    check_row(row, arrays)
    assert row["quantiles"] == "exact"
    if axis is None or not sum(array.size for array in arrays):
        assert channels is None
    else:
        check_channels(channels, arrays, axis)
        assert row["dead_channels"] == channels["dead"].sum()


@dataclass(frozen=True)
class Large:
    """Arrays that are worked through at once, with offsets that make variances cancel and squares overflow."""

    form: tuple
    dtype: str
    exponent: int
    away: float
    zeros: float
    lost: float
    seeds: list

    def made(self):
        shape, axis = self.form
        scale = 10.0**self.exponent
        across = [1] * len(shape)
        wide = across[axis or 0] = shape[axis] if axis is not None else 1
        offset = scale * self.away * np.linspace(-1, 1, wide + 1)[1:].reshape(across)
        wanted = {"scale": scale, "offset": offset, "zeros": self.zeros, "lost": self.lost}
        return [hard_data(shape, DTYPES[self.dtype], seed, **wanted) for seed in self.seeds], axis


@st.composite
def large_samples(draw):
    dtype = draw(st.sampled_from(list(DTYPES)))
    return Large(
        draw(st.sampled_from(SHAPES)),
        dtype,
        draw(st.integers(-35, 35) if dtype in ("float32", "float64", "bfloat16") else st.integers(-1, 2)),
        draw(st.sampled_from([0, 1, 5, 1000, 1e6])),
        draw(st.sampled_from([0, 0.001, 0.5, 1])),
        draw(st.sampled_from([0, 0, 0.001, 0.5, 1])),
        draw(st.lists(st.integers(0, 1000), min_size=1, max_size=3)),
    )


@given(large_samples())
@settings(max_examples=250, deadline=None)
def test_large_arrays_as_numpy(samples):
    arrays, axis = samples.made()
    statistics = collected(arrays, axis)
    check_row(statistics.row(), arrays)
    if axis is not None:
        check_channels(statistics.channels(), arrays, axis)


@given(large_samples(), st.data())
@settings(max_examples=60, deadline=None)
def test_merged_parts_are_one_pass(samples, data):
    arrays, axis = samples.made()
    arrays = [*arrays, *arrays[::-1]]
    cut = data.draw(st.integers(0, len(arrays)))
    first, second = collected(arrays[:cut], axis, seed=1), collected(arrays[cut:], axis, seed=2)
    merged = pickle.loads(pickle.dumps(first))
    merged.merge(pickle.loads(pickle.dumps(second)))
    check_row(merged.row(), arrays)
    one = collected(arrays, axis).row()
    found = merged.row()
    for name in ("count", "min", "max", "zeros", "sparsity", "nan", "inf", "saturation", "channels", "quantiles"):
        assert found[name] == pytest.approx(one[name], nan_ok=True), name
    if axis is not None:
        check_channels(merged.channels(), arrays, axis)


@given(large_samples())
@settings(max_examples=80, deadline=None)
def test_histogram_holds_every_finite_element_once(samples):
    arrays, axis = samples.made()
    statistics = collected(arrays, axis)
    row, bins = statistics.row(), statistics.histogram()
    finite = row["count"] - row["nan"] - row["inf"]
    np.testing.assert_allclose(bins.count.sum(), finite, rtol=1e-9)
    if finite:
        assert bins.low[0] == row["min"] or row["min"] >= 0
        assert bins.high[-1] == row["max"] or row["max"] <= 0
        assert (bins.low <= bins.high).all()
        assert (bins.low[1:] >= bins.high[:-1]).all()
        assert bins.count[(bins.low <= 0) & (bins.high >= 0) & (bins.low == bins.high)].sum() == row["zeros"]


@given(small_samples())
@settings(max_examples=150, deadline=None)
def test_histogram_of_few_elements_is_exact(samples):
    arrays, axis = samples
    bins = collected(arrays, axis).histogram()
    every = lined_up(arrays, None)[0]
    finite = every[np.isfinite(every)]
    for low, high, count in zip(bins.low, bins.high, bins.count, strict=True):
        within = (finite > low) & (finite <= high) if high > 0 else (finite >= low) & (finite < high)
        assert (within if low < high else finite == 0).sum() == count
    assert not bins.sampled
