"""The divergence view: what it takes, answers, builds and leaves in a notebook. Real models, real onnxruntime."""

import base64
import io
import json
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx_ir")

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import Recipe, compare, quantize
from haoline_analysis.report import container
from haoline_analysis.report.bundle import MIME
from haoline_analysis.runtime import tiles
from haoline_jupyter import DivergenceView, assets, shown
from haoline_jupyter.export import WIDGET_MIME

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
MODEL = EXAMPLES / "models/digits_cnn.onnx"


@pytest.fixture(scope="module")
def images():
    images = np.load(EXAMPLES / "digits.npz")["image"]
    return [images[i : i + 1] for i in range(8)]


@pytest.fixture(scope="module")
def quantized(images):
    """A static INT8 model whose recipe has something to say."""
    return quantize(MODEL, calibration=images, per_channel=True)


@pytest.fixture(scope="module")
def compared(images, quantized):
    return compare(MODEL, quantized.path, images)


@pytest.fixture
def view(compared, monkeypatch):
    """A view whose front end is another test's matter; what it sends is kept."""
    monkeypatch.setattr(assets, "read", lambda name: f"/* {name} */")
    made = DivergenceView(compared)
    made.sent = []
    monkeypatch.setattr(made._jobs, "_send", lambda content: made.sent.append((content, None)))
    monkeypatch.setattr(made, "send", lambda content, buffers=None: made.sent.append((content, buffers)))
    yield made
    made.close()
    finished()


def finished():
    """Wait for what runs in the background."""
    for thread in threading.enumerate():
        if thread.name == "haoline-job":
            thread.join(120)
            assert not thread.is_alive()


def ask(of, **message):
    """What the view answers at last, and what it told on the way."""
    of.sent.clear()
    of._handle_custom_msg({"request": 7, **message}, [])
    finished()
    *progress, (content, buffers) = of.sent
    assert (content["type"], content["request"]) == (message["type"], 7)
    json.dumps(content, allow_nan=False)
    for told, _ in progress:
        assert (told["type"], told["request"]) == ("progress", 7)
        assert 0 <= told["fraction"] <= 1
    return content, buffers


def row(view, name):
    return view.report.tables["tensors"]["name"].values.index(name)


def values(content, buffers):
    """The maps of a tile as numbers."""
    codes = np.frombuffer(buffers[0], "<u2").reshape(content["shape"])
    low, high = (np.array(content[side])[:, None, None] for side in ("low", "high"))
    return low + codes / tiles.TOP * (high - low)


class TestTraits:
    def test_the_page_gets_both_reports_and_the_comparison(self, view, compared):
        state = view.get_state()
        head, tables = container.decode(state["divergence"])
        assert (head["kind"], head["id"], head["report_id"]) == ("divergence", compared.id, compared.report.id)
        assert head["variant_report_id"] == compared.variant_report.id
        assert tables["divergence"].rows == len(compared.tensors)
        pair, pair_tables = container.decode(state["document"])
        assert (pair["id"], pair["other"]["id"]) == (compared.report.id, compared.variant_report.id)
        assert "sqnr_db" in pair_tables["ops"].columns
        assert (state["view"], state["sample"], state["tensor"]) == ("divergence", 0, -1)
        assert state["plan"] == {"keep_float": [], "int16": [], "changes": []}

    def test_counterparts_are_those_whose_values_matched(self, view, compared):
        _, tables = container.decode(view.document)
        names, others = tables["ops"]["name"].values, tables["other/ops"]["name"].values
        there = dict(zip(names, tables["ops"]["counterpart"].values, strict=True))
        known = compared.ops.dropna(subset=["variant_op"])["variant_op"]
        assert len(known) > 5
        for op, other in known.items():
            assert others[there[op]] == other

    def test_python_names_tensors_and_ops(self, compared, view):
        made = DivergenceView(
            compared,
            tensor="relu_4",
            sample=3,
            plan={"keep_float": ["node_linear"], "int16": [0], "changes": "clip-mask"},
            color="sqnr_db",
        )
        assert made.tensor == row(view, "relu_4")
        assert made.report.ops["type"][made.selection[0]] == "Relu"
        assert made.plan == {"keep_float": [15], "int16": [0], "changes": ["clip-mask"]}
        assert made.state()["plan"] == made.plan
        made.close()

    def test_what_is_no_comparison_is_refused(self, quantized):
        with pytest.raises(ModelError, match="not QuantizedModel"):
            DivergenceView(quantized)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"tensor": "relu4"}, "did you mean 'relu_4'"),
            ({"sample": 8}, "no sample 8: there are 8"),
            ({"plan": {"keep_float": ["node_lineal"]}}, "did you mean 'node_linear'"),
            ({"plan": {"drop": [1]}}, "keep_float"),
            ({"plan": {"keep_float": [99]}}, "no op"),
            ({"plan": {"changes": ["clip-masks"]}}, "no change 'clip-masks': choose from clip-mask"),
            ({"color": "sqnr"}, "did you mean"),
        ],
    )
    def test_what_there_is_not_is_refused(self, compared, view, options, words):
        with pytest.raises(ModelError, match=words):
            DivergenceView(compared, **options)

    def test_the_page_cannot_break_it(self, view):
        kept = {"keep_float": [2], "int16": [], "changes": ["per-channel"]}
        view.set_state(
            {
                "sample": 99,
                "tensor": "x",
                "plan": {"keep_float": [2, "y", 1000], "int16": "all", "changes": [7, "evil", "per-channel"]},
            }
        )
        assert (view.sample, view.tensor, view.plan) == (7, -1, kept)
        view.set_state({"plan": {"evil": []}})
        assert view.plan == kept


