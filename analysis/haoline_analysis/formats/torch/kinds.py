"""Which of PyTorch's files something is, from its first bytes and, for a zip archive, its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from haoline_analysis.formats.source import Source

CHECKPOINT, TORCHSCRIPT, EXPORTED = "checkpoint", "torchscript", "exported"

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")

_ZIP = b"PK\x03\x04"
_PICKLE = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))
_TEXT_PICKLE = frozenset(b"(]}c")
_EXPORTED_MARKS = ("serialized_exported_program.json", "archive_format", "models/model.json")


def kind_of(source: Source) -> str | None:
    """The kind of file, or None if it is none of PyTorch's."""
    head, storage = source.head, source.storage
    if storage is None or not head:
        return None
    if head.startswith(_ZIP):
        return _kind_of_zip(source)
    if head.startswith(_PICKLE) or is_tar(head):
        return CHECKPOINT
    named = source.suffix in {".pt", ".pth", ".pkl", ".pickle"}
    return CHECKPOINT if named and head[0] in _TEXT_PICKLE else None


def is_tar(head: bytes) -> bool:
    """Whether a file starts like a tar archive, as the oldest checkpoints do."""
    return head[257:262] == b"ustar"


def _kind_of_zip(source: Source) -> str | None:
    from haoline_analysis.formats.torch.archive import read_directory

    assert source.storage is not None
    named = source.suffix in (*SUFFIXES, ".pt2")
    try:
        with source.storage.buffer() as buf:
            names = read_directory(buf)
    except ModelError:
        ours = named or source.path is None or b"data.pkl" in source.head
        return (EXPORTED if source.suffix == ".pt2" else CHECKPOINT) if ours else None  # which says what is wrong
    return kind_of_names(names) or (CHECKPOINT if named else None)


def kind_of_names(names: Iterable[str]) -> str | None:
    """The kind of an archive by the names of its entries."""
    whole = set(names)
    inside = {name.partition("/")[2] for name in whole} | whole
    if inside & set(_EXPORTED_MARKS):
        return EXPORTED
    if "data.pkl" in inside:
        return TORCHSCRIPT if "constants.pkl" in inside else CHECKPOINT
    return None
