"""Which of the tensors that hold one value is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis import dtypes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.quantization.matching.graph import Graph
    from haoline_analysis.quantization.structure import Form


class Choice(NamedTuple):
    """A tensor of the deployed graph, and how to read it."""

    tensor: int
    form: Form | None
    transpose: tuple[int, ...] | None
    blocked: bool


def choose(graph: Graph, values: Sequence[int], rank: int | None = None) -> Choice | None:
    """The tensor by which the rest of the graph knows a value.

    What the op computes where others read that; else the integers that a quantizer makes of it, or the narrower float
    that a cast does. None where no tensor holds it: an integer product that has not got its scale yet.

    Args:
        graph: the deployed graph.
        values: what holds the float tensor there.
        rank: axes of the float tensor, if they are known; tensors of as many are preferred.
    """
    members = [tensor for value in values for tensor in graph.values[value].members if _is_usable(graph, tensor)]
    if not members:
        return None
    floats = [tensor for tensor in members if tensor not in graph.forms]
    integers = [tensor for tensor in members if tensor in graph.forms]
    head = next((tensor for tensor in floats if _is_computed(graph, tensor)), -1)
    if head >= 0 and (_is_worked_with(graph, head) or not integers):
        pool = [head] if _is_worked_with(graph, head) else _narrowest(graph, floats)
    else:
        pool = integers or floats
    best = min(pool, key=lambda tensor: _unfit(graph, tensor, rank))
    return Choice(best, graph.forms.get(best), graph.layouts.order(best), best in graph.blocked)


def _unfit(graph: Graph, tensor: int, rank: int | None) -> tuple[bool, bool, bool]:
    """What has to be done to a tensor before it can be compared."""
    shape = graph.shapes[tensor]
    other = rank is not None and shape is not None and len(shape) != rank
    return other, tensor in graph.blocked, graph.layouts.order(tensor) is not None


def _is_usable(graph: Graph, tensor: int) -> bool:
    """Whether the elements say which reals they stand for."""
    if tensor in graph.unscaled:
        return False
    return tensor in graph.forms or graph.types[tensor] in dtypes.FLOATS or not graph.types[tensor]


def _is_computed(graph: Graph, tensor: int) -> bool:
    return graph.model.tensors[tensor].producer in graph.nodes or graph.model.tensors[tensor].producer < 0


def _is_worked_with(graph: Graph, tensor: int) -> bool:
    """Whether an op that does something reads just this tensor, or the model gives it out."""
    consumers = graph.model.tensors[tensor].consumers
    inside = any(graph.model.ops[row].parent >= 0 for row in consumers)
    return tensor in graph.model.outputs or inside or any(row in graph.nodes for row in consumers)


def _narrowest(graph: Graph, floats: Sequence[int]) -> list[int]:
    """The floats of fewest bits, which is what is handed on."""
    bits = {tensor: dtypes.BITS.get(graph.types[tensor], 64) for tensor in floats}
    return [tensor for tensor in floats if bits[tensor] == min(bits.values())]