class TestTiles:
    @pytest.mark.parametrize("which", ["float", "variant", "difference", "local"])
    def test_channels_are_the_side_that_was_asked_for(self, view, compared, which):
        asked = {"kind": "maps", "channels": [3, 0], "size": 64}
        content, buffers = ask(view, type="tile", tensor=row(view, "relu_4"), sample=2, which=which, view=asked)
        whole = compared.load("relu_4", 2, which)[0, [3, 0]]
        assert content["full"] == list(whole.shape[1:])
        np.testing.assert_allclose(values(content, buffers), whole, atol=1e-3 * max(1, np.abs(whole).max()))

    def test_sides_differ_by_their_difference(self, view, compared):
        sides = {which: compared.load("relu_4", 1, which) for which in ("float", "variant", "difference")}
        np.testing.assert_allclose(sides["variant"] - sides["float"], sides["difference"], atol=1e-5)
        assert np.abs(sides["difference"]).max() > 0

    def test_an_array_is_a_file(self, view, compared):
        _, (file,) = ask(view, type="array", tensor=row(view, "relu_4"), sample=1, which="variant", channel=None)
        np.testing.assert_array_equal(np.load(io.BytesIO(file)), compared.load("relu_4", 1, "variant"))
        _, (file,) = ask(view, type="array", tensor=row(view, "relu_4"), sample=1, which="float", channel=5)
        assert np.load(io.BytesIO(file)).size == 16

    def test_the_input_of_a_sample(self, view):
        content, _ = ask(view, type="input", sample=1)
        assert content["picture"] == [8, 8]

    @pytest.mark.parametrize(
        ("message", "words"),
        [
            ({"type": "tile", "tensor": 10_000, "sample": 0}, "not compared"),
            ({"type": "tile", "tensor": -1, "sample": 0}, "not compared"),
            ({"type": "tile", "tensor": "relu_4", "sample": 0}, "whole number"),
            ({"type": "array", "tensor": None, "sample": 0}, "whole number"),
            ({"type": "array", "which": "both", "sample": 0}, "none of"),
            ({"type": "array", "sample": 80}, "no sample 80"),
            ({"type": "array", "sample": True}, "whole number"),
            ({"type": "input", "sample": 8}, "no sample 8"),
            ({"type": "open", "path": "/etc/passwd"}, "not built here"),
            ({"type": "build", "keep_float": "all", "int16": 7, "request": 7, "unknown": 1}, None),
        ],
    )
    def test_bad_questions_get_a_sentence(self, view, message, words):
        asked = {"kind": "maps", "channels": [0], "size": 8}
        content, _ = ask(view, **{"tensor": row(view, "relu_4"), "view": asked, **message})
        assert (words is None) == ("error" not in content)
        if words:
            assert words in content["error"]


