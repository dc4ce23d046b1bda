"""Whole decoding loops as one op: com.microsoft BeamSearch, GreedySearch, Sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import Dim, add
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = "com.microsoft"


def _vocabulary(node: Node) -> Dim:
    size = node.integer("vocab_size", -1)
    return size if size > 0 else None


@shape_rule("BeamSearch", "WhisperBeamSearch", domain=MS, data=(1, 3, 4))
def beam_search(node: Node) -> Sequence[Value]:
    """Sequences, their scores, and all scores by step, beam and token."""
    dims = node.shape(0) or (None, None)
    longest, beams, returned = node.scalar(1), node.scalar(3), node.scalar(4)
    start = dims[1] if len(dims) > 1 else None
    steps = add(longest, None if start is None else -start)
    return [
        Value("int32", (dims[0], returned, longest)),
        Value("float32", (dims[0], returned)),
        Value("float32", (steps, dims[0], beams, _vocabulary(node))),
    ]


@shape_rule("GreedySearch", "Sampling", domain=MS, data=(1,))
def greedy_search(node: Node) -> Sequence[Value]:
    """Sequences, and Sampling's filtered logits."""
    batch = (node.shape(0) or (None,))[0]
    return [Value("int32", (batch, node.scalar(1))), Value("float32", (batch, _vocabulary(node)))]
