"""``%haoline`` in a real shell."""

import re

import pytest
from report_models import mlp, saved

from haoline_analysis import ModelReport, analyze
from haoline_jupyter import options


@pytest.fixture
def magic(shell):
    return lambda line: shell.run_line_magic("haoline", line)


def test_the_result_is_the_report(shell, model):
    result = shell.run_cell("report = %haoline mlp.onnx\nreport.ops['name'].iloc[0]")
    assert result.success
    assert result.result == "/layers.0/MatMul"
    assert isinstance(shell.user_ns["report"], ModelReport)


def test_options_reach_the_report(magic, model):
    report = magic("mlp.onnx --shape batch=4 --hardware H100 --gpus 2 --precision int8 --view memory")
    assert report.bindings["batch"] == (4, "user")
    assert (report.hardware.profile.name[:4], report.hardware.count, report.hardware.precision) == ("H100", 2, "int8")
    assert report.view == "memory"


@pytest.mark.parametrize("word", ['"my models/a b.onnx"', "'my models/a b.onnx'", r"my\ models/a\ b.onnx"])
def test_paths_with_spaces(magic, tmp_path, word):
    (tmp_path / "my models").mkdir()
    saved(mlp(1), tmp_path / "my models" / "a b.onnx")
    assert len(magic(word).ops) == 3


def test_a_path_in_the_home_folder(magic, model, monkeypatch):
    monkeypatch.setenv("HOME", str(model.parent))
    assert magic("~/mlp.onnx").totals.ops == 9


@pytest.mark.parametrize("make", [lambda path: path, str, lambda path: mlp(), analyze])
def test_a_variable_holds_a_path_a_model_or_a_report(shell, magic, model, make):
    shell.user_ns["thing"] = make(model)
    assert magic("thing").totals.ops == 9


def test_a_report_is_looked_at_anew(shell, magic, model):
    shell.user_ns["report"] = first = analyze(model, hardware="H100")
    assert magic("report") is first
    assert magic("report --shape batch=2").totals.macs == 2 * first.totals.macs
    moved = magic("report --gpus 2")
    assert (moved.hardware.profile.id, moved.hardware.count) == (first.hardware.profile.id, 2)
    assert first.hardware.count == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("missing.onnx", "missing.onnx"),
        ("mlp.onnx --hardware Abacus", "Abacus"),
        ("mlp.onnx --precision fp77", "fp77"),
        ("mlp.onnx --shape sequence=3", "sequence"),
        ("mlp.onnx --shape batch", "batch"),
        ("mlp.onnx --shape batch=2 --shape batch=3", "batch"),
        ("mlp.onnx --gpus 0", "'0' is no whole number"),
        ("mlp.onnx --hardwar H100", "did you mean '--hardware'?"),
        ("compar mlp.onnx mlp.onnx", "There is no command 'compar'; did you mean 'compare'?"),
        ("quantize mlp.onnx --schem fp16", "did you mean '--scheme'"),
        ("compare mlp.onnx mlp.onnx --limit 0", "--limit: '0' is no whole number"),
        ("mlp.onnx --view sideways", "sideways"),
        ("mlp.onnx --turbo", "--turbo"),
        ("mlp.onnx --prec int8", "--prec"),
        ("mlp.onnx another.onnx", "another.onnx"),
        ("", "MODEL"),
        ('"mlp.onnx', "quote"),
        ("number", "int"),
        ("bench", "later command"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(shell, magic, model, capsys, line, words):
    shell.user_ns["number"] = 5
    assert not shell.run_cell(f"%haoline {line}").success  # a failed cell stops "Run All"
    said = capsys.readouterr().out.strip()
    assert words in said
    assert "\n" not in said


def test_a_broken_file_leaves_the_kernel_usable(shell, magic, model, tmp_path, capsys):
    (tmp_path / "broken.onnx").write_bytes(model.read_bytes()[:100])
    assert not shell.run_cell("%haoline broken.onnx").success
    assert "MalformedModelError" in capsys.readouterr().out
    assert magic("mlp.onnx").totals.ops == 9


def test_names_in_error_messages_cannot_steer_the_terminal(shell, capsys):
    shell.run_cell('%haoline "\x1b[31mred.onnx"')
    assert "\x1b" not in capsys.readouterr().out


def test_help_shows_every_option(magic, capsys):
    assert magic("--help") is None
    said = capsys.readouterr()
    for word in ("MODEL", "--hardware", "--gpus", "--shape", "--precision", "--view", "Examples"):
        assert word in said.out
    assert not said.err


def test_an_interrupt_passes_through_and_takes_the_bar_away(shell, model, monkeypatch):
    from haoline_jupyter import magic as module

    cleared = []

    class Sink:
        def show(self, stage, fraction):
            pass

        def clear(self):
            cleared.append(True)

    def interrupted(options, variables, progress):
        progress("Reading", 0.1)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "NotebookSink", Sink)
    monkeypatch.setattr(
        module, "Progress", lambda sink: __import__("haoline_jupyter.progress").progress.Progress(sink, 0)
    )
    monkeypatch.setattr(module, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shell.run_line_magic("haoline", "mlp.onnx")
    assert cleared == [True]
    monkeypatch.undo()
    assert shell.run_line_magic("haoline", str(model)).totals.ops == 9


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("batch=8,seq=512", {"batch": 8, "seq": 512}),
        (" batch = 8 ", {"batch": 8}),
        ("image=1x3x224x224", {"image": [1, 3, 224, 224]}),
        ("past + seq=5", {"past + seq": 5}),
    ],
)
def test_shapes_are_read(text, shapes):
    assert options.shapes(text) == shapes


def test_views_are_those_of_the_report():
    from haoline_analysis.report import VIEWS

    assert options.VIEWS == VIEWS
    assert not options.RESERVED & set(VIEWS)
    assert re.fullmatch(r"[a-z]+", "".join(options.RESERVED))
