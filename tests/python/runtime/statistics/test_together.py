"""Tensors fed together have the figures they have on their own."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import check_channels, check_row, hard_data

from haoline_analysis.runtime.statistics import StatisticsError, TensorStatistics, Together

pytestmark = pytest.mark.usefixtures("loops")

FORMS = [((1, 100, 48), 2), ((1, 12, 20, 20), 1), ((1, 3, 70, 71), 1), ((1, 100, 48), None), ((1, 90, 7, 7), 1)]
SMALL = ((1, 5), 1)


def tensor(random, step, form, kind):
    """Sample ``step`` of a tensor of a form and a kind."""
    seed = int(random.integers(1 << 30))
    if kind == "shift":
        across = np.linspace(-300, 300, form[0][form[1] or 0]) if form[1] else 300
        shape = [1] * len(form[0])
        shape[form[1] or 0] = -1
        return hard_data(form[0], np.float32, seed, offset=np.reshape(across, shape) + step)
    if kind == "lost":
        return hard_data(form[0], np.float32, seed, lost=0.01 if step == 1 else 0)
    if kind == "huge":
        return hard_data(form[0], np.float32, seed, scale=1e25)
    return hard_data(form[0], kind, seed, zeros=0.3)


@given(
    st.integers(0, 1000),
    st.lists(st.sampled_from([*FORMS, SMALL]), min_size=1, max_size=3),
    st.lists(st.sampled_from(["shift", "lost", "huge", np.float32, np.float64, np.int8]), min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(0, 6),
)
@settings(max_examples=80, deadline=None)
def test_as_each_on_its_own(seed, forms, kinds, samples, asked):
    random = np.random.default_rng(seed)
    members = [(form, kind, TensorStatistics(form[1], seed)) for form in forms for kind in kinds]
    together, given_to = Together(), [[] for _ in members]
    for step in range(samples):
        arrays = [tensor(random, step, form, kind) for form, kind, _ in members]
        together.add([(statistics, array.copy()) for (_, _, statistics), array in zip(members, arrays, strict=True)])
        for list_of, array in zip(given_to, arrays, strict=True):
            list_of.append(array)
        if step == asked:
            check_row(members[0][2].row(), given_to[0])
    for (form, _, statistics), arrays in zip(members, given_to, strict=True):
        check_row(statistics.row(), arrays)
        if form[1] is not None:
            check_channels(statistics.channels(), arrays, form[1])


def test_subsamples_keep_their_standard_error():
    random = np.random.default_rng(0)
    members, together = [TensorStatistics(1, 3) for _ in range(5)], Together()
    samples = [
        [random.standard_normal((1, 8, 100, 100)).astype(np.float32) + step for _ in members] for step in range(6)
    ]
    for arrays in samples:
        together.add(list(zip(members, arrays, strict=True)))
    for index, member in enumerate(members):
        every = np.sort(np.concatenate([arrays[index].reshape(-1) for arrays in samples]))
        for name, share in {"q01": 0.01, "q25": 0.25, "q50": 0.5, "q99": 0.99}.items():
            below = np.searchsorted(every, member.row()[name]) / len(every)
            assert abs(below - share) <= 4 * np.sqrt(share * (1 - share) / member.drawn)


def test_shapes_that_change_from_sample_to_sample():
    random = np.random.default_rng(0)
    members, together, taken = [TensorStatistics(2) for _ in range(3)], Together(), []
    for length in (100, 300, 100, 2, 300):
        arrays = [random.standard_normal((1, length, 48)).astype(np.float32) for _ in members]
        together.add(list(zip(members, arrays, strict=True)))
        taken.append(arrays)
    for index, member in enumerate(members):
        check_row(member.row(), [arrays[index] for arrays in taken])
        check_channels(member.channels(), [arrays[index] for arrays in taken], 2)


def test_members_are_pickled_and_merged_with_what_is_waiting():
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((2, 1, 12, 20, 20)).astype(np.float32) for _ in range(4)]
    parts = []
    for some in (arrays[:2], arrays[2:]):
        members, together = [TensorStatistics(1, len(parts)) for _ in range(2)], Together()
        for pair in some:
            together.add(list(zip(members, pair, strict=True)))
        parts.append(pickle.loads(pickle.dumps(members[0])))
        together.add(list(zip(members, some[0], strict=True)))  # the pickled one has no part in it
    parts[0].merge(parts[1])
    check_row(parts[0].row(), [pair[0] for pair in arrays])


def test_a_member_added_to_on_the_side_counts_both():
    arrays = [np.full((1, 12, 20, 20), value, np.float32) for value in range(4)]
    members, together = [TensorStatistics(1) for _ in range(2)], Together()
    together.add([(members[0], arrays[0]), (members[1], arrays[1])])
    members[0].add(arrays[2])
    together.add([(members[0], arrays[3]), (members[1], arrays[1])])
    check_row(members[0].row(), [arrays[0], arrays[2], arrays[3]])
    check_row(members[1].row(), [arrays[1], arrays[1]])


def test_numbers_are_arrays_of_no_axis():
    member, together = TensorStatistics(), Together()
    for step in range(3):
        together.add([(member, np.float32(step))])
    check_row(member.row(), [np.arange(3, dtype=np.float32)[step : step + 1] for step in range(3)])


def test_what_is_no_number_is_refused():
    with pytest.raises(StatisticsError, match="real numbers"):
        Together().add([(TensorStatistics(), np.array(["word"]))])
