"""What a view draws of a tensor, against plain numpy on the whole of it."""

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from haoline_analysis.runtime import tiles
from haoline_analysis.runtime.tiles import NAN, NEGATIVE, POSITIVE, TOP, Maps, Plane, TileError

RNG = np.random.default_rng(4)
ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)
STACKS = hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=7), elements=ANY_FLOAT)


class TestCut:
    @pytest.mark.parametrize(
        ("shape", "axis", "expected"),
        [
            ((1, 6, 4, 5), 1, lambda x: x[0, [4, 0]]),
            ((1, 4, 5, 6), -1, lambda x: np.moveaxis(x[0], -1, 0)[[4, 0]]),
            ((6, 4, 5), 0, lambda x: x[[4, 0]]),
            ((1, 6, 5), 1, lambda x: x[0, [4, 0], None]),
            ((1, 6), 1, lambda x: x[0, [4, 0], None, None]),
            ((6,), 0, lambda x: x[[4, 0], None, None]),
            ((1, 6, 2, 4, 5), 1, lambda x: x[0, [4, 0], 0]),
            ((3, 6, 4, 5), 1, lambda x: x[0, [4, 0]]),
        ],
    )
    def test_channels_in_the_order_asked_for(self, shape, axis, expected):
        array = RNG.normal(size=shape)
        np.testing.assert_array_equal(Maps((4, 0), 64).cut(array, axis), expected(array))

    def test_no_channels_are_no_maps(self):
        assert tiles.tile(Maps((), 8).cut(RNG.normal(size=(1, 3, 4, 4)), 1), 8).codes.shape == (0, 0, 0)

    def test_axes_that_are_not_shown_are_chosen(self):
        array = RNG.normal(size=(2, 3, 4, 5, 6))
        np.testing.assert_array_equal(Maps((1,), 9, (1, 0, 3)).cut(array, 1), array[1, [1], 3])

    @pytest.mark.parametrize(
        ("rows", "columns", "at", "expected"),
        [
            (2, 3, [0, 1], lambda x: x[0, 1]),
            (3, 2, [0, 1], lambda x: x[0, 1].T),
            (1, 3, [0, 9, 2, 9], lambda x: x[0, :, 2]),
            (-1, 3, [0, 2, 1], lambda x: x[0, 2, 1][None]),
            (1, -1, [0, 0, 1, 3], lambda x: x[0, :, 1, 3][:, None]),
            (-1, -1, [0, 1, 2, 3], lambda x: x[0:1, 1, 2, 3][None]),
        ],
    )
    def test_a_plane_of_any_two_axes(self, rows, columns, at, expected):
        array = RNG.normal(size=(1, 3, 4, 5))
        np.testing.assert_array_equal(Plane(rows, columns, tuple(at), 64).cut(array)[0], expected(array))

    def test_a_scalar_is_one_pixel(self):
        assert Plane(-1, -1, (), 8).cut(np.array(3.0)).tolist() == [[[3]]]

    @pytest.mark.parametrize("view", [Maps((0, 1), 8), Plane(1, 2, (0, 0, 0), 8)])
    def test_nothing_is_drawn_of_nothing(self, view):
        made = tiles.tile(view.cut(np.empty((0, 4, 5), np.float32), 1), 8)
        assert made.payload() == b""
        assert set(made.header()["low"]) <= {None}

    @pytest.mark.parametrize(
        ("view", "axis", "words"),
        [
            (Maps((6,), 8), 1, "no channel 6: there are 6"),
            (Maps((-1,), 8), 1, "no channel -1"),
            (Maps((0,), 8), None, "no channel axis"),
            (Maps((0,), 8, (1,)), 1, "no axis-0 index 1: there are 1"),
            (Plane(1, 4, (), 8), None, "4 axes has no plane of axes 1 and 4"),
            (Plane(1, 1, (), 8), None, "no plane of axes 1 and 1"),
            (Plane(-2, 1, (), 8), None, "no plane"),
        ],
    )
    def test_what_is_not_there_is_refused(self, view, axis, words):
        with pytest.raises(TileError, match=words):
            view.cut(np.zeros((1, 6, 4, 5)), axis)


class TestMessages:
    def test_what_a_page_sends(self):
        assert tiles.view_of({"kind": "maps", "channels": [1, 0], "size": 64}) == Maps((1, 0), 64)
        asked = {"kind": "plane", "rows": 2, "columns": -1, "at": [0, 1], "size": 9}
        assert tiles.view_of(asked) == Plane(2, -1, (0, 1), 9)

    @pytest.mark.parametrize(
        "asked",
        [
            None,
            {},
            {"size": 8},
            {"kind": "cube", "size": 8},
            {"kind": "maps", "size": 8},
            {"kind": "maps", "channels": "01", "size": 8},
            {"kind": "maps", "channels": [1.5], "size": 8},
            {"kind": "maps", "channels": [True], "size": 8},
            {"kind": "maps", "channels": [0] * 5000, "size": 8},
            {"kind": "maps", "channels": [0], "size": 10**9},
            {"kind": "maps", "channels": [0], "size": 0},
            {"kind": "plane", "rows": 0, "size": 8},
            {"kind": "plane", "rows": 0, "columns": 1, "at": 3, "size": 8},
        ],
    )
    def test_anything_else_is_refused_in_a_sentence(self, asked):
        with pytest.raises(TileError, match=r"\.$"):
            tiles.view_of(asked)


