"""``%haoline lint`` and ``jupyter haoline lint``."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.quantization import LintReport
from haoline_jupyter.cli import main
from haoline_jupyter.completion import candidates

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SENTINEL = -3.4028234663852886e38


def masked(path):
    """Attention scores with a mask of the lowest float32, as exporters write it."""
    constants = {"low": np.float32(SENTINEL), "zero": np.float32(0), "w": np.ones((8, 8), np.float32)}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["scores"], "scores"),
        helper.make_node("Where", ["mask", "zero", "low"], ["bias"], "bias"),
        helper.make_node("Add", ["scores", "bias"], ["sum"], "sum"),
        helper.make_node("Softmax", ["sum"], ["y"], "softmax"),
    ]
    graph = helper.make_graph(
        nodes,
        "masked",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 8]),
            helper.make_tensor_value_info("mask", TensorProto.BOOL, [4, 8]),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 8])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def magic(shell, tmp_path):
    """The magic in a folder with a clean model and one with a mask."""
    shutil.copy(EXAMPLES / "models/digits_cnn.onnx", tmp_path / "digits.onnx")
    shutil.copy(EXAMPLES / "digits.npz", tmp_path / "digits.npz")
    masked(tmp_path / "masked.onnx")
    return lambda line: shell.run_line_magic("haoline", f"lint {line}")


def test_the_result_is_the_lint_report(shell, magic):
    result = shell.run_cell("linted = %haoline lint masked.onnx --target cpu-vnni\nlinted")
    assert result.success
    linted = shell.user_ns["linted"]
    assert isinstance(linted, LintReport)
    assert "mask-sentinel" in [finding.id for finding in linted.findings]
    assert linted.score < magic("digits.onnx --target cpu-vnni").score


def test_a_capture_is_taken_from_a_variable_or_its_folder(shell, magic):
    pytest.importorskip("onnxruntime")
    line = "activations digits.onnx --input digits.npz --limit 4 --mode stored --folder kept"
    shell.user_ns["captured"] = shell.run_line_magic("haoline", line)
    assert magic("digits.onnx --activations captured").score == magic("digits.onnx --activations kept").score


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "MODEL"),
        ("missing.onnx", "missing.onnx"),
        ("masked.onnx --target abacus", "abacus"),
        ("masked.onnx --activations number", "int"),
        ("masked.onnx --activations nowhere", "nowhere"),
        ("masked.onnx --input x", "--input"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(shell, magic, capsys, line, words):
    shell.user_ns["number"] = 5
    assert not shell.run_cell(f"%haoline lint {line}").success
    said = capsys.readouterr().out.strip()
    assert words in said
    assert "\n" not in said


def test_completion_knows_targets(magic):
    assert "cpu-vnni" in candidates("cpu", ["lint", "masked.onnx", "--target"], {})
    assert "masked.onnx" in candidates("ma", ["lint"], {})


def test_forms_on_the_command_line(magic, tmp_path, capsys):
    for form, holds in {"text": "Softmax", "markdown": "Softmax", "html": "Softmax"}.items():
        assert main(["lint", "masked.onnx", "--format", form]) == 0
        assert holds in capsys.readouterr().out
    assert main(["lint", "masked.onnx", "--format", "json", "-o", "lint.json"]) == 0
    told = json.loads((tmp_path / "lint.json").read_text())
    (found,) = [finding for finding in told["findings"] if finding["id"] == "mask-sentinel"]
    assert found["fix"]["options"] == {"fixes": ["clip-mask"]}
    assert 0 <= told["score"] <= 100
    assert main(["lint", "masked.onnx", "--format", "csv", "-o", "risk.csv"]) == 0
    assert "risk" in pd.read_csv(tmp_path / "risk.csv").columns
    assert main(["lint", "missing.onnx"]) == 1


def test_fixes_of_lint_go_into_quantizing(shell, magic):
    pytest.importorskip("onnxruntime")
    shell.user_ns["fed"] = [
        {"x": np.random.default_rng(i).normal(size=(4, 8)).astype(np.float32), "mask": np.ones((4, 8), bool)}
        for i in range(4)
    ]
    made = shell.run_line_magic("haoline", "quantize masked.onnx --calibrate fed --fix lint --keep-float scores")
    assert "clip-mask" in made.recipe.fixes
    assert "scores" in made.recipe.keep_float
