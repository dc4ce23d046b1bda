"""What bodies of control flow take from the graph around them."""

from __future__ import annotations

from typing import Any

from haoline_analysis.quantization.quantizers.preparing.loading import graphs


def read_in_bodies(graph: Any) -> list[str]:
    """Names of the nodes whose outputs bodies read.

    onnxruntime's quantizer of integer operators does not look into them, and would leave them nothing to read.
    """
    inner = [each for each in graphs(graph) if each is not graph]
    read = {name for each in inner for node in each.node for name in node.input}
    read |= {port.name for each in inner for port in each.output}
    return [node.name for node in graph.node if read.intersection(node.output)]