class TestTile:
    @given(STACKS)
    def test_codes_stand_for_the_values(self, maps):
        made = tiles.tile(maps, 64)
        values, finite = made.values(), np.isfinite(maps)
        np.testing.assert_array_equal(np.isnan(values), np.isnan(maps))
        np.testing.assert_array_equal(values == np.inf, maps == np.inf)
        np.testing.assert_array_equal(values == -np.inf, maps == -np.inf)
        span = np.broadcast_to((made.high - made.low)[:, None, None], maps.shape)[finite]
        off = np.abs(values[finite] - maps[finite].astype(float))
        assert (off <= span / TOP / 2 * 1.001 + 1e-12 * np.abs(maps[finite])).all()

    @given(STACKS)
    def test_figures_are_those_of_the_finite_values(self, maps):
        made = tiles.tile(maps, 2)
        for i, one in enumerate(maps.astype(np.float64)):
            kept = one[np.isfinite(one)]
            figures = [made.low[i], made.high[i], made.mean[i], made.std[i]]
            if kept.size == 0:
                assert all(map(math.isnan, figures))
                continue
            assert figures[:2] == [kept.min(), kept.max()]
            np.testing.assert_allclose(figures[2:], [kept.mean(), kept.std()], rtol=1e-6, atol=1e-30)

    def test_the_ends_of_the_range_and_what_has_no_place_in_it(self):
        made = tiles.tile(np.array([[[-2, 0, 6], [np.nan, np.inf, -np.inf]]], np.float32), 8)
        assert made.codes.dtype == np.uint16
        assert made.codes.tolist() == [[[0, TOP // 4, TOP], [NAN, POSITIVE, NEGATIVE]]]
        head = made.header()
        assert head["low"] == [-2]
        assert (head["shape"], head["full"]) == ([1, 2, 3], [2, 3])
        assert len(made.payload()) == 2 * 6

    def test_a_range_wider_than_float64_does_not_overflow(self):
        made = tiles.tile(np.array([[[-1.7e308, 0, 1.7e308]]]), 8)
        assert made.codes.tolist() == [[[0, TOP // 2, TOP]]]
        assert made.header()["low"] == [-1.7e308]

    def test_a_constant_map_has_one_code(self):
        made = tiles.tile(np.full((2, 3, 3), 7.5, np.float32), 8)
        assert set(made.codes.ravel().tolist()) == {0}
        assert made.values().min() == made.values().max() == 7.5

    @pytest.mark.parametrize(
        "dtype", [np.int8, np.uint8, np.int64, np.bool_, np.float16, np.float64, ml_dtypes.bfloat16, ml_dtypes.int4]
    )
    def test_every_real_type_is_drawn(self, dtype):
        made = tiles.tile(np.array([[[0, 1], [1, 0]]]).astype(dtype), 8)
        assert made.codes.tolist() == [[[0, TOP], [TOP, 0]]]
        assert made.header()["high"] == [1]

    @pytest.mark.parametrize("array", [np.array([[["a"]]], object), np.array([[["a"]]]), np.zeros((1, 1, 1), complex)])
    def test_words_are_not(self, array):
        with pytest.raises(TileError, match="cannot be drawn"):
            tiles.tile(array, 8)

    def test_large_integers_keep_their_differences(self):
        made = tiles.tile(np.array([[[2**31, 2**31 + 1, 2**31 + 2]]], np.int64), 8)
        assert made.codes.tolist() == [[[0, TOP // 2, TOP]]]


class TestPooling:
    @given(STACKS, st.integers(1, 5))
    def test_a_block_is_its_value_of_largest_magnitude(self, maps, size):
        pooled = tiles.pool(maps, size)
        rows, columns = (-(-side // size) if side > size else 1 for side in maps.shape[1:])
        for i, y, x in np.ndindex(pooled.shape):
            block = maps[i, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns]
            if np.isnan(block).any():
                assert np.isnan(pooled[i, y, x])
            else:
                assert pooled[i, y, x] in block
                assert abs(pooled[i, y, x]) == np.abs(block).max()

    def test_no_side_is_longer_than_asked_for(self):
        made = tiles.tile(RNG.normal(size=(2, 300, 7)), 64)
        assert made.codes.shape == (2, 60, 7)
        assert made.full == (300, 7)

    def test_a_lone_peak_survives(self):
        maps = np.zeros((1, 512, 512), np.float32)
        maps[0, 311, 17] = -9
        assert tiles.pool(maps, 32).min() == -9


class TestSamples:
    def test_the_difference_of_two(self):
        first, second = (RNG.normal(size=(1, 3, 4)).astype(np.float32) for _ in range(2))
        np.testing.assert_array_equal(tiles.difference(first, second), first.astype(float) - second)

    def test_unsigned_values_do_not_wrap(self):
        assert tiles.difference(np.array([3], np.uint8), np.array([5], np.uint8)).tolist() == [-2]

    def test_infinities_do_not_warn(self):
        assert math.isnan(tiles.difference(np.array([np.inf], np.float32), np.array([np.inf], np.float32))[0])

    def test_the_mean_is_numpys(self):
        arrays = RNG.normal(size=(5, 2, 3)).astype(np.float16)
        np.testing.assert_allclose(tiles.mean(iter(arrays)), arrays.astype(float).mean(axis=0))

    def test_samples_of_different_shapes_are_refused(self):
        with pytest.raises(TileError, match="2×3 and 2×4"):
            tiles.difference(np.zeros((2, 3)), np.zeros((2, 4)))
        with pytest.raises(TileError, match="scalar and 4"):
            tiles.mean([np.zeros(()), np.zeros(4)])
        with pytest.raises(TileError, match="no sample"):
            tiles.mean([])
