"""Numbers as people read them, and names that cannot steer a terminal."""

import math

import pandas as pd
import pytest

from haoline_analysis.report import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
        (999, "999"),
        (999_600, "1 M"),
        (1000, "1 k"),
        (0, "0"),
        (0.5, "0.5"),
        (None, "n/a"),
        (math.nan, "n/a"),
        (pd.NA, "n/a"),
    ],
)
def test_counts_have_three_digits_and_an_si_prefix(value, text):
    assert formatting.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (102_228_128, "97.5 MiB"), (None, "n/a")]
)
def test_bytes_have_binary_prefixes(value, text):
    assert formatting.nbytes(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.85, "850 ns"), (12.34, "12.3 µs"), (1234, "1.23 ms"), (2.1e6, "2.1 s"), (None, "n/a")]
)
def test_durations_start_from_microseconds(value, text):
    assert formatting.duration(value) == text


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("a\r\nb", "a  b"),
        ("bell\x07", "bell "),
        ("rtl\u202egnp", "rtl gnp"),
        ("\x9b2J", " 2J"),
        ("lone \ud800 surrogate", "lone   surrogate"),
    ],
)
def test_text_keeps_nothing_that_steers_a_terminal(dirty, clean):
    assert formatting.plain(dirty) == clean


def test_long_text_is_cut():
    assert len(formatting.plain("x" * 1000, 50)) == 50
