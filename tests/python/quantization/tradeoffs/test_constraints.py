"""What users may write, and what it means."""

import math

import pytest

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import parse_constraint
from haoline_analysis.quantization.tradeoffs.constraints import Term
from haoline_analysis.quantization.tradeoffs.outcome import Outcome

GOOD = Outcome(
    size_bytes=25e6, float_bytes=100e6, cosine=0.995, sqnr_db=20.0, top1=0.99, p50_us=4000.0, float_p50_us=8000.0
)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("cosine >= 0.99", Term("cosine", True, 0.99)),
        ("Cosine≥99%", Term("cosine", True, 0.99)),
        ("cosine > .99", Term("cosine", True, 0.99)),
        ("sqnr >= 20 dB", Term("sqnr_db", True, 20.0)),
        ("top1 >= 0.99", Term("top1", True, 0.99)),
        ("top-1 >= 99 %", Term("top1", True, 0.99)),
        ("top1 loss <= 1%", Term("top1", True, 0.99)),
        ("top-1 loss ≤ 0.01", Term("top1", True, 0.99)),
        ("size <= 30MB", Term("size_bytes", False, 30e6)),
        ("size <= 30 MiB", Term("size_bytes", False, 30 * 2**20)),
        ("size <= 30 %", Term("size_share", False, 0.3)),
        ("latency <= 5 ms", Term("p50_us", False, 5000.0)),
        ("latency <= 50%", Term("latency_share", False, 0.5)),
    ],
)
def test_one_bound(text, term):
    found = parse_constraint(text)
    (only,) = found.terms
    assert (only.metric, only.least) == (term.metric, term.least)
    assert only.bound == pytest.approx(term.bound)
    assert found.objective == "fastest"


def test_several_parts_and_a_preference():
    found = parse_constraint("cosine >= 0.99, size <= 30% and smallest")
    assert [term.metric for term in found.terms] == ["cosine", "size_share"]
    assert found.objective == "smallest"
    assert str(found) == "cosine ≥ 0.99, size ≤ 30 % of the float model's, smallest"
    found = parse_constraint("fastest within 0.5 dB")
    assert (found.objective, found.within_db, found.terms) == ("fastest", 0.5, ())
    assert parse_constraint("best").objective == "most accurate"
    assert parse_constraint(None) == parse_constraint("")
    assert parse_constraint(found) is found


@pytest.mark.parametrize(
    "text",
    [
        "cosine",
        "cosine <= 0.99",
        "cosine >= 1.5",
        "cosine >= 0.9.9",
        "size >= 30MB",
        "size <= 30",
        "size <= 30 parsecs",
        "accuracy >= 0.9",
        "latency <= 5",
        "top1 loss >= 1%",
        "sqnr >= 20%",
        "quick",
    ],
)
def test_what_means_nothing_is_refused_with_examples(text):
    with pytest.raises(ModelError, match=r"cosine >= 0\.99|is no number"):
        parse_constraint(text)


def test_two_preferences_and_other_types_are_refused():
    with pytest.raises(ModelError, match="Two preferences"):
        parse_constraint("fastest, smallest")
    with pytest.raises(ModelError, match="not float"):
        parse_constraint(0.99)


def test_what_keeps_a_bound():
    assert parse_constraint("cosine >= 0.99, size <= 30%, top1 loss <= 1%, latency <= 50%").failures(GOOD) == []
    broken = parse_constraint("cosine >= 0.999, size <= 20 MB").failures(GOOD)
    assert len(broken) == 2
    assert "0.995" in broken[0]
    assert "23.8 MiB" in broken[1]
    assert parse_constraint("fastest within 0.5 dB").failures(GOOD, best_db=20.4) == []
    assert parse_constraint("fastest within 0.5 dB").failures(GOOD, best_db=21)


def test_what_is_not_known_keeps_no_bound():
    unknown = Outcome(size_bytes=1.0, float_bytes=2.0)
    assert math.isnan(unknown.cosine)
    assert parse_constraint("cosine >= 0.5").failures(unknown) == ["cosine ≥ 0.5 (which is not known of it)"]
    assert parse_constraint("latency <= 50%").failures(unknown)
