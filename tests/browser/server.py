"""A JupyterLab of its own: nothing of the user's configuration gets in, nothing of the test gets out."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat

TOKEN = "browser-tests"
START_SECONDS = 90


class LabServer:
    """One JupyterLab process that serves `root`, with its settings and logs under `home`."""

    app = "jupyterlab"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "root"
        self.root.mkdir(parents=True)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "jupyterlab.log"
        self._write_settings()
        self._process = self._start()
        self._wait()

    def notebook(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells and return its path under the server's root."""
        node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        node.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(node, path)
        return name

    def read_notebook(self, name: str) -> nbformat.NotebookNode:
        """What is saved on disk."""
        return nbformat.read(self.root / name, as_version=4)

    def stop(self) -> None:
        """End the server, which ends its kernels."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write_settings(self) -> None:
        quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
        file = self.home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(quiet))

    def _environment(self) -> dict[str, str]:
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }
        isolated = {name: str(self.home / folder) for name, folder in places.items()}
        return {**os.environ, **isolated, "JUPYTER_NO_CONFIG": "1", "JUPYTER_PREFER_ENV_PATH": "1"}

    def _start(self) -> subprocess.Popen[bytes]:
        options = [
            "--no-browser",
            "--allow-root",
            "--expose-app-in-browser",
            f"--ServerApp.root_dir={self.root}",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={TOKEN}",
        ]
        command = [sys.executable, "-m", self.app, *options]
        with self.log.open("wb") as log:
            return subprocess.Popen(command, env=self._environment(), stdout=log, stderr=subprocess.STDOUT)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/api/status?token={TOKEN}", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        self.stop()
        message = f"JupyterLab did not start:\n{self.log.read_text()[-4000:]}"
        raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
