"""The graph as a view of its own: what it takes, what it gives back, and how long it lives."""

import numpy as np
import pandas as pd
import pytest
from report_models import mlp

from haoline_analysis import analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.report import container
from haoline_jupyter import GraphView, assets, shown
from haoline_jupyter.session import Choice, session

MIME = "application/vnd.haoline.report+json"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
RELUS = ["/layers.0/Relu", "/layers.1/Relu", "/layers.2/Relu"]


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """Stand-ins for the built front end: its content is another test's matter."""
    monkeypatch.setattr(assets, "read", lambda name: f"/* {name} */")


@pytest.fixture
def report():
    return analyze(mlp(), hardware="H100")


@pytest.fixture
def live(shell, monkeypatch):
    """A shell with a page in front of it; sets the cell and run that the kernel works at."""
    parent = {"header": {"msg_id": "run 1"}, "metadata": {"cellId": "cell"}, "content": {"allow_stdin": True}}
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(shell, "get_parent", lambda: parent, raising=False)

    def run(cell, number, *, shows):
        parent["header"]["msg_id"] = f"run {number}"
        parent["metadata"]["cellId"] = cell
        shell.events.trigger("pre_run_cell", None)
        data = [view._repr_mimebundle_() for view in shows()]
        shell.events.trigger("post_run_cell", None)
        return data

    run.parent = parent
    yield run
    shown.outputs._cells.clear()


class TestArguments:
    def test_what_is_given_is_what_the_page_gets(self, report):
        view = GraphView(report, "macs", "flops", "nbytes", "type:MatMul", ["layers.0"], "layers.1", [1], height=300)
        state = view.get_state()
        assert (state["view"], state["color"], state["size"], state["edge_color"]) == (
            "graph",
            "macs",
            "flops",
            "nbytes",
        )
        assert (state["expanded"], state["focus"], state["selection"]) == (["layers.0"], "layers.1", [1])
        assert (state["filter"], state["height"], state["camera"]) == ("type:MatMul", 300, None)
        assert container.decode(state["document"])[0]["id"] == state["report_id"] == report.id

    def test_flops_colour_it_unless_told_otherwise(self, report):
        assert GraphView(report).color == "flops"
        assert GraphView(report, color=None).color == ""

    def test_a_path_and_a_model_are_analysed(self, model):
        assert len(GraphView(model).report.ops) == len(GraphView(mlp()).report.ops) == 9

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"color": "flop"}, "ops have no column 'flop'; did you mean 'flops'"),
            ({"size": 7}, "ops have no column 7"),
            ({"edge_color": "macs"}, "tensors have no column 'macs'"),
            ({"expanded": ["layers.9"]}, "no group 'layers.9'; did you mean 'layers."),
            ({"focus": "decoder"}, "no group 'decoder'"),
            ({"selection": ["/layers.0/Matmul"]}, "no op '/layers.0/Matmul'; did you mean '/layers.0/MatMul'"),
            ({"selection": 99}, "no op '99'"),
            ({"selection": [-1]}, "no op '-1'"),
            ({"selection": [1.5]}, "no op '1.5'"),
            ({"selection": [True, False]}, "2 flags for 9 ops"),
            ({"camera": {"x": 1}}, "x, y and a positive scale"),
            ({"camera": {"x": 1, "y": 2, "scale": 0}}, "x, y and a positive scale"),
            ({"camera": {"x": float("nan"), "y": 2, "scale": 1}}, "x, y and a positive scale"),
        ],
    )
    def test_what_the_report_has_not_is_refused_with_what_is_near(self, report, options, words):
        with pytest.raises(ModelError, match=words):
            GraphView(report, **options)
        view = GraphView(report)
        (name, value), *_ = options.items()
        before = getattr(view, name)
        with pytest.raises(ModelError, match=words):
            setattr(view, name, value)
        assert getattr(view, name) == before

    def test_addresses_of_runs_and_namesakes_are_known(self, report):
        expanded = ["layers.0…layers.2", "layers.1#2", "x…/layers.0/Relu"]
        assert GraphView(report, expanded=expanded).expanded == expanded

    def test_a_height_stays_within_reason(self, report):
        view = GraphView(report, height=1)
        assert view.height == 160
        view.height = 10**9
        assert view.height == 4000


class TestSelection:
    @pytest.mark.parametrize(
        "chosen",
        [
            lambda ops: [2, 5, 8],
            lambda ops: np.array([2, 5, 8]),
            lambda ops: RELUS,
            lambda ops: ops["type"] == "Relu",
            lambda ops: (ops["type"] == "Relu").to_numpy(),
            lambda ops: (ops["type"] == "Relu").tolist(),
            lambda ops: ops.set_index("name")["type"] == "Relu",
            lambda ops: ops[ops["type"] == "Relu"],
            lambda ops: ops[ops["type"] == "Relu"].index,
            lambda ops: ops.loc[ops["type"] == "Relu", "name"],
            lambda ops: pd.Index(RELUS),
            lambda ops: pd.Series(1.5, index=RELUS),
            lambda ops: pd.Series(3, index=RELUS),
            lambda ops: pd.Series([True, pd.NA, True, True], index=[RELUS[0], "x", *RELUS[1:]], dtype="boolean"),
        ],
    )
    def test_ops_may_be_chosen_in_many_ways(self, report, chosen):
        view = GraphView(report, selection=chosen(report.ops))
        assert view.selection == [2, 5, 8]
        assert view.selected["name"].tolist() == RELUS

    def test_one_op_needs_no_list(self, report):
        assert GraphView(report, selection="/layers.0/Relu").selection == [2]
        assert GraphView(report, selection=2).selection == [2]
        assert GraphView(report, selection=None).selected.empty

    def test_the_page_selects_too_and_cannot_invent_ops(self, report):
        view = GraphView(report)
        view.set_state({"selection": [3, 99, "x", -1, 1]})
        assert view.selection == [3, 1]
        assert view.selected.index.tolist() == [3, 1]
        view.set_state({"expanded": ["what only the page knows"], "camera": {"x": 1, "y": 2, "scale": 0.5}})
        assert view.expanded == ["what only the page knows"]
        assert view.camera["scale"] == 0.5


