"""Tab completion of ``%haoline``."""

import pytest
from IPython.core.completer import provisionalcompleter

from haoline_jupyter.completion import paths


@pytest.fixture
def complete(shell, tmp_path):
    (tmp_path / "models").mkdir()
    for name in ("bert.onnx", "notes.txt", "models/my net.onnx", ".hidden.onnx"):
        (tmp_path / name).touch()

    def lines(code):
        """The code after each completion."""
        with provisionalcompleter():
            found = list(shell.Completer.completions(code, len(code)))
        return [code[: one.start] + one.text + code[one.end :] for one in found]

    return lines


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("%haoline be", "%haoline bert.onnx"),
        ("%haoline mo", "%haoline models/"),
        ("%haoline models/my", r"%haoline models/my\ net.onnx"),
        ('%haoline "models/my n', '%haoline "models/my net.onnx"'),
        ("%haoline bert.onnx --hard", "%haoline bert.onnx --hardware"),
        ("%haoline bert.onnx --hardware H100", "%haoline bert.onnx --hardware h100-sxm"),
        ("%haoline bert.onnx --view me", "%haoline bert.onnx --view memory"),
        ("%haoline bert.onnx --precision in", "%haoline bert.onnx --precision int8"),
        ("report = %haoline be", "report = %haoline bert.onnx"),
        ("x = 1\nreport = %haoline bert.onnx --vi", "x = 1\nreport = %haoline bert.onnx --view"),
    ],
)
def test_a_word_is_completed(complete, code, line):
    assert line in complete(code)


def test_names_with_spaces_come_quoted(complete):
    assert '%haoline m --hardware "GeForce RTX 4090"' in complete("%haoline m --hardware 4090")
    assert '%haoline m --hardware "GeForce RTX 4090"' in complete('%haoline m --hardware "rtx 40')


def test_only_models_and_folders_are_offered(complete):
    offered = " ".join(complete("%haoline "))
    assert "notes.txt" not in offered
    assert ".hidden" not in offered
    assert "models/" in offered


def test_variables_that_hold_reports_are_offered(shell, complete, model):
    shell.run_cell("my_report = %haoline mlp.onnx")
    assert "%haoline my_report" in complete("%haoline my_r")


def test_other_lines_are_left_alone(shell, complete):
    assert "be = bert.onnx" not in complete("be = be")
    assert not [line for line in complete("%timeit be") if "onnx" in line and "--" in line]


def test_a_folder_that_is_not_there_completes_to_nothing():
    assert paths("no/such/folder/x") == []
