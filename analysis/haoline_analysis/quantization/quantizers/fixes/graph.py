"""Small questions about a ``ModelProto`` that several fixes ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass
class Constant:
    """A constant tensor of the top-level graph: an initializer, or what a Constant node makes."""

    name: str
    tensor: Any  # TensorProto

    def numpy(self) -> np.ndarray:
        """Its elements."""
        import onnx

        array: np.ndarray = onnx.numpy_helper.to_array(self.tensor)
        return array


def constants(graph: Any) -> dict[str, Constant]:
    """All constants by the name of the value."""
    found = {tensor.name: Constant(tensor.name, tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and not node.domain:
            for attribute in node.attribute:
                if attribute.name == "value":
                    found[node.output[0]] = Constant(node.output[0], attribute.t)
    return found


def consumers(graph: Any) -> dict[str, list[tuple[Any, int]]]:
    """Who reads each value: nodes with the input slot, those inside bodies aside."""
    found: dict[str, list[tuple[Any, int]]] = {}
    for node in graph.node:
        for slot, name in enumerate(node.input):
            if name:
                found.setdefault(name, []).append((node, slot))
    return found


def fresh_name(graph: Any, wanted: str) -> str:
    """A value name that nothing in the graph has."""
    taken = {tensor.name for tensor in graph.initializer} | {port.name for port in graph.input}
    taken |= {output for node in graph.node for output in node.output}
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
