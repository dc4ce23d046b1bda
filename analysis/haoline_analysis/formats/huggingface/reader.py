"""The reader of Hugging Face model folders, their index files, and repositories of the hub cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError, UnsupportedFormatError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.uncollected import uncollected

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.formats.source import Source
    from haoline_analysis.model import Model

_PIPELINE = "model_index.json"
_INDEX_SUFFIXES = (".safetensors.index.json", ".bin.index.json")


class HuggingFaceReader:
    """Reads a folder: shards by their index, ``config.json`` and what else is beside."""

    info = FormatInfo(
        name="huggingface",
        label="Hugging Face folder",
        suffixes=(),
        yields="weights, architecture",
        converts={"safetensors": "full"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether it is a folder with weights in it, or an index of shards."""
        if source.path is None:
            return False
        if not source.is_folder:
            return source.path.name.endswith(_INDEX_SUFFIXES) and source.head.lstrip()[:1] == b"{"
        from haoline_analysis.formats.huggingface.folder import chosen, listed, snapshot

        names = listed(source.path)
        return bool(chosen(names)[1]) or _PIPELINE in names or snapshot(source.path) is not None

    def read(self, source: Source, **options: Any) -> Model:
        """Open the folder.

        Raises:
            ModelError: if a file in it breaks its format, exceeds a bound, or leads out of the folder.
        """
        refuse_options(self.info, options, "graph")
        from haoline_analysis.formats.huggingface.assembling import assemble
        from haoline_analysis.formats.huggingface.folder import chosen, listed, read_folder, snapshot

        assert source.path is not None
        if not source.is_folder:
            with uncollected():
                found = read_folder(source.path.parent, source.path.name)
                return assemble(found, self.info.name, options.get("graph"))
        folder = source.path
        kind, files = chosen(listed(folder))
        if not files:
            folder = snapshot(folder) or folder
            kind, files = chosen(listed(folder))
        if not files and _PIPELINE in listed(folder):
            raise UnsupportedFormatError(f"is a pipeline of several models; open one of its folders{_models(folder)}")
        if kind == "gguf":
            return _read_gguf(folder, files, options)
        with uncollected():
            return assemble(read_folder(folder), self.info.name, options.get("graph"))


def _models(folder: Path) -> str:
    """Folders inside that hold weights, to name them."""
    from haoline_analysis.formats.huggingface.folder import chosen, listed

    there = [name for name in listed(folder)[:100] if chosen(listed(folder / name))[1]]
    return f" ({', '.join(there)})" if there else ""


def _read_gguf(folder: Path, files: list[str], options: dict[str, Any]) -> Model:
    """The GGUF file of a folder that holds nothing else, or the first part of one that is split."""
    from haoline_analysis.formats.huggingface.inside import find_inside
    from haoline_analysis.formats.registry import reader_named
    from haoline_analysis.formats.source import Source, open_storage

    if len(files) > 1 and "-00001-of-" not in files[0]:
        shown = ", ".join(files[:5]) + (", …" if len(files) > 5 else "")
        raise UnsupportedFormatError(f"holds several GGUF files ({shown}); open one of them")
    if find_inside(folder, files[0]) is None:
        raise ModelError(f"{files[0]} is a link to nothing")
    path = folder / files[0]
    return reader_named("gguf").read(Source(path=path, storage=open_storage(path)), **options)
