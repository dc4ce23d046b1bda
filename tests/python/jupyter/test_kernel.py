"""The extension in a real kernel, run in one go as nbconvert and papermill do."""

import html
import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from haoline_jupyter import assets
from haoline_jupyter.exporter import HaolineExporter

CELLS = [
    "%load_ext haoline_jupyter\n%load_ext haoline_jupyter",
    "%haoline mlp.onnx --hardware H100",
    "report = %haoline mlp.onnx --shape batch=2\nprint(report.totals.macs)",
    "%haoline broken.onnx",
    "print('alive')",
    "import haoline_jupyter\nhaoline_jupyter.display_file('mlp.onnx')",
    "haoline_jupyter.GraphView(report, color='macs', expanded=['layers.1'], selection='/layers.1/Relu')",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The outputs of a notebook that was run from top to bottom."""
    from report_models import mlp, saved

    try:
        assets.read("stub.js")
    except assets.MissingAssetsError:
        pytest.fail(f"the front end is not built: {assets.BUILD}")
    folder = tmp_path_factory.mktemp("notebook")
    saved(mlp(), folder / "mlp.onnx")
    (folder / "broken.onnx").write_bytes(b"not a model")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    notebook.cells[3].metadata["tags"] = ["raises-exception"]
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()
    # A slow machine shows a bar and empties it again.
    outputs = [[output for output in cell.outputs if output.get("data") != {}] for cell in notebook.cells]
    return notebook, outputs


@pytest.fixture
def outputs(ran):
    return ran[1]


def test_a_report_is_shown_in_every_form_that_needs_no_kernel(outputs):
    (output,) = outputs[1]
    assert set(output["data"]) == {"text/plain", "text/html", "application/vnd.haoline.report+json"}


def test_the_page_that_nbconvert_makes_shows_the_report(ran):
    page, _ = HTMLExporter().from_notebook_node(ran[0])
    assert page.count('<div class="haoline-static"') == 3
    assert "Peak activations" in page


def test_the_page_with_views_loads_nothing_from_elsewhere(ran):
    page, _ = HaolineExporter().from_notebook_node(ran[0])
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//[^"' >]+""", page)


def test_a_graph_view_is_shown_and_exported_in_its_state(ran, outputs):
    (output,) = outputs[6]
    assert set(output["data"]) == {"text/plain", "text/html", "application/vnd.haoline.report+json"}
    page, _ = HaolineExporter().from_notebook_node(ran[0])
    states = re.findall(r"""data-haoline-state=(["'])(.*?)\1""", page)
    told = [json.loads(html.unescape(state)) for _, state in states]
    assert [state["view"] for state in told] == ["report", "report", "graph"]
    assert (told[2]["color"], told[2]["expanded"], told[2]["selection"]) == ("macs", ["layers.1"], [5])


def test_nothing_is_saved_twice(ran):
    assert "widgets" not in ran[0].metadata


def test_an_assigned_report_is_not_shown(outputs):
    (output,) = outputs[2]
    assert output["text"].strip() == str(2 * 3 * 64)


def test_a_broken_file_says_so_in_one_line_and_the_kernel_goes_on(outputs):
    (output,) = outputs[3]
    assert output["output_type"] == "error"
    (line,) = output["traceback"]
    assert line.startswith("UnsupportedFormatError: broken.onnx: is a text file; formats that can be read: ")
    assert "ONNX" in line
    assert outputs[4][0]["text"].strip() == "alive"


def test_a_file_opened_by_double_click_is_shown(outputs):
    assert "application/vnd.haoline.report+json" in outputs[5][0]["data"]


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, haoline_jupyter; haoline_jupyter._jupyter_labextension_paths();"
        "print(sorted({'anywidget', 'onnx', 'pandas', 'numpy', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_errors_of_the_user_still_stop_a_notebook(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%load_ext haoline_jupyter\n1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
