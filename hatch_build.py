"""Builds the browser's half before a wheel or sdist is packed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_OUTPUTS = (
    "haoline_jupyter/static/stub.js",
    "haoline_jupyter/static/views.js",
    "haoline_jupyter/static/views.css",
    "haoline_jupyter/labextension/package.json",
)


class FrontEndHook(BuildHookInterface):
    """Runs npm, unless what it makes came with an sdist or an editable install has it already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        root = Path(self.root)
        built = all((root / output).is_file() for output in _OUTPUTS)
        # A development bundle in a checkout may be stale, so only these two may trust what they find.
        if built and (version == "editable" or (root / "PKG-INFO").is_file()):
            return
        self._npm("ci", "--no-audit", "--no-fund", unless=root / "node_modules")
        self._npm("run", "build")

    def _npm(self, *arguments: str, unless: Path | None = None) -> None:
        if unless is not None and unless.is_dir():
            return
        npm = shutil.which("npm")
        if npm is None:
            msg = "building haoline-jupyter from a checkout needs Node.js 20 or newer; a wheel or an sdist does not"
            raise RuntimeError(msg)
        subprocess.run([npm, *arguments], cwd=self.root, check=True)
