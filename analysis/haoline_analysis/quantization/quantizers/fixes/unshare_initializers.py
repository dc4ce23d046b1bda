"""One weight read in several places, made several."""

from __future__ import annotations

from typing import Any

from haoline_analysis.quantization.quantizers.fixes.graph import constants, consumers, fresh_name
from haoline_analysis.quantization.quantizers.fixes.registry import fix

_WEIGHT_SLOTS = {"Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (0, 1)}


@fix("unshare-initializers", "Give each layer its own copy of a weight or bias that several share")
def unshare_initializers(proto: Any) -> list[str]:
    """Copy what several layers read: a bias has one scale per layer, that of its input times that of its weight."""
    graph = proto.graph
    readers = consumers(graph)
    copied = 0
    for name, constant in constants(graph).items():
        edges = [(node, slot) for node, slot in readers.get(name, ()) if slot in _WEIGHT_SLOTS.get(node.op_type, ())]
        if constant.tensor.data_type not in {1, 10}:
            continue
        for node, slot in edges[1:]:
            copy = graph.initializer.add()
            copy.CopyFrom(constant.tensor)
            copy.name = fresh_name(graph, f"{name}_{node.name or node.op_type}")
            node.input[slot] = copy.name
            copied += 1
    return [f"Fix unshare-initializers: {copied} copies were made."] if copied else []
