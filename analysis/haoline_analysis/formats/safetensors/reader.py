"""The reader of single SafeTensors files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.sniff import recognise
from haoline_analysis.formats.uncollected import uncollected

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model

_OBJECT_STARTS = b'"} \t\n\r'


class SafetensorsReader:
    """Reads the header; weights stay in the file. A ``config.json`` beside it is used."""

    info = FormatInfo(
        name="safetensors",
        label="SafeTensors",
        suffixes=(".safetensors",),
        yields="weights; architecture where a config.json is beside",
        converts={"safetensors": "full"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether a length and an opening brace come first; the suffix decides for content that looks like nothing."""
        if source.storage is None:
            return False
        head, size = source.head, source.storage.size
        if head[8:9] == b"{" and head[9:10] in _OBJECT_STARTS and 2 <= int.from_bytes(head[:8], "little") <= size - 8:
            return True
        return source.suffix in self.info.suffixes and (head[8:9] == b"{" or recognise(head, size) is None)

    def read(self, source: Source, **options: Any) -> Model:
        """Open the file.

        Raises:
            ModelError: if it breaks the format or exceeds a bound.
        """
        refuse_options(self.info, options, "graph")
        from haoline_analysis.formats.huggingface.assembling import assemble
        from haoline_analysis.formats.huggingface.single import read_single

        assert source.storage is not None
        with uncollected():
            return assemble(read_single(source.path, source.storage), self.info.name, options.get("graph"))

    def write(self, model: Model, path: Any, **options: Any) -> Any:
        """Export the weights of a model; see :func:`haoline_analysis.formats.safetensors.writer.write`.

        Raises:
            ModelError: if the model has no weights that can be written.
        """
        from haoline_analysis.formats.safetensors.writer import write

        return write(model, path, **options)
