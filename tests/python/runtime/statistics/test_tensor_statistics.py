"""What running statistics say where numpy is no yardstick: subsamples, saturation, odd samples, refusals."""

from __future__ import annotations

import pickle
import sys

import ml_dtypes
import numpy as np
import pytest
from reference import check_channels, check_row, hard_data

from haoline_analysis.errors import ModelError
from haoline_analysis.runtime.statistics import TensorStatistics, Together, fast

pytestmark = pytest.mark.usefixtures("loops")

COLUMNS = """
    samples count min max mean std q001 q01 q25 q50 q75 q99 q999 effective_range quantiles zeros sparsity nan inf
    saturation channels dead_channels outlier_channels outlier_ratio
"""
SHARES = {"q001": 0.001, "q01": 0.01, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q99": 0.99, "q999": 0.999}


def collected(arrays, axis=None, seed=0):
    statistics = TensorStatistics(axis, seed)
    together = Together()
    for array in arrays:
        if fast.kernel.found is None:
            statistics.add(array)
        else:
            together.add([(statistics, array)])
    return statistics


def test_row_has_the_columns_of_the_report():
    row = collected([np.ones((1, 4), np.float32)], 1).row()
    assert list(row) == COLUMNS.split()


def test_nothing_added_is_nothing_known():
    statistics = TensorStatistics(1)
    row = statistics.row()
    assert (row["samples"], row["count"], row["channels"], row["dead_channels"]) == (0, 0, None, None)
    assert all(np.isnan(row[name]) for name in ("min", "max", "mean", "std", "q50", "sparsity", "saturation"))
    assert statistics.channels() is None
    assert len(statistics.histogram()) == 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(1, 8, 100, 100), (1, 16, 33, 33)])
def test_sampled_quantiles_keep_their_standard_error(seed, shape):
    """Samples differ, so that a subsample which preferred some would be wrong."""
    random = np.random.default_rng(seed)
    arrays = [(random.standard_normal(shape) * (1 + step) + step).astype(np.float32) for step in range(9)]
    statistics = collected(arrays, 1, seed)
    row, every = statistics.row(), np.sort(np.concatenate([array.reshape(-1) for array in arrays]))
    assert row["quantiles"] == "sampled"
    assert 8_000 < statistics.drawn <= 16_385
    for name, share in SHARES.items():
        below = np.searchsorted(every, row[name]) / len(every)
        assert abs(below - share) <= 4 * np.sqrt(share * (1 - share) / statistics.drawn), name


@pytest.mark.parametrize("seed", range(3))
def test_merged_subsamples_weigh_their_parts_by_elements(seed):
    """One part has 40 times the elements of the other, which holds other values."""
    many = collected([np.full((1, 1, 400, 400), 1, np.float32)] * 2, 1, seed)
    few = collected([np.full((1, 1, 100, 80), 5, np.float32)], 1, seed + 100)
    for first, second in ((many, few), (few, many)):
        merged = pickle.loads(pickle.dumps(first))
        merged.merge(second)
        bins = merged.histogram()
        assert merged.row()["quantiles"] == "sampled"
        fives = bins.count[bins.high == 5].sum()
        share, drawn = 8_000 / 328_000, merged.drawn
        assert abs(fives / 328_000 - share) <= 4 * np.sqrt(share * (1 - share) / drawn)


def test_same_seed_same_subsample():
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((1, 8, 90, 90)).astype(np.float32) for _ in range(3)]
    assert collected(arrays, 1, 7).row() == collected(arrays, 1, 7).row()
    assert collected(arrays, 1, 7).row() != collected(arrays, 1, 8).row()


def test_memory_does_not_grow_with_samples():
    statistics, sizes = TensorStatistics(1), []
    array = np.random.default_rng(0).standard_normal((1, 64, 20, 20)).astype(np.float32)
    for count in (20, 200):
        for _ in range(count):
            statistics.add(array)
        statistics.row()
        sizes.append(len(pickle.dumps(statistics)))
    assert sizes[1] < 1.1 * sizes[0] < 120_000


