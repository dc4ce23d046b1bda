"""The Pareto front and the recommendation, on figures that were thought up."""

import math

import pandas as pd

from haoline_analysis.quantization import MixedPrecision, parse_constraint
from haoline_analysis.quantization.tradeoffs.choosing import choose, front
from haoline_analysis.quantization.tradeoffs.outcome import Outcome


def outcome(size, us, db, cosine=0.995):
    return Outcome(size_bytes=size, float_bytes=100, cosine=cosine, sqnr_db=db, p50_us=us, float_p50_us=100, p95_us=us)


OUTCOMES = {
    "small": outcome(25, 60, 18),
    "beaten": outcome(26, 61, 17),
    "exact": outcome(50, 110, 60, 0.9999),
    "fast": outcome(25, 40, 5, 0.7),
    "even": outcome(40, 58, 25, 0.998),
}


def test_front_holds_what_nothing_beats():
    assert front(OUTCOMES) == ["small", "exact", "fast", "even"]


def test_equal_ones_do_not_beat_each_other():
    assert front({"a": outcome(1, 1, 1), "b": outcome(1, 1, 1)}) == ["a", "b"]


def test_what_is_not_known_beats_nothing():
    unknown = Outcome(size_bytes=30, float_bytes=100, cosine=0.9, sqnr_db=10)
    assert front({"known": outcome(25, 60, 18), "unknown": unknown}) == ["known"]


def test_fastest_takes_the_smaller_of_nearly_even_ones():
    choice = choose(OUTCOMES, parse_constraint("cosine >= 0.99"))
    assert choice.name == "small"
    assert "fast does not keep it" in choice.why
    assert "1.7× as fast" in choice.why
    assert "25%" in choice.why


def test_other_preferences():
    assert choose(OUTCOMES, parse_constraint("most accurate")).name == "exact"
    assert choose(OUTCOMES, parse_constraint("smallest, cosine >= 0.5")).name == "fast"
    assert choose(OUTCOMES, parse_constraint("fastest within 0.5 dB")).name == "exact"
    assert choose(OUTCOMES, parse_constraint("sqnr >= 20, size <= 45%")).name == "even"


def test_a_bound_is_assumed_where_none_is_given():
    choice = choose(OUTCOMES, parse_constraint(None))
    assert choice.name == "small"
    assert "assumed" in choice.why


def test_nothing_fits():
    choice = choose(OUTCOMES, parse_constraint("cosine >= 0.99, size <= 10%"))
    assert choice.name is None
    assert "No variant keeps cosine ≥ 0.99" in choice.why
    assert "size" in choice.why.split("breaks")[1]
    assert choose({}, parse_constraint(None)).name is None


def test_what_is_slower_than_float_is_said_so():
    choice = choose({"exact": OUTCOMES["exact"]}, parse_constraint(None))
    assert choice.name == "exact"
    assert "1.1× as slow" in choice.why
    assert "only saves space" in choice.why


def test_without_latencies_the_smallest_is_taken():
    outcomes = {
        "a": Outcome(size_bytes=30, float_bytes=100, cosine=0.999, sqnr_db=30),
        "b": Outcome(size_bytes=20, float_bytes=100, cosine=0.999, sqnr_db=30),
    }
    choice = choose(outcomes, parse_constraint(None))
    assert choice.name == "b"
    assert math.isnan(outcomes["b"].latency_share)
    assert "b is the smallest of 2 variants" in choice.why
    assert "The latency of a and b is not known." in choice.why


def test_the_only_one_is_said_to_be_that():
    assert (
        "is the only variant, and keeps cosine ≥ 0.99" in choose({"even": OUTCOMES["even"]}, parse_constraint("")).why
    )
    assert "is the only one of 5 variants that keeps SQNR ≥ 40" in choose(OUTCOMES, parse_constraint("sqnr >= 40")).why
    assert "is the most accurate of 5 variants:" in choose(OUTCOMES, parse_constraint("best")).why


def test_what_is_nearly_equal_is_told_from_what_is():
    near = {"near": outcome(50, 50, 64, 0.99999981)}
    assert "cosine ≥ 1 (it has 0.9999998)" in choose(near, parse_constraint("cosine >= 1")).why
    assert "No variant keeps cosine ≥ 0.9999999." in choose(near, parse_constraint("cosine >= 0.9999999")).why


def test_what_is_not_known_is_said_to_be_so():
    assert "top-1 agreement ≥ 99 % (which is not known of it)" in choose(OUTCOMES, parse_constraint("top1 >= 99%")).why
    exact = {"exact": outcome(1, 1, math.inf, 1), "off": outcome(1, 1, 20)}
    wanted = parse_constraint("fastest within 1 dB")
    assert wanted.failures(exact["off"], math.inf) == ["within 1 dB of the best (it has 20.0 dB)"]
    assert choose(exact, wanted).name == "exact"


def test_builds_are_told_from_the_float_model():
    figures = {"step": "plan 1", "float_ops": 3, "int16_ops": 0, "size_share": 0.5, "latency_share": 1.0, "meets": True}
    measured = {"predicted_cosine": math.nan, "cosine": 0.99999994, "predicted_db": math.nan, "sqnr_db": math.inf}
    made = MixedPrecision(
        name="m",
        model=None,
        met=True,
        why="",
        outcome=OUTCOMES["exact"],
        steps=pd.DataFrame([{**figures, **measured}]),
        alternatives=pd.DataFrame(),
        sensitivity=None,
        constraint=parse_constraint(None),
    )
    row = " ".join(made.summary().splitlines()[2].split())
    assert row == "plan 1 3 0 n/a 0.99999994 n/a exact 50% 100% yes"
