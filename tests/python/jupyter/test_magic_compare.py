"""``%haoline compare`` and ``jupyter haoline compare``, on a real model in a real shell."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx_ir")

from haoline_analysis import analyze
from haoline_analysis.quantization import DivergenceReport, quantize
from haoline_jupyter.cli import main
from haoline_jupyter.completion import candidates

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def magic(shell, tmp_path):
    """The magic in a folder with a model, a quantized one and digits."""
    shutil.copy(EXAMPLES / "models/digits_cnn.onnx", tmp_path / "digits.onnx")
    shutil.copy(EXAMPLES / "models/repeater.onnx", tmp_path / "repeater.onnx")
    shutil.copy(EXAMPLES / "digits.npz", tmp_path / "digits.npz")
    quantize("digits.onnx", scheme="static-int8", calibration="digits.npz", limit=8, output="int8.onnx")
    return lambda line: shell.run_line_magic("haoline", f"compare {line}")


def test_the_result_is_the_comparison(shell, magic):
    result = shell.run_cell("compared = %haoline compare digits.onnx int8.onnx --input digits.npz --limit 4\ncompared")
    assert result.success
    compared = shell.user_ns["compared"]
    assert isinstance(compared, DivergenceReport)
    assert compared.done == 4
    assert compared.ops["local_sqnr_db"].notna().sum() > 5


def test_options_reach_the_comparison(magic):
    compared = magic("digits.onnx int8.onnx --input digits.npz --limit 4 --batch 2 --no-local --no-histograms")
    assert compared.done == 2
    assert not compared.ops["local_sqnr_db"].notna().any()


def test_variables_are_models_variants_and_data(shell, magic, tmp_path):
    image = np.load(tmp_path / "digits.npz")["image"][:2]
    report = analyze("digits.onnx")
    made = quantize("digits.onnx", scheme="dynamic-int8")
    shell.user_ns.update(images=[image[:1], image[1:]], report=report, made=made)
    compared = magic("report made --input images")
    assert compared.report is report
    assert "sqnr_db" in report.ops
    assert compared.done == 2


def test_without_input_it_is_made_up_and_says_so(magic):
    assert magic("digits.onnx int8.onnx").samples.synthetic


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "MODEL"),
        ("digits.onnx", "OTHER"),
        ("missing.onnx int8.onnx", "missing.onnx"),
        ("digits.onnx missing.onnx", "missing.onnx"),
        ("digits.onnx repeater.onnx --input digits.npz", "input"),
        ("digits.onnx int8.onnx --input wrong", "image"),
        ("digits.onnx int8.onnx --limit 0", "'0'"),
        ("digits.onnx int8.onnx --provider abacus", "abacus"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(shell, magic, capsys, line, words):
    shell.user_ns["wrong"] = np.zeros((1, 3, 9, 9), np.float32)
    assert not shell.run_cell(f"%haoline compare {line}").success
    said = capsys.readouterr().out.strip()
    assert words in said
    assert "\n" not in said


def test_an_interrupt_keeps_what_is_done(shell, magic, tmp_path, interrupting):
    compared = magic("digits.onnx int8.onnx --input sample --limit 5000")
    assert not compared.complete
    assert 0 < compared.done < 5000
    assert magic("digits.onnx int8.onnx --input digits.npz --limit 2").complete


def test_completion(magic):
    def offered(word, *before):
        return candidates(word, ["compare", *before], {})

    assert "compare" in candidates("comp", [], {})
    assert "int8.onnx" in offered("int", "digits.onnx")
    assert "--no-local" in offered("--no-l", "digits.onnx")
    assert "digits.npz" in offered("", "digits.onnx", "int8.onnx", "--input")
    assert "imagenet" in offered("im", "--preprocess")


def test_forms_on_the_command_line(magic, tmp_path, capsys):
    words = ["compare", "digits.onnx", "int8.onnx", "--input", "digits.npz", "--limit", "3"]
    assert main(words) == 0
    assert "node_linear" in capsys.readouterr().out
    assert main([*words, "--format", "markdown"]) == 0
    assert "|" in capsys.readouterr().out
    assert main([*words, "--format", "csv", "-o", "ops.csv"]) == 0
    frame = pd.read_csv(tmp_path / "ops.csv", index_col=0)
    assert frame.loc["node_linear", "sqnr_db"] > 10
    assert main([*words, "--format", "json", "-o", "all.json"]) == 0
    told = json.loads((tmp_path / "all.json").read_text())
    assert told["done"] == 3
    assert next(op["sqnr_db"] for op in told["ops"] if op["op"] == "node_linear") > 10
    assert told["outputs"][0]["cosine"] > 0.9
    assert main(["compare", "digits.onnx", "repeater.onnx"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_page_of_its_own(magic, tmp_path):
    words = ["compare", "digits.onnx", "int8.onnx", "--input", "digits.npz", "--limit", "2"]
    assert main([*words, "--format", "html", "-o", "page.html"]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "data-haoline-divergence=" in page
    assert "node_linear" in page
