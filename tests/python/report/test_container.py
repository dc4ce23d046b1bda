"""The binary container: what goes in comes out, and broken bytes are refused."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoline_analysis.errors import MalformedModelError
from haoline_analysis.report import container
from haoline_analysis.table import Column, Table

TEXT = st.one_of(st.none(), st.text(max_size=12))


def one_table(**columns):
    table = Table(len(next(iter(columns.values()))))
    table.add(*(Column(name, values) for name, values in columns.items()))
    return table


def round_trip(table):
    return container.decode(container.encode({"schema": 1}, {"ops": table}))[1]["ops"]


@given(st.lists(TEXT))
def test_text_comes_back_with_its_missing_values(words):
    assert round_trip(one_table(name=words))["name"].values == words


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)))
def test_floats_come_back_bit_by_bit(numbers):
    values = np.array(numbers, dtype=np.float64)
    np.testing.assert_array_equal(round_trip(one_table(x=values))["x"].values, values)


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_row_numbers_stay_32_bit_integers(numbers):
    back = round_trip(one_table(x=np.array(numbers, dtype=np.int32)))["x"].values
    assert back.dtype == np.int32
    assert back.tolist() == numbers


def test_missing_integers_travel_as_nan():
    back = round_trip(one_table(x=pd.array([1, None, 3], dtype="Int64")))["x"].values
    np.testing.assert_array_equal(back, [1.0, np.nan, 3.0])


def test_integers_past_64_bits_travel_as_floats():
    back = round_trip(one_table(x=np.array([2**70, None], dtype=object)))["x"].values
    np.testing.assert_array_equal(back, [float(2**70), np.nan])


def test_categories_and_plain_lists_look_alike_on_the_wire():
    words = ["conv", None, "norm", "conv"]
    assert round_trip(one_table(x=pd.Categorical(words)))["x"].values == words


def test_equal_words_are_stored_once():
    codes, words = container.dictionary(["Conv", "Relu", "Conv"])
    assert (codes.tolist(), words) == ([0, 1, 0], ["Conv", "Relu"])


def test_every_buffer_starts_on_eight_bytes():
    data = container.encode({}, {"ops": one_table(a=np.array([1, 2, 3], np.uint8), b=["x", "yy", None])})
    stop = 8 + int.from_bytes(data[4:8], "little")
    header = json.loads(data[8:stop])
    places = [column["offset"] for column in header["tables"]["ops"]["columns"]]
    places += [c["dictionary"]["offset"] for c in header["tables"]["ops"]["columns"] if "dictionary" in c]
    assert all(place % 8 == 0 for place in places)
    assert (len(data) - stop - (-stop % 8)) % 8 == 0


def test_numbers_json_has_no_word_for_become_null():
    header, _ = container.decode(container.encode({"totals": {"macs": float("nan"), "x": np.int64(3)}}, {}))
    assert header["totals"] == {"macs": None, "x": 3}


def test_compression_is_reproducible_and_read_back():
    data = container.encode({"id": "x"}, {})
    assert container.compress(data) == container.compress(data)
    assert container.decode(container.compress(data))[0] == {"id": "x"}


@pytest.mark.parametrize("cut", [3, 7, 20, -1])
def test_truncated_bytes_are_refused(cut):
    data = container.encode({"id": "x"}, {"ops": one_table(a=np.arange(3.0))})
    with pytest.raises(MalformedModelError):
        container.decode(data[:cut])


def test_a_truncated_gzip_stream_is_refused():
    with pytest.raises(MalformedModelError, match="truncated"):
        container.decode(container.compress(container.encode({}, {}))[:-9])


def test_a_gzip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(container, "MAX_BYTES", 1000)
    with pytest.raises(MalformedModelError, match="expands"):
        container.decode(gzip.compress(b"\0" * 100_000))


def test_a_hundred_thousand_ops_are_encoded_quickly():
    import time

    rows = 100_000
    table = one_table(
        name=[f"/layers.{i}/MatMul" for i in range(rows)], type=["MatMul"] * rows, macs=np.arange(rows, dtype=float)
    )
    start = time.process_time()
    container.encode({}, {"ops": table})
    assert time.process_time() - start < 2.0


def test_scale_hints_travel_and_columns_without_read_as_before():
    table = Table(2)
    table.add(
        Column("gain", np.array([-1.0, 2.0]), aggregate="min", scale="diverging", center=0.5),
        Column("macs", np.array([1.0, 2.0])),
    )
    header, tables = container.decode(container.encode({}, {"ops": table}))
    gain, macs = tables["ops"]["gain"], tables["ops"]["macs"]
    assert (gain.aggregate, gain.scale, gain.center) == ("min", "diverging", 0.5)
    assert (macs.scale, macs.center) == (None, None)
    assert header == {}
