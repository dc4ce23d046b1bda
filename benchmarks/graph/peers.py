"""The environment that the peers live in: their dependencies have no place in ours."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("netron", "ai-edge-model-explorer")


def python_of(folder: Path) -> str:
    """The interpreter of the environment in ``folder``, which is made if there is none."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for package in PACKAGES:  # one by one: the other can be measured where one cannot be had
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=False)
    return str(python)


def version_of(python: str, package: str) -> str:
    """The installed version, "" where there is none."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()
