"""A graph cut down to what some tensors need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.divergence.local.names import read_by

if TYPE_CHECKING:
    from collections.abc import Sequence


def prune(graph: Any, nodes: Sequence[Any], outputs: Sequence[str]) -> None:
    """Leave in ``graph`` those of ``nodes`` (in execution order) that ``outputs`` need, which become its outputs."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed |= read_by(node)
    nodes = kept[::-1]
    copies = []
    for node in nodes:  # before the graph lets go of them
        copy = type(node)()
        copy.CopyFrom(node)
        copies.append(copy)
    del graph.node[:]
    graph.node.extend(copies)
    _keep(graph.initializer, needed)
    _keep(graph.input, needed)
    del graph.value_info[:]
    del graph.output[:]
    for name in outputs:
        graph.output.add().name = name


def in_order(nodes: Sequence[Any]) -> list[Any]:
    """Nodes such that each comes after those whose outputs it reads; the given order where that is enough."""
    made_by = {name: at for at, node in enumerate(nodes) for name in node.output if name}
    found: list[Any] = []
    state = [0] * len(nodes)  # 1: waiting for what it reads, 2: done
    for start in range(len(nodes)):
        stack = [start]
        while stack:
            at = stack[-1]
            before = [made_by[name] for name in read_by(nodes[at]) if name in made_by] if state[at] == 0 else []
            waiting = [other for other in before if state[other] == 0]
            if state[at] == 0 and waiting:
                state[at] = 1
                stack += waiting
                continue
            stack.pop()
            if state[at] != 2:
                state[at] = 2
                found.append(nodes[at])
    return found


def _keep(entries: Any, needed: set[str]) -> None:
    """Remove entries that nobody needs."""
    for at in range(len(entries) - 1, -1, -1):
        if entries[at].name not in needed:
            del entries[at]
