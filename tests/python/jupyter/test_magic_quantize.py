"""``%haoline quantize`` and ``jupyter haoline quantize``, on a real model in a real shell."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx_ir")

from haoline_analysis import analyze
from haoline_analysis.quantization import MixedPrecision, QuantizedModel, Variants
from haoline_jupyter.cli import main
from haoline_jupyter.completion import candidates

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def magic(shell, tmp_path):
    """The magic in a folder with a model and digits."""
    shutil.copy(EXAMPLES / "models/digits_cnn.onnx", tmp_path / "digits.onnx")
    shutil.copy(EXAMPLES / "models/repeater.onnx", tmp_path / "words.onnx")
    shutil.copy(EXAMPLES / "digits.npz", tmp_path / "digits.npz")
    return lambda line: shell.run_line_magic("haoline", f"quantize {line}")


def precisions(path):
    return set(analyze(path).ops["type"])


class TestOne:
    def test_the_result_is_the_quantized_model(self, shell, magic):
        result = shell.run_cell("made = %haoline quantize digits.onnx --calibrate digits.npz --limit 8\nmade")
        assert result.success
        made = shell.user_ns["made"]
        assert isinstance(made, QuantizedModel)
        assert "QuantizeLinear" in precisions(made.path)
        assert made.recipe.scheme == "static-int8"
        assert made.recipe.calibration.count == 8

    def test_options_reach_the_recipe_and_the_file(self, magic, tmp_path):
        made = magic(
            "digits.onnx --calibrate digits.npz --limit 8 --per-channel --no-reduce-range --method percentile "
            "--percentile 99.9 --keep-float node_conv2d_5,node_linear --target cpu --output small.onnx"
        )
        recipe = made.recipe
        assert (recipe.per_channel, recipe.reduce_range) == (True, False)
        assert (recipe.method, recipe.percentile, recipe.target) == ("percentile", 99.9, "cpu")
        assert recipe.keep_float == ("node_conv2d_5", "node_linear")
        assert Path(made.path).resolve() == tmp_path / "small.onnx"

    def test_dynamic_and_weights_only_need_no_data(self, magic):
        assert magic("digits.onnx --scheme dynamic-int8").recipe.calibration is None
        assert magic("words.onnx --scheme weights-int4 --block-size 16").recipe.block_size == 16

    def test_variables_are_names_data_and_models(self, shell, magic, tmp_path):
        images = [np.load(tmp_path / "digits.npz")["image"][i : i + 1] for i in range(4)]
        report = analyze(tmp_path / "digits.onnx")
        chosen = report.ops.loc[report.ops["type"] == "Gemm", "name"]
        shell.user_ns.update(images=images, report=report, chosen=chosen)
        made = magic("report --calibrate images --keep-float chosen")
        assert made.recipe.keep_float == ("node_linear",)
        assert made.recipe.calibration.count == 4

    def test_a_result_is_a_model_for_the_next_line(self, shell, magic):
        shell.user_ns["made"] = magic("digits.onnx --calibrate digits.npz --limit 4")
        report = shell.run_line_magic("haoline", "made")
        assert "QuantizeLinear" in set(report.ops["type"])

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("", "MODEL"),
            ("missing.onnx --scheme dynamic-int8", "missing.onnx"),
            ("digits.onnx", "calibration"),
            ("digits.onnx --calibrate nowhere.npy", "nowhere.npy"),
            ("digits.onnx --calibrate wrong", "image"),
            ("digits.onnx --calibrate digits.npz --scheme int3", "int3"),
            ("digits.onnx --calibrate digits.npz --target abacus", "abacus"),
            ("digits.onnx --calibrate digits.npz --keep-float conv99", "conv99"),
            ("digits.onnx --calibrate digits.npz --fix magic", "magic"),
            ("digits.onnx --calibrate digits.npz --method guess", "guess"),
            ("digits.onnx --scheme dynamic-int8 --constraint 'cosine >= 0.9'", "--variants"),
            ("digits.onnx --scheme dynamic-int8 --schemes fp16", "--variants"),
            ("digits.onnx --calibrate digits.npz --input digits.npz", "--calibrate"),
            ("digits.onnx --variants --until 'cosine >= 0.9'", "exclude"),
            ("digits.onnx --variants --scheme fp16", "--schemes"),
            ("digits.onnx --variants --keep-float node_linear", "--keep-float"),
            ("digits.onnx --until 'cosine >= 0.9' --method entropy", "--method"),
        ],
    )
    def test_what_cannot_be_done_is_refused_in_one_line(self, shell, magic, capsys, line, words):
        shell.user_ns["wrong"] = np.zeros((1, 3, 9, 9), np.float32)
        assert not shell.run_cell(f"%haoline quantize {line}").success
        said = capsys.readouterr().out.strip()
        assert words in said
        assert "\n" not in said


class TestSeveral:
    LINE = "digits.onnx --calibrate digits.npz --limit 8"

    def test_variants_are_a_table_with_a_recommendation(self, magic, tmp_path):
        made = magic(
            f"{self.LINE} --variants --schemes static-int8,dynamic-int8 --constraint 'cosine >= 0.99' --output kept"
        )
        assert isinstance(made, Variants)
        assert {"float", "static-int8", "dynamic-int8"} <= set(made.table.index)
        assert made.table.loc[made.recommended, "cosine"] >= 0.99
        assert list((tmp_path / "kept").glob("*.onnx"))

    def test_the_data_to_judge_by_are_others_where_that_is_said(self, shell, magic, tmp_path):
        images = np.load(tmp_path / "digits.npz")["image"]
        shell.user_ns.update(
            one=[images[i : i + 1] for i in range(4)], other=[images[i : i + 1] for i in range(50, 53)]
        )
        made = magic("digits.onnx --calibrate one --input other --variants --schemes static-int8")
        assert made.models["static-int8"].recipe.calibration.count == 4

    def test_until_a_target_is_met(self, shell, magic, tmp_path):
        mixed = magic(f"{self.LINE} --until 'cosine >= 0.99' --output mixed.onnx")
        assert isinstance(mixed, MixedPrecision)
        assert "QuantizeLinear" in precisions(tmp_path / "mixed.onnx")
        shell.user_ns["mixed"] = mixed
        compared = shell.run_line_magic("haoline", "compare digits.onnx mixed --input digits.npz --limit 8")
        assert compared.outputs["cosine"].iloc[0] >= 0.99

    @pytest.mark.parametrize("words", ["--constraint 'cosine > lots' --variants", "--until 'fast please'"])
    def test_a_constraint_that_says_nothing_is_refused(self, shell, magic, capsys, words):
        assert not shell.run_cell(f"%haoline quantize {self.LINE} {words}").success
        assert capsys.readouterr().out.count("\n") == 1

    def test_forms_on_the_command_line(self, magic, tmp_path, capsys):
        words = ["quantize", *self.LINE.split()]
        several = [*words, "--variants", "--schemes", "static-int8,dynamic-int8"]
        for form, holds in {"text": "dynamic-int8", "markdown": "|", "html": "<table", "csv": "static-int8"}.items():
            assert main([*several, "--format", form]) == 0
            assert holds in capsys.readouterr().out
        assert main([*several, "--format", "json", "--report", "several.json"]) == 0
        assert "static-int8" in json.dumps(json.loads((tmp_path / "several.json").read_text())["table"])
        assert main([*words, "--until", "cosine >= 0.99", "--format", "json", "--report", "mixed.json"]) == 0
        told = json.loads((tmp_path / "mixed.json").read_text())
        assert told["steps"]
        assert told["recipe"]["scheme"] == "static-int8"
        assert (tmp_path / "digits.mixed.onnx").exists()

    def test_an_interrupt_leaves_nothing_half_done_and_a_shell_that_works(self, shell, magic, tmp_path, interrupting):
        before = set(tmp_path.iterdir())
        result = shell.run_cell("%haoline quantize digits.onnx --calibrate sample --limit 5000 --output half.onnx")
        assert isinstance(result.error_in_exec, KeyboardInterrupt)
        assert set(tmp_path.iterdir()) == before
        assert magic(self.LINE).recipe.calibration.count == 8


class TestCompletion:
    def offered(self, word, *before):
        return candidates(word, ["quantize", "digits.onnx", *before], {})

    def test_words_of_options(self, magic):
        assert "quantize" in candidates("quan", [], {})
        assert "--per-channel" in self.offered("--per")
        assert "--no-per-channel" in self.offered("--no-per")
        assert self.offered("static-int1", "--scheme") == ["static-int16"]
        assert self.offered("fp16,dyn", "--schemes") == ["fp16,dynamic-int8"]
        assert self.offered("ent", "--method") == ["entropy"]
        assert self.offered("h", "--algorithm") == ["hqq"]
        assert "digits.npz" in self.offered("", "--calibrate")
        assert "digits.npz" not in self.offered("", "--per-channel")


class TestCommandLine:
    def test_the_model_lies_beside_its_source_with_its_recipe_told(self, magic, tmp_path, capsys):
        words = ["quantize", "digits.onnx", "--calibrate", "digits.npz", "--limit", "4"]
        assert main(words) == 0
        assert "static" in capsys.readouterr().out
        assert "QuantizeLinear" in precisions(tmp_path / "digits.static-int8.onnx")
        assert main([*words, "--output", "own.onnx", "--format", "json", "--report", "made.json"]) == 0
        told = json.loads((tmp_path / "made.json").read_text())
        assert told["recipe"]["scheme"] == "static-int8"
        assert told["size_bytes"] == (tmp_path / "own.onnx").stat().st_size

    def test_other_forms(self, magic, tmp_path, capsys):
        words = ["quantize", "digits.onnx", "--scheme", "dynamic-int8"]
        for form, holds in {"html": "<", "markdown": "dynamic", "csv": "MatMulInteger"}.items():
            assert main([*words, "--format", form]) == 0
            assert holds in capsys.readouterr().out

    def test_a_refusal_has_a_status(self, magic, capsys):
        assert main(["quantize", "digits.onnx"]) == 1
        assert main(["quantize", "digits.onnx", "--until", "x", "--variants"]) == 2
        assert capsys.readouterr().err.count("\n") == 2


def test_help_tells_the_options(shell, magic, capsys):
    assert magic("--help") is None
    said = capsys.readouterr().out
    for word in ("--calibrate", "--scheme", "--keep-float", "--variants", "--until", "--constraint", "30%"):
        assert word in said
    assert "30%%" not in said
    shell.run_line_magic("haoline", "--help")
    said = capsys.readouterr().out
    assert all(f"%haoline {word}" in said for word in ("activations", "compare", "quantize", "lint"))
