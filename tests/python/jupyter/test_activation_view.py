"""The activations view: what it takes, what it answers, what it leaves in a notebook. Real models, real onnxruntime."""

import base64
import gzip
import io
import json
import re
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from haoline_analysis.errors import ModelError
from haoline_analysis.report import container
from haoline_analysis.report.bundle import MIME
from haoline_analysis.runtime import capture, display, tiles
from haoline_jupyter import ActivationView, assets, shown
from haoline_jupyter.export import WIDGET_MIME
from haoline_jupyter.sampled_view import MOST_SNAPSHOT

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DIGITS = EXAMPLES / "digits.npz"


@pytest.fixture(scope="module")
def captured():
    """A network with a dead layer, run on eight digits."""
    return capture(EXAMPLES / "models/digits_dead.onnx", np.load(DIGITS)["image"][:8])


@pytest.fixture
def view(captured, monkeypatch):
    """A view whose front end is another test's matter; what it sends is kept."""
    monkeypatch.setattr(assets, "read", lambda name: f"/* {name} */")
    made = ActivationView(captured)
    made.sent = []
    monkeypatch.setattr(made, "send", lambda content, buffers=None: made.sent.append((content, buffers)))
    yield made
    made.close()


def ask(of, **message):
    """What the view answers."""
    of._handle_custom_msg({"request": 7, **message}, [])
    content, buffers = of.sent.pop()
    assert (content["type"], content["request"]) == (message["type"], 7)
    assert not of.sent
    json.dumps(content, allow_nan=False)
    return content, buffers


def row(view, name):
    return view.report.tables["tensors"]["name"].values.index(name)


def values(content, buffers):
    """The maps of a tile as numbers."""
    codes = np.frombuffer(buffers[0], "<u2").reshape(content["shape"])
    low, high = (np.array(content[side])[:, None, None] for side in ("low", "high"))
    return low + codes / tiles.TOP * (high - low)


class TestTraits:
    def test_the_page_gets_the_capture_and_its_report(self, view, captured):
        state = view.get_state()
        head, tables = container.decode(state["activations"])
        assert (head["kind"], head["id"], head["report_id"]) == ("activations", captured.id, captured.report.id)
        assert container.decode(state["document"])[0]["id"] == captured.report.id
        assert (state["view"], state["sample"], state["tensor"], state["snapshot"]) == ("activations", 0, -1, "")
        assert tables["activations"].rows == len(captured.tensors)

    def test_a_tensor_is_shown_by_name_with_its_op(self, captured, view):
        made = ActivationView(captured, tensor="relu_4", sample=3, panel={"sort": "sparsity"}, color="dead_channels")
        assert made.tensor == row(view, "relu_4")
        assert made.report.ops["type"][made.selection[0]] == "Relu"
        assert (made.sample, made.panel, made.color) == (3, {"sort": "sparsity"}, "dead_channels")
        made.tensor = "conv2d_4"
        assert made.report.ops["type"][made.selection[0]] == "Conv"

    def test_what_the_page_picks_leaves_its_selection_alone(self, view):
        view.set_state({"selection": [2], "tensor": row(view, "relu_4")})
        assert (view.selection, view.tensor) == ([2], row(view, "relu_4"))

    def test_what_is_no_capture_is_refused(self):
        with pytest.raises(ModelError, match="not int"):
            ActivationView(5)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"tensor": "relu4"}, "no tensor 'relu4'; did you mean 'relu_4'"),
            ({"tensor": 99_999}, "no tensor '99999'"),
            ({"sample": 8}, "no sample 8: there are 8"),
            ({"sample": -1}, "no sample -1"),
            ({"panel": {"sort": object()}}, "small dict"),
            ({"panel": {"sort": "x" * 30_000}}, "small dict"),
            ({"color": "dead_chanels"}, "did you mean 'dead_channels'"),
        ],
    )
    def test_what_there_is_not_is_refused(self, captured, view, options, words):
        with pytest.raises(ModelError, match=words):
            ActivationView(captured, **options)

    def test_the_page_cannot_break_it(self, view):
        view.set_state({"sample": 99, "tensor": "x", "panel": {"long": "x" * 30_000}, "height": 1})
        assert (view.sample, view.tensor, view.panel, view.height) == (7, -1, {}, 160)
        view.set_state({"snapshot": "good"})
        view.set_state({"snapshot": "x" * (MOST_SNAPSHOT + 1)})
        assert view.snapshot == "good"


