"""The files of a GGUF model to a ``Model`` of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.architecture.gguf_metadata import from_gguf, is_buffer
from haoline_analysis.errors import MalformedModelError, ModelError
from haoline_analysis.formats.gguf.facts import format_facts
from haoline_analysis.formats.gguf.header import Header, read_header
from haoline_analysis.formats.gguf.sources import TensorSource
from haoline_analysis.formats.gguf.splits import beside, model_name, part_names
from haoline_analysis.formats.source import open_storage
from haoline_analysis.model import Gap, Packing, Weight

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.formats.gguf.header import TensorInfo
    from haoline_analysis.formats.source import Source
    from haoline_analysis.formats.storage import FileStorage, MemoryStorage
    from haoline_analysis.model import Model

_NAMED_PARTS = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One file."""

    storage: FileStorage | MemoryStorage
    header: Header
    path: Path | None


def build(source: Source) -> Model:
    """Open the file and, where it is one of several, those beside it.

    Raises:
        ModelError: if a file breaks the format or two of them contradict each other.
    """
    from haoline_analysis.formats.stored import stored_model

    parts, gaps = _parts(source)
    metadata = _main(parts).header.metadata
    tensors = _tensors(parts)
    gaps += _unknown_types(parts)
    architecture = metadata.get("general.architecture")
    name = metadata.get("general.name")
    given = model_name(source.path) if source.path is not None else "model"
    return stored_model(
        name=name if isinstance(name, str) and name else given,
        format="gguf",
        path=source.path,
        tensors=tensors,
        producer=_producer(metadata.get("general.quantized_by")),
        ir_version=parts[0].header.version,
        file_bytes=sum(part.storage.size for part in parts),
        metadata={"architecture": architecture} if isinstance(architecture, str) else {},
        gaps=gaps,
        architecture=from_gguf(metadata, {name: weight.shape for name, weight in tensors}),
        facts={**format_facts(metadata), **_layout(parts)},
    )


def _producer(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _parts(source: Source) -> tuple[list[Part], list[Gap]]:
    assert source.storage is not None
    own = Part(source.storage, _header(source.storage), source.path)
    stated = own.header.metadata.get("split.count")
    names = part_names(source.path) if source.path is not None else None
    if source.path is None or names is None:
        if isinstance(stated, int) and stated > 1:
            what = f"the file is one of {stated} parts, but its name does not say where the others are"
            return [own], [Gap(what)]
        return [own], []
    there = {source.path.name, *beside(source.path)}
    parts = []
    for name in names:
        if name == source.path.name:
            parts.append(own)
        elif name in there:
            path = source.path.with_name(name)
            storage = open_storage(path)
            parts.append(Part(storage, _named(path, storage), path))
    return parts, _checked(parts, [name for name in names if name not in there], len(names))


def _header(storage: FileStorage | MemoryStorage) -> Header:
    with storage.buffer() as buffer:
        return read_header(buffer)


def _named(path: Path, storage: FileStorage | MemoryStorage) -> Header:
    try:
        return _header(storage)
    except ModelError as error:
        raise type(error)(f"{path.name}: {error}") from error


def _checked(parts: list[Part], missing: list[str], count: int) -> list[Gap]:
    """What is missing; parts of another model are refused."""
    for part in parts:
        stated = part.header.metadata.get("split.count")
        if isinstance(stated, int) and stated != count:
            where = part.path.name if part.path is not None else "the file"
            raise MalformedModelError(f"{where} is one of {stated} parts, but its name says {count}")
    if missing:
        some = ", ".join(missing[:_NAMED_PARTS]) + (", …" if len(missing) > _NAMED_PARTS else "")
        return [Gap(f"{len(missing)} of {count} parts are not beside the file: {some}")]
    total = _main(parts).header.metadata.get("split.tensors.count")
    found = sum(len(part.header.tensors) for part in parts)
    if isinstance(total, int) and total != found:
        return [Gap(f"the metadata count {total} tensors in all parts, but the parts hold {found}")]
    return []


def _main(parts: list[Part]) -> Part:
    """The part whose metadata describe the model: the first, unless only others are there."""
    first = [part for part in parts if part.header.metadata.get("split.no", 0) == 0]
    return first[0] if first else parts[0]


def _tensors(parts: list[Part]) -> list[tuple[str, Weight]]:
    tensors = [(info.name, _weight(part, info)) for part in parts for info in part.header.tensors]
    if len(parts) > 1:
        seen: set[str] = set()
        for name, _ in tensors:
            if name in seen:
                raise MalformedModelError(f"two parts have a tensor called {name!r}")
            seen.add(name)
    return tensors


def _weight(part: Part, info: TensorInfo) -> Weight:
    kind = info.type
    source = TensorSource(part.storage, info, part.header.order)
    role = "buffer" if is_buffer(info.name) else "initializer"
    if kind is None:
        return Weight(f"ggml_type_{info.code}", info.shape, source, role)
    if not kind.is_quantized:
        return Weight(kind.dtype, info.shape, source, role, stored_bytes=info.nbytes)
    packing = Packing(
        kind.name,
        f"{kind.name}, blocks of {kind.block}, {kind.bits:.4g} bits per weight",
        "weight",
        kind.element,
        kind.bits,
    )
    shape = info.shape or (1,)
    stored = (*shape[:-1], shape[-1] // kind.block * kind.size)
    return Weight(kind.dtype, info.shape, source, role, stored_bytes=info.nbytes, packing=packing, stored_shape=stored)


def _unknown_types(parts: list[Part]) -> list[Gap]:
    names: dict[int, list[str]] = {}
    for part in parts:
        for info in part.header.tensors:
            if info.type is None:
                names.setdefault(info.code, []).append(info.name)
    return [
        Gap(f"{len(some)} tensors are of the ggml type {code}, whose size is not known ({some[0]!r} is one)")
        for code, some in names.items()
    ]


def _layout(parts: list[Part]) -> dict[str, Any]:
    """How the files are laid out; the shards where there are several."""
    header = parts[0].header
    facts: dict[str, Any] = {
        "gguf": {
            "version": header.version,
            "byte_order": "little" if header.order == "<" else "big",
            "alignment": header.alignment,
        }
    }
    if len(parts) > 1:
        facts["shards"] = [
            {
                "file": part.path.name if part.path is not None else "",
                "bytes": part.storage.size,
                "tensors": len(part.header.tensors),
            }
            for part in parts
        ]
    return facts
