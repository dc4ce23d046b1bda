"""The example notebooks run top to bottom, in a kernel of their own."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NEEDS = {"pytorch.ipynb": ("torch", "onnxscript", "transformers")}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
def test_notebook_runs(path, request):
    if path.name == "quantization.ipynb":
        request.getfixturevalue("minilm")
    for needed in NEEDS.get(path.name, ()):
        pytest.importorskip(needed)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    reports = [o for o in outputs if "application/vnd.haoline.report+json" in o.get("data", {})]
    assert reports, "no cell shows a report"
    assert not [o for o in outputs if o.get("name") == "stderr"]
