"""What bodies of control flow take from the graph around them."""

from __future__ import annotations

from typing import Any

from haoline_analysis.quantization.quantizers.preparing.loading import graphs


def read_in_bodies(graph: Any) -> set[str]:
    """Names of the values that bodies read or hand on, their own among them."""
    inner = [each for each in graphs(graph) if each is not graph]
    read = {name for each in inner for node in each.node for name in node.input}
    return read | {port.name for each in inner for port in each.output}
