"""Execution order of nodes that a file does not store in execution order."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from haoline_analysis.errors import MalformedModelError

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.proto import Graph, Node


def in_order(nodes: list[Node]) -> list[Node]:
    """Sort topologically, keeping the file's order wherever there is a choice.

    Raises:
        MalformedModelError: if the nodes feed each other in a circle, naming one on it.
    """
    makers = {name: index for index, node in enumerate(nodes) for name in node.outputs if name}
    waits = [{makers[name] for name in _reads(node) if name in makers} for node in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for index, needed in enumerate(waits):
        for maker in needed:
            readers[maker].append(index)
    left = [len(needed) for needed in waits]
    ready = [index for index, count in enumerate(left) if count == 0]
    heapify(ready)
    done: list[Node] = []
    while ready:
        index = heappop(ready)
        done.append(nodes[index])
        for reader in readers[index]:
            left[reader] -= 1
            if left[reader] == 0:
                heappush(ready, reader)
    if len(done) < len(nodes):
        _refuse_cycle(nodes, waits, left)
    return done


def _refuse_cycle(nodes: list[Node], waits: list[set[int]], left: list[int]) -> None:
    """Walk upwards among the nodes that never became ready until one comes round again."""
    at = next(index for index, count in enumerate(left) if count)
    seen: set[int] = set()
    while at not in seen:
        seen.add(at)
        at = next(maker for maker in waits[at] if left[maker])
    node = nodes[at]
    raise MalformedModelError(f"the graph has a cycle: {node.kind.type} {node.name!r} needs its own result")


def _reads(node: Node) -> set[bytes]:
    names = set(node.inputs)
    for _, graph in node.kind.attributes.graphs:
        names |= _captured(graph)
    return names


def _captured(graph: Graph) -> set[bytes]:
    """Names a subgraph takes from outside."""
    own = {name for node in graph.nodes for name in node.outputs}
    own.update(graph.inputs, graph.initializers)
    read = {name for node in graph.nodes for name in _reads(node)}
    return (read | set(graph.outputs)) - own
