"""Columns of the user's own: by op or tensor, on nodes or edges, added and taken back."""

import numpy as np
import pandas as pd
import pytest
from report_models import helper, mlp, model, value

from haoline_analysis import analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.report import container


@pytest.fixture
def report():
    return analyze(mlp(), hardware="H100")


def filled(report, name, table="ops"):
    frame = getattr(report, table)
    return frame.set_index("name")[name].dropna().to_dict()


def split():
    """An op that makes two tensors."""
    nodes = [
        helper.make_node("Split", ["x"], ["left", "right"], "halve", axis=0, num_outputs=2),
        helper.make_node("Add", ["left", "right"], ["y"], "join"),
    ]
    made = model(nodes, [value("x", 4)], [value("y", 2)])
    made.opset_import[0].version = 18
    return made


class TestWhoseValueItIs:
    def test_tensor_names_lead_to_the_op_that_makes_them(self, report):
        report.add_column("sqnr", pd.Series({"m1": 31.5, "r0": 40.0}), unit="dB")
        assert filled(report, "sqnr") == {"/layers.1/MatMul": 31.5, "/layers.0/Relu": 40.0}

    def test_an_edge_column_is_by_tensor(self, report):
        report.add_column("range", {"x": 3.5, "m0": 1.5}, table="tensors")
        assert filled(report, "range", "tensors") == {"x": 3.5, "m0": 1.5}
        assert "range" not in report.ops

    def test_an_edge_column_by_op_marks_all_that_the_op_makes(self):
        report = analyze(split()).add_column("ms", {"halve": 2.0}, table="tensors")
        assert filled(report, "ms", "tensors") == {"left": 2.0, "right": 2.0}

    def test_row_numbers_may_leave_rows_out(self, report):
        report.add_column("mine", pd.Series([7, 8], index=[2, 0]))
        assert report.ops["mine"].dropna().to_dict() == {0: 8, 2: 7}
        assert report.ops["mine"].isna().sum() == len(report.ops) - 2

    def test_nothing_given_is_nothing_known(self, report):
        report.add_column("mine", {})
        assert report.ops["mine"].isna().all()

    @pytest.mark.parametrize("by", ["op", "tensor"])
    def test_a_name_that_both_have_goes_where_it_is_told(self, by):
        nodes = [helper.make_node("Relu", ["x"], ["b"], "a"), helper.make_node("Relu", ["b"], ["a"], "b")]
        report = analyze(model(nodes, [value("x", 2)], [value("a", 2)]))
        report.add_column("mine", {"a": 1.0}, by=by)
        assert filled(report, "mine") == {"a" if by == "op" else "b": 1.0}

    def test_words_in_order_stay_in_order(self, report):
        rank = pd.Categorical(["low"] * 8 + ["high"], categories=["low", "high"], ordered=True)
        report.add_column("risk", rank, scale="ordinal")
        report.add_column("again", pd.Series(rank, index=report.ops["name"]))
        _, tables = container.decode(report.to_document())
        assert tables["ops"]["risk"].scale == "ordinal"
        assert list(report.ops["again"].cat.categories) == ["low", "high"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "options", "words"),
        [
            ({"/layers.0/Matmul": 1}, {}, "no op '/layers.0/Matmul'; did you mean '/layers.0/MatMul'"),
            ({f"ghost{i}": 1 for i in range(9)}, {}, "'ghost0', 'ghost1', 'ghost2' and 6 more"),
            ({"m0": 1, "/layers.0/Relu": 2}, {}, "no op 'm0'"),
            ({"m0": 1}, {"by": "op"}, "no op 'm0'"),
            ({"x": 1}, {"by": "tensor"}, "No op makes 'x'"),
            ({"nobody": 1}, {"table": "tensors"}, "no tensor 'nobody'"),
            (pd.Series([1, 2], index=["m0", "m0"]), {}, "'m0' more than once"),
            (pd.Series([1], index=[-1]), {}, "Row -1"),
            (pd.Series([1], index=[9]), {}, "Row 9"),
            ([1, 2], {}, "2 values for 9 ops"),
            (np.zeros((9, 1)), {}, "one value per op"),
            (pd.DataFrame({"a": range(9)}), {}, "one value per op"),
            (5, {}, "one value per op"),
            ("ninewords", {}, "one value per op"),
            (np.zeros(9), {"scale": "cubic"}, "scale 'cubic'"),
            (np.zeros(9), {"center": "middle"}, "middle"),
            (np.zeros(9), {"table": "scopes"}, "table 'scopes'"),
            (np.zeros(9), {"by": "edge"}, "by 'edge'"),
            (np.zeros(9), {"provenance": "guessed"}, "guessed"),
        ],
    )
    def test_values_that_fit_nothing_are_named(self, report, values, options, words):
        with pytest.raises(ModelError, match=words):
            report.add_column("mine", values, **options)
        assert "mine" not in report.ops
        assert report.content.user_columns == ()

    def test_two_values_for_one_op_are_refused(self):
        with pytest.raises(ModelError, match="'halve'"):
            analyze(split()).add_column("mine", {"left": 1, "right": 2})

    def test_a_built_in_column_stays(self, report):
        with pytest.raises(ModelError, match="nbytes"):
            report.add_column("nbytes", {"x": 1}, table="tensors")
        with pytest.raises(ModelError, match="No column 'macs'"):
            report.remove_column("macs")


class TestComingAndGoing:
    def test_a_column_can_be_replaced_and_taken_back(self, report):
        report.add_column("mine", {"m0": 1}).add_column("mine", {"m0": 2})
        assert list(filled(report, "mine").values()) == [2]
        report.remove_column("mine")
        assert "mine" not in report.ops
        assert report.content.user_columns == ()

    def test_an_unknown_column_cannot_be_taken_back(self, report):
        report.add_column("latency", {"m0": 1})
        with pytest.raises(ModelError, match="did you mean 'latency'"):
            report.remove_column("latencies")

    def test_those_who_watch_are_told_until_they_stop(self, report):
        told = []
        stop = report.watch(lambda: told.append(sorted(report.content.user_columns)))
        report.add_column("mine", {"m0": 1})
        report.set_hardware("T4")
        report.remove_column("mine")
        stop()
        stop()
        report.add_column("mine", {"m0": 1})
        assert told == [["mine"], ["mine"], []]

    def test_the_overlay_holds_what_there_is_now(self, report):
        report.add_column("mine", {"m0": 1}).add_column("range", {"x": 2.0}, table="tensors")
        head, tables = container.decode(report.to_overlay())
        assert head["user_columns"] == {"ops": ["mine"], "tensors": ["range"]}
        assert "mine" in tables["ops"]
        assert [column.name for column in tables["tensors"]] == ["range"]
        report.remove_column("mine").remove_column("range", table="tensors")
        head, tables = container.decode(report.to_overlay())
        assert head["user_columns"] == {"ops": [], "tensors": []}
        assert "mine" not in tables["ops"]
        assert "tensors" not in tables

    def test_bind_on_and_json_keep_them_apart_and_alive(self, report):
        report.add_column("range", {"x": 2.0}, table="tensors").add_column("mine", {"m0": 1})
        for other in (report.bind(batch=2), report.on("T4"), type(report).from_json(report.to_json())):
            assert filled(other, "range", "tensors") == {"x": 2.0}
            other.remove_column("range", table="tensors").remove_column("mine")
            assert "mine" in report.ops
            assert "range" in report.tensors
