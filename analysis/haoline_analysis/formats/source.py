"""What somebody asks to be opened: a file, a folder, bytes, or an object of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.storage import FileStorage, MemoryStorage

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 512


@dataclass(eq=False)
class Source:
    """One of: a file (``path`` and ``storage``), a folder (``path``), bytes (``storage``), an object (``value``)."""

    path: Path | None = None
    storage: FileStorage | MemoryStorage | None = None
    value: Any = None

    @cached_property
    def head(self) -> bytes:
        """The first bytes; empty for folders and objects."""
        if self.storage is None:
            return b""
        return self.storage.read(0, min(HEAD_BYTES, self.storage.size)).tobytes()

    @property
    def suffix(self) -> str:
        """The suffix of the path in lower case, with its dot; empty without a path."""
        return self.path.suffix.lower() if self.path is not None else ""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path is not None and self.storage is None


def open_storage(content: Path | bytes) -> FileStorage | MemoryStorage:
    """Storage of a file or of bytes.

    Raises:
        ModelError: if there is no such regular file.
    """
    return MemoryStorage(content) if isinstance(content, bytes) else FileStorage(content)
