"""Who makes and who reads each tensor of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def producers(graph: Any) -> dict[str, Any]:
    """The node that makes each tensor."""
    return {name: node for node in graph.node for name in node.output if name}


class Readers:
    """The places where tensors are read, bodies of control flow included."""

    def __init__(self, graph: Any) -> None:
        """Look through a graph once."""
        self._places: dict[str, list[tuple[Any, int, int]]] = {}  # name -> node, position, id of the outer node
        for node in graph.node:
            for inner in _within(node):
                for at, name in enumerate(inner.input):
                    if name:
                        self._places.setdefault(name, []).append((inner, at, id(node)))

    def others(self, name: str, skipped: Collection[int]) -> bool:
        """Whether any node but those skipped reads a tensor."""
        return any(owner not in skipped for _, _, owner in self._places.get(name, ()))

    def replace(self, name: str, other: str, skipped: Collection[int]) -> None:
        """Let all but the skipped nodes read another tensor."""
        kept = []
        for node, at, owner in self._places.get(name, ()):
            if owner in skipped:
                kept.append((node, at, owner))
            else:
                node.input[at] = other
        self._places[name] = kept


def _within(node: Any) -> Iterator[Any]:
    """A node and those in its bodies."""
    yield node
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs):
            for inner in body.node:
                yield from _within(inner)


def read_by(node: Any) -> set[str]:
    """Names that a node reads, its bodies' reads of outer tensors included (and a few that are inner)."""
    found: set[str] = set()
    for inner in _within(node):
        found.update(name for name in inner.input if name)
        for attribute in inner.attribute:
            for body in (attribute.g, *attribute.graphs):
                found.update(output.name for output in body.output)
    return found