class TestWork:
    def test_sensitivity_is_measured_told_and_kept(self, view, compared):
        content, _ = ask(view, type="sensitivity")
        units = content["what_if"]["units"]
        noisy = [unit for unit in units if unit["noise"]]
        assert len(noisy) > 3
        ops = view.report.tables["ops"].rows
        assert all(0 <= op < ops for unit in units for op in unit["ops"])
        assert content["what_if"]["base"]["sqnr_db"] == pytest.approx(compared.outputs["sqnr_db"].iloc[0], abs=6)
        head, _ = container.decode(view.divergence)
        assert head["what_if"]["units"] == units
        compared.what_if = None

    def test_lint_is_asked_beside_other_work_and_what_it_suggests_is_kept(self, view, compared):
        content, _ = ask(view, type="suggestions")
        assert isinstance(content["suggestions"], list)
        assert compared.suggestions == content["suggestions"]
        head, _ = container.decode(compared.to_document())
        assert head["suggestions"] == content["suggestions"]
        compared.suggestions = None

    def test_changes_are_built_on_top_of_how_the_variant_was_made(self, view):
        content, _ = ask(view, type="build", keep_float=[], int16=[], changes=["reduce-range", "evil"])
        recipe = Recipe.from_json(content["recipe"])
        assert (recipe.per_channel, recipe.reduce_range) == (True, True)

    @pytest.mark.parametrize("scheme", ["dynamic-int8", "fp16"])
    def test_what_takes_no_calibration_data_is_built_without(self, images, view, monkeypatch, scheme):
        other = compare(MODEL, quantize(MODEL, scheme=scheme).path, images, latency=False)
        monkeypatch.setattr(view._shop, "compared", other)
        names = list(view.report.tables["ops"]["name"].values)
        content, _ = ask(view, type="build", keep_float=[names.index("node_linear")], int16=[], changes=[])
        assert "error" not in content
        recipe = Recipe.from_json(content["recipe"])
        assert (recipe.scheme, recipe.keep_float) == (scheme, ("node_linear",))
        assert content["calibrated_on"] is None

    def test_progress_is_told_on_the_way(self, view):
        view.sent.clear()
        view._handle_custom_msg({"type": "sensitivity", "request": 7}, [])
        finished()
        assert [told["type"] for told, _ in view.sent].count("progress") >= 1
        view.compared.what_if = None

    def test_what_is_built_is_what_was_planned_and_can_be_opened(self, view, compared):
        names = list(view.report.tables["ops"]["name"].values)
        kept = [names.index("node_conv2d_2"), names.index("node_linear")]
        content, _ = ask(view, type="build", keep_float=kept, int16=[])
        recipe = Recipe.from_json(content["recipe"])
        assert set(recipe.keep_float) == {"node_conv2d_2", "node_linear"}
        assert recipe.per_channel is True  # as the variant that is shown was made
        assert content["size"] == Path(content["path"]).stat().st_size
        assert content["sqnr_db"] > compared.outputs["sqnr_db"].iloc[0]
        assert content["latency"]["p50_us"] > 0
        before = view.divergence
        opened, _ = ask(view, type="open", path=content["path"])
        assert "error" not in opened
        assert view.divergence != before
        head, _ = container.decode(view.divergence)
        assert head["outputs"][0]["sqnr_db"] == pytest.approx(content["sqnr_db"])
        assert view.compared is not compared
        assert view.report_id == view.report.id == container.decode(view.document)[0]["id"]
        assert view.built[content["path"]].recipe == recipe
        tile = {"kind": "maps", "channels": [0], "size": 8}
        assert (
            "error" not in ask(view, type="tile", tensor=row(view, "relu_4"), sample=0, which="variant", view=tile)[0]
        )

    def test_a_plan_comes_on_top_of_what_the_variant_keeps(self, images, view, monkeypatch):
        own = quantize(MODEL, calibration=images, keep_float=["node_conv2d_2"], int16=["node_conv2d_4"])
        monkeypatch.setattr(view._shop, "compared", compare(MODEL, own.path, images[:4], latency=False))
        names = list(view.report.tables["ops"]["name"].values)
        plans = {
            ("node_linear", ""): ({"node_conv2d_2", "node_linear"}, {"node_conv2d_4"}),
            ("node_conv2d_4", "node_conv2d_2"): ({"node_conv2d_4"}, {"node_conv2d_2"}),
        }
        for plan, expected in plans.items():
            keep_float, int16 = ([names.index(op)] if op else [] for op in plan)
            content, _ = ask(view, type="build", keep_float=keep_float, int16=int16)
            recipe = Recipe.from_json(content["recipe"])
            assert (set(recipe.keep_float), set(recipe.int16)) == expected
            assert content["calibrated_on"] == 4

    def test_what_is_under_way_is_told_for_as_long(self, view, monkeypatch):
        seen = []

        def slow(self, tell):
            seen.append(dict(view.work))
            raise ModelError("That is all.")

        monkeypatch.setattr(type(view._shop), "sensitivity", slow)
        content, _ = ask(view, type="sensitivity")
        assert content["error"] == "That is all."
        assert seen == [{"type": "sensitivity", "request": 7}]
        assert view.work == {}
        ask(view, type="suggestions")
        assert view.work == {}

    def test_stop_ends_it_with_a_word(self, view, monkeypatch):
        started, go_on = threading.Event(), threading.Event()

        def slow(self, tell):
            for step in range(1000):
                tell("Working", step / 1000)
                started.set()
                go_on.wait(0.02)

        monkeypatch.setattr("haoline_jupyter.workshop.Workshop.sensitivity", slow)
        view.sent.clear()
        view._handle_custom_msg({"type": "sensitivity", "request": 7}, [])
        assert started.wait(10)
        view._handle_custom_msg({"type": "build", "request": 8, "keep_float": [], "int16": []}, [])
        assert view.sent[-1][0]["request"] == 8
        assert "before" in view.sent[-1][0]["error"]
        view._handle_custom_msg({"type": "stop", "request": 99}, [])  # of another question
        assert view._jobs.busy()
        view._handle_custom_msg({"type": "stop", "request": 7}, [])
        finished()
        assert view.sent[-1][0] == {"type": "sensitivity", "request": 7, "error": "Stopped."}
        monkeypatch.undo()

    def test_closing_ends_it_too(self, compared, view, monkeypatch):
        other = DivergenceView(compared)
        started = threading.Event()

        def slow(self, tell):
            while True:
                tell("Working", 0.5)
                started.set()
                threading.Event().wait(0.01)

        monkeypatch.setattr("haoline_jupyter.workshop.Workshop.sensitivity", slow)
        other._handle_custom_msg({"type": "sensitivity", "request": 7}, [])
        assert started.wait(10)
        other.close()
        finished()

    def test_another_model_is_not_shown_in_its_place(self, view, images):
        dead = EXAMPLES / "models/digits_dead.onnx"
        view.show(compare(dead, quantize(dead, calibration=images), images[:2]))  # the same architecture
        llama = EXAMPLES / "models/repeater.onnx"
        with pytest.raises(ModelError, match="another float model"):
            view.show(compare(llama, llama, limit=1))


