"""``%haoline activations`` and ``jupyter haoline activations``, on real models in a real shell."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")

from haoline_analysis import analyze
from haoline_analysis.runtime import ActivationReport
from haoline_jupyter.cli import main
from haoline_jupyter.completion import candidates
from haoline_jupyter.data_options import size as size_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def magic(shell, tmp_path):
    """The magic in a folder with a model and digits."""
    shutil.copy(EXAMPLES / "models/digits_dead.onnx", tmp_path / "digits.onnx")
    shutil.copy(EXAMPLES / "digits.npz", tmp_path / "digits.npz")
    return lambda line: shell.run_line_magic("haoline", f"activations {line}")


def test_the_result_is_the_capture(shell, magic):
    result = shell.run_cell("captured = %haoline activations digits.onnx --input digits.npz --limit 4\ncaptured.done")
    assert result.success
    assert result.result == 4
    assert isinstance(shell.user_ns["captured"], ActivationReport)
    assert shell.user_ns["captured"].tensors.loc["relu_4", "dead_channels"] == 31


def test_without_input_it_is_made_up_and_says_so(magic):
    captured = magic("digits.onnx")
    assert captured.samples.synthetic
    assert "synthetic" in captured.summary()


def test_variables_are_inputs_reports_and_functions(shell, magic, tmp_path):
    image = np.load(tmp_path / "digits.npz")["image"][:3]
    shell.user_ns.update(image=image, report=analyze(tmp_path / "digits.onnx"))
    captured = magic("report --input image")
    assert captured.report is shell.user_ns["report"]
    assert captured.done == 3
    shell.user_ns["listed"] = [*image]
    assert magic("digits.onnx --input listed").done == 3
    shell.user_ns["fed"] = {"image": image}
    assert magic("digits.onnx --input fed").done == 3
    assert magic("digits.onnx --input image=image").done == 3


def test_a_frame_feeds_a_tabular_model(shell, magic, tmp_path):
    from report_models import mlp, saved

    saved(mlp(), tmp_path / "mlp.onnx")
    width = analyze(tmp_path / "mlp.onnx").inputs[0].shape[-1]
    shell.user_ns["frame"] = pd.DataFrame(np.ones((5, width), np.float32))
    assert magic("mlp.onnx --input frame").done == 5


def test_options_reach_the_capture(magic, tmp_path):
    line = (
        f"digits.onnx --input digits.npz --limit 2 --mode stored --folder {tmp_path}/kept --budget 50MB --provider cpu"
    )
    captured = magic(f"{line} --tensors relu_4,conv2d_4 --tensors relu_2")
    assert list(captured.tensors.index) == ["relu_2", "conv2d_4", "relu_4"]
    assert (captured.mode, captured.done) == ("stored", 2)
    assert captured.load("relu_2", 1).shape == (1, 16, 8, 8)
    again = magic("kept")
    assert list(again.tensors.index) == list(captured.tensors.index)
    np.testing.assert_array_equal(again.load("relu_2", 1), captured.load("relu_2", 1))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "MODEL"),
        ("missing.onnx", "missing.onnx"),
        ("digits.onnx --input missing.npy", "missing.npy"),
        ("digits.onnx --input number", "scalar"),
        ("digits.onnx --input wrong", "image"),
        ("digits.onnx --input image=image --input image=image", "twice"),
        ("digits.onnx --input image=image --input digits.npz", "NAME=X"),
        ("digits.onnx --mode everything", "everything"),
        ("digits.onnx --limit 0", "'0'"),
        ("digits.onnx --budget plenty", "500MB"),
        ("digits.onnx --provider abacus", "abacus"),
        ("digits.onnx --tensors relu_44", "relu_4"),
        ("digits.onnx --preprocess abracadabra --input digits.npz", "abracadabra"),
        ("digits.onnx --view maps", "--view"),
        ("run", "later command"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(shell, magic, capsys, line, words):
    shell.user_ns.update(number=5, wrong=np.zeros((1, 3, 9, 9), np.float32), image=np.zeros((1, 1, 8, 8), np.float32))
    assert not shell.run_cell(f"%haoline activations {line}").success
    said = capsys.readouterr().out.strip()
    assert words in said
    assert "\n" not in said
    assert magic("digits.onnx --limit 1").done == 1
    assert magic("digits.onnx --input digits.npz --limit 4 --batch 2").done == 2


def test_a_file_called_like_the_command_is_given_by_its_path(shell, magic, tmp_path):
    shutil.copy(tmp_path / "digits.onnx", tmp_path / "activations")
    assert shell.run_line_magic("haoline", "./activations").totals.ops > 0


def test_help_shows_every_option(shell, magic, capsys):
    assert magic("--help") is None
    said = capsys.readouterr().out
    for word in (
        "--input",
        "--preprocess",
        "--tokenizer",
        "--limit",
        "--batch",
        "--tensors",
        "--mode",
        "--folder",
        "--budget",
    ):
        assert word in said
    shell.run_line_magic("haoline", "--help")
    assert "%haoline activations" in capsys.readouterr().out


def test_an_interrupt_keeps_what_is_done(shell, magic, tmp_path, monkeypatch, interrupting):
    captured = magic("digits.onnx --input sample --limit 5000")
    assert not captured.complete
    assert 0 < captured.done < 5000
    assert captured.tensors.loc["relu_4", "samples"] == captured.done
    assert "not finished" in captured.summary()
    assert magic("digits.onnx --input digits.npz --limit 2").complete


class TestCompletion:
    def offered(self, word, before, variables=None):
        return candidates(word, ["activations", *before], variables or {})

    def test_the_command_and_its_options(self, magic):
        assert "activations" in candidates("act", [], {})
        assert "activations" not in candidates("act", ["model.onnx"], {})
        assert self.offered("--in", ["digits.onnx"]) == ["--input"]
        assert "--hardware" not in self.offered("--", ["digits.onnx"])

    def test_files_of_the_kind_that_an_option_takes(self, magic, tmp_path):
        (tmp_path / "cat.png").touch()
        (tmp_path / "tokenizer.json").touch()

        def files(before):
            return [name for name in self.offered("", before) if not name.endswith("/")]

        assert files([]) == ["digits.onnx", "tokenizer.json"]
        assert files(["digits.onnx", "--input"]) == ["cat.png", "digits.npz"]
        assert files(["digits.onnx", "--tokenizer"]) == ["tokenizer.json"]
        assert files(["digits.onnx", "--folder"]) == []

    def test_variables_and_words(self, magic):
        held = {"image": np.zeros(3), "frame": pd.DataFrame(), "number": 5, "_hidden": np.zeros(3)}
        assert self.offered("", ["--input"], held)[:2] == ["frame", "image"]
        assert self.offered("st", ["--mode"]) == ["statistics", "stored"]
        assert "imagenet" in self.offered("im", ["--preprocess"])
        assert self.offered("cu", ["--provider"]) == ["cuda"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2 * 10**9),
        ("1.5GiB", 3 * 2**29),
        ("500 MB", 5 * 10**8),
        ("4096", 4096),
        ("10k", 10_000),
        ("64mib", 2**26),
    ],
)
def test_sizes_are_read(text, size):
    assert size_of(text) == size


class TestCommandLine:
    def test_text_table_and_page(self, magic, tmp_path, capsys):
        words = ["activations", "digits.onnx", "--input", "digits.npz", "--limit", "3"]
        assert main(words) == 0
        assert "31 of 32" in capsys.readouterr().out
        assert main([*words, "--format", "csv", "-o", "rows.csv"]) == 0
        frame = pd.read_csv(tmp_path / "rows.csv", index_col=0)
        assert frame.loc["relu_4", "dead_channels"] == 31

    def test_a_page_of_its_own(self, magic, tmp_path):
        words = ["activations", "digits.onnx", "--input", "digits.npz", "--limit", "2"]
        assert main([*words, "--format", "html", "-o", "page.html"]) == 0
        page = (tmp_path / "page.html").read_text()
        assert "data-haoline-activations=" in page
        assert "31 of 32" in page

    def test_a_store_that_is_full_says_how_far_it_came(self, magic, capsys):
        words = ["activations", "digits.onnx", "--input", "digits.npz", "--mode", "stored", "--folder", "kept"]
        assert main([*words, "--budget", "600kB"]) == 1
        said = capsys.readouterr()
        assert "Not finished" in said.err or "600" in said.err

    def test_a_bad_input_is_one_line(self, magic, capsys):
        assert main(["activations", "digits.onnx", "--input", "nowhere.npy"]) == 1
        assert capsys.readouterr().err.count("\n") == 1
