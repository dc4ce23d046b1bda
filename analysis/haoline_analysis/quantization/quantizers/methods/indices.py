"""Arithmetic whose results become integers: positions and buckets, which rounding to a grid would move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haoline_analysis.quantization.quantizers.fixes.graph import consumers

if TYPE_CHECKING:
    from collections.abc import Sequence

_ARITHMETIC = frozenset({"Abs", "Add", "Ceil", "Clip", "Concat", "Div", "Expand", "Floor", "Gather", "Identity", "Log",
                         "Max", "Min", "Mod", "Mul", "Neg", "Pow", "Reciprocal", "Relu", "Reshape", "Round", "Sign",
                         "Slice", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where"})  # fmt: skip
_FLOATS = frozenset({1, 10, 11, 16})  # of TensorProto


def index_arithmetic(graph: Any) -> list[str]:
    """Names of the nodes whose results all end in a Cast to integers, by element-wise ops and moves.

    As T5 finds the bucket of a distance by its logarithm, infinite at distance 0.

    Args:
        graph: its nodes in execution order.
    """
    readers = consumers(graph)
    outputs = {port.name for port in graph.output}
    ends = {node.output[0] for node in graph.node if node.op_type == "Cast" and _target(node.attribute) not in _FLOATS}
    found = []
    for node in reversed(graph.node):
        if node.op_type not in _ARITHMETIC or outputs.intersection(node.output):
            continue
        after = [reader for name in node.output for reader, _ in readers.get(name, ())]
        if after and all(reader.output and reader.output[0] in ends for reader in after):
            ends.update(node.output)
            found.append(node.name)
    return found[::-1]


def _target(attributes: Sequence[Any]) -> int:
    return next((int(each.i) for each in attributes if each.name == "to"), 0)
