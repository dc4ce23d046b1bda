"""RNN, GRU, LSTM and stateful convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, div
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


@shape_rule("RNN", "GRU", "LSTM")
@shape_rule("DynamicQuantizeLSTM", domain="com.microsoft")
def recurrent(node: Node) -> Sequence[Value]:
    """All hidden states, the last one, and LSTM's last cell state."""
    dims = node.ranked(0, 3) or (None, None, None)
    hidden = _hidden_size(node)
    directions = 2 if node.string("direction", "forward") == "bidirectional" else 1
    every: Shape
    last: Shape
    if node.integer("layout"):
        batch, steps = dims[0], dims[1]
        every, last = (batch, steps, directions, hidden), (batch, directions, hidden)
    else:
        steps, batch = dims[0], dims[1]
        every, last = (steps, directions, batch, hidden), (directions, batch, hidden)
    return [Value(node.dtype(), every), Value(node.dtype(), last), Value(node.dtype(), last)]


def _hidden_size(node: Node) -> Dim:
    if node.given("hidden_size"):
        return node.integer("hidden_size")
    weights = node.ranked(2, 3)
    if weights is None:
        return None
    return weights[1] if node.op.type == "DynamicQuantizeLSTM" else weights[2]


@shape_rule("CausalConvWithState")
@shape_rule("CausalConvWithState", domain="com.microsoft")
def causal_conv(node: Node) -> Sequence[Value]:
    """The convolved sequence, and the last kernel - 1 positions as state."""
    dims, kernel = node.shape(0), node.shape(1)
    if dims is None or kernel is None:
        return [node.same(), Value(node.dtype(), None)]
    if len(dims) < 3 or len(kernel) != len(dims):
        raise ImpossibleShapeError("input and kernel differ in rank")
    length = None if kernel[-1] is None else kernel[-1] - 1
    return [node.same(), Value(node.dtype(), (*dims[:-1], length))]


@shape_rule("LinearAttention")
@shape_rule("LinearAttention", domain="com.microsoft")
def linear_attention(node: Node) -> Sequence[Value]:
    """The attended sequence, and a d_k by d_v state per key/value head."""
    query, key, value = (node.ranked(slot, 3) or (None,) * 3 for slot in range(3))
    heads, groups = node.integer("q_num_heads"), node.integer("kv_num_heads")
    if heads < 1 or groups < 1:
        raise ImpossibleShapeError(f"{heads} query and {groups} key/value heads")
    key_size, value_size = div(query[2], heads), div(value[2], groups)
    width = None if value_size is None else heads * value_size
    state = (query[0], groups, key_size if key_size is not None else div(key[2], groups), value_size)
    return [Value(node.dtype(), (query[0], query[1], width)), Value(node.dtype(3) or node.dtype(), state)]
