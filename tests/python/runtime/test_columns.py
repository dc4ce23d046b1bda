"""Statistics become columns of the op table, one value per op."""

from __future__ import annotations

import numpy as np
import pandas as pd
from activation_frames import frames, node, proto, run

from haoline_analysis import analyze
from haoline_analysis.runtime.columns import add_columns, op_columns
from haoline_analysis.table import AGGREGATES, SCALES

WEIGHTS = {"w": np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32), "b": np.full(8, -1, np.float32)}
MODEL = proto(
    [
        node("Gemm", ["x", "w", "b"], "a", name="fc"),
        node("Relu", ["a"], "r", name="relu"),
        node("Split", ["r"], ["s", "t"], name="split", axis=1, num_outputs=2),
        node("Sqrt", ["a"], "n", name="root"),
        node("Concat", ["s", "t"], "y", name="join", axis=1),
    ],
    WEIGHTS,
    outputs=["y", "n"],
)
FEEDS = [{"x": np.random.default_rng(i).normal(size=(1, 8)).astype(np.float32)} for i in range(5)]


def columns(frame=None):
    tensors, _, opened = frames(MODEL, FEEDS)
    return {column.name: column for column in op_columns(tensors if frame is None else frame, opened)}


def test_one_value_per_op_as_numpy_computes_it():
    held = {name: np.concatenate([a.reshape(-1) for a in arrays]) for name, arrays in run(MODEL, FEEDS).items()}
    made = columns()
    for row, name in enumerate(("a", "r")):
        for column, expected in (
            ("act_min", held[name].min()),
            ("act_max", held[name].max()),
            ("act_mean", held[name].mean()),
            ("act_std", held[name].std()),
            ("act_sparsity", (held[name] == 0).mean()),
        ):
            np.testing.assert_allclose(made[column].values[row], expected, rtol=1e-5, atol=1e-7)
    assert made["act_nan"].values[3] == np.isnan(held["n"]).sum() > 0


def test_several_outputs_of_one_op_are_one():
    held = run(MODEL, FEEDS)
    both = np.concatenate([np.stack(held["s"]), np.stack(held["t"])], axis=None)
    made = columns()
    assert made["act_min"].values[2] == both.min()
    assert made["act_max"].values[2] == both.max()
    np.testing.assert_allclose(made["act_mean"].values[2], both.mean(), rtol=1e-5)
    np.testing.assert_allclose(made["act_std"].values[2], both.std(), rtol=1e-5)
    np.testing.assert_allclose(made["act_sparsity"].values[2], (both == 0).mean(), rtol=1e-6)


def test_what_was_not_captured_is_missing_not_zero():
    tensors, _, _ = frames(MODEL, FEEDS)
    made = columns(tensors.loc[["r"]])
    assert np.isnan(made["act_mean"].values[[0, 2, 3, 4]]).all()
    assert list(made["act_nan"].values.isna()) == [True, False, True, True, True]
    assert list(made["dead_channels"].values.isna()) == [True, False, True, True, True]


def test_columns_are_measured_and_say_how_to_be_shown():
    for column in columns().values():
        assert column.provenance == "measured"
        assert column.label
        assert column.description.endswith(".")
        assert column.aggregate in AGGREGATES
        assert column.scale in SCALES
        assert len(column) == 5


def test_they_reach_the_report_and_replace_those_of_an_earlier_run():
    report = analyze(MODEL)
    tensors, _, opened = frames(MODEL, FEEDS)
    add_columns(report, op_columns(tensors, opened))
    add_columns(report, op_columns(tensors.loc[["r"]], opened))
    assert report.ops["act_max"].notna().tolist() == [False, True, False, False, False]
    assert report.ops["dead_channels"].dtype == pd.Int64Dtype()
    assert "act_mean" in report.to_json()


def test_rows_of_model_inputs_are_left_out():
    tensors, _, opened = frames(MODEL, FEEDS)
    fed = tensors.loc[["a"]].assign(op=None).rename(index={"a": "x"})
    made = {column.name: column for column in op_columns(pd.concat([fed, tensors]), opened)}
    assert made["act_max"].values[0] == tensors["max"]["a"]