class TestTiles:
    def test_channels_are_the_tensor(self, view, captured):
        asked = {"kind": "maps", "channels": [3, 0, 31], "size": 64}
        content, buffers = ask(
            view, type="tile", tensor=row(view, "conv2d_4"), sample=2, against=None, mean=False, view=asked
        )
        whole = captured.load("conv2d_4", 2)[0, [3, 0, 31]]
        assert (content["shape"], content["full"]) == ([3, 4, 4], [4, 4])
        np.testing.assert_allclose(values(content, buffers), whole, atol=1e-3)
        np.testing.assert_allclose(content["mean"], whole.mean(axis=(1, 2)), rtol=1e-5)

    def test_a_plane_too(self, view, captured):
        asked = {"kind": "plane", "rows": 1, "columns": 3, "at": [0, 0, 2, 0], "size": 64}
        content, buffers = ask(
            view, type="tile", tensor=row(view, "conv2d_4"), sample=0, against=None, mean=False, view=asked
        )
        np.testing.assert_allclose(values(content, buffers)[0], captured.load("conv2d_4", 0)[0, :, 2, :], atol=1e-3)

    def test_another_sample_is_taken_off(self, view, captured):
        asked = {"kind": "maps", "channels": [5], "size": 64}
        content, buffers = ask(
            view, type="tile", tensor=row(view, "conv2d_1"), sample=1, against=4, mean=False, view=asked
        )
        apart = captured.load("conv2d_1", 1) - captured.load("conv2d_1", 4)
        np.testing.assert_allclose(values(content, buffers)[0], apart[0, 5], atol=1e-3)

    def test_the_mean_is_that_of_all_samples(self, view, captured):
        asked = {"kind": "maps", "channels": [5], "size": 64}
        content, buffers = ask(
            view, type="tile", tensor=row(view, "conv2d_1"), sample=0, against=None, mean=True, view=asked
        )
        whole = np.mean([captured.load("conv2d_1", i)[0, 5] for i in range(8)], axis=0)
        np.testing.assert_allclose(values(content, buffers)[0], whole, atol=1e-3)

    @pytest.mark.parametrize(
        ("message", "words"),
        [
            ({}, "tensor is a whole number"),
            ({"tensor": 99_999}, "Tensor 99999 was not captured"),
            ({"tensor": None}, "tensor is a whole number"),
            ({"tensor": "conv2d_1", "sample": 8, "view": {"kind": "maps", "channels": [0], "size": 8}}, "no sample 8"),
            (
                {"tensor": "conv2d_1", "sample": 0, "view": {"kind": "maps", "channels": [99], "size": 8}},
                "no channel 99",
            ),
            ({"tensor": "conv2d_1", "sample": 0, "view": {"kind": "cube", "size": 8}}, "maps or plane"),
            (
                {
                    "tensor": "conv2d_1",
                    "sample": 0,
                    "against": "x",
                    "view": {"kind": "plane", "rows": 2, "columns": 3, "at": [], "size": 8},
                },
                "against is a whole number",
            ),
        ],
    )
    def test_a_bad_question_gets_a_sentence(self, view, message, words):
        if isinstance(message.get("tensor"), str):
            message = {**message, "tensor": row(view, message["tensor"])}
        content, _ = ask(view, type="tile", **message)
        assert words in content["error"]

    def test_a_failure_of_ours_leaves_the_kernel_alive(self, view, monkeypatch):
        monkeypatch.setattr(tiles, "tile", lambda *_: 1 / 0)
        asked = {"kind": "maps", "channels": [0], "size": 8}
        message = {"type": "tile", "tensor": row(view, "conv2d_1"), "sample": 0, "view": asked}
        assert "ZeroDivisionError" in ask(view, **message)[0]["error"]
        monkeypatch.undo()

    def test_an_interrupt_is_an_answer(self, view, captured, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(captured, "load", interrupted)
        assert "interrupted" in ask(view, type="array", tensor=row(view, "conv2d_1"), sample=0)[0]["error"]


class TestFiles:
    def test_an_array_is_a_file_that_numpy_reads(self, view, captured):
        _, (file,) = ask(view, type="array", tensor=row(view, "relu_2"), sample=3, channel=None)
        np.testing.assert_array_equal(np.load(io.BytesIO(file)), captured.load("relu_2", 3))
        _, (file,) = ask(view, type="array", tensor=row(view, "relu_2"), sample=3, channel=2)
        assert np.load(io.BytesIO(file)).size == 64

    def test_the_input_is_a_picture_and_an_array(self, view, captured):
        content, (pixels,) = ask(view, type="input", sample=1)
        assert content["label"] == captured.samples[1].label
        assert content["picture"] == [8, 8]
        assert len(pixels) == 8 * 8 * 3
        assert content["arrays"][0]["name"] == "image"
        assert content["arrays"][0]["shape"] == [1, 1, 8, 8]

    def test_other_messages_are_answered_as_by_any_view(self, view):
        view._handle_custom_msg({"type": "bundle"}, [])
        assert view.sent.pop()[0] == {"type": "bundle"}
        view._handle_custom_msg("nonsense", [])
        view._handle_custom_msg({"type": "html"}, [])
        page = view.sent.pop()[1][0].decode()
        assert "data-haoline-activations=" in page


class TestForms:
    def test_a_notebook_stores_what_is_on_screen(self, captured, view, shell, monkeypatch):
        parent = {"header": {"msg_id": "1"}, "metadata": {"cellId": "c"}, "content": {"allow_stdin": True}}
        monkeypatch.setattr(shell, "kernel", object(), raising=False)
        monkeypatch.setattr(shell, "get_parent", lambda: parent, raising=False)
        view.set_state({"snapshot": "kept", "sample": 2, "panel": {"sort": "mean"}})
        data = view._repr_mimebundle_()
        assert set(data) == {"text/plain", "text/html", MIME, WIDGET_MIME}
        stored = data[MIME]
        assert (stored["view"], stored["id"], stored["view_id"]) == ("activations", captured.report.id, view.view_id)
        assert stored["state"]["snapshot"] == "kept"
        assert (stored["state"]["sample"], stored["state"]["panel"]) == (2, {"sort": "mean"})
        assert container.decode(base64.b64decode(stored["activations"]))[0]["id"] == captured.id
        shown.outputs._cells.clear()

    def test_the_sample_shown_is_at_hand_before_anybody_asks(self, captured, view, monkeypatch):
        asked = []
        monkeypatch.setattr(captured, "load", lambda *about: asked.append(about))
        view.tensor, view.sample = "relu_4", 5
        view.live()
        for thread in threading.enumerate():
            if thread.name == "haoline-activations":
                thread.join(10)
        assert asked == [("relu_4", 5)]

    def test_text_and_table_name_the_dead_layer(self, captured):
        text, html = display.summary(captured), display.static_html(captured)
        for form in (text, html):
            assert "relu_4" in form
            assert "31 of 32" in form
            assert "differ by" in form
        assert "<script" not in html

    def test_names_of_a_model_stay_text(self, captured, monkeypatch):
        monkeypatch.setattr(captured.samples, "origin", "<script>alert(1)</script>\x1b[31m")
        assert "<script" not in display.static_html(captured)
        assert "\x1b" not in display.summary(captured)

    def test_a_page_carries_the_capture_and_the_snapshot(self, view):
        view.set_state({"snapshot": "kept on the page"})
        page = view.to_html()
        assert "kept on the page" in page
        assert "data-haoline-activations=" in page
        assert "https://" not in page.split("<body>")[0]

    def test_an_exported_notebook_carries_each_capture_once(self, captured, view):
        from haoline_jupyter.exporter import HaolineExporter

        view.set_state({"snapshot": "kept in the notebook"})
        outputs = [nbformat.v4.new_output("display_data", view.stored()) for _ in range(2)]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("captured", outputs=outputs)])
        page, _ = HaolineExporter().from_notebook_node(notebook)
        assert page.count("data-haoline-activations=") == 2
        elements = re.findall(r'<script[^>]*id="(haoline-[0-9a-f]{32})"[^>]*>([^<]+)<', page)
        kinds = [container.decode(base64.b64decode(data))[0]["kind"] for _, data in elements]
        assert sorted(kinds) == ["activations", "report"]
        assert page.count("kept in the notebook") == 2
        (name,) = set(re.findall(r'data-haoline-activations="([^"]+)"', page))
        assert name in dict(elements)

    def test_a_forged_capture_in_a_notebook_is_left_out(self, view):
        from haoline_jupyter.exporter import HaolineExporter

        data = view.stored()
        data[MIME]["activations"] = '"><script>alert(9)</script>'
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data)])]
        )
        page, _ = HaolineExporter().from_notebook_node(notebook)
        assert "alert(9)" not in page
        assert "data-haoline-document=" in page
        assert "data-haoline-activations=" not in page

    def test_a_folder_is_reopened(self, tmp_path, captured, view):
        images = np.load(DIGITS)["image"][:2]
        capture(EXAMPLES / "models/digits_cnn.onnx", images, mode="stored", folder=tmp_path / "kept")
        again = ActivationView(tmp_path / "kept")
        assert again.captured.mode == "stored"
        assert again.captured.load("relu_2", 1).shape == (1, 16, 8, 8)


