"""The float model with a switch at every site: rounded to the 8-bit grid, to a 16-bit one, or as it is.

A switch is an ``If``, so that what is off costs a copy of the tensor and no more. Which are on is two inputs of the
graph: one session measures every unit, and no weight is read twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy as np

    from haoline_analysis.quantization.sensitivity.sites import Site

ON, WIDE = "haoline.on", "haoline.wide"
"""Inputs of the graph: bool, one element per site."""
_DOMAIN = "com.microsoft"  # whose Q/DQ know 16 bits and axes whatever the opset
_MIN_IR = 4  # initializers that are no inputs
_MAX_IR = 13  # the newest that onnxruntime 1.31 reads


def switchable(model: Any, sites: Sequence[Site]) -> Any:
    """A ``ModelProto`` with the inputs ``ON`` and ``WIDE`` more than ``model``, which is changed.

    Raises:
        ValueError: if a site is on a tensor that the model has not.
    """
    graph = model.graph
    builder = Builder()
    switches = {site.tensor: builder.switch(at, site) for at, site in enumerate(sites)}
    own = {site.tensor: frozenset(site.ops) for site in sites if site.dynamic}
    _reroute(graph, switches, own)
    _insert(graph, switches, own)
    graph.initializer.extend(builder.constants)
    _declare(model, len(sites))
    return model


class Builder:
    """Nodes and constants of the switches."""

    def __init__(self) -> None:
        """Nothing is built yet."""
        self.constants: list[Any] = []

    def switch(self, at: int, site: Site) -> list[Any]:
        """The nodes that make ``<tensor>/haoline`` of a tensor."""
        from onnx import helper

        rounded = self._graph(f"{_name(at)}.on", self._rounded(at, site))
        copied = self._graph(f"{_name(at)}.off", [helper.make_node("Identity", [site.tensor], [f"{_name(at)}.copy"])])
        return [
            *self._flag(at, ON, "on"),
            *(self._flag(at, WIDE, "wide") if site.wide is not None else []),
            helper.make_node(
                "If",
                [f"{_name(at)}.is_on"],
                [switched(site.tensor)],
                _name(at),
                then_branch=rounded,
                else_branch=copied,
            ),
        ]

    def _flag(self, at: int, source: str, what: str) -> list[Any]:
        from onnx import helper

        index = self.constant(f"{_name(at)}.index", _scalar(at)) if what == "on" else f"{_name(at)}.index"
        return [helper.make_node("Gather", [source, index], [f"{_name(at)}.is_{what}"], axis=0)]

    def _rounded(self, at: int, site: Site) -> list[Any]:
        """Nodes of the branch that rounds; the last one makes its output."""
        from onnx import helper

        grid = (site.scale, site.zero_point)
        if site.wide is None:
            return self.grid(at, site, "narrow", grid)
        narrow = self._graph(f"{_name(at)}.8", self.grid(at, site, "narrow", grid))
        wide = self._graph(f"{_name(at)}.16", self.grid(at, site, "wide", site.wide))
        output = f"{_name(at)}.rounded"
        return [helper.make_node("If", [f"{_name(at)}.is_wide"], [output], then_branch=wide, else_branch=narrow)]

    def grid(self, at: int, site: Site, what: str, grid: tuple[np.ndarray, np.ndarray]) -> list[Any]:
        """Q and DQ, or DQ alone of a weight that is stored as integers."""
        from onnx import helper

        name = f"{_name(at)}.{what}"
        output = f"{name}.dq"
        if site.stored_bytes is not None:
            return [helper.make_node("Identity", [self._stored(f"{name}.q", site.stored)], [output])]
        if site.dynamic:
            parts = [f"{name}.q", f"{name}.scale", f"{name}.zero"]
            return [
                helper.make_node("DynamicQuantizeLinear", [site.tensor], parts),
                helper.make_node("DequantizeLinear", parts, [output], domain=_DOMAIN),
            ]
        params = [
            self.constant(f"{name}.{part}", _flat(each)) for part, each in zip(("scale", "zero"), grid, strict=True)
        ]
        axis = {"axis": site.axis} if grid[0].ndim and grid[0].size > 1 else {}
        if site.stored is not None:
            integers, first = self._stored(f"{name}.q", site.stored), []
        else:
            integers = f"{name}.q"
            first = [helper.make_node("QuantizeLinear", [site.tensor, *params], [integers], domain=_DOMAIN, **axis)]
        node = helper.make_node("DequantizeLinear", [integers, *params], [output], domain=_DOMAIN, **axis)
        return [*first, node]

    def _graph(self, name: str, nodes: Sequence[Any]) -> Any:
        from onnx import TensorProto, helper

        output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
        return helper.make_graph(nodes, name, [], [output])

    def constant(self, name: str, array: np.ndarray) -> str:
        """The name of an initializer."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def _stored(self, name: str, stored: Any) -> str:
        kept = type(stored)()
        kept.CopyFrom(stored)
        kept.name = name
        self.constants.append(kept)
        return name


def switched(tensor: str) -> str:
    """What consumers read in place of a tensor."""
    return f"{tensor}/haoline"


def _name(at: int) -> str:
    return f"haoline.{at}"


def _flat(array: np.ndarray) -> np.ndarray:
    """A scalar where there is one element, since an axis would be looked for otherwise."""
    return array.reshape(()) if array.size == 1 else array


def _scalar(value: int) -> np.ndarray:
    import numpy as np

    return np.array(value, np.int64)


def _reroute(graph: Any, switches: Iterable[str], own: Mapping[str, Collection[str]]) -> None:
    """Let every consumer read the switched tensor, bodies of control flow and outputs of the graph included.

    Ranges of the run itself are ``own`` to the ops that round what they read: nobody else does.
    """
    names = {name: switched(name) for name in switches}
    for node in _all_nodes(graph):
        for at, name in enumerate(node.input):
            if name in names and (name not in own or node.name in own[name]):
                node.input[at] = names[name]


def _all_nodes(graph: Any) -> Iterable[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _all_nodes(body)


def _insert(graph: Any, switches: dict[str, list[Any]], own: Collection[str]) -> None:
    """Put each switch right behind what makes its tensor; an output of the graph is renamed to what is switched."""
    made = {name for node in graph.node for name in node.output}
    known = {*made, *(each.name for each in graph.input), *(each.name for each in graph.initializer)}
    if missing := next((name for name in switches if name not in known), None):
        raise ValueError(f"the model has no tensor {missing!r}")
    nodes = [node for name, each in switches.items() if name not in made for node in each]
    for node in graph.node:
        nodes.append(node)
        nodes += [added for name in node.output if name in switches for added in switches[name]]
    ordered = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(ordered)
    for output in graph.output:
        if output.name in switches and output.name not in own:
            output.name = switched(output.name)


def _declare(model: Any, count: int) -> None:
    """Inputs, and what the switches need of onnxruntime."""
    from onnx import TensorProto, helper

    for name in (ON, WIDE):
        model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.BOOL, [count]))
    require(model)


def require(model: Any) -> None:
    """Declare what the nodes of a builder need."""
    from onnx import helper

    if not any(each.domain == _DOMAIN for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    model.ir_version = min(max(model.ir_version, _MIN_IR), _MAX_IR)
