"""The index of a sharded checkpoint: which weight is in which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.huggingface.inside import find_inside, shown
from haoline_analysis.formats.safetensors.scan import Scanner
from haoline_analysis.formats.storage import FileStorage

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 100_000_000
MAX_WEIGHTS = 2_000_000
MAX_SHARDS = 10_000
SUFFIXES = (".safetensors.index.json", ".bin.index.json")


def read_index(folder: Path, name: str) -> dict[str, list[str]]:
    """File names of shards, in the order they first come, to the names of their weights.

    Raises:
        ModelError: if it is no index, exceeds a bound, or names a file outside the folder.
    """
    path = find_inside(folder, name)
    if path is None:
        raise MalformedModelError(f"the index {shown(name)} is missing")
    storage = FileStorage(path)
    if storage.size > MAX_BYTES:
        raise LimitError(f"the index has {storage.size:,} bytes, more than the {MAX_BYTES:,} that are read")
    data = storage.read(0, storage.size).data if storage.size else memoryview(b"")
    return parse_index(data)


def parse_index(data: bytes | memoryview) -> dict[str, list[str]]:
    """The ``weight_map`` of an index, by file.

    Raises:
        ModelError: if it has none, or exceeds a bound.
    """
    scanner = Scanner(data, "index")
    shards: dict[str, list[str]] | None = None
    for key in scanner.keys():  # noqa: SIM118 - not a mapping
        if key != "weight_map":
            scanner.skip()
        elif shards is not None:
            scanner.refuse("has the key 'weight_map' twice")
        else:
            shards = _weight_map(scanner)
    scanner.end()
    if shards is None:
        raise MalformedModelError("the index has no weight_map")
    return shards


def _weight_map(scanner: Scanner) -> dict[str, list[str]]:
    shards: dict[str, list[str]] = {}
    names: set[str] = set()
    for weight in scanner.keys():  # noqa: SIM118 - not a mapping
        if weight in names:
            scanner.refuse(f"places {shown(weight)} twice")
        names.add(weight)
        shards.setdefault(scanner.string(), []).append(weight)
        if len(names) > MAX_WEIGHTS or len(shards) > MAX_SHARDS:
            raise LimitError(f"the index places more than {MAX_WEIGHTS:,} weights or names over {MAX_SHARDS:,} files")
    return shards
