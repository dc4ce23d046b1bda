"""What a person does in JupyterLab, in terms of notebooks and cells."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, Page

from .server import TOKEN, LabServer

SCREENSHOTS = Path(__file__).parent / "screenshots"
PATIENCE_MS = 60_000

_PANEL = """
const panelOf = (path) => [...jupyterapp.shell.widgets('main')].find((widget) => widget.context?.path === path);
"""


class Lab:
    """One JupyterLab page in a workspace of its own."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self._workspace = uuid.uuid4().hex[:8]
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", self._note_error)
        page.on("dialog", lambda dialog: dialog.accept())
        self.load()

    def load(self) -> None:
        """Go to the workspace and wait until it is restored."""
        self.page.goto(f"{self.server.url}/lab/workspaces/{self._workspace}?token={TOKEN}")
        self._wait_restored()

    def reload(self) -> None:
        """Reload the page, as F5 does. The layout must have reached the server first."""
        self.page.wait_for_timeout(1500)
        self.page.reload()
        self._wait_restored()

    def open(self, path: str) -> Locator:
        """Open a file as a double click does and return its tab's content."""
        self.page.evaluate("path => { void jupyterapp.commands.execute('docmanager:open', {path}) }", path)
        return self.panel_ready(path)

    def panel_ready(self, path: str) -> Locator:
        """Wait until a document that is being opened is loaded; return its tab's content."""
        self.page.wait_for_function(_script("path => !!panelOf(path)?.context?.isReady"), arg=path)
        return self.panel(path)

    def open_notebook(self, path: str) -> Locator:
        """Open a notebook and wait for its kernel."""
        panel = self.open(path)
        self.wait_idle(path)
        return panel

    def panel(self, path: str) -> Locator:
        """The tab of an open document."""
        return self.page.locator(f"[id='{self._evaluate('path => panelOf(path).id', path)}']")

    def activate(self, path: str) -> None:
        """Bring an open document to the front."""
        self._evaluate("path => jupyterapp.shell.activateById(panelOf(path).id)", path)

    def close(self, path: str) -> None:
        """Close a tab without saving it."""
        self._evaluate("path => panelOf(path).dispose()", path)

    def wait_idle(self, path: str) -> None:
        """Wait until the kernel of a notebook has nothing to do."""
        self.page.wait_for_function(
            _script("path => panelOf(path)?.sessionContext.session?.kernel?.status === 'idle'"), arg=path
        )

    def run_all(self, path: str) -> None:
        """Run every cell and wait for the last one."""
        self.start_all(path)
        self.wait_ran(path)

    def start_all(self, path: str) -> None:
        """Run every cell and do not wait."""
        self.activate(path)
        self._evaluate("() => { window.ran = false }")
        self._evaluate(
            "() => { void jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ran = true }) }"
        )

    def wait_ran(self, path: str) -> None:
        """Wait for what `start_all` started."""
        self.page.wait_for_function("() => window.ran")
        self.wait_idle(path)

    def run(self, path: str, code: str) -> None:
        """Append a cell and run it."""
        self.start(path, code)
        self.wait_ran(path)

    def ask(self, path: str, expression: str) -> str:
        """What an expression is in the kernel of a notebook."""
        self.run(path, f"print({expression})")
        return self.panel(path).locator(".jp-Cell").last.locator(".jp-OutputArea-output").inner_text().strip()

    def start(self, path: str, code: str) -> None:
        """Append a cell, run it and do not wait."""
        self.activate(path)
        self._evaluate(
            """([path, source]) => {
              const {model, content} = panelOf(path);
              model.sharedModel.insertCell(model.cells.length, {cell_type: 'code', source, metadata: {trusted: true}});
              content.activeCellIndex = model.cells.length - 1;
              content.deselectAll();
              window.ran = false;
              void jupyterapp.commands.execute('notebook:run-cell').finally(() => { window.ran = true });
            }""",
            [path, code],
        )

    def output(self, path: str, cell: int) -> Locator:
        """The output area of a cell."""
        return self.panel(path).locator(".jp-Cell").nth(cell).locator(".jp-OutputArea-output")

    def restart(self, path: str) -> None:
        """Restart the kernel of a notebook, without asking."""
        self._evaluate("path => { void panelOf(path).sessionContext.session.kernel.restart() }", path)
        self.page.wait_for_timeout(500)
        self.wait_idle(path)

    def interrupt(self, path: str) -> None:
        """Interrupt the kernel of a notebook."""
        self._evaluate("path => { void panelOf(path).sessionContext.session.kernel.interrupt() }", path)

    def save(self, path: str) -> None:
        """Save a notebook."""
        self._evaluate("path => panelOf(path).context.save()", path)

    def metadata(self, path: str, key: str) -> Any:
        """A key of the metadata of an open notebook."""
        return self._evaluate("([path, key]) => panelOf(path).model.getMetadata(key)", [path, key])

    def show_sidebar(self) -> Locator:
        """Open the hardware sidebar."""
        self._evaluate("() => jupyterapp.shell.activateById('haoline-sidebar')")
        sidebar = self.page.get_by_test_id("haoline-sidebar")
        sidebar.get_by_test_id("haoline-profile-search").wait_for()
        return sidebar

    def choose(self, profile: str) -> Locator:
        """Pick a hardware profile in the sidebar."""
        sidebar = self.show_sidebar()
        sidebar.get_by_test_id("haoline-profile-search").fill("")
        sidebar.locator(f"[data-profile='{profile}']").click()
        return sidebar

    def set_theme(self, theme: str) -> None:
        """Switch to 'light' or 'dark'."""
        name = f"JupyterLab {theme.capitalize()}"
        self._evaluate("theme => { void jupyterapp.commands.execute('apputils:change-theme', {theme}) }", name)
        self.page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")

    def screenshot(self, name: str) -> Path:
        """Keep a picture of the page under the folder that git ignores."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.wait_for_timeout(300)
        file = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=file)
        return file

    def _note_error(self, error: Error) -> None:
        """The widget manager throws of itself where a notebook has no kernel, anywidget where a page is slow."""
        stack = error.stack or str(error)
        if "@jupyter-widgets/jupyterlab-manager" not in stack and "[anywidget] Failed to initialize" not in stack:
            self.errors.append(stack)

    def _wait_restored(self) -> None:
        self.page.wait_for_function("() => window.jupyterapp?.restored")
        self.page.evaluate("() => jupyterapp.restored.then(() => null)")

    def _evaluate(self, function: str, argument: Any = None) -> Any:
        return self.page.evaluate(_script(function), argument)


def _script(function: str) -> str:
    return f"argument => {{ {_PANEL} return ({function})(argument); }}"
