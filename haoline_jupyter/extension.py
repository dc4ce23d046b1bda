"""Puts HaoLine into a running shell, and takes it out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.report.page import provide_assets
from haoline_jupyter import assets, comms, completion, display
from haoline_jupyter.magic import HaolineMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load(shell: InteractiveShell) -> None:
    """Register the magic, completion, display and comms; loading twice does no harm."""
    shell.register_magics(HaolineMagics)
    completion.install(shell)
    display.install(shell)
    comms.install()
    provide_assets(assets.views)


def unload(shell: InteractiveShell) -> None:
    """Undo :func:`load`; reports shown already stay alive."""
    shell.magics_manager.magics["line"].pop("haoline", None)
    completion.remove(shell)
    display.remove(shell)
    comms.remove()
    provide_assets(None)
