"""HaoLine for Jupyter: the ``%haoline`` magic, the report widget, and the kernel's side of the sidebar.

Importing this package is cheap; everything is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from haoline_jupyter.activation_view import ActivationView
    from haoline_jupyter.assets import views
    from haoline_jupyter.display import display_file
    from haoline_jupyter.divergence_view import DivergenceView
    from haoline_jupyter.graph_pair import GraphPair
    from haoline_jupyter.graph_view import GraphView
    from haoline_jupyter.widget import ReportWidget

_HOMES = {
    "ActivationView": "activation_view",
    "DivergenceView": "divergence_view",
    "GraphPair": "graph_pair",
    "GraphView": "graph_view",
    "ReportWidget": "widget",
    "display_file": "display",
    "views": "assets",
}

__all__ = [
    "ActivationView",
    "DivergenceView",
    "GraphPair",
    "GraphView",
    "ReportWidget",
    "__version__",
    "display_file",
    "load_ipython_extension",
    "views",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("haoline-jupyter")
        except PackageNotFoundError:
            return "0+unknown"
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """``%load_ext haoline_jupyter``: the magic, its completion, the rich display and the link to the sidebar."""
    from haoline_jupyter.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """``%unload_ext haoline_jupyter``: take back what loading put in."""
    from haoline_jupyter.extension import unload

    unload(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the prebuilt extension."""
    return [{"src": "labextension", "dest": "haoline-jupyter"}]
