"""A real shell with the extension loaded, and models to run it on."""

import _thread
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
sys.path.insert(0, str(Path(__file__).parents[3] / "examples"))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """An IPython shell of its own, in an empty folder, with the extension loaded."""
    from IPython.core.interactiveshell import InteractiveShell

    import haoline_jupyter

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    haoline_jupyter.load_ipython_extension(made)
    yield made
    haoline_jupyter.unload_ipython_extension(made)
    InteractiveShell.clear_instance()


@pytest.fixture(autouse=True)
def fresh_session():
    """No choice and no widgets from another test."""
    from haoline_jupyter.session import session

    session.choice = None
    yield
    for widget in session.live():
        widget.close()
    session.choice = None


@pytest.fixture
def model(tmp_path):
    """The path of a small model."""
    from report_models import mlp, saved

    return saved(mlp(), tmp_path / "mlp.onnx")


@pytest.fixture
def interrupting(shell, tmp_path):
    """The variable ``sample``, a function that gives digits and interrupts whoever asks for the fifth."""
    calls = []

    def sample(index):
        calls.append(index)
        if len(calls) == 5:
            _thread.interrupt_main()
        return np.load(tmp_path / "digits.npz")["image"][index % 96 : index % 96 + 1]

    shell.user_ns["sample"] = sample
