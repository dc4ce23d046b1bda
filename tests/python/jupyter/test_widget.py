"""The widget, the session behind it, and the messages of the sidebar."""

import pytest
from report_models import hostile, mlp

from haoline_analysis import analyze
from haoline_analysis.errors import ModelError
from haoline_analysis.report import container
from haoline_jupyter import assets, comms
from haoline_jupyter.session import Choice, session
from haoline_jupyter.shown import Outputs


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """Stand-ins for the built front end: its content is another test's matter."""
    monkeypatch.setattr(assets, "read", lambda name: f"/* {name} */")


@pytest.fixture
def show():
    from haoline_jupyter.widget import ReportWidget

    return lambda made=None, **options: ReportWidget(made or analyze(mlp(), hardware="H100"), **options)


def profile_of(widget):
    return container.decode(widget.overlay)[0]["hardware"]["profile"]["id"]


def test_a_widget_carries_its_report(show):
    widget = show(tab="layers")
    header, _ = container.decode(widget.document)
    assert widget.report_id == header["id"] == widget.report.id
    assert widget.hardware == {"profile": widget.report.hardware.profile.id, "count": 1, "precision": None}
    assert widget.tab == "layers"
    assert widget.overlay == b""


def test_the_state_is_small_but_for_the_document(show):
    widget = show()
    state = widget.get_state()
    assert {"report_id", "document", "overlay", "hardware", "selection", "tab", "color", "status"} <= set(state)
    assert len(state["_esm"]) < 3000


def test_a_choice_of_the_session_reaches_every_widget_in_place(show):
    first, second = show(), show(analyze(mlp(2)))
    same = show(first.report)
    documents = [widget.document for widget in (first, second, same)]
    session.set_hardware(Choice("a100-sxm-80", 2, "fp16"))
    assert {profile_of(widget) for widget in (first, second, same)} == {"a100-sxm-80"}
    assert all(widget.hardware["count"] == 2 and widget.hardware["precision"] == "fp16" for widget in (first, second))
    assert [widget.document for widget in (first, second, same)] == documents


def test_a_choice_inside_a_report_stays_with_that_report(show):
    first, other = show(), show()
    twin = show(first.report)
    first.set_state({"hardware": {"profile": "a100-sxm-80", "count": 4, "precision": ""}})
    assert profile_of(first) == profile_of(twin) == "a100-sxm-80"
    assert first.report.hardware.count == twin.hardware["count"] == 4
    assert other.overlay == b""


def test_a_choice_that_is_none_is_taken_back_and_said(show):
    widget = show()
    before = dict(widget.hardware)
    widget.set_state({"hardware": {"profile": "abacus", "count": 1, "precision": None}})
    assert widget.hardware == before
    assert "abacus" in widget.status


def test_a_closed_widget_is_left_alone(show):
    widget = show()
    widget.close()
    session.set_hardware(Choice("a100-sxm-80"))
    assert widget.overlay == b""


def test_a_refused_choice_changes_nothing(show):
    widget = show()
    with pytest.raises(ModelError, match="abacus"):
        session.set_hardware(Choice("abacus"))
    assert session.choice is None
    assert widget.overlay == b""


def test_the_front_end_gets_the_views_when_it_asks(show, monkeypatch):
    widget = show()
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append((content, buffers)))
    widget._handle_custom_msg({"type": "bundle"}, [])
    assert sent == [({"type": "bundle"}, [b"/* views.js */", b"/* views.css */"])]
    widget._handle_custom_msg({"type": "nonsense"}, [])
    assert len(sent) == 1


def test_new_reports_start_on_the_chosen_hardware(shell, model):
    session.set_hardware(Choice("a100-sxm-80", 2))
    report = shell.run_line_magic("haoline", "mlp.onnx")
    assert (report.hardware.profile.id, report.hardware.count) == ("a100-sxm-80", 2)
    own = shell.run_line_magic("haoline", "mlp.onnx --hardware H100")
    assert own.hardware.count == 1


class TestSidebar:
    def test_a_choice_is_set_and_echoed(self, show):
        widget = show()
        echo = comms.answer({"type": "set", "profile": "a100-sxm-80", "count": 2, "precision": "fp16"})
        assert echo["type"] == "set"
        assert (echo["profile"], echo["count"], echo["precision"]) == ("a100-sxm-80", 2, "fp16")
        assert "detected" in echo
        assert profile_of(widget) == "a100-sxm-80"

    def test_the_present_choice_can_be_asked_for(self):
        assert comms.answer({"type": "ask"})["profile"] is None
        session.set_hardware(Choice("a100-sxm-80"))
        assert comms.answer({"type": "ask"})["profile"] == "a100-sxm-80"

    @pytest.mark.parametrize(
        "message",
        [
            None,
            {},
            {"type": "dance"},
            {"type": "set"},
            {"type": "set", "profile": 7},
            {"type": "set", "profile": "abacus"},
            {"type": "set", "profile": "h100-sxm", "count": -1},
            {"type": "set", "profile": "h100-sxm", "count": True},
            {"type": "set", "profile": "h100-sxm", "precision": "fp77"},
        ],
    )
    def test_nonsense_is_answered_and_changes_nothing(self, message):
        assert comms.answer(message)["type"] == "error"
        assert session.choice is None

    def test_the_kernel_speaks_only_when_spoken_to(self):
        heard = []

        class Link:
            def on_msg(self, callback):
                self.callback = callback

            def send(self, data):
                heard.append(data)

        link = Link()
        comms.opened(link, {})
        assert heard == []
        link.callback({"content": {"data": {"type": "ask"}}})
        assert len(heard) == 1


class TestOutputs:
    def test_running_a_cell_again_closes_what_it_showed(self, show):
        outputs, first, second = Outputs(), show(), show()
        outputs.add("cell", "run 1", first)
        outputs.add("cell", "run 1", second)
        assert first.comm is not None
        outputs.begin("cell", "run 2")
        assert first.comm is None
        assert second.comm is None

    def test_other_cells_keep_theirs(self, show):
        outputs, widget = Outputs(), show()
        outputs.add("cell", "run 1", widget)
        outputs.begin("other", "run 2")
        assert widget.comm is not None


def test_a_shell_with_a_kernel_shows_the_widget_and_the_stored_forms(shell, model, monkeypatch):
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    report = analyze(hostile(), hardware="H100")
    data, _ = shell.display_formatter.format(report)
    assert set(data) == {
        "text/plain",
        "text/html",
        "application/vnd.haoline.report+json",
        "application/vnd.jupyter.widget-view+json",
    }
    widget = next(iter(session.live()))
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert data["application/vnd.haoline.report+json"]["id"] == widget.report_id


def test_a_page_written_in_a_notebook_is_interactive(shell, model):
    report = analyze(model)
    assert "haoline-views" in report.to_html()


def test_a_shell_without_a_kernel_shows_the_stored_forms(shell, model):
    data, _ = shell.display_formatter.format(analyze(model))
    assert "application/vnd.jupyter.widget-view+json" not in data
    assert data["text/plain"].startswith("HaoLine report")


def test_without_the_built_front_end_a_report_is_still_shown(shell, model, monkeypatch, capsys):
    def missing(name):
        raise assets.MissingAssetsError(f"not built; run: {assets.BUILD}")

    monkeypatch.setattr(assets, "read", missing)
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    data, _ = shell.display_formatter.format(analyze(model))
    assert "text/html" in data
    assert assets.BUILD in capsys.readouterr().err
