"""Finding the tensors in what a pickle would build, each under its dotted name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError
from haoline_analysis.formats.torch.pickles import Built, Pairs, Persistent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from haoline_analysis.formats.torch.tensors import Odd, Rebuilder, StoredTensor

MAX_TENSORS = 500_000
MAX_DEPTH = 60
MAX_PART = 200
"""Characters kept of one part of a name."""
MAX_NAMES = 1 << 28
"""Characters of all names together."""

_MAPPINGS = frozenset({"collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict"})


@dataclass(slots=True, eq=False)
class Leaf:
    """A tensor, and where it hangs."""

    path: tuple[str, ...]
    tensor: StoredTensor | Odd
    role: str = ""  # "parameter" or "buffer", where a module says so

    @property
    def name(self) -> str:
        """The dotted name."""
        return ".".join(self.path)


def tensors_in(value: Any, rebuilder: Rebuilder, seen: set[int] | None = None) -> Iterator[Leaf]:
    """All tensors reachable from a value, in the order of the file; a container that is in ``seen`` is not entered.

    Raises:
        LimitError: if there are more than ``MAX_TENSORS``, or their names are beyond all measure.
        MalformedModelError: if a tensor contradicts itself or its storage.
    """
    seen = set() if seen is None else seen
    room, count = MAX_NAMES, 0
    waiting: list[tuple[tuple[str, ...], Any, str]] = [((), value, "")]
    while waiting:
        path, item, role = waiting.pop()
        found = rebuilder.rebuild(item)
        if found is not None:
            count, room = count + 1, room - sum(map(len, path))
            if count > MAX_TENSORS or room < 0:
                raise LimitError(f"the checkpoint has more than {MAX_TENSORS:,} tensors, or names beyond all measure")
            yield Leaf(path, found, role)
        elif isinstance(item, (Built, Pairs, list, tuple)) and id(item) not in seen and len(path) < MAX_DEPTH:
            seen.add(id(item))
            waiting += [((*path, *part), child, kind) for part, child, kind in _children(item)][::-1]


def entries(value: Any) -> dict[str, Any] | None:
    """The values of a dict under their names; None if it is no dict."""
    if isinstance(value, Pairs):
        return value.named()
    if isinstance(value, Built) and value.path in _MAPPINGS:
        return {key: item for key, item in _pairs(value) if isinstance(key, str)}
    return None


def state(value: Built) -> dict[str, Any]:
    """The attributes that BUILD would set on an object."""
    parts = value.state if isinstance(value.state, tuple) else (value.state,)
    return {name: item for part in parts if isinstance(part, Pairs) for name, item in part.named().items()}


def is_module(value: Any) -> bool:
    """Whether it is an object with the registers of a ``torch.nn.Module``."""
    return isinstance(value, Built) and "_modules" in state(value)


_Child = tuple[tuple[str, ...], Any, str]


def _children(item: Built | Pairs | list[Any] | tuple[Any, ...]) -> Iterator[_Child]:
    if isinstance(item, Built):
        yield from _of_object(item)
    elif isinstance(item, Pairs):
        yield from _of_pairs(item.items)
    else:
        yield from (((str(index),), child, "") for index, child in enumerate(item) if _may_hold(child))


def _of_pairs(items: list[tuple[Any, Any]], role: str = "") -> Iterator[_Child]:
    last = {key: value for key, value in items if isinstance(key, (str, int)) and _may_hold(value)}
    yield from (((str(key)[:MAX_PART],), value, role) for key, value in last.items())


def _of_object(item: Built) -> Iterator[_Child]:
    yield from _of_pairs(_pairs(item))
    yield from (((str(index),), child, "") for index, child in enumerate(item.elements) if _may_hold(child))
    if item.path not in _MAPPINGS:
        yield from (((), child, "") for child in item.arguments if isinstance(child, (Built, Pairs)))
    attributes = state(item)
    if "_modules" not in attributes:
        yield from _of_pairs(list(attributes.items()))
        return
    for register, role in (("_parameters", "parameter"), ("_buffers", "buffer"), ("_modules", "")):
        yield from _of_pairs(_pairs(attributes.get(register)), role)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    """Keys and values of a dict; those an OrderedDict was made with first."""
    if isinstance(value, Pairs):
        return value.items
    if not isinstance(value, Built):
        return []
    given = value.arguments[0] if value.arguments else None
    if isinstance(given, Pairs):
        return given.items + value.pairs
    made = (
        [tuple(pair) for pair in given if isinstance(pair, (tuple, list)) and len(pair) == 2]
        if (value.path in _MAPPINGS and isinstance(given, list))
        else []
    )
    return made + value.pairs


def _may_hold(value: Any) -> bool:
    """Whether a tensor can be in it."""
    return isinstance(value, (Built, Pairs, Persistent, list, tuple))
