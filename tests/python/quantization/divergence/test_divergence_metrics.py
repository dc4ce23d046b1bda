"""Sums, figures and histograms against numpy, with compiled loops and without."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization.divergence.metrics import Bins, Grid, Job, Tally, fast
from haoline_analysis.quantization.divergence.metrics.bins import begun, pitch
from haoline_analysis.quantization.structure import Form
from haoline_analysis.runtime import cores

SHAPES = [
    ((1, 12, 40, 40), 1),
    ((1, 37, 96), 2),
    ((2, 16, 7, 7), 1),
    ((5, 3), 1),
    ((3000, 3), 1),
    ((7,), None),
    ((), None),
]
FORMS = [
    None,
    Form("uint8", np.array(0.03, np.float32), np.array(120, np.uint8)),
    Form("int8", np.array(0.04, np.float32), np.array(-3, np.int8)),
    Form("int16", np.array(1e-4, np.float32), np.array(0, np.int16)),
    Form("uint16", np.array(1e-4, np.float32), np.array(30000, np.uint16)),
]


@pytest.fixture(params=["compiled", "numpy"])
def loops(request, monkeypatch):
    """Both ways to sum up."""
    if request.param == "numpy":
        monkeypatch.setattr(fast.kernel, "found", None)
    elif fast.kernel.wait() is None:
        pytest.skip("numba is not installed")
    return request.param


def _pair(shape, form, seed=0):
    rng = np.random.default_rng(seed)
    value = rng.normal(size=shape).astype(np.float32)
    if form is None:
        return value, np.asarray(value + rng.normal(size=shape) * 0.01, np.float32)
    return value, np.asarray(form.quantize(value))


def channels(tally, slot):
    """Figures of one tensor's channels."""
    first = tally.firsts[slot]
    return tally.channels().part(first, first + tally.widths[slot])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "float32" if form is None else form.dtype)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_figures_are_those_of_the_definitions(loops, shape, axis, form):
    tally = Tally(["x"], [axis], [Grid(form)])
    both = [_pair(shape, form, seed) for seed in range(3)]
    for sample, (value, other) in enumerate(both):
        tally.add([Job(0, value, other)], sample)
    first = np.stack([value for value, _ in both]).astype(float)
    second = np.stack([other if form is None else form.dequantize(other) for _, other in both]).astype(float)
    apart, totals = first - second, tally.totals()

    assert totals.sqnr_db[0] == pytest.approx(10 * np.log10((first**2).sum() / (apart**2).sum()), abs=1e-3)
    assert totals.mse[0] == pytest.approx((apart**2).mean(), rel=1e-4)
    assert totals.max_abs[0] == pytest.approx(np.abs(apart).max(), rel=1e-4)
    cosine = (first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum())
    assert totals.cosine[0] == pytest.approx(cosine, abs=1e-6)
    assert totals.relative[0] == pytest.approx(np.sqrt((apart**2).sum() / (first**2).sum()), rel=1e-4)
    if axis is not None:
        moved, wholes = (np.moveaxis(side, axis + 1, 0).reshape(shape[axis], -1) for side in (apart, first))
        found = channels(tally, 0)
        assert found.mse == pytest.approx((moved**2).mean(axis=1), rel=1e-4)
        assert found.max_abs == pytest.approx(np.abs(moved).max(axis=1), rel=1e-4)
        assert found.sqnr_db == pytest.approx(10 * np.log10((wholes**2).sum(1) / (moved**2).sum(1)), abs=1e-3)
    if form is not None:
        low, high = form.low_high()
        assert tally.counts[0, 1] == ((first < low) | (first > high)).sum()


@pytest.mark.parametrize("shape", [(1, 4, 64), (2, 64, 4)])
def test_what_is_not_finite_is_counted_and_left_out(loops, shape):
    value, other = _pair(shape, None)
    for at, (one, two) in enumerate(
        [(np.inf, np.inf), (np.nan, np.nan), (np.nan, 1.0), (2.0, -np.inf), (np.inf, -np.inf)]
    ):
        value.reshape(-1)[at], other.reshape(-1)[at] = one, two
    tally = Tally(["x"], [2], [Grid()])
    tally.add([Job(0, value, other)], 0)
    kept = np.isfinite(value) & np.isfinite(other)

    assert tally.counts[0, :3].tolist() == [3, 0, 2]
    apart = (value.astype(float) - other)[kept]
    assert tally.totals().mse[0] == pytest.approx((apart**2).mean(), rel=1e-4)


@pytest.mark.parametrize("scale", [1e-25, 3e30])
def test_values_too_small_and_too_large_for_float32_squares(loops, scale):
    value, other = _pair((1, 8, 50), None)
    value, other = (np.asarray(side * np.float32(scale), np.float32) for side in (value, other))
    tally = Tally(["x"], [1], [Grid()])
    tally.add([Job(0, value, other)], 0)
    apart = value.astype(float) - other

    assert tally.totals().sqnr_db[0] == pytest.approx(
        10 * np.log10((value.astype(float) ** 2).sum() / (apart**2).sum()), abs=0.01
    )


