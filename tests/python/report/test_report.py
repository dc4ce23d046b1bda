"""What a user does with a report: bind, move, extend, look."""

import numpy as np
import pandas as pd
import pytest
from onnx import helper, numpy_helper
from report_models import conditional, mlp, model, saved, value

from haoline_analysis import analyze
from haoline_analysis.errors import BindingError, ModelError, UnknownHardwareError
from haoline_analysis.report.digest import MAX_ROWS
from haoline_analysis.report.formatting import plain
from haoline_analysis.report.repeats import repeats
from haoline_analysis.report.scopes_table import subtree_sums
from haoline_analysis.report.totals import total


def test_a_path_gives_counted_totals(tmp_path):
    report = analyze(saved(mlp(depth=3, width=8), tmp_path / "mlp.onnx"))
    assert report.totals.parameters == 3 * (8 * 8 + 8)
    assert report.totals.macs == 3 * 8 * 8
    assert report.totals["weight_bytes"] == 4 * report.totals.parameters
    assert report.totals.peak_activation_bytes == 2 * 8 * 4


def test_a_total_that_is_not_there_names_those_that_are():
    with pytest.raises(AttributeError, match="macs"):
        _ = analyze(mlp(1)).totals.watts


def test_an_unbound_dim_is_assumed_and_said():
    report = analyze(mlp())
    assert report.bindings["batch"].source == "default"
    assert any("batch" in item.what for item in report.assumptions)


def test_binding_makes_a_new_report_without_the_file(tmp_path):
    path = saved(mlp(), tmp_path / "mlp.onnx")
    report = analyze(path)
    path.unlink()
    bound = report.bind(batch=8)
    assert bound.totals.macs == 8 * report.totals.macs
    assert bound.totals.parameters == report.totals.parameters
    assert bound.bindings["batch"] == (8, "user")
    assert report.totals.macs * 8 == bound.totals.macs
    assert bound.id != report.id


def test_what_was_bound_stays_bound_and_may_be_bound_again():
    report = analyze(mlp(), shapes={"x": [4, 8]})
    assert report.bind(batch=2).bindings["batch"].size == 2
    assert report.bind().bindings["batch"].size == 4


def test_a_dim_that_is_not_there_is_refused_by_name():
    with pytest.raises(BindingError, match="sequence"):
        analyze(mlp()).bind(sequence=3)


def test_other_hardware_changes_estimates_only():
    report = analyze(mlp(), hardware="H100")
    other = report.on("A100", count=2, precision="fp16")
    assert other.hardware.count == 2
    assert other.hardware.precision == "fp16"
    assert other.totals.macs == report.totals.macs
    assert report.hardware.profile.id != other.hardware.profile.id
    assert report.ops["estimated_us"].sum() != other.ops["estimated_us"].sum()


def test_the_choice_of_hardware_survives_binding():
    report = analyze(mlp(), hardware="H100", gpus=2, precision="fp16").bind(batch=4)
    assert (report.hardware.count, report.hardware.precision) == (2, "fp16")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"hardware": "Abacus 3000"}, UnknownHardwareError),
        ({"precision": "fp77"}, ModelError),
        ({"gpus": 0}, ModelError),
    ],
)
def test_options_that_mean_nothing_are_refused_by_name(options, error):
    with pytest.raises(error, match=str(next(iter(options.values())))):
        analyze(mlp(1), **options)


def test_without_a_name_the_device_of_this_machine_is_used_and_said():
    report = analyze(mlp(1))
    assert report.hardware.profile.id == report.hardware.detected
    assert f"Estimated on {report.hardware.profile.name} (this machine)" in report.summary()


