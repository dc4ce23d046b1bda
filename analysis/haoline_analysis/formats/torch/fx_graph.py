"""From an fx graph of ATen ops to the model's ops: scopes, arguments, in-place writes, and what is no work at all."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from haoline_analysis.formats.torch.fx_arguments import Arguments, arguments_of
from haoline_analysis.formats.torch.fx_noise import is_noise, op_name, same_as, unread_views
from haoline_analysis.formats.torch.live_weights import dtype_name, storage_of
from haoline_analysis.model import OMITTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from haoline_analysis.formats.torch.aten import AtenBuilder, Declared, Scope
    from haoline_analysis.formats.torch.symbol_names import SymbolNames

INLINED = ("wrap_with_set_grad_enabled", "wrap_with_autocast", "wrap", "tag_activation_checkpoint", "invoke_subgraph")
"""Higher-order ops that only set a mode for a subgraph."""

SCATTERS = {"select": "select_scatter", "slice": "slice_scatter", "diagonal": "diagonal_scatter"}
"""The op that writes a view back into what it is a view of, as functionalization calls it."""

_MAX_NESTING = 32


class GraphWriter:
    """Writes the nodes of a graph into a builder; ``bind`` its placeholders first."""

    def __init__(self, builder: AtenBuilder, names: SymbolNames, constant: Callable[[str, Any], int]) -> None:
        """Args: constant: the tensor index of a stored tensor that the graph holds under a name."""
        self._builder = builder
        self._names = names
        self._constant = constant
        self._made: dict[Any, Any] = {}  # node to tensor index, or a list of them (or anything else)
        self._base: dict[Any, Any] = {}  # node of a view to the node that it is a view of
        self._depth = 0

    def bind(self, node: Any, value: Any) -> None:
        """Say which tensor a placeholder is; None for one that is no tensor."""
        self._made[node] = value

    def write(self, graph: Any, owner: Any = None) -> list[int]:
        """Write all nodes and return the tensors that the graph puts out; ``owner`` holds its subgraphs."""
        unread = unread_views(graph)
        for node in graph.nodes:
            if node in unread:
                continue
            if node.op == "output":
                return self._flat(node.args)
            if node.op == "get_attr":
                self._made[node] = self._attribute(node, owner)
            elif node.op == "call_function":
                self._call(node)
        return []

    def _attribute(self, node: Any, owner: Any) -> Any:
        held = owner
        for part in str(node.target).split("."):
            held = getattr(held, part, None)
        if hasattr(held, "graph"):
            return held
        return self._constant(str(node.target), held) if hasattr(held, "untyped_storage") else held

    def _call(self, node: Any) -> None:
        if node.target is operator.getitem:
            self._made[node] = self._item(node)
        elif getattr(node.target, "__name__", "") in INLINED or _higher_order(node.target) in INLINED:
            self._inline(node)
        elif _makes_tensors(node.meta.get("val")) or _writes(node.target):
            self._op(node)

    def _item(self, node: Any) -> Any:
        held, index = self._made.get(node.args[0]), node.args[1]
        return held[index] if isinstance(held, list) and isinstance(index, int) and index < len(held) else None

    def _inline(self, node: Any) -> None:
        """The ops of a subgraph in place of the op that runs it."""
        held = [item for item in node.args if hasattr(self._made.get(item) if _is_node(item) else None, "graph")]
        if not held or self._depth >= _MAX_NESTING:
            return
        subgraph = self._made[held[0]]
        given = node.args[node.args.index(held[0]) + 1 :]
        if given and isinstance(given[0], str):  # invoke_subgraph(graph, name, *operands)
            given = given[1:]
        inner = [item for item in subgraph.graph.nodes if item.op == "placeholder"]
        for place, operand in zip(inner, given, strict=False):
            self._made[place] = self._made.get(operand) if _is_node(operand) else None
        self._depth += 1
        self._made[node] = self.write(subgraph.graph, subgraph)
        self._depth -= 1

    def _op(self, node: Any) -> None:
        name = op_name(node.target)
        if is_noise(name):
            return
        origin = same_as(node, name)
        if origin is not None and origin in self._made:
            self._made[node] = self._made[origin]
            self._base[node] = origin
            return
        arguments = arguments_of(node, self._names)
        made = self._emit(node, name, arguments)
        if arguments.in_place is not None:
            self._wrote(node, arguments.in_place, made)
        elif arguments.view_of is not None:
            self._base[node] = arguments.view_of

    def _emit(self, node: Any, name: str, arguments: Arguments) -> int:
        """The op; returns its first result."""
        declared = self._declared(node)
        inputs = [self._tensor(item) for item in arguments.tensors]
        attributes = arguments.attributes | _marks(node, arguments)
        scope = scope_of(node)
        label = f"{scope[-1][0]}/{name}" if scope else node.name
        results = self._builder.op(name, inputs, declared, attributes, scope, label)
        value = node.meta.get("val")
        self._made[node] = results[0] if _is_tensor(value) else self._placed(value, list(results))
        return results[0] if results else OMITTED

    def _placed(self, value: Any, results: list[int]) -> list[int]:
        """Results in the places of a tuple that may hold other things."""
        left = iter(results)
        return [next(left) if _is_tensor(item) else OMITTED for item in value or ()]

    def _tensor(self, item: Any) -> int:
        found = self._made.get(item) if _is_node(item) else OMITTED
        return found if isinstance(found, int) else OMITTED

    def _declared(self, node: Any) -> Sequence[Declared]:
        value = node.meta.get("val")
        if _is_tensor(value):
            return [self._type(node.name, value)]
        items = value if isinstance(value, list | tuple) else ()
        return [self._type(f"{node.name}.{slot}", item) for slot, item in enumerate(items) if _is_tensor(item)]

    def _type(self, name: str, value: Any) -> Declared:
        return name, dtype_name(value.dtype), [self._names.dim(size) for size in value.shape]

    def _wrote(self, node: Any, target: Any, made: int) -> None:
        """From here on the target, and what it is a view of, is what the in-place op made."""
        self._made[target] = made
        for _ in range(_MAX_NESTING):
            base = self._base.get(target)
            if base is None:
                return
            if same_as(target, op_name(target.target)) is None:
                made = self._scatter(node, target, base, made)
            self._made[base] = made
            target = base

    def _scatter(self, node: Any, view: Any, base: Any, made: int) -> int:
        into = self._tensor(base)
        if into < 0:
            return made
        name = SCATTERS.get(op_name(view.target), "as_strided_scatter")
        attributes = {**arguments_of(view, self._names).attributes, "in_place": True}
        declared = [self._type(f"{node.name}.{name}", base.meta["val"])]
        return self._builder.op(name, [into, made], declared, attributes, scope_of(node))[0]

    def _flat(self, items: Any) -> list[int]:
        if isinstance(items, list | tuple):
            return [tensor for item in items for tensor in self._flat(item)]
        found = self._made.get(items) if _is_node(items) else None
        return [found] if isinstance(found, int) and found >= 0 else []


def _marks(node: Any, arguments: Arguments) -> dict[str, Any]:
    """``in_place``, and ``copies`` where a result that could be a view is not one."""
    if arguments.in_place is not None:
        return {"in_place": True}
    before: Any = arguments.view_of.meta.get("val") if arguments.view_of is not None else None
    value = node.meta.get("val")
    after = value[0] if isinstance(value, list | tuple) and value else value
    if not (_is_tensor(before) and _is_tensor(after)) or before.dtype.is_complex != after.dtype.is_complex:
        return {}
    return {} if storage_of(before) == storage_of(after) else {"copies": True}


def scope_of(node: Any) -> list[Scope]:
    """The modules that a node was traced in, outermost first."""
    found: list[Scope] = []
    for held in (node.meta.get("nn_module_stack") or {}).values():
        path, kind = held if isinstance(held, tuple) else (held, "")
        path = str(path).split("@", 1)[0]
        if path:
            found.append((path, (kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]))
    return found


def _higher_order(target: Any) -> str:
    return str(getattr(target, "_name", ""))


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "untyped_storage")


def _makes_tensors(value: Any) -> bool:
    return any(map(_is_tensor, value)) if isinstance(value, list | tuple) else _is_tensor(value)


def _writes(target: Any) -> bool:
    """Whether an op changes one of its arguments."""
    return bool(getattr(getattr(target, "_schema", None), "is_mutable", False))


def _is_node(item: Any) -> bool:
    return hasattr(item, "users") and hasattr(item, "meta")