def test_equal_tensors_are_exact(loops):
    value = _pair((1, 8, 50), None)[0]
    tally = Tally(["x", "y"], [1, None], [Grid(), Grid()])
    tally.add([Job(0, value, value.copy()), Job(1, np.zeros_like(value), value)], 0)
    totals = tally.totals()

    assert totals.exact.tolist() == [True, False]
    assert totals.sqnr_db.tolist() == [np.inf, -np.inf]
    assert (totals.cosine[0], totals.relative[0], totals.mse[0]) == (1, 0, 0)


def test_what_was_never_seen_is_unknown():
    totals = Tally(["x"], [None], [Grid()]).totals()

    assert np.isnan([totals.sqnr_db[0], totals.cosine[0], totals.mse[0], totals.max_abs[0]]).all()
    assert not totals.exact[0]


def test_transposed_and_per_channel_tensors_are_read_in_the_float_tensors_axes(loops):
    form = Form("int8", np.array([0.05, 0.02, 0.03], np.float32), np.zeros(3, np.int8), axis=3)
    value = _pair((1, 3, 4, 5), None)[0]
    other = form.quantize(value.transpose(0, 2, 3, 1))
    tally = Tally(["x"], [1], [Grid(form, (0, 3, 1, 2))])
    tally.add([Job(0, value, other)], 0)
    apart = value - form.dequantize(other).transpose(0, 3, 1, 2)

    assert tally.totals().mse[0] == pytest.approx((apart**2).mean(), rel=1e-4)
    assert channels(tally, 0).max_abs == pytest.approx(np.abs(apart).max(axis=(0, 2, 3)), rel=1e-4)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "float32" if form is None else form.dtype)
@pytest.mark.parametrize("shape", [(2, 40, 15, 11), (1, 3, 9, 30), (3, 33, 5), (1, 70, 2, 3, 200)])
def test_channels_last_beside_channels_first(loops, shape, form):
    value, other = _pair(shape, form)
    rank = len(shape)
    last = np.ascontiguousarray(np.moveaxis(other, 1, -1))
    tally = Tally(["x", "y"], [1, 1], [Grid(form, (0, rank - 1, *range(1, rank - 1))), Grid(form)])
    tally.add([Job(0, value, last), Job(1, value, other)], 0)

    for name in ("sqnr_db", "max_abs", "cosine", "mse"):
        assert getattr(channels(tally, 0), name) == pytest.approx(getattr(channels(tally, 1), name), rel=1e-4)
    assert tally.counts[0].tolist() == tally.counts[1].tolist()


def test_arrays_that_are_used_again_are_read_again(loops):
    value, other = _pair((1, 8, 50), None)
    tally, apart = Tally(["x"], [1], [Grid()], Bins([Grid()])), 0.0
    for sample in range(3):
        value[:], other[:] = _pair((1, 8, 50), None, sample)
        value *= 2**sample
        tally.add([Job(0, value, other)], sample)
        apart += ((value.astype(float) - other) ** 2).sum()

    assert tally.totals().mse[0] == pytest.approx(apart / 1200, rel=1e-4)
    assert tally.bins.held[0].counts.sum() == 2400


def test_sums_of_parts_are_those_of_the_whole(loops):
    grid = Grid(FORMS[1])
    whole, parts = Tally(["x"], [1], [grid]), [Tally(["x"], [1], [grid]) for _ in range(2)]
    for sample in range(6):
        job = Job(0, *_pair((1, 8, 50), FORMS[1], sample))
        whole.add([job], sample)
        parts[sample // 3].add([job], sample)
    joined = pickle.loads(pickle.dumps(parts[0]))
    joined.merge(parts[1])

    assert joined.totals().sqnr_db == pytest.approx(whole.totals().sqnr_db)
    assert channels(joined, 0).sqnr_db == pytest.approx(channels(whole, 0).sqnr_db)
    for name in ("mean", "deviation", "least", "worst"):
        assert getattr(joined.spread, name) == pytest.approx(getattr(whole.spread, name))


def test_figures_do_not_depend_on_how_many_cores_share_the_work(loops, monkeypatch):
    axes = [None, 1, 2, 1]
    shapes = [(40,), (1, 8, 50), (1, 30, 70), (1, 12, 40, 40)]
    jobs = [Job(at, *_pair(shape, FORMS[1], at)) for at, shape in enumerate(shapes)]
    found = []
    for count in (1, 3):
        monkeypatch.setattr(cores, "cores", lambda count=count: count)
        monkeypatch.setattr(cores, "_WORTH", 1)
        tally = Tally(list("abcd"), list(axes), [Grid(FORMS[1])] * 4, Bins([Grid(FORMS[1])] * 4))
        tally.add(jobs, 0)
        found.append(tally)
    for name in ("held", "counts", "elements"):
        np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))
    for one, other in zip(found[0].bins.held, found[1].bins.held, strict=True):
        np.testing.assert_array_equal(one.counts, other.counts)