class TestForms:
    def test_a_notebook_stores_both_graphs_and_what_is_on_screen(self, compared, view, shell, monkeypatch):
        parent = {"header": {"msg_id": "1"}, "metadata": {"cellId": "c"}, "content": {"allow_stdin": True}}
        monkeypatch.setattr(shell, "kernel", object(), raising=False)
        monkeypatch.setattr(shell, "get_parent", lambda: parent, raising=False)
        view.set_state({"snapshot": "kept", "sample": 2, "plan": {"keep_float": [3], "int16": [], "changes": []}})
        data = view._repr_mimebundle_()
        assert set(data) == {"text/plain", "text/html", MIME, WIDGET_MIME}
        stored = data[MIME]
        assert (stored["view"], stored["id"], stored["view_id"]) == ("divergence", compared.report.id, view.view_id)
        assert stored["state"]["snapshot"] == "kept"
        assert (stored["state"]["sample"], stored["state"]["plan"]) == (
            2,
            {"keep_float": [3], "int16": [], "changes": []},
        )
        assert container.decode(base64.b64decode(stored["divergence"]))[0]["id"] == compared.id
        assert "other" in container.decode(base64.b64decode(stored["document"]))[0]
        shown.outputs._cells.clear()

    def test_displaying_a_comparison_shows_it_live(self, compared, view, shell, monkeypatch):
        monkeypatch.setattr(shell, "kernel", object(), raising=False)
        data, _ = shell.display_formatter.format(compared)
        assert WIDGET_MIME in data
        assert data[MIME]["view"] == "divergence"
        shown.outputs._cells.clear()

    def test_a_page_carries_it_all(self, view):
        view.set_state({"snapshot": "kept on the page"})
        page = view.to_html()
        assert "kept on the page" in page
        assert "data-haoline-divergence=" in page
        assert "https://" not in page.split("<body>")[0]

    def test_an_exported_notebook_carries_the_comparison_once(self, view):
        from haoline_jupyter.exporter import HaolineExporter

        outputs = [nbformat.v4.new_output("display_data", view.stored()) for _ in range(2)]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("compared", outputs=outputs)])
        page, _ = HaolineExporter().from_notebook_node(notebook)
        assert page.count("data-haoline-divergence=") == 2
        assert page.count('type="application/octet-stream"') == 2

    def test_a_forged_comparison_in_a_notebook_is_left_out(self, view):
        from haoline_jupyter.exporter import HaolineExporter

        data = view.stored()
        data[MIME]["divergence"] = '"><script>alert(9)</script>'
        cell = nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data)])
        page, _ = HaolineExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
        assert "alert(9)" not in page
        assert "data-haoline-divergence=" not in page
