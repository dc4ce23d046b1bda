"""Reading the metadata of a GGUF file: keys of its architecture, scalar or one value per layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Keys:
    """The metadata under the prefix of ``general.architecture``."""

    metadata: Mapping[str, Any]
    family: str

    def integer(self, key: str) -> int | None:
        """A positive integer, of an array its first that is; None where the file states none."""
        value = self.metadata.get(f"{self.family}.{key}")
        if isinstance(value, tuple):
            return next((item for item in value if _is_integer(item) and item > 0), None)
        return value if _is_integer(value) and value > 0 else None

    def layer(self, key: str, index: int) -> int | None:
        """The integer that holds for a layer, 0 included; None where the file states none."""
        value = self.metadata.get(f"{self.family}.{key}")
        if isinstance(value, tuple):
            value = value[index] if index < len(value) else None
        return value if _is_integer(value) and value >= 0 else None

    def flags(self, key: str) -> tuple[bool, ...] | None:
        """One truth value per layer; None where the file has no array of them."""
        value = self.metadata.get(f"{self.family}.{key}")
        return tuple(bool(item) for item in value) if isinstance(value, tuple) else None

    def has(self, key: str) -> bool:
        """Whether the file states it."""
        return f"{self.family}.{key}" in self.metadata


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
