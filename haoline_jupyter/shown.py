"""Which views the outputs of a notebook show, so that what is replaced is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from haoline_jupyter.view import View


@dataclass
class Cell:
    """What one run of a cell shows: views made for display, and views that the user may hold."""

    run: str
    made: list[View] = field(default_factory=list)
    kept: list[View] = field(default_factory=list)
    former: list[View] = field(default_factory=list)


class Outputs:
    """The views in the outputs of each cell.

    A view made for display is closed as soon as its cell runs again. One that the user made is closed at the end of
    that run, unless this or another cell shows it still.
    """

    def __init__(self) -> None:
        """Nothing is shown."""
        self._cells: dict[str, Cell] = {}

    def begin(self, cell: str, run: str) -> None:
        """A cell runs: its former outputs are about to be replaced."""
        before = self._cells.get(cell)
        if before is None or before.run == run:
            return
        self._cells[cell] = Cell(run, former=[*before.former, *before.kept])
        for view in before.made:
            view.close()

    def add(self, cell: str, run: str, view: View, *, kept: bool = False) -> None:
        """A cell shows a view; ``kept``: one that the user made and may hold."""
        self.begin(cell, run)
        now = self._cells.setdefault(cell, Cell(run))
        listed = now.kept if kept else now.made
        if view not in listed:
            listed.append(view)

    def end(self, cell: str) -> None:
        """A cell has run: what it showed before and nobody shows now is closed."""
        now = self._cells.get(cell)
        if now is None:
            return
        former, now.former = now.former, []
        shown = {id(view) for other in self._cells.values() for view in other.kept}
        for view in former:
            if id(view) not in shown:
                view.close()
        if not now.made and not now.kept:
            del self._cells[cell]

    def forget(self, view: View) -> None:
        """A view is closed."""
        for cell in self._cells.values():
            for listed in (cell.made, cell.kept, cell.former):
                if view in listed:
                    listed.remove(view)


outputs = Outputs()


def here() -> tuple[str, str]:
    """The cell that runs and the message that runs it; a front end that names no cell gets one cell a message."""
    parent = _parent()
    run = str(parent.get("header", {}).get("msg_id", ""))
    return str(parent.get("metadata", {}).get("cellId") or run), run


def is_live() -> bool:
    """Whether there is a kernel with somebody in front of it."""
    shell = _shell()
    return shell is not None and getattr(shell, "kernel", None) is not None and not is_batch()


def is_batch() -> bool:
    """Whether nobody sits in front of the kernel (nbconvert, papermill): such a run cannot ask for input.

    A widget would be saved in place of the static report, which is what pages made of the notebook can show.
    """
    return _parent().get("content", {}).get("allow_stdin") is False


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _parent() -> dict[str, Any]:
    """The message that the kernel works at."""
    shell = _shell()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent or {}


def _cell_starts(*_: Any) -> None:
    """Close what was made for the cell's last run."""
    outputs.begin(*here())


def _cell_ends(*_: Any) -> None:
    """Close what the cell shows no more."""
    outputs.end(here()[0])


_EVENTS = (("pre_run_cell", _cell_starts), ("post_run_cell", _cell_ends))


def install(shell: Any) -> None:
    """Follow the runs of this shell's cells; doing so twice does no harm."""
    for event, callback in _EVENTS:
        if callback not in shell.events.callbacks[event]:
            shell.events.register(event, callback)


def follow() -> None:
    """Follow the runs of the cells where the extension was not loaded."""
    shell = _shell()
    if shell is not None:
        install(shell)


def remove(shell: Any) -> None:
    """Follow them no more."""
    for event, callback in _EVENTS:
        if callback in shell.events.callbacks[event]:
            shell.events.unregister(event, callback)
