"""Opening the container of a PyTorch file: a zip archive, an old file of pickles, or one pickle of something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from haoline_analysis.errors import MalformedModelError, UnsupportedFormatError
from haoline_analysis.formats.torch.archive import STORED, Entry, read_directory, unpack
from haoline_analysis.formats.torch.kinds import is_tar
from haoline_analysis.formats.torch.legacy import MAGIC_HEAD, read_legacy
from haoline_analysis.formats.torch.pickles import Built, Global, Pickle, scan
from haoline_analysis.formats.torch.sources import StorageSpan
from haoline_analysis.formats.torch.tar_layout import read_tar
from haoline_analysis.formats.torch.tensors import Rebuilder
from haoline_analysis.formats.torch.walking import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from haoline_analysis.formats.storage import Buffer, Storage

MAX_PICKLE_BYTES = 1 << 29
"""Largest ``data.pkl`` that is looked at; that of a 70B model is a few hundred kB."""


@dataclass(slots=True, eq=False)
class Content:
    """What a checkpoint's pickle would build, with its storages located."""

    pickle: Pickle
    rebuilder: Rebuilder
    layout: str  # "zip", "legacy", "tar"
    where: str  # the pickle, for people: "data.pkl"
    entries: Mapping[str, Entry] = field(default_factory=dict)
    root: str = ""  # folder in the archive, with its slash
    big: bool = False


def open_content(buf: Buffer, storage: Storage) -> Content:
    """Open a checkpoint.

    Raises:
        ModelError: if it is none, contradicts itself, or exceeds a bound.
    """
    head = buf[:16]
    if head.startswith(b"PK\x03\x04"):
        return open_zip(buf, storage)
    if head[2:].startswith(MAGIC_HEAD):
        old = read_legacy(buf, storage)
        return Content(old.pickle, Rebuilder(_known(old.spans)), "legacy", "the object pickle")
    if is_tar(buf[:512]):
        pickle, spans = read_tar(buf, storage)
        return Content(pickle, Rebuilder(_known(spans)), "tar", "the object pickle")
    return _plain(buf)


def open_zip(buf: Buffer, storage: Storage, pickle: str = "data.pkl", data: str = "data/") -> Content:
    """Open the pickle called ``pickle`` of a zip archive, with the storages in the folder ``data`` beside it.

    Raises:
        ModelError: if the archive is no PyTorch file, contradicts itself, or exceeds a bound.
    """
    found = read_directory(buf)
    root = root_of(found, pickle)
    entry = found[f"{root}{pickle}"]
    scanned = scan(unpack(buf, entry, MAX_PICKLE_BYTES))
    big = _byteorder(buf, found, root) == "big"
    locate = _in_archive(found, f"{root}{data}", storage, big)
    return Content(scanned, Rebuilder(locate), "zip", pickle, found, root, big)


def root_of(found: Mapping[str, Entry], name: str) -> str:
    """The folder of the archive that holds the file ``name``, with its slash.

    Raises:
        UnsupportedFormatError: if none does.
    """
    holders = [entry.removesuffix(name) for entry in found if entry == name or entry.endswith(f"/{name}")]
    if not holders:
        shown = ", ".join(list(found)[:3])
        raise UnsupportedFormatError(f"is a zip archive without {name}, so no PyTorch file; it holds {shown}, …")
    return min(holders, key=len)


def _byteorder(buf: Buffer, found: Mapping[str, Entry], root: str) -> str:
    entry = found.get(f"{root}byteorder")
    return unpack(buf, entry, 64).decode("ascii", "replace").strip() if entry is not None else "little"


def _in_archive(
    found: Mapping[str, Entry], folder: str, storage: Storage, big: bool
) -> Callable[[str, int], StorageSpan]:
    """Where the storages of an archive are, by key and bytes."""

    def locate(key: str, nbytes: int) -> StorageSpan:
        entry = found.get(f"{folder}{key}")
        if entry is None:
            return StorageSpan(None, 0, nbytes, why=f"the archive has no entry {folder}{key[:40]}")
        if entry.method != STORED:
            return StorageSpan(None, 0, nbytes, why=f"{entry.name} is compressed, so it cannot be read in part")
        if entry.size < nbytes:
            raise MalformedModelError(f"{entry.name} has {entry.size:,} bytes, its tensor needs {nbytes:,}")
        return StorageSpan(storage, entry.offset, nbytes, big)

    return locate


def _known(spans: Mapping[str, StorageSpan]) -> Callable[[str, int], StorageSpan]:
    """Where the storages of an old file are, by key and bytes."""

    def locate(key: str, nbytes: int) -> StorageSpan:
        span = spans.get(key)
        if span is None:
            return StorageSpan(None, 0, nbytes, why=f"the file has no storage {key[:40]!r}")
        if span.length < nbytes:
            raise MalformedModelError(f"storage {key[:40]!r} has {span.length:,} bytes, its tensor needs {nbytes:,}")
        return span

    return locate


def _plain(buf: Buffer) -> Content:
    """A pickle that ``torch.save`` did not write: only to say what it is of.

    Raises:
        UnsupportedFormatError: always, if it is a pickle at all.
    """
    found = scan(buf)
    from haoline_analysis.formats.torch.pickles.verdicts import DANGEROUS, judge

    runs = list(dict.fromkeys(item.path for item in found.globals if judge(item) == DANGEROUS))
    warning = f"; loading it would run {', '.join(runs[:4])}" if runs else ""
    raise UnsupportedFormatError(f"is a Python pickle of {_described(found)}, not a PyTorch checkpoint{warning}")


def _described(found: Pickle) -> str:
    """What a pickle holds, in a few words."""
    value = found.value
    if isinstance(value, Built):
        target = value.arguments[0] if value.path == "copyreg._reconstructor" and value.arguments else value.callee
        return f"a {target.path}" if isinstance(target, Global) else "an object"
    inner = entries(value)
    if inner is not None:
        keys = ", ".join(repr(key[:30]) for key in list(inner)[:4])
        return f"a dict ({keys}{', …' if len(inner) > 4 else ''})"
    return f"a {type(value).__name__}"
