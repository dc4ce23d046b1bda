"""``jupyter haoline`` from the terminal."""

import base64
import json
import re
import subprocess
import sys

import nbformat
import pytest
from report_models import hostile, mlp, saved

from haoline_analysis import ModelReport, analyze
from haoline_analysis.report import container
from haoline_jupyter import assets
from haoline_jupyter.cli import main

MODULE = "export const mountStatic = () => {};"


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """Stand-ins for the built front end."""
    monkeypatch.setattr(assets, "read", lambda name: MODULE if name == "views.js" else "")


@pytest.fixture
def notebook(tmp_path):
    """A run notebook that shows two reports, one of them twice."""
    first, second = analyze(mlp(), hardware="H100"), analyze(hostile())
    outputs = [nbformat.v4.new_output("display_data", report._repr_mimebundle_()) for report in (first, first, second)]
    cells = [nbformat.v4.new_code_cell("%haoline m.onnx", outputs=[output]) for output in outputs]
    path = tmp_path / "shown.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_text_is_the_default(model, capsys):
    assert main([str(model), "--shape", "batch=4", "--hardware", "H100", "--gpus", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("HaoLine report")
    assert "Bound by you" in said
    assert "H100" in said


def test_json_is_written_to_a_file(model, tmp_path, capsys):
    assert main([str(model), "--format", "json", "-o", str(tmp_path / "r.json"), "--precision", "int8"]) == 0
    assert capsys.readouterr().out == ""
    assert ModelReport.from_json((tmp_path / "r.json").read_text()).hardware.precision == "int8"


@pytest.mark.parametrize(("form", "start"), [("markdown", "# "), ("html", "<!doctype html>")])
def test_other_forms(model, capsys, form, start):
    assert main([str(model), "--format", form]) == 0
    assert capsys.readouterr().out.startswith(start)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["missing.onnx"], 1, "missing.onnx"),
        (["{model}", "--hardware", "Abacus"], 1, "Abacus"),
        (["{model}", "--precision", "fp77"], 1, "fp77"),
        (["{model}", "-o", "no/such/folder/r.txt"], 1, "no/such/folder"),
        (["{model}", "--turbo"], 2, "--turbo"),
        (["{model}", "--format", "pdf"], 2, "pdf"),
        (["quantise", "{model}"], 2, "did you mean 'quantize'?"),
        (["{model}", "--shape", "batch"], 2, "batch"),
        ([], 2, "MODEL"),
        (["bench"], 2, "later command"),
        (["profiles", "abacus"], 1, "abacus"),
        (["export", "missing.ipynb"], 1, "missing.ipynb"),
        (["export", "{model}"], 1, "not a notebook"),
    ],
)
def test_refusals_are_one_line_with_a_status(model, capsys, words, status, said):
    assert main([word.format(model=model) for word in words]) == status
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_help_is_no_error(capsys):
    assert main(["--help"]) == 0
    assert "profiles" in capsys.readouterr().out


def test_profiles_are_listed_and_searched(capsys):
    assert main(["profiles"]) == 0
    everything = capsys.readouterr().out.splitlines()
    assert len(everything) > 60
    assert main(["profiles", "nvidia", "h100"]) == 0
    found = capsys.readouterr().out.splitlines()
    assert 1 < len(found) < len(everything)
    assert all("H100" in line for line in found[1:])


def test_a_notebook_becomes_one_page_with_one_copy_of_the_views(notebook, capsys):
    assert main(["export", str(notebook)]) == 0
    page = notebook.with_suffix(".html").read_text()
    assert page.count(base64.b64encode(MODULE.encode()).decode()) == 1
    documents = re.findall(r'<script[^>]*id="haoline-([0-9a-f]{32})"[^>]*>([^<]*)<', page)
    assert len(documents) == 2
    assert page.count("data-haoline-document=") == 3
    assert all(container.decode(base64.b64decode(data))[0]["id"] == report for report, data in documents)


def test_the_exported_page_loads_nothing_and_runs_no_name(notebook):
    main(["export", str(notebook)])
    page = notebook.with_suffix(".html").read_text()
    assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?(?:https?:)?//""", page)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_forged_stored_report_stays_text(notebook):
    made = nbformat.read(notebook, as_version=4)
    data = made.cells[0].outputs[0]["data"]
    data["application/vnd.haoline.report+json"]["id"] = '"><script>alert(9)</script>'
    data["text/html"] = "<p>the static form</p>"
    nbformat.write(made, notebook)
    assert main(["export", str(notebook)]) == 0
    page = notebook.with_suffix(".html").read_text()
    assert "alert(9)" not in page
    assert "the static form" in page


def test_it_runs_as_a_program_without_importing_jupyter(tmp_path):
    path = saved(mlp(), tmp_path / "m.onnx")
    code = (
        "import sys; from haoline_jupyter.cli import main; status = main(sys.argv[1:]);"
        "assert not {'IPython', 'ipywidgets', 'anywidget'} & set(sys.modules); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), "--format", "json"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "haoline.report"
