"""Names in the bodies of If, Loop and Scan that mean something else outside, which onnxruntime does not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableSequence

    from onnx import GraphProto, NodeProto


def rename_shadows(graph: GraphProto, outside: frozenset[str] = frozenset()) -> bool:
    """Give what a body makes another name, where that is taken outside of it; whether there was any such name.

    Args:
        graph: what to look into, with all bodies in it; it is changed.
        outside: names that are taken around it.
    """
    made, changed = _made(graph), False
    fresh = {name: _free(name, outside | made) for name in made & outside}
    if fresh:
        _rename(graph, fresh)
        changed = True
    taken = outside | _made(graph)
    for node in graph.node:
        for body in _bodies(node):
            changed |= rename_shadows(body, taken)
    return changed


def _made(graph: GraphProto) -> frozenset[str]:
    """Names that a graph itself gives to something."""
    stored = [tensor.name for tensor in graph.initializer]
    given = [port.name for port in graph.input]
    return frozenset([*stored, *given, *(name for node in graph.node for name in node.output if name)])


def _free(name: str, taken: frozenset[str]) -> str:
    found = f"{name}/inside"
    while found in taken:
        found += "/inside"
    return found


def _rename(graph: GraphProto, fresh: Mapping[str, str]) -> None:
    """Change names in a graph, and what the bodies in it know by them."""
    for held in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        held.name = fresh.get(held.name, held.name)
    for node in graph.node:
        _replace(node.input, fresh)
        _replace(node.output, fresh)
        for body in _bodies(node):
            _rename(body, fresh)


def _replace(names: MutableSequence[str], fresh: Mapping[str, str]) -> None:
    names[:] = [fresh.get(name, name) for name in names]


def _bodies(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs
