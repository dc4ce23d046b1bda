"""Model-local functions: how large a model becomes once their calls are expanded, found before expanding any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.errors import LimitError, MalformedModelError

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.model import Function, FunctionKey
    from haoline_analysis.formats.onnx.proto import Graph, Node

MAX_EXPANDED = 2_000_000
"""Ops, and calls, that expanding functions may lead to."""

MAX_CALL_DEPTH = 64
_NAMES_PER_OP = 8  # a node with very many inputs counts as several


def check_expansion(functions: dict[FunctionKey, Function], graph: Graph) -> None:
    """Make sure that expanding every call ends, and ends soon.

    Raises:
        MalformedModelError: if a function calls itself.
        LimitError: if the expanded model exceeds ``MAX_EXPANDED`` ops, or calls nest deeper than ``MAX_CALL_DEPTH``.
    """
    if not functions:
        return
    sizes = _Sizes(functions)
    for function in functions.values():
        sizes.function(function)
    size = sizes.graph(graph)
    if size > MAX_EXPANDED:
        raise LimitError(f"expanding the model's functions gives {size:.3g} ops; at most {MAX_EXPANDED} are handled")


class _Sizes:
    def __init__(self, functions: dict[FunctionKey, Function]) -> None:
        self._functions = functions
        self._stack: list[Function] = []

    def function(self, function: Function) -> int:
        if function in self._stack:
            raise MalformedModelError(f"function {function.name!r} calls itself")
        if len(self._stack) >= MAX_CALL_DEPTH:
            raise LimitError(f"calls of functions nest deeper than {MAX_CALL_DEPTH} levels at {function.name!r}")
        if function.size < 0:
            self._stack.append(function)
            function.size = 1 + self._nodes(function.nodes)
            self._stack.pop()
        return function.size

    def graph(self, graph: Graph) -> int:
        if graph.size < 0:
            names = len(graph.inputs) + len(graph.outputs) + len(graph.initializers)
            graph.size = 1 + names // _NAMES_PER_OP + self._nodes(graph.nodes)
        return graph.size

    def _nodes(self, nodes: list[Node]) -> int:
        return sum(map(self._node, nodes))

    def _node(self, node: Node) -> int:
        size = 1 + (len(node.inputs) + len(node.outputs)) // _NAMES_PER_OP
        called = self._functions.get((node.kind.domain, node.kind.type, node.kind.overload))
        if called is not None:
            size += self.function(called)
        return size + sum(self.graph(graph) for _, graph in node.kind.attributes.graphs)