def test_held_back_arrays_may_be_overwritten():
    buffer = np.zeros((1, 4), np.float32)
    statistics = TensorStatistics(1)
    for step in range(3):
        buffer[:] = step
        statistics.add(buffer)
    assert (statistics.row()["min"], statistics.row()["mean"], statistics.row()["max"]) == (0, 1, 2)


def test_variance_does_not_cancel():
    """A mean of 10,000 with a deviation of 0.01: sums of float32 squares tell nothing."""
    random = np.random.default_rng(0)
    arrays = [(10_000 + 0.01 * random.standard_normal((1, 6, 50, 50))).astype(np.float32) for _ in range(2)]
    statistics = collected(arrays, 1)
    whole = np.concatenate(arrays).astype(np.float64)
    np.testing.assert_allclose(statistics.channels()["std"], whole.std(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(statistics.row()["std"], whole.std(), rtol=1e-6)


def test_mask_values_do_not_spoil_the_rest():
    """Attention masks put the most negative float among scores; squares of it overflow."""
    scores = np.random.default_rng(0).standard_normal((1, 4, 64, 64)).astype(np.float32)
    scores[:, :, :, 60:] = np.finfo(np.float32).min
    row = collected([scores], 1).row()
    whole = scores.astype(np.float64)
    np.testing.assert_allclose((row["mean"], row["std"]), (whole.mean(), whole.std()), rtol=1e-9)
    assert (row["nan"], row["inf"], row["saturation"]) == (0, 0, 4 / 64)


@pytest.mark.parametrize(
    ("dtype", "values", "share"),
    [
        (np.int8, [-128, 127, 127, 3], 0.75),
        (np.uint8, [0, 255, 7, 8], 0.5),
        (np.int64, [2**63 - 1, 2**63 - 2, 0, 0], 0.25),
        (np.uint64, [2**64 - 1, 1, 1, 1], 0.25),
        (np.float16, [65504, -65504, np.inf, 1], 2 / 3),
        (ml_dtypes.bfloat16, [float(ml_dtypes.finfo(ml_dtypes.bfloat16).max), 0, 1, 2], 0.25),
        (ml_dtypes.float8_e4m3fn, [448, -448, 0, 0], 0.5),
        (ml_dtypes.int4, [-8, 7, 7, 0], 0.75),
        (np.float32, [3.4028235e38, 1, 1, np.nan], 1 / 3),
        (np.float32, [1e38, 1, 1, 1], 0),
    ],
)
@pytest.mark.parametrize("copies", [1, 5000])
def test_saturation_is_the_share_at_the_limits_of_the_type(dtype, values, share, copies):
    row = collected([np.array(values * copies, dtype).reshape(copies, 4)]).row()
    assert row["saturation"] == pytest.approx(share)


@pytest.mark.parametrize("copies", [1, 2500])
def test_the_largest_doubles_are_taken_quietly(copies):
    values = np.array([[-1.7e308, 1.7e308, 5e-324, 0]] * copies)
    statistics = collected([values] * 2, 1)
    row, bins = statistics.row(), statistics.histogram()
    assert (row["min"], row["max"], row["zeros"], row["nan"], row["inf"]) == (-1.7e308, 1.7e308, 2 * copies, 0, 0)
    assert statistics.channels()["max"].tolist() == [-1.7e308, 1.7e308, 5e-324, 0]
    assert (bins.low[0], bins.high[-1], bins.count.sum()) == (-1.7e308, 1.7e308, 8 * copies)


def test_truth_values_do_not_saturate():
    row = collected([np.array([True, False, True])]).row()
    assert np.isnan(row["saturation"])
    assert (row["mean"], row["zeros"]) == (pytest.approx(2 / 3), 1)


def test_dead_is_zero_on_every_sample():
    first, second = np.ones((2, 1, 3, 40, 40), np.float32)
    first[:, :2] = 0
    second[:, 1:] = -0.0
    statistics = collected([first, second], 1)
    assert statistics.channels()["dead"].tolist() == [False, True, False]
    assert statistics.row()["dead_channels"] == 1


def test_a_channel_of_zeros_and_nan_is_not_dead():
    array = np.zeros((1, 2, 70, 70), np.float32)
    array[0, 0, 0, 0] = np.nan
    statistics = collected([array], 1)
    assert statistics.channels()["dead"].tolist() == [False, True]
    assert statistics.row()["nan"] == 1


def test_outlier_is_far_beyond_the_median_channel():
    array = np.ones((1, 30, 8), np.float32)
    array[..., 3] = -20
    statistics = collected([array], -1)
    assert statistics.channels()["outlier"].tolist() == [channel == 3 for channel in range(8)]
    row = statistics.row()
    assert (row["outlier_channels"], row["outlier_ratio"]) == (1, 20)


def test_effective_range_is_small_where_few_elements_stretch_it():
    values = np.random.default_rng(0).uniform(-1, 1, 10_000).astype(np.float32)
    values[0] = 199
    row = collected([values]).row()
    assert row["effective_range"] == pytest.approx(2 / 200, rel=0.01)


def test_a_changing_number_of_channels_gives_them_up():
    small = [np.full((1, 3, 5), 2, np.float32), np.full((1, 4, 5), 3, np.float32)]
    large = [np.full((1, 3, 5000), 2, np.float32), np.full((1, 4, 5000), 3, np.float32)]
    for arrays in (small, large):
        statistics = collected(arrays, 1)
        row = statistics.row()
        assert statistics.channels_lost
        assert statistics.channels() is None
        assert (row["channels"], row["min"], row["max"]) == (None, 2, 3)
        assert row["mean"] == pytest.approx(18 / 7)


def test_a_lost_axis_gives_channels_up():
    statistics = collected([np.ones((1, 3, 5000), np.float32), np.float32(4)], 1)
    assert (statistics.row()["count"], statistics.row()["max"], statistics.channels()) == (15_001, 4, None)
    assert statistics.channels_lost


@pytest.mark.parametrize("order", [1, -1])
def test_merging_parts_of_other_channels_gives_them_up(order):
    parts = [collected([np.full((1, count, 50, 50), count, np.float32)], 1) for count in (3, 4)][::order]
    parts[0].merge(parts[1])
    row = parts[0].row()
    assert parts[0].channels_lost
    assert (row["channels"], row["count"], row["min"], row["max"]) == (None, 17_500, 3, 4)
    assert row["mean"] == pytest.approx(25 / 7)


def test_merging_with_an_empty_part_changes_nothing():
    array = np.random.default_rng(0).standard_normal((1, 5, 40, 40)).astype(np.float32)
    full, empty = collected([array], 1), TensorStatistics(1)
    expected = full.row()
    full.merge(TensorStatistics(1))
    empty.merge(collected([array], 1))
    assert full.row() == expected
    assert empty.row() == expected
    assert empty.channels()["mean"].shape == (5,)


def test_views_and_foreign_byte_orders_are_read_as_what_they_are():
    base = np.arange(2 * 90 * 60, dtype=np.float32).reshape(1, 2, 90, 60)
    other = "<f4" if sys.byteorder == "big" else ">f4"
    expected = pytest.approx(collected([base], 1).row(), nan_ok=True)
    assert collected([np.asfortranarray(base)], 1).row() == expected
    assert collected([np.repeat(base, 2, axis=3)[..., ::2]], 1).row() == expected
    assert collected([base.astype(other)], 1).row() == expected


@pytest.mark.parametrize("shape", [(1, 5, 40, 49), (1, 7, 37, 37), (1, 100, 60)])
def test_older_numpy_gives_the_same(monkeypatch, shape):
    """Without the dot products and the bit counts of numpy 2."""
    arrays = [np.maximum(hard_data(shape, np.float32, seed, offset=0.5), 0) for seed in range(2)]
    for name in ("vecdot", "bitwise_count"):
        monkeypatch.delattr(np, name, raising=False)
    statistics = collected(arrays, 1)
    check_row(statistics.row(), arrays)
    check_channels(statistics.channels(), arrays, 1)


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_what_is_no_number_is_refused(array):
    with pytest.raises(ModelError, match="real numbers"):
        TensorStatistics().add(array)