def test_progress_is_told_in_order():
    told = []
    analyze(mlp(1), progress=lambda stage, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_if_makes_a_range():
    report = analyze(conditional())
    assert report.totals.macs == 3 * 64
    assert report.ranges["macs"] == (64, 3 * 64)


class TestAddColumn:
    def test_a_series_by_name_fills_its_rows(self):
        report = analyze(mlp()).add_column("sqnr", pd.Series({"/layers.1/MatMul": 31.5}), unit="dB")
        filled = report.ops.set_index("name")["sqnr"].dropna()
        assert filled.to_dict() == {"/layers.1/MatMul": 31.5}

    def test_an_array_is_in_row_order(self):
        report = analyze(mlp())
        report.add_column("mine", np.arange(len(report.ops)))
        assert report.ops["mine"].tolist() == list(range(len(report.ops)))

    def test_it_is_kept_by_bind_by_json_and_by_the_document(self):
        report = analyze(mlp()).add_column("mark", {"/layers.0/Relu": "hot"}, label="Mark")
        for other in (report.bind(batch=2), type(report).from_json(report.to_json())):
            assert other.ops.set_index("name")["mark"].dropna().to_dict() == {"/layers.0/Relu": "hot"}

    @pytest.mark.parametrize(
        ("name", "values", "words"),
        [
            ("mine", [1, 2], "2 values"),
            ("mine", {"nobody": 1}, "nobody"),
            ("mine", pd.Series([1, 2], index=[0, 99]), "99"),
            ("macs", np.zeros(9), "macs"),
        ],
    )
    def test_values_that_fit_no_op_are_refused(self, name, values, words):
        with pytest.raises(ModelError, match=words):
            analyze(mlp()).add_column(name, values)

    def test_an_unknown_aggregate_is_refused(self):
        with pytest.raises(ModelError, match="median"):
            analyze(mlp()).add_column("mine", np.zeros(9), aggregate="median")


def test_identical_blocks_are_found_as_one_run():
    runs = analyze(mlp(depth=5)).repeats
    assert [(run.count, run.ops) for run in runs if run.ops == 3] == [(5, 3)]
    assert repeats(analyze(mlp(depth=5)).tables["scopes"]) == runs


def test_sums_leave_out_what_is_not_known_but_never_make_up_zero():
    values = pd.array([5, None, None], dtype="Int64")
    assert total(values) == 5
    assert total(pd.array([None, None], dtype="Int64")) is None
    sums = subtree_sums(values, np.array([1, 1, 2]), [-1, 0, 0])
    assert sums.tolist() == [5, 5, pd.NA]
    assert total(pd.array([0, None], dtype="Int64")) is None
    assert total(pd.array([0, 0], dtype="Int64")) == 0


def test_a_model_whose_only_layer_cannot_be_counted_does_not_cost_nothing():
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("NonZero", ["a"], ["n"]),
        helper.make_node("Cast", ["n"], ["f"], to=1),
        helper.make_node("MatMul", ["w", "f"], ["y"]),
    ]
    weights = [numpy_helper.from_array(np.ones((4, 2), np.float32), "w")]
    report = analyze(model(nodes, [value("x", 2, 8)], [value("y", 4, "n")], weights))
    assert report.ops["macs"].isna().any()
    assert report.totals.macs is None
    assert report.scopes["macs"].isna().iloc[0]
    assert report.totals.flops > 0  # of the Relu: what is known is a lower bound, and the gap says so


def test_sums_past_64_bits_stay_exact():
    assert total(pd.array([2**62, 2**62, 2**62], dtype="Int64")) == 3 * 2**62


def test_the_curve_peaks_at_the_total():
    report = analyze(mlp())
    assert report.memory["live_bytes"].max() == report.totals.peak_activation_bytes
    assert report.memory["op"].tolist() == list(range(len(report.ops)))


def test_the_precision_mix_adds_up():
    report = analyze(mlp())
    assert report.precision_mix["parameters"].sum() == report.totals.parameters
    assert report.precision_mix["macs"].sum() == report.totals.macs


@pytest.mark.parametrize(
    ("option", "wrong"),
    [("precision", wrong) for wrong in ("fp3", "", 5, 0, True, b"fp16", ["fp16"])]
    + [("gpus", wrong) for wrong in (0, -1, 2.5, True, "2", 1 << 70)]
    + [("hardware", wrong) for wrong in (5, True, b"H100", ["H100"], "", "nope")],
)
def test_options_of_a_wrong_kind_are_refused(option, wrong):
    with pytest.raises(ModelError):
        analyze(mlp(1), **{"hardware": "H100", option: wrong})


def test_numbers_of_numpy_are_numbers():
    report = analyze(mlp(1), shapes={"batch": np.int32(3)}, hardware="H100", gpus=np.int64(2))
    assert report.bindings["batch"].size == 3
    assert type(report.hardware.count) is int
    assert report.hardware.count == 2


def test_an_attribute_of_a_wrong_type_is_a_gap():
    attributes = {"K": "k", "N": 1.5, "bits": [4], "block_size": 32}
    node = helper.make_node("MatMulNBits", ["x", "w"], ["y"], domain="com.microsoft", **attributes)
    packed = numpy_helper.from_array(np.zeros((4, 1, 16), np.uint8), "w")
    report = analyze(model([node], [value("x", 2, 32)], [value("y", 2, 4)], [packed]))
    assert any("K is not an integer" in gap.what for gap in report.gaps)
    assert report.totals.weight_bytes == 64


def test_the_text_of_a_model_with_thousands_of_inputs_stays_short():
    count = 3 * MAX_ROWS
    nodes = [helper.make_node("Relu", [f"x{i}"], [f"y{i}"]) for i in range(count)]
    ports = [[value(f"{side}{i}", f"n{i}") for i in range(count)] for side in "xy"]
    report = analyze(model(nodes, *ports))
    assert len(report.inputs) == len(report.assumptions) == count
    for text in (report.summary(), report.to_markdown()):
        assert f"{count - MAX_ROWS} more" in text
        assert f"n{count - 1}" not in text


def test_a_text_of_megabytes_is_cut_before_it_is_cleaned():
    assert plain("\x1b[31m" + "a" * 20_000_000, 100) == "a" * 99 + "\N{HORIZONTAL ELLIPSIS}"
    assert plain("\x1b[31mred\x1b[0m" * 5, 20) == "red" * 5
