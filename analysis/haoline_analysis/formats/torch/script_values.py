"""What variables of TorchScript code stand for while the code is followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.torch.pickles import Built


@dataclass(frozen=True, slots=True)
class Flow:
    """A tensor, by its index in the model."""

    tensor: int


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """An object of the pickle, and where it hangs in the module tree."""

    value: Built
    path: str

    @property
    def owner(self) -> str:
        """Qualified name of its class."""
        return self.value.path

    @property
    def kind(self) -> str:
        """Name of its class."""
        return self.owner.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Path:
    """A dotted name: ``torch.conv2d``, ``__torch__.torch.nn.functional.relu``."""

    text: str


class _Unknown:
    """What only a run could tell."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()


MAX_PARTS = 20_000
"""Values looked at inside one list; lists of lists can hold more than there is memory for."""


def flows(value: Any) -> list[int]:
    """Tensors in a value, lists and tuples opened.

    Raises:
        LimitError: if it holds more than ``MAX_PARTS`` values.
    """
    return [item.tensor for item in _opened(value) if isinstance(item, Flow)]


def is_plain(value: Any) -> bool:
    """Whether it is a number, a text, nothing, or a list of those.

    Raises:
        LimitError: if it holds more than ``MAX_PARTS`` values.
    """
    return all(item is None or isinstance(item, (bool, int, float, str)) for item in _opened(value))


def _opened(value: Any) -> Iterator[Any]:
    """The values in lists and tuples, in order."""
    waiting, count = [value], 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > MAX_PARTS:
            raise LimitError(f"the code makes lists of more than {MAX_PARTS:,} values")
        if isinstance(item, (list, tuple)):
            waiting += item[: MAX_PARTS + 1][::-1]
        else:
            yield item