class TestColumns:
    def test_a_live_view_gets_a_column_at_once_and_can_be_coloured_by_it(self, report):
        view = GraphView(report)
        report.add_column("sqnr", {"m0": 31.5}, unit="dB")
        assert "sqnr" in container.decode(view.overlay)[1]["ops"]
        view.color = "sqnr"
        report.remove_column("sqnr")
        assert view.color == ""
        assert "sqnr" not in container.decode(view.overlay)[1]["ops"]

    def test_edges_too(self, report):
        view = GraphView(report)
        report.add_column("range", {"m0": 31.5}, table="tensors")
        view.edge_color = "range"
        assert "range" in container.decode(view.overlay)[1]["tensors"]

    def test_hardware_chosen_in_python_reaches_the_page(self, report):
        view = GraphView(report)
        report.set_hardware("T4")
        assert view.hardware["profile"] == "t4"
        session.set_hardware(Choice("a100-sxm-80"))
        assert view.hardware["profile"] == "a100-sxm-80"

    def test_a_closed_view_is_left_alone(self, report):
        view = GraphView(report)
        view.close()
        report.add_column("mine", {"m0": 1})
        assert view.overlay == b""
        assert report._watchers == []


class TestForms:
    def test_a_page_gets_the_view_and_what_needs_no_kernel(self, report, live):
        view = GraphView(report, expanded=["layers.0"])
        (data,) = live("cell", 1, shows=lambda: [view])
        assert set(data) == {"text/plain", "text/html", MIME, WIDGET_MIME}
        assert data[WIDGET_MIME]["model_id"] == data[MIME]["view_id"] == view.model_id
        assert (data[MIME]["view"], data[MIME]["id"]) == ("graph", report.id)
        assert data[MIME]["state"] == {"color": "flops", "expanded": ["layers.0"], "height": 480}
        assert "9 ops" in data["text/plain"]

    def test_nobody_in_front_means_no_link_and_nothing_saved_twice(self, report, live):
        live.parent["content"]["allow_stdin"] = False
        view = GraphView(report)
        (data,) = live("cell", 1, shows=lambda: [view])
        assert view.comm is None
        assert set(data) == {"text/plain", "text/html", MIME}
        view.color = "macs"
        assert view.state()["color"] == "macs"

    def test_the_page_can_ask_for_a_page_of_its_own(self, report, monkeypatch):
        view = GraphView(report, color="macs")
        view.set_state({"camera": {"x": 1, "y": 2, "scale": 0.5}, "selection": [2]})
        sent = []
        monkeypatch.setattr(view, "send", lambda content, buffers=None: sent.append((content, buffers)))
        view._handle_custom_msg({"type": "html"}, [])
        ((content, (html,)),) = sent
        assert content == {"type": "html"}
        for told in ("graph", "macs", "camera", "0.5"):
            assert told in html.decode().split("data-haoline-state=")[1][:400]


class TestLife:
    def test_running_a_cell_again_closes_what_it_made(self, report, live):
        views = [GraphView(report), GraphView(report)]
        live("cell", 1, shows=lambda: views[:1])
        live("cell", 2, shows=lambda: views[1:])
        assert [view.comm is None for view in views] == [True, False]

    def test_a_view_that_the_user_shows_again_lives_on(self, report, live):
        view = GraphView(report)
        live("cell", 1, shows=lambda: [view])
        live("cell", 2, shows=lambda: [view])
        assert view.comm is not None

    def test_a_view_that_another_cell_shows_lives_on(self, report, live):
        view = GraphView(report)
        live("cell", 1, shows=lambda: [view])
        live("other", 2, shows=lambda: [view])
        live("cell", 3, shows=list)
        assert view.comm is not None
        live("other", 4, shows=list)
        assert view.comm is None

    def test_a_closed_view_can_be_shown_again(self, report, live):
        view = GraphView(report, color="macs")
        live("cell", 1, shows=lambda: [view])
        view.set_state({"selection": [1]})
        live("cell", 2, shows=list)
        report.add_column("mine", {"m0": 1})
        (data,) = live("other", 3, shows=lambda: [view])
        assert data[WIDGET_MIME]["model_id"] == view.model_id
        assert data[MIME]["state"]["selection"] == [1]
        assert "mine" in container.decode(view.overlay)[1]["ops"]

    def test_a_deleted_cell_takes_its_view_along(self, report, live):
        view = GraphView(report)
        live("cell", 1, shows=lambda: [view])
        view._handle_custom_msg({"type": "gone"}, [])
        assert view.comm is None
        assert view not in session.widgets
        assert report._watchers == []
        live("cell", 2, shows=list)
        assert shown.outputs._cells == {}
