"""The reader of exported programs: ``.pt2`` archives as ``torch.export.save`` writes them, old and new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import MalformedModelError, UnsupportedFormatError
from haoline_analysis.formats.reader import FormatInfo, refuse_options
from haoline_analysis.formats.torch.kinds import EXPORTED, kind_of
from haoline_analysis.model import Gap

if TYPE_CHECKING:
    from haoline_analysis.formats.source import Source
    from haoline_analysis.formats.torch.exported_weights import Archive
    from haoline_analysis.model import Model

_OLD = "serialized_exported_program.json"


class ExportedReader:
    """Reads exported programs without PyTorch."""

    info = FormatInfo(
        name="pt2",
        label="PyTorch exported program",
        suffixes=(".pt2",),
        yields="ops with shapes and costs, weights",
        converts={"safetensors": "partial"},
    )

    def can_read(self, source: Source) -> bool:
        """Whether it is a zip archive that holds an exported program."""
        return kind_of(source) == EXPORTED

    def read(self, source: Source, **options: Any) -> Model:
        """Open the program; its weights stay in the file, and nothing in it runs.

        Raises:
            ModelError: if it is none, contradicts itself, or exceeds a bound.
        """
        refuse_options(self.info, options)
        from haoline_analysis.formats.torch.archive import read_directory
        from haoline_analysis.formats.torch.content import root_of
        from haoline_analysis.formats.torch.exported_weights import Archive

        assert source.storage is not None
        with source.storage.buffer() as buf:
            entries = read_directory(buf)
            mark = _OLD if any(name.endswith(_OLD) for name in entries) else "archive_format"
            model = _model(Archive(buf, source.storage, entries, root_of(entries, mark)), self.info.name)
        model.path = source.path
        model.name = source.path.stem if source.path is not None else model.name
        model.file_bytes = source.storage.size
        return model


def _model(archive: Archive, format_name: str) -> Model:
    from haoline_analysis.formats.torch.exported_graph import GraphReader
    from haoline_analysis.formats.torch.exported_weights import read_payloads

    name, others = _program(archive)
    program = archive.json(name)
    if not isinstance(program, dict) or "graph_module" not in program:
        raise MalformedModelError(f"{name} holds no exported program")
    payloads = read_payloads(archive)
    reader = GraphReader(payloads.weights)
    results = reader.read(program["graph_module"])
    gaps = [*reader.gaps, *(Gap(f"{what} cannot be read: {why}.") for what, why in payloads.missing.items())]
    if others:
        gaps.append(Gap(f"The archive holds further programs, which are not shown: {', '.join(others[:5])}."))
    version = str(program.get("torch_version", ""))[:40]
    stated = program.get("opset_version")
    opsets = stated.items() if isinstance(stated, dict) else ()
    return reader.builder.finish(
        name="model",
        format=format_name,
        outputs=results,
        producer=f"PyTorch {version}".strip(),
        opsets={str(key): value for key, value in opsets if isinstance(value, int)},
        gaps=gaps,
        findings=payloads.findings,
        facts={"export": _facts(program)},
    )


def _program(archive: Archive) -> tuple[str, list[str]]:
    """The entry that holds the program, and those that hold others."""
    if archive.has(_OLD):
        return _OLD, []
    folder = f"{archive.root}models/"
    found = [name.removeprefix(archive.root) for name in archive.entries if name.startswith(folder)]
    programs = [name for name in found if name.endswith(".json")]
    if not programs:
        native = any("aotinductor" in name for name in archive.entries)
        what = "compiled code only (AOTInductor), which tells no ops" if native else "no program"
        raise UnsupportedFormatError(f"the archive holds {what}")
    main = "models/model.json" if "models/model.json" in programs else programs[0]
    return main, [name for name in programs if name != main]


def _facts(program: dict[str, Any]) -> dict[str, Any]:
    """How the program was exported, as far as the file says."""
    facts: dict[str, Any] = {"route": "file"}
    schema, ranges = program.get("schema_version"), program.get("range_constraints")
    if isinstance(schema, dict):
        facts["schema"] = f"{schema.get('major')}.{schema.get('minor')}"
    if isinstance(ranges, dict):
        facts["ranges"] = {
            str(name)[:80]: [bounds.get("min_val"), bounds.get("max_val")]
            for name, bounds in list(ranges.items())[:50]
            if isinstance(bounds, dict)
        }
    return facts