def test_the_spread_is_that_of_single_samples(loops):
    tally, alone = Tally(["x"], [None], [Grid()]), []
    for sample in range(5):
        job = Job(0, *_pair((200,), None, sample))
        tally.add([job], sample)
        one = Tally(["x"], [None], [Grid()])
        one.add([job], 0)
        alone.append(one.totals().sqnr_db[0])

    assert tally.spread.worst[0] == int(np.argmin(alone))
    assert tally.spread.least[0] == pytest.approx(min(alone))
    assert tally.spread.deviation[0] == pytest.approx(np.std(alone))


def test_a_changing_number_of_channels_leaves_the_tensor_without(loops):
    tally = Tally(["x"], [1], [Grid()])
    pairs = [_pair((1, channels, 20), None) for channels in (4, 6)]
    for sample, pair in enumerate(pairs):
        tally.add([Job(0, *pair)], sample)
    noise = sum(((value.astype(float) - other) ** 2).sum() for value, other in pairs)

    assert tally.axes == [None]
    assert len(channels(tally, 0).mse) == 1
    assert tally.totals().mse[0] == pytest.approx(noise / (10 * 20), rel=1e-4)


def test_tensors_of_different_shapes_are_refused(loops):
    with pytest.raises(ModelError, match="'x' cannot be compared: its shapes are 2×3 and 3×2"):
        Tally(["x"], [None], [Grid()]).add([Job(0, np.ones((2, 3), np.float32), np.ones((3, 2), np.float32))], 0)


def _counted(values, others, grid=None):
    tally = Tally(["x"], [None], [grid or Grid()], Bins([grid or Grid()]))
    for sample, (value, other) in enumerate(zip(values, others, strict=True)):
        tally.add([Job(0, value, other)], sample)
    return tally.bins


@pytest.mark.parametrize("form", [None, FORMS[1]])
def test_histograms_are_numpys(loops, form):
    pairs = [_pair((1, 16, 64), form, seed) for seed in range(3)]
    counted = _counted(*zip(*pairs, strict=True), Grid(form)).held[0]
    values = np.concatenate([value.reshape(-1) for value, _ in pairs])
    others = np.concatenate([(other if form is None else form.dequantize(other)).reshape(-1) for _, other in pairs])

    assert counted.drawn == counted.elements == values.size
    assert counted.edges[0] <= values.min() < values.max() < counted.edges[-1]
    assert counted.counts[0].tolist() == np.histogram(values, counted.edges)[0].tolist()
    assert counted.counts[1].sum() == others.size
    # Beyond the range of the float tensor the variant's elements are counted in the outermost bins.
    first = _counted([pairs[0][0]], [pairs[0][1]], Grid(form)).held[0]
    reals = pairs[0][1] if form is None else form.dequantize(pairs[0][1])
    inside = np.clip(reals.astype(float), first.edges[0], np.nextafter(first.edges[-1], -np.inf))
    assert first.counts[1].tolist() == np.histogram(inside, first.edges)[0].tolist()


def test_a_range_that_grows_loses_nothing(loops):
    values = [np.linspace(-one, 2 * one, 100, dtype=np.float32) for one in (0.5, 40.0, 0.1, 3000.0)]
    counted = _counted(values, values).held[0]
    together = np.concatenate(values)

    assert counted.counts.sum(axis=1).tolist() == [400, 400]
    assert counted.counts[0].tolist() == np.histogram(together.astype(float), counted.edges)[0].tolist()
    assert 256 <= counted.counts.shape[1] <= 1024


def test_histograms_of_parts_join_to_that_of_the_whole(loops):
    values = [np.linspace(-one, 2 * one, 100, dtype=np.float32) for one in (0.5, 40.0, 7.0, 300.0)]
    first, second, whole = (_counted(part, part) for part in (values[:2], values[2:], values))
    first.merge(copy.deepcopy(second))
    low = max(first.held[0].first, whole.held[0].first)

    assert first.held[0].exponent == whole.held[0].exponent
    assert first.held[0].counts[:, low - first.held[0].first :].sum() == whole.held[0].counts.sum() == 800


def test_large_tensors_are_counted_in_part_and_scaled(loops):
    value = np.random.default_rng(1).normal(size=(1, 100, 384)).astype(np.float32)
    counted = _counted([value], [value]).held[0]

    assert 3500 <= counted.drawn <= 4200
    assert counted.scaled()[0].sum() == pytest.approx(value.size)
    places = (np.arange(0, value.size, pitch(value.size))[:, None] + np.arange(16)).reshape(-1) % 384
    assert len(np.unique(places)) == 384  # every channel has its turn


def test_constant_and_odd_tensors_have_histograms_too(loops):
    value = np.full((64,), 3.0, np.float32)
    odd = np.array([np.nan, np.inf, 1.0, -2.0], np.float32)
    tally = Tally(["x", "y", "z"], [None] * 3, [Grid()] * 3, Bins([Grid()] * 3))
    tally.add([Job(0, value, value), Job(1, odd, odd), Job(2, odd[:2].copy(), odd[:2].copy())], 0)
    bins = tally.bins

    assert bins.held[0].counts.sum() == 128
    assert bins.held[1].counts[0].sum() == 2
    assert bins.held[2] is None
    assert begun(0.0, 0.0).counts.shape[1] >= 1
