"""Nodes in the order in which they can run, which onnxruntime's quantizers leave to whoever saves the model."""

from __future__ import annotations

from collections import deque
from typing import Any

from haoline_analysis.quantization.quantizers.preparing.loading import graphs


def sort_nodes(graph: Any) -> None:
    """Sort the nodes of a graph, near the order they have; bodies count as readers of what they take."""
    maker = {output: at for at, node in enumerate(graph.node) for output in node.output if output}
    needs = [{maker[name] for name in _reads(node) if name in maker} - {at} for at, node in enumerate(graph.node)]
    followers: list[list[int]] = [[] for _ in needs]
    for at, before in enumerate(needs):
        for each in before:
            followers[each].append(at)
    missing = [len(before) for before in needs]
    order = _depth_first(missing, followers)
    if len(order) < len(needs) or order == list(range(len(needs))):
        return  # a circle is for onnxruntime to refuse
    nodes = [type(node).FromString(node.SerializeToString()) for node in (graph.node[at] for at in order)]
    del graph.node[:]
    graph.node.extend(nodes)


def _depth_first(missing: list[int], followers: list[list[int]]) -> list[int]:
    """What can run as soon as it can, so that a quantizer stands beside what it quantizes."""
    ready = deque(at for at, count in enumerate(missing) if not count)
    order: list[int] = []
    while ready:
        at = ready.popleft()
        order.append(at)
        fresh = []
        for after in followers[at]:
            missing[after] -= 1
            if not missing[after]:
                fresh.append(after)
        ready.extendleft(reversed(fresh))
    return order


def _reads(node: Any) -> set[str]:
    """Values that a node reads, those of its bodies among them."""
    names = set(node.input)
    for attribute in node.attribute:
        for body in (attribute.g, *attribute.graphs) if attribute.HasField("g") or attribute.graphs else ():
            names |= {name for inner in graphs(body) for each in inner.node for name in each.input}
            names |= {port.name for inner in graphs(body) for port in inner.output}
    return names - {""}