class TestContainer:
    def test_rows_say_what_the_frames_say(self, captured):
        head, tables = container.decode(display.document(captured))
        table, channels = tables["activations"], tables["channels"]
        names = captured.report.tables["tensors"]["name"].values
        assert [names[i] for i in table["tensor"].values] == list(captured.tensors.index)
        np.testing.assert_array_equal(table["max"].values, captured.tensors["max"].to_numpy(float))
        at = list(captured.tensors.index).index("relu_4")
        first, count = table["first_channel"].values[at], table["channels"].values[at]
        assert count == 32
        assert channels["dead"].values[first : first + count].sum() == 31
        assert (table["layout"].values[at], table["channel_axis"].values[at]) == ("maps", 1)
        assert (table["shape"].values[at], table["rank"].values[at]) == ("1×32×4×4", 4)
        assert head["samples"][1]["label"] == captured.samples[1].label
        assert head["sample_count"] == head["done"] == 8
        assert any("dead" in finding["id"] for finding in head["findings"])

    def test_histograms_count_every_value(self, captured):
        _, tables = container.decode(display.document(captured))
        bins, at = tables["bins"], list(captured.tensors.index).index("conv2d_1")
        mine = bins["activation"].values == at
        assert bins["count"].values[mine].sum() == pytest.approx(8 * 16 * 64, rel=1e-6)
        assert (bins["high"].values[mine] >= bins["low"].values[mine]).all()

    def test_channels_beyond_the_budget_stay_away_those_with_dead_ones_last(self, captured):
        _, tables = container.decode(display.document(captured, 40))
        table = tables["activations"]
        assert tables["channels"].rows <= 40
        kept = [name for name, at in zip(captured.tensors.index, table["first_channel"].values, strict=True) if at >= 0]
        assert set(kept) <= set(captured.tensors.index[captured.tensors["dead_channels"] > 0])
        assert kept
        assert (table["channels"].values > 0).sum() > len(kept)

    def test_figures_shrink_and_stay_true_to_seven_digits(self):
        from haoline_analysis.runtime.document import rounded

        exact = np.random.default_rng(0).normal(size=1000) * 1e200
        np.testing.assert_allclose(rounded(exact), exact, rtol=2**-24)
        np.testing.assert_allclose(rounded(exact, 13), exact, rtol=2**-14)
        assert len(gzip.compress(rounded(exact).tobytes())) < 0.65 * len(gzip.compress(exact.tobytes()))
        special = np.array([np.nan, np.inf, -np.inf, 0.0, 1.7976931348623157e308])
        np.testing.assert_array_equal(rounded(special), special)
        thirds = np.float32([1 / 3, 16_777_215])
        np.testing.assert_array_equal(rounded(thirds), thirds)
