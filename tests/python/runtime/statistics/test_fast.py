"""Compiled loops: what they find to the last digits, and what happens where there are none."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from reference import check_channels, check_row, hard_data

from haoline_analysis.runtime.statistics import TensorStatistics, Together, fast

pytestmark = pytest.mark.usefixtures("with_numba")

SHAPES = [
    ((1, 64, 7, 7), 1),
    ((1, 5, 300, 301), 1),
    ((1, 130, 50), 2),
    ((1, 131, 3), 2),
    ((211, 1, 3), 0),
    ((301, 20, 11), 1),
    ((9, 3, 15), 1),
    ((1, 7, 16), 1),
    ((3, 7, 16), 1),
    ((3, 2), 0),
    ((3, 2), 1),
    ((2, 1, 40_000), 1),
    ((70_001,), None),
    ((1,), 0),
    ((), None),
]


@pytest.fixture
def with_numba():
    pytest.importorskip("numba")
    assert fast.kernel.wait() is not None


def fed(samples, axes):
    """Statistics of tensors, one list of arrays a sample."""
    members, together = [TensorStatistics(axis, seed) for seed, axis in enumerate(axes)], Together()
    for arrays in samples:
        together.add(list(zip(members, arrays, strict=True)))
    return members


@pytest.mark.parametrize("offset", [0, 1, 1e4])
def test_figures_are_float64s_whatever_the_shape(offset):
    axes = [axis for _, axis in SHAPES]
    samples = [
        [
            hard_data(shape, np.float32, 7 * seed + step, offset=offset, zeros=0.2)
            for seed, (shape, _) in enumerate(SHAPES)
        ]
        for step in range(3)
    ]
    for index, member in enumerate(fed(samples, axes)):
        arrays = [sample[index] for sample in samples]
        row, every = member.row(), np.concatenate([array.reshape(-1) for array in arrays]).astype(np.float64)
        check_row(row, arrays)
        np.testing.assert_allclose((row["mean"], row["std"]), (every.mean(), every.std()), rtol=1e-9, atol=1e-12)
        if axes[index] is not None:
            check_channels(member.channels(), arrays, axes[index])


def test_the_compiled_loops_are_what_counts(monkeypatch):
    calls, compiled = [], fast.kernel.found

    def noted(*arguments):
        calls.append(len(arguments[0]))
        compiled(*arguments)

    monkeypatch.setattr(fast.kernel, "found", noted)
    fed([[np.ones((1, 4), np.float32), np.ones((1, 4)), np.ones((1, 900, 9), np.float32)]] * 2, [1, 1, 2])
    assert calls == [2, 2]


@pytest.mark.parametrize("place", [0, 1, 700, 49_151])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, np.finfo(np.float32).max])
@pytest.mark.parametrize(("shape", "axis"), [((1, 128, 384), 2), ((1, 12, 64, 64), 1), ((49_152,), None)])
def test_one_odd_element_anywhere_is_told(shape, axis, place, value):
    """In the second of three samples: neither the others nor the neighbouring tensor are spoilt."""
    samples = [[hard_data(shape, np.float32, 2 * step + index) for index in range(2)] for step in range(3)]
    samples[1][0].reshape(-1)[place] = value
    for index, member in enumerate(fed(samples, [axis, axis])):
        check_row(member.row(), [sample[index] for sample in samples])
        assert member.row()["saturation"] == pytest.approx((value == np.finfo(np.float32).max and not index) / 147_456)
        assert member.row()["quantiles"] == "sampled"
        assert 8_000 < member.drawn <= 16_385


def test_an_outlier_that_comes_first_does_not_cost_digits():
    """Differences are summed to the first element, which here is far from all others."""
    array = (1 + 1e-3 * np.random.default_rng(0).standard_normal((1, 3, 300, 300))).astype(np.float32)
    array[..., 0, 0] = 1e4
    (member,) = fed([[array]], [1])
    std = array.astype(np.float64).std(axis=(0, 2, 3))
    np.testing.assert_allclose(member.channels()["std"], std, rtol=1e-9)


def test_channels_that_change_are_given_up_and_lengths_are_not():
    samples = [[np.full((1, 3, length), length, np.float32)] for length in (5, 700, 41)]
    (member,) = fed(samples, [1])
    check_channels(member.channels(), [sample[0] for sample in samples], 1)
    samples.append([np.full((1, 4, 5), 2, np.float32)])
    (member,) = fed(samples, [1])
    check_row(member.row(), [sample[0] for sample in samples])
    assert member.channels_lost


def test_other_tensors_in_the_next_sample():
    random = np.random.default_rng(0)
    members, together = [TensorStatistics(1) for _ in range(3)], Together()
    given_to: list[list] = [[], [], []]
    for some in ((0, 1, 2), (1, 2), (2, 0), (0, 1, 2)):
        arrays = [random.standard_normal((1, 4, 1000)).astype(np.float32) for _ in some]
        together.add([(members[index], array) for index, array in zip(some, arrays, strict=True)])
        for index, array in zip(some, arrays, strict=True):
            given_to[index].append(array)
    for member, arrays in zip(members, given_to, strict=True):
        check_row(member.row(), arrays)


def test_loops_that_are_ready_in_the_middle_go_on_from_there(monkeypatch):
    compiled, arrays = fast.kernel.found, [hard_data((1, 12, 50, 50), np.float32, seed) for seed in range(6)]
    members, together = [TensorStatistics(1) for _ in range(2)], Together()
    for step in range(0, 6, 2):
        monkeypatch.setattr(fast.kernel, "found", compiled if step else None)
        together.add([(members[0], arrays[step]), (members[1], arrays[step + 1])])
    check_row(members[0].row(), arrays[::2])
    check_row(members[1].row(), arrays[1::2])


def failing():
    raise OSError("llvmlite: undefined symbol")


def missing():
    raise ModuleNotFoundError("No module named 'numba'")


@pytest.mark.parametrize("load", [failing, missing])
def test_numpy_counts_where_numba_is_missing_or_broken(load, monkeypatch):
    loader = fast.Loader(load)
    monkeypatch.setattr(fast, "kernel", loader)
    arrays = [hard_data((1, 12, 50, 50), np.float32, seed) for seed in range(2)]
    assert loader.wait() is None
    (member,) = fed([[array] for array in arrays], [1])
    check_row(member.row(), arrays)


def test_nobody_waits_for_the_loader():
    loader = fast.Loader(lambda: time.sleep(0.5) or "loops")
    loader.start()
    loader.start()
    assert loader.found is None
    assert loader.wait() == "loops"


def run(code, **environment):
    """What a fresh process prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    return done.stdout.split()


def test_importing_statistics_does_not_import_numba():
    assert run("import sys, haoline_analysis.runtime.statistics; print('numba' in sys.modules)") == ["False"]


def test_without_a_folder_for_the_cache_it_is_compiled_all_the_same(tmp_path):
    """A cache folder that is a file can neither be made nor written."""
    (tmp_path / "file").write_text("")
    code = "from haoline_analysis.runtime.statistics import fast; print(callable(fast.kernel.wait()))"
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path / "file")) == ["True"]


def test_with_compiling_switched_off_numpy_counts():
    code = "from haoline_analysis.runtime.statistics import fast; print(fast.kernel.wait())"
    assert run(code, NUMBA_DISABLE_JIT="1") == ["None"]
