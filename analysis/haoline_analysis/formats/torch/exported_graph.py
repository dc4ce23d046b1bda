"""The graph of an exported program from its JSON, as ATen ops: names are looked up, nothing is evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from haoline_analysis.errors import LimitError, MalformedModelError
from haoline_analysis.formats.torch.aten import AtenBuilder
from haoline_analysis.formats.torch.dims import size
from haoline_analysis.formats.torch.dtypes import TORCH
from haoline_analysis.formats.torch.exported_noise import copies, each_tensor, op_name, same_as, tensor_names, unread
from haoline_analysis.formats.torch.exported_weights import SCALAR_TYPES
from haoline_analysis.model import OMITTED, Gap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from haoline_analysis.model import Dim, Weight

MAX_NODES = 5_000_000
MAX_NESTING = 32

_INLINED = frozenset({"wrap_with_set_grad_enabled", "wrap_with_autocast", "hints_wrapper", "strict_mode", "wrap"})
"""Higher-order ops that run their one graph, once."""

_OPTIONAL = frozenset({"bias", "weight", "attn_mask", "mask", "running_mean", "running_var", "hx"})
"""Arguments that are tensors where they are given."""

_STORED = ("parameter_name", "buffer_name", "tensor_constant_name")

_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}


@dataclass(slots=True)
class _Scope:
    """The values of one graph."""

    graph: Mapping[str, Any]
    names: dict[str, int] = field(default_factory=dict)  # tensor index by name


class GraphReader:
    """Fills a builder from the JSON of a graph module."""

    def __init__(self, weights: Mapping[str, Weight]) -> None:
        """Keep the weights by their names in the module."""
        self.builder = AtenBuilder()
        self.gaps: list[Gap] = []
        self.mutated: list[str] = []
        self._weights = weights
        self._nodes = 0
        self._unfollowed: dict[str, list[int]] = {}
        self._unstored: list[str] = []

    def read(self, module: Any) -> list[int]:
        """All ops of a graph module; returns the tensors it gives back.

        Raises:
            MalformedModelError: if the JSON is not of the exporter's form, or names what nothing has made.
            LimitError: if it has more nodes than ``MAX_NODES``.
        """
        try:
            return self._module(module)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise MalformedModelError(f"the exported graph is not of the form that is known: {error!r}") from error

    def _module(self, module: Any) -> list[int]:
        graph, signature = module["graph"], module["signature"]
        scope = _Scope(graph)
        specs = signature["input_specs"]
        for spec in specs:
            self._input(scope, spec)
        self._walk(scope, 0)
        results = []
        for spec in signature["output_specs"]:
            kind, inner = next(iter(spec.items()))
            if kind in {"user_output", "loss_output"}:
                results += self._tensors(scope, inner["arg"] if kind == "user_output" else {"as_tensor": inner["arg"]})
            elif kind in {"buffer_mutation", "parameter_mutation"}:
                self.mutated.append(str(inner.get("buffer_name") or inner.get("parameter_name")))
        self._tell()
        return results

    def _input(self, scope: _Scope, spec: Mapping[str, Any]) -> None:
        """A weight or a value that the user feeds."""
        kind, inner = next(iter(spec.items()))
        if kind == "user_input":
            argument = inner["arg"]
            for name in tensor_names(argument):
                dtype, shape = _declared(scope.graph, name)
                scope.names[name] = self.builder.input(name, dtype, shape)
            return
        stored = next(
            (inner[key] for key in ("parameter_name", "buffer_name", "tensor_constant_name") if key in inner), ""
        )
        if not stored:
            return  # custom objects, tokens and constants of the call are no tensors
        name = inner["arg"]["name"]
        weight = self._weights.get(stored)
        if weight is None:
            self._unstored.append(stored)
            dtype, shape = _declared(scope.graph, name)
            scope.names[name] = self.builder.input(stored, dtype, shape)
        else:
            scope.names[name] = self.builder.weight(stored, weight)

    def _walk(self, scope: _Scope, depth: int) -> None:
        if depth > MAX_NESTING:
            raise LimitError(f"graphs are nested more than {MAX_NESTING} deep")
        idle = unread(scope.graph)
        for place, node in enumerate(scope.graph["nodes"]):
            if place in idle:
                continue
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise LimitError(f"the exported graph has more than {MAX_NODES:,} nodes")
            self._node(scope, node, depth)

    def _node(self, scope: _Scope, node: Mapping[str, Any], depth: int) -> None:
        op_type, in_place = op_name(node["target"])
        graphs = [item["arg"]["as_graph"]["graph"] for item in node["inputs"] if "as_graph" in item["arg"]]
        results = [name for output in node["outputs"] for name in tensor_names(output)]
        if len(graphs) == 1 and op_type in _INLINED:
            self._inline(scope, node, graphs[0], results, depth)
            return
        if not results and not graphs:
            return  # arithmetic of sizes, and assertions about them
        origin = same_as(scope.graph, node, op_type)
        if origin is not None:
            scope.names[results[0]] = scope.names[origin]
            return
        inputs, attributes = self._arguments(scope, node["inputs"])
        if in_place:
            attributes["in_place"] = True
        elif copies(scope.graph, node, op_type):
            attributes["copies"] = True
        outputs = [(name, *_declared(scope.graph, name)) for name in results]
        modules = module_stack((node.get("metadata") or {}).get("nn_module_stack", ""))
        label = f"{modules[-1][0]}/{op_type}" if modules else str(node.get("name") or "")
        made = self.builder.op(op_type, inputs, outputs, attributes, modules, label)
        scope.names.update(zip(results, made, strict=True))
        if graphs:
            self._unfollowed.setdefault(op_type, []).append(len(self.builder.ops) - 1)

    def _inline(self, scope: _Scope, node: Any, graph: Any, results: list[str], depth: int) -> None:
        """The ops of a graph that is run once, in place of the op that runs it."""
        inner = _Scope(graph)
        given = [item["arg"] for item in node["inputs"]]
        place = next(index for index, item in enumerate(given) if "as_graph" in item)
        values = [name for item in given[place + 1 :] for name in tensor_names(item)]
        wanted = [name for item in graph["inputs"] for name in tensor_names(item)]
        inner.names.update(zip(wanted, (scope.names[name] for name in values), strict=False))
        self._walk(inner, depth + 1)
        made = [tensor for item in graph["outputs"] for tensor in self._tensors(inner, item)]
        scope.names.update(zip(results, made, strict=False))

    def _arguments(self, scope: _Scope, given: list[Any]) -> tuple[list[int], dict[str, Any]]:
        """Tensors in order, and the other arguments by name."""
        inputs: list[int] = []
        attributes: dict[str, Any] = {}
        for item in given:
            name, argument = str(item["name"]), item["arg"]
            kind = next(iter(argument), "as_none")
            if kind in {"as_tensor", "as_tensors", "as_optional_tensors", "as_optional_tensor", "as_nested_tensors"}:
                inputs += self._tensors(scope, argument)
            elif kind == "as_none" and name in _OPTIONAL:
                inputs.append(OMITTED)
            elif kind not in {"as_graph", "as_none", "as_custom_obj"}:
                attributes[name] = _plain(scope.graph, kind, argument[kind])
        return inputs, attributes

    def _tensors(self, scope: _Scope, argument: Mapping[str, Any]) -> list[int]:
        return [OMITTED if name is None else scope.names[name] for name in each_tensor(argument)]

    def _tell(self) -> None:
        for op_type, rows in self._unfollowed.items():
            self.gaps.append(Gap(f"The graphs that {op_type} runs are not followed.", tuple(rows)))
        if self._unstored:
            shown = ", ".join(self._unstored[:5])
            self.gaps.append(Gap(f"{len(self._unstored)} weights are not stored in the file ({shown})."))
        if self.mutated:
            self.gaps.append(Gap(f"The program changes {len(self.mutated)} of its buffers; that is not shown."))


def module_stack(text: str) -> list[tuple[str, str]]:
    """Modules around a node, outermost first: dotted name and class, from ``key,path,type;key,path,type``."""
    found = []
    for entry in text.split(";"):
        parts = entry.split(",")
        if len(parts) >= 3 and parts[1]:
            path, kind = ",".join(parts[1:-1]), parts[-1].rpartition(".")[2]
            found.append((path.partition("@")[0], kind))
    return found


def _declared(graph: Mapping[str, Any], name: str) -> tuple[str | None, tuple[Dim, ...] | None]:
    """Element type and shape of a tensor; None where the file does not tell."""
    meta = graph["tensor_values"].get(name)
    if meta is None:
        return None, None
    dtype = SCALAR_TYPES.get(meta["dtype"])
    return TORCH[dtype] if dtype else None, tuple(size(item) for item in meta["sizes"])


def _plain(graph: Mapping[str, Any], kind: str, value: Any) -> Any:
    """An argument that is no tensor, as plain data."""
    if kind == "as_scalar_type":
        return TORCH.get(SCALAR_TYPES.get(value, ""))
    if kind == "as_memory_format":
        return _MEMORY_FORMATS.get(value)
    if kind == "as_device":
        return value.get("type")
    if kind in {"as_sym_int", "as_sym_float", "as_sym_bool"}:
        return _symbolic(graph, value)
    if kind in {"as_sym_ints", "as_sym_floats", "as_sym_bools"}:
        return [_symbolic(graph, item) for item in value]
    return value


def _symbolic(graph: Mapping[str, Any], value: Any) -> Any:
    """A number, or the expression that a name stands for."""
    name = value.get("as_name")
    if name is None:
        return next(iter(value.values()))
    return size(graph["sym_int_values"].get(name)) or name
