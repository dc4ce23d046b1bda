"""What a pickle would build, as plain records: nothing is imported to make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Global:
    """A function or class that unpickling would import."""

    module: str
    name: str
    position: int  # of the opcode, in bytes from the start of the buffer

    @property
    def path(self) -> str:
        """Its dotted path."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Persistent:
    """An object the pickle leaves to its reader: a tensor's storage, in a checkpoint."""

    key: Any


@dataclass(slots=True, eq=False)
class Pairs:
    """A dict: keys and values in order. Never hashed, since keys of a hostile file may be anything."""

    items: list[tuple[Any, Any]] = field(default_factory=list)

    def named(self) -> dict[str, Any]:
        """The values under string keys; of equal keys the last one stays."""
        return {key: value for key, value in self.items if isinstance(key, str)}


@dataclass(slots=True, eq=False)
class Built:
    """The result of a call: of a class (``new``), or of any other callable."""

    callee: Any  # Global, where the file is honest
    arguments: Any  # tuple
    position: int
    state: Any = None  # what BUILD would hand to it
    elements: list[Any] = field(default_factory=list)  # appended to it
    pairs: list[tuple[Any, Any]] = field(default_factory=list)  # set as items of it

    @property
    def path(self) -> str:
        """Dotted path of what is called; empty where that is itself the result of a call."""
        return self.callee.path if isinstance(self.callee, Global) else ""


def short(value: Any, room: int = 60) -> str:
    """A value in a few words, for people; looks two levels deep."""
    text = _text(value, 2)
    return text if len(text) <= room else text[: room - 1] + "…"


def _text(value: Any, depth: int) -> str:
    if isinstance(value, (str, bytes)):
        return repr(value[:80])
    if isinstance(value, Global):
        return value.path
    if isinstance(value, Built):
        return f"{value.path or 'a call'}(…)"
    if isinstance(value, (tuple, list)) and depth:
        inner = ", ".join(_text(item, depth - 1) for item in value[:6])
        return f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, int) and value.bit_length() > 256:
        return "a large integer"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return {"Pairs": "{…}", "Persistent": "a storage"}.get(type(value).__name__, "…")
