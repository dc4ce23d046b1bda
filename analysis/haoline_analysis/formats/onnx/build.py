"""From named nodes to the flat table: scopes resolved, bodies laid out, function calls expanded."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.onnx.constants import constant_weight
from haoline_analysis.formats.onnx.functions import MAX_EXPANDED
from haoline_analysis.formats.onnx.order import in_order
from haoline_analysis.formats.onnx.protobuf import name_text, shorten
from haoline_analysis.formats.onnx.scope import Closure, Frame, Scope, UnmadeError
from haoline_analysis.formats.onnx.types import UNDECLARED, TypeInfo
from haoline_analysis.model import OMITTED, Body, Op, Tensor, Weight

if TYPE_CHECKING:
    from haoline_analysis.formats.onnx.model import Function, Proto
    from haoline_analysis.formats.onnx.proto import Graph, Node

MAX_DEPTH = 100
"""Graphs and calls within each other."""

_PREFIX_PER_OP = 200  # an op whose expanded name is very long counts as several

BRANCHES = ("then_branch", "else_branch")
"""Bodies of an If, which take no inputs: a name they declare as one is the enclosing graph's value."""


class Builder:
    """Fills ``ops`` and ``tensors`` from a parsed model."""

    def __init__(self, proto: Proto) -> None:
        """Start with no ops."""
        self.ops: list[Op] = []
        self.tensors: list[Tensor] = []
        self._functions = proto.functions
        self._root = Frame(proto.opsets)
        self._depth = 0
        self._expanded = 0
        self._constants: dict[tuple[int, int], Weight | None] = {}
        self._resolved: dict[tuple[int, int], dict[str, Any]] = {}
        self._bound: dict[tuple[int, int], dict[str, Any]] = {}

    def build(self, graph: Graph) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Lay out the main graph; returns its inputs without defaults, and its outputs.

        Raises:
            ModelError: if names do not resolve, or expansion exceeds its bounds.
        """
        scope = Scope()
        try:
            self._initializers(graph, scope, frozenset())
            free = [name for name in graph.inputs if name not in graph.initializers]
            inputs = tuple([self._declare(name, graph, scope, self._root) for name in free])
            self._nodes(graph, scope, self._root, -1)
            outputs = tuple([scope[name] for name in graph.outputs if name])
        except UnmadeError as unmade:
            reader = unmade.reader or "the graph's output"
            raise MalformedModelError(f"{reader} reads {name_text(unmade.name)!r}, which nothing makes") from None
        return inputs, outputs

    def _initializers(self, graph: Graph, scope: Scope, fed: frozenset[bytes]) -> None:
        """Declare the initializers, except those the owner of a body feeds anyway."""
        for name, weight in graph.initializers.items():
            if name not in fed:
                scope[name] = self._tensor(name_text(name), TypeInfo(weight.dtype, weight.shape), weight, -1)

    def _declare(self, name: bytes, graph: Graph, scope: Scope, frame: Frame) -> int:
        if name in scope:
            raise MalformedModelError(f"the graph has two inputs {name_text(name)!r}")
        index = self._tensor(frame.prefix + name_text(name), graph.types.get(name, UNDECLARED), None, -1)
        scope[name] = index
        return index

    def _tensor(self, name: str, info: TypeInfo, weight: Weight | None, producer: int) -> int:
        self.tensors.append(Tensor(name, info.dtype, info.shape, weight, producer))
        return len(self.tensors) - 1

    def _nodes(self, holder: Graph | Function, scope: Scope, frame: Frame, parent: int) -> None:
        """Emit the nodes in file order, or sorted if that turns out not to be an order of execution."""
        marks = len(self.ops), len(self.tensors), len(scope)
        try:
            self._emit_all(holder, scope, frame, parent)
        except UnmadeError as unmade:
            if unmade.root is not scope.root or not _makes(holder.nodes, unmade.name):
                raise
            holder.nodes = in_order(holder.nodes)
            self._roll_back(*marks, scope)
            self._emit_all(holder, scope, frame, parent)

    def _roll_back(self, ops: int, tensors: int, names: int, scope: Scope) -> None:
        del self.ops[ops:], self.tensors[tensors:]
        for name in list(scope)[names:]:
            del scope[name]

    def _emit_all(self, holder: Graph | Function, scope: Scope, frame: Frame, parent: int) -> None:
        functions, types = self._functions, holder.types
        node: Node | None = None
        try:
            for node in holder.nodes:
                called = functions.get((node.kind.domain, node.kind.type, node.kind.overload)) if functions else None
                if called is None:
                    self._emit(node, types, scope, frame, parent)
                else:
                    self._call(node, called, types, scope, frame, parent)
        except UnmadeError as unmade:
            unmade.reader = unmade.reader or (f"{node.kind.type} {node.name!r}" if node else "")
            raise

    def _emit(self, node: Node, types: dict[bytes, TypeInfo], scope: Scope, frame: Frame, parent: int) -> None:
        index = len(self.ops)
        kind = node.kind
        attributes = kind.attributes
        values = self._values(node, frame) if attributes.references else attributes.values
        op = Op(
            frame.prefix + node.name if node.name else "",
            kind.type,
            kind.domain,
            frame.opsets.get(kind.domain, 0),
            tuple(map(scope.__getitem__, node.inputs)),
            (),
            values,
            kind.metadata,
            (),
            parent,
            frame.path,
        )
        self.ops.append(op)
        if attributes.graphs or attributes.references:
            op.bodies = self._bodies(node, scope, frame, index)
        op.outputs = tuple([self._make(name, types, scope, frame, index) for name in node.outputs])
        if kind.type == "Constant" and not kind.domain and op.outputs:
            self._attach_constant(node, op)
        if frame.path:
            self._check_expanded(frame)

    def _make(self, name: bytes, types: dict[bytes, TypeInfo], scope: Scope, frame: Frame, producer: int) -> int:
        if not name:
            return OMITTED
        if name in scope:
            raise MalformedModelError(f"tensor {name_text(name)!r} is made twice")
        tensors = self.tensors
        info = types.get(name, UNDECLARED)
        index = scope[name] = len(tensors)
        label = frame.prefix + name_text(name)
        tensors.append(Tensor(label, info.dtype, info.shape, None, producer))
        return index

    def _attach_constant(self, node: Node, op: Op) -> None:
        key = id(node), id(op.attributes)
        if key not in self._constants:
            self._constants[key] = constant_weight(op.attributes)
        weight = self._constants[key]
        if weight is not None and op.outputs[0] != OMITTED:
            tensor = self.tensors[op.outputs[0]]
            tensor.weight, tensor.dtype, tensor.shape = weight, weight.dtype, weight.shape

    def _bodies(self, node: Node, scope: Scope, frame: Frame, owner: int) -> tuple[Body, ...]:
        closures = {name: Closure(graph, scope, frame) for name, graph in node.kind.attributes.graphs}
        for name, reference in node.kind.attributes.references.items():
            if reference in frame.graphs:
                closures[name] = frame.graphs[reference]
        return tuple([self._body(name, closure, owner) for name, closure in closures.items()])

    def _body(self, attribute: str, closure: Closure, owner: int) -> Body:
        graph, frame, scope = closure.graph, closure.frame, Scope(closure.scope)
        start = len(self.ops)
        fed = [name for name in graph.inputs if attribute not in BRANCHES or not closure.scope.reaches(name)]
        inputs = tuple([self._declare(name, graph, scope, frame) for name in fed])
        self._initializers(graph, scope, frozenset(fed))
        self._enter()
        self._nodes(graph, scope, frame, owner)
        self._depth -= 1
        outputs = tuple([scope[name] for name in graph.outputs])
        return Body(attribute, start, len(self.ops), inputs, outputs)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise LimitError(f"graphs and calls nest deeper than {MAX_DEPTH} levels")

    def _check_expanded(self, frame: Frame) -> None:
        self._expanded += 1 + len(frame.prefix) // _PREFIX_PER_OP
        if self._expanded > MAX_EXPANDED:
            raise LimitError(f"expanding the model's functions gives more than {MAX_EXPANDED} ops")

    def _call(
        self, node: Node, function: Function, types: dict[bytes, TypeInfo], scope: Scope, frame: Frame, parent: int
    ) -> None:
        """Expand a function in place of the node that calls it."""
        self._check_expanded(frame)
        name = shorten(f"{frame.prefix}{node.name or f'{node.kind.type}_{len(self.ops)}'}")
        inner, before = self._arguments(node, function, scope), len(self.tensors)
        called = self._frame(node, function, scope, frame, name)
        self._enter()
        try:
            self._nodes(function, inner, called, parent)
            results = [inner[result] for result in function.outputs]
        except UnmadeError as unmade:
            if unmade.root is not inner:
                raise
            raise MalformedModelError(
                f"function {function.name!r} reads {name_text(unmade.name)!r}, which nothing in it makes"
            ) from None
        self._depth -= 1
        self._results(node, results, before, types, scope, frame)

    def _arguments(self, node: Node, function: Function, scope: Scope) -> Scope:
        if len(node.inputs) > len(function.inputs) or len(node.outputs) > len(function.outputs):
            raise MalformedModelError(f"{node.kind.type} {node.name!r} has more inputs or outputs than its function")
        inner = Scope()
        for formal, actual in zip_longest(function.inputs, node.inputs, fillvalue=b""):
            if formal:
                inner[formal] = scope[actual]
        return inner

    def _frame(self, node: Node, function: Function, scope: Scope, frame: Frame, name: str) -> Frame:
        values = self._values(node, frame) if node.kind.attributes.references else node.kind.attributes.values
        key = id(function), id(values)
        if key not in self._bound:
            self._bound[key] = {**function.defaults.values, **values}
        graphs = {own: Closure(graph, Scope(), self._root) for own, graph in function.defaults.graphs}
        graphs |= {own: Closure(graph, scope, frame) for own, graph in node.kind.attributes.graphs}
        graphs |= {
            own: frame.graphs[ref] for own, ref in node.kind.attributes.references.items() if ref in frame.graphs
        }
        opsets = function.opsets or self._root.opsets
        return Frame(opsets, (*frame.path, name), f"{name}/", self._bound[key], graphs)

    def _values(self, node: Node, frame: Frame) -> dict[str, Any]:
        """Attributes with references to the enclosing function's replaced by their values; one dict per combination."""
        key = id(node), id(frame.attributes)
        if key not in self._resolved:
            if not frame.path:
                raise MalformedModelError(
                    f"{node.kind.type} {node.name!r} refers to attributes of a function it is not in"
                )
            given = frame.attributes
            referred = {own: given[ref] for own, ref in node.kind.attributes.references.items() if ref in given}
            self._resolved[key] = node.kind.attributes.values | referred
        return self._resolved[key]

    def _results(
        self,
        node: Node,
        results: list[int],
        before: int,
        types: dict[bytes, TypeInfo],
        scope: Scope,
        frame: Frame,
    ) -> None:
        """Give the function's outputs the names the caller has for them."""
        for name, index in zip(node.outputs, results, strict=False):
            if not name:
                continue
            if name in scope:
                raise MalformedModelError(f"tensor {name_text(name)!r} is made twice")
            scope[name] = index
            if index >= before:  # made by the call, not an argument passed through
                self._rename(self.tensors[index], frame.prefix + name_text(name), types.get(name, UNDECLARED))

    def _rename(self, tensor: Tensor, name: str, info: TypeInfo) -> None:
        tensor.name = name
        tensor.dtype = tensor.dtype or info.dtype
        tensor.shape = info.shape if tensor.shape is None else tensor.shape


def _makes(nodes: list[Node], name: bytes) -> bool:
    return any(name in node.outputs for node in nodes)
