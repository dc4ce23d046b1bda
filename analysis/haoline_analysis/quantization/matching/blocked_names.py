"""Convolutions in blocked layout, whose weights are not readable, by the names that onnxruntime gives them.

That is the name of what the convolution, or an activation that was fused into it before, makes in the graph it comes
from. With what is fused later it makes something else, so only the op is taken from the name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoline_analysis.quantization.deployed.blocked import NCHWC
from haoline_analysis.quantization.matching.families import ACTIVATIONS, CONTRACTIONS, FOLDED

if TYPE_CHECKING:
    from haoline_analysis.quantization.matching.engine import Engine
    from haoline_analysis.quantization.matching.graph import Graph, Node

_ADDED = re.compile(r"^InsertedPrecisionFreeCast_|_nchwc(_token_\d+)?$")
"""What onnxruntime adds to a name: in front where it computes float16 in float32, behind for the layout."""


def anchor(engine: Engine, before: Engine | None = None) -> None:
    """Anchor blocked convolutions of an engine's variant.

    Args:
        engine: the one to tell.
        before: what is known of the variant before onnxruntime optimised it; None: names are the float model's.
    """
    graph = engine.f if before is None else before.v
    blocked = [node for node in engine.v.nodes.values() if engine.v.op(node).domain == NCHWC]
    rows = {tensor.name: row for row, tensor in enumerate(graph.model.tensors)} if blocked else {}
    for node in blocked:
        if node.family not in CONTRACTIONS:
            continue
        made = _contraction(graph, graph.value_of(rows.get(_ADDED.sub("", engine.v.op(node).name), -1)))
        row = None if made is None else made.row if before is None else before.pairs.get(made.row)
        # The given graph's names may lie, but onnxruntime takes them over as they are.
        if row is not None and (before is not None or engine.agreement.could_be(node, engine.f.nodes[row])):
            engine.anchors.setdefault(node.row, row)


def _contraction(graph: Graph, value: int) -> Node | None:
    """The convolution that a value comes from, with nothing but what may be fused into it in between."""
    node = graph.producer(value)
    while node is not None and node.family in (*ACTIVATIONS, *FOLDED):
        node = graph.producer(graph.data(node))
    return node if node is not None and node.family in CONTRACTIONS else None
