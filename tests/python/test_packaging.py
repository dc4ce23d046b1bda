"""What is shipped: everything the browser needs, once, and no Node.js to install it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
EXTENSION = "share/jupyter/labextensions/haoline-jupyter/"


def build(kind: str, source: Path, out: Path, path: str) -> Path:
    """Build an sdist or a wheel in this environment and return the file."""
    pytest.importorskip("build")
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel from an unpacked sdist, built where there is no Node.js."""
    tmp = tmp_path_factory.mktemp("packaging")
    sdist = build("sdist", ROOT, tmp / "sdist", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp, filter="data")
    return build("wheel", tmp / sdist.name.removesuffix(".tar.gz"), tmp / "wheel", str(BIN))


def test_wheel_holds_both_packages_and_the_front_end_once(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "haoline_analysis/report/schema.json",
        "haoline_analysis/hardware/profiles.json",
        "haoline_analysis/quantization/linter/lint.css",
        "haoline_analysis/quantization/linter/targets.json",
        "haoline_jupyter/static/stub.js",
        "haoline_jupyter/static/views.js",
        "haoline_jupyter/static/views.css",
    ):
        assert wanted in names
    extension = [name for name in names if EXTENSION in name]
    assert any(name.endswith("package.json") for name in extension)
    assert any(name.endswith("install.json") for name in extension)
    assert sum(name.endswith(".js") and "remoteEntry" in name for name in names) == 1
    assert not any(name.startswith(("tests/", "js/", "examples/", "node_modules/")) for name in names)


def test_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 2_000_000


def test_wheel_has_the_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "jupyter-haoline = haoline_jupyter.cli:main" in archive.read(entry).decode()


def test_nothing_shipped_knows_another_machine(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        if name.endswith((".js", ".css", ".json", ".py")):
            text = archive.read(name).decode()
            assert str(ROOT) not in text, name
            assert not re.search(r"https?://(?:cdn|unpkg|registry|esm)\b", text), name


def test_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]


def test_engine_imports_without_jupyter() -> None:
    code = """
import sys
import haoline_analysis
from haoline_analysis import analyze, open_model
print([name for name in ("IPython", "ipywidgets", "anywidget", "traitlets", "comm") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
