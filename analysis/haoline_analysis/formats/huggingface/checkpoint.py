"""A checkpoint as it was found: its tensors, the files they are in, and what is beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import ModelError, UnsupportedFormatError
from haoline_analysis.formats.huggingface.side_files import SideFiles
from haoline_analysis.formats.safetensors.header import read_header
from haoline_analysis.formats.safetensors.weights import unknown_types, weights_of
from haoline_analysis.formats.sniff import recognise
from haoline_analysis.formats.source import HEAD_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from haoline_analysis.findings import Finding
    from haoline_analysis.formats.storage import FileStorage, MemoryStorage
    from haoline_analysis.model import Gap, Weight

MAX_METADATA_TEXT = 4_000


@dataclass(slots=True)
class Checkpoint:
    """Everything but the model made of it."""

    name: str
    path: Path | None
    tensors: list[tuple[str, Weight]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # of tensors in shards
    shards: list[dict[str, Any]] = field(default_factory=list)  # {"file", "bytes", "tensors"}
    metadata: dict[str, str] = field(default_factory=dict)
    side: SideFiles = field(default_factory=SideFiles)
    tokenizer: dict[str, Any] | None = None
    gaps: list[Gap] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    complete: bool = True  # False: some of its weights are in files that are not there, or were not opened

    def add_safetensors(self, name: str, storage: FileStorage | MemoryStorage, location: Path | None) -> None:
        """Add a file of the format.

        Raises:
            ModelError: if it breaks the format; the message names the file where there are several.
        """
        try:
            header = read_header(storage)
        except ModelError as error:
            if location is None:
                raise
            looks = recognise(storage.read(0, min(storage.size, HEAD_BYTES)).tobytes(), storage.size)
            if looks is not None and "safetensors" not in looks:
                raise UnsupportedFormatError(f"the shard {name} {looks}") from error
            raise type(error)(f"the shard {name} {error}") from error
        found = weights_of(header, storage, location)
        self.tensors += found
        self.gaps += unknown_types(header.unknown)
        for key, text in header.metadata.items():
            self.metadata.setdefault(key, text[:MAX_METADATA_TEXT])
        self.add_shard(name, storage.size, len(found))

    def add_shard(self, name: str, size: int, tensors: int) -> None:
        """Note a file."""
        self.shards.append({"file": name, "bytes": size, "tensors": tensors})
