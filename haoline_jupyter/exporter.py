"""An nbconvert exporter whose pages need no network: ``jupyter nbconvert --to haoline``."""

from __future__ import annotations

import copy
from typing import Any

from nbconvert import HTMLExporter

from haoline_jupyter.export import embed_reports, with_bundle


class HaolineExporter(HTMLExporter):
    """HTML with every report interactive and one copy of the views."""

    export_from_notebook = "HTML with interactive model reports"

    def __init__(self, **options: Any) -> None:
        """Load nothing from elsewhere: no loader for widgets, no formula renderer."""
        super().__init__(  # type: ignore[no-untyped-call]
            **{"require_js_url": "", "mathjax_url": "", **options}
        )

    def page(self, notebook: Any) -> str:
        """The page of a notebook."""
        return str(self.from_notebook_node(notebook)[0])

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        """The page of a notebook, which stays as it is, and the resources used."""
        notebook = copy.deepcopy(nb)
        found = embed_reports(notebook)
        html, used = super().from_notebook_node(notebook, resources, **options)
        return (with_bundle(html) if found else html), used
