"""Stretches that repeat back to back, in a plain sequence."""

import numpy as np

from haoline_analysis.structure.repeats import find_repeats


def spans(text, cost=None):
    """Blocks of a string of op tokens."""
    tokens = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    cuts = np.ones(len(tokens) + 1, np.int64) if cost is None else np.asarray(cost)
    found = find_repeats(tokens, tokens, cuts)
    return [
        text[start : start + period]
        for first, period, times in found
        for start in range(first, first + times * period, period)
    ]


def test_a_repeat_is_cut_into_its_periods():
    assert spans("s" + "abcd" * 5 + "z") == ["abcd"] * 5


def test_no_repeat_no_block():
    assert spans("abcdefghij") == []


def test_two_repeats_in_one_sequence_are_found_in_order():
    assert spans("s" + "abcd" * 3 + "vwxyz" + "efgh" * 3 + "tuuv") == ["abcd"] * 3 + ["efgh"] * 3


def test_stages_of_unequal_length_are_not_read_as_two_large_blocks():
    stage = "conv" * 3 + "DWNS"
    found = spans(stage + "conv" * 5 + "DWNS" + "conv" * 2)
    assert found.count("conv") == 10


def test_blocks_are_cut_where_it_costs_least():
    text = "abcd" * 4
    cost = [1 if i % 4 == 2 else 3 for i in range(len(text) + 1)]
    assert spans(text, cost) == ["cdab"] * 3


def test_one_op_many_times_is_no_block_of_several():
    assert spans("a" * 50) == []


def test_the_block_is_the_smallest_that_repeats():
    assert spans("xy" + "ab" * 12 + "z") == ["ab"] * 12


def test_equal_shapes_go_before_equal_types():
    """Types alone repeat with period two; with their shapes, the pairs alternate."""
    types = np.frombuffer(b"ab" * 8, np.uint8).astype(np.uint64)
    shapes = np.frombuffer(b"abAB" * 4, np.uint8).astype(np.uint64)
    found = find_repeats(shapes, types, np.ones(17, np.int64))
    assert [(period, times) for _, period, times in found] == [(4, 4)]


def test_time_stays_linear_on_adversarial_sequences():
    import time

    rng = np.random.default_rng(0)

    def seconds(length):
        tokens = np.concatenate([np.tile(rng.integers(0, 9, p), 3) for p in rng.integers(3, 40, length // 60)])
        tokens = tokens.astype(np.uint64)
        begin = time.process_time()
        find_repeats(tokens, tokens, np.ones(len(tokens) + 1, np.int64))
        return time.process_time() - begin

    seconds(1000)
    assert seconds(100_000) < 3.0
