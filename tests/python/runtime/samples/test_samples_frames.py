"""Rows of pandas frames and tables as samples."""

import numpy as np
import pandas as pd
import pytest
from sample_models import identity

from haoline_analysis.runtime.samples import InputError, samples_of

FEATURES = identity(x=("float32", ["batch", 3]))
NAMED = identity(age=("float32", ["batch", 1]), city=("string", ["batch", 1]))
FRAME = pd.DataFrame({"a": [1.0, 2.5], "b": [3, 4], "c": [True, False]})


def refusal(inputs, model=FEATURES, **options):
    with pytest.raises(InputError) as caught:
        samples_of(inputs, model, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_columns_are_the_features_in_order():
    samples = samples_of(FRAME, FEATURES)
    assert len(samples) == 2
    assert samples.origin == "frame, 2 rows"
    assert samples[1].feeds["x"].tolist() == [[2.5, 4, 0]]
    assert samples[1].feeds["x"].dtype == np.float32
    assert samples[1].label == "row 1"
    assert any("features of x, in order: 'a', 'b', 'c'" in note for note in samples.notes)


def test_columns_feed_inputs_of_their_names():
    frame = pd.DataFrame({"city": ["Bern", "Oslo"], "age": [30, 40], "id": [7, 8]})
    samples = samples_of(frame, NAMED)
    assert samples[1].feeds["age"].tolist() == [[40.0]]
    assert samples[1].feeds["city"].tolist() == [["Oslo"]]
    assert any("unused columns: 'id'" in note for note in samples.notes)
    assert "the frame lacks 'city'" in refusal(frame[["age"]], NAMED)


def test_a_wrong_number_of_columns_is_told():
    message = refusal(FRAME[["a", "b"]])
    assert "takes 3 features" in message
    assert "2 columns: 'a', 'b'" in message


def test_text_columns_are_named():
    message = refusal(FRAME.assign(c=["x", "y"]))
    assert "column 'c'" in message
    assert "encode it as numbers" in message


def test_missing_values_are_nan_with_a_note():
    frame = FRAME.assign(b=pd.array([1, None], "Int64"))
    samples = samples_of(frame, FEATURES)
    list(samples)
    assert np.isnan(samples[1].feeds["x"][0, 1])
    assert any("row 1" in note and "1 NaN" in note for note in samples.notes)


def test_whole_number_models_refuse_fractions():
    model = identity(x=("int64", ["batch", 3]))
    assert "fractions would be lost" in refusal(FRAME, model)
    assert samples_of(FRAME.astype(int), model)[0].feeds["x"].dtype == np.int64


def test_tables_are_read_from_files(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    samples = samples_of(tmp_path / "t.csv", FEATURES, limit=1)
    assert samples.origin == "t.csv, 2 rows"
    assert samples[0].feeds["x"].tolist() == [[1, 3, 1]]
    FRAME.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    assert len(samples_of(tmp_path / "t.tsv", FEATURES)) == 2
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv: not a table" in refusal(tmp_path / "empty.csv")


def test_one_row_and_no_rows():
    assert samples_of(FRAME.iloc[1], FEATURES)[0].feeds["x"].tolist() == [[2.5, 4, 0]]
    assert "no rows" in refusal(FRAME.iloc[:0])


def test_wide_frames_do_not_fit_images():
    assert "two axes only" in refusal(FRAME, identity(x=("float32", ["batch", 1, 1, 3])))
