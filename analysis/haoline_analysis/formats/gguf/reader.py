"""The GGUF reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.reader import FormatInfo, refuse_options

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model


class GgufReader:
    """Reads GGUF of versions 1 to 3, either byte order, in one file or several."""

    info = FormatInfo(
        name="gguf",
        label="GGUF",
        suffixes=(".gguf",),
        yields="weights, metadata, tokenizer summary, architecture; ops of known families with graph='analytic'",
        converts={"safetensors": "partial"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether it starts with the format's mark."""
        return source.head.startswith(b"GGUF")

    def read(self, source: Source, **options: Any) -> Model:
        """Open the model; ``graph="analytic"`` adds the ops of its family.

        Raises:
            ModelError: if the file breaks the format.
        """
        refuse_options(self.info, options, "graph")
        from haoline_analysis.formats.families.analytic import graph_of
        from haoline_analysis.formats.gguf.building import build

        return graph_of(build(source), options.get("graph"))
