"""Attention ops that hold their own projections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.registry import MICROSOFT, Cost, cost_rule
from haoline_analysis.cost.rules.attention import Heads, attend
from haoline_analysis.cost.sizes import attribute, elements_in, given, integer, scalar_in, shape_in

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


def _plus(*costs: Cost) -> Cost:
    return Cost(sum(cost.macs for cost in costs), sum(cost.flops for cost in costs))


def _project(rows: int, inner: int, outer: int, per_result: int = 1) -> Cost:
    """Rows x inner x outer MACs and, by default, a bias."""
    macs = rows * inner * outer
    return Cost(macs, 2 * macs + per_result * rows * outer)


def _hidden_sizes(signature: Signature, merged: int) -> tuple[int, int]:
    """(query and key hidden size, value hidden size) of a merged projection."""
    sizes = attribute(signature, "qkv_hidden_sizes", None)
    if sizes is not None and len(sizes) == 3 and int(sizes[0]):
        return int(sizes[0]), int(sizes[2])
    return merged // 3, merged // 3


def _past_keys(signature: Signature, past: int, length: int) -> int:
    """Positions before the new ones; a shared buffer's full length unless the past length is a known constant."""
    if not given(signature, past):
        return 0
    if integer(signature, "past_present_share_buffer", 0):
        known = scalar_in(signature, length)
        if known is not None:
            return known
    return shape_in(signature, past, 5)[3]


def _self_attention(signature: Signature, merged: int, past: int, length: int, bias: int, requantize: int = 0) -> Cost:
    heads = integer(signature, "num_heads")
    batch, queries, inner = shape_in(signature, 0, 3)
    query, value = _hidden_sizes(signature, merged)
    keys = queries + _past_keys(signature, past, length)
    sizes = Heads(batch, heads, queries, keys, query // heads, value // heads)
    rotary = 3 * batch * queries * 2 * query if integer(signature, "do_rotary", 0) else 0
    projected = _project(batch * queries, inner, merged, 1 + requantize)
    return _plus(projected, attend(sizes, int(bias >= 0 and given(signature, bias))), Cost(0, rotary))


@cost_rule("Attention", domain=MICROSOFT)
def attention(signature: Signature) -> Cost:
    """Merged QKV projection, then attention over past and new positions."""
    return _self_attention(signature, shape_in(signature, 1, 2)[1], past=4, length=6, bias=5)


@cost_rule("DecoderMaskedSelfAttention", domain=MICROSOFT)
def decoder_self_attention(signature: Signature) -> Cost:
    """As Attention, for one decoding step."""
    return _self_attention(signature, shape_in(signature, 1, 2)[1], past=4, length=6, bias=5)


@cost_rule("QAttention", domain=MICROSOFT)
def quantized_attention(signature: Signature) -> Cost:
    """As Attention with int8 projections; scaling each projected element is one operation more."""
    return _self_attention(signature, shape_in(signature, 1, 2)[1], past=8, length=-1, bias=-1, requantize=1)


@cost_rule("QOrderedAttention", domain=MICROSOFT)
def ordered_attention(signature: Signature) -> Cost:
    """As QAttention with separate projection weights."""
    merged = sum(shape_in(signature, index, 2)[1] for index in (5, 6, 7))
    return _self_attention(signature, merged, past=18, length=-1, bias=19, requantize=1)


@cost_rule("PackedAttention", domain=MICROSOFT)
def packed_attention(signature: Signature) -> Cost:
    """Projections of the tokens without padding; scores for the padded [batch, length] of the token offsets."""
    heads = integer(signature, "num_heads")
    tokens, inner = shape_in(signature, 0, 2)
    merged = shape_in(signature, 1, 2)[1]
    query, value = _hidden_sizes(signature, merged)
    batch, length = shape_in(signature, 3, 2)
    sizes = Heads(batch, heads, length, length, query // heads, value // heads)
    return _plus(_project(tokens, inner, merged), attend(sizes, int(given(signature, 5))))


@cost_rule("DecoderAttention", domain=MICROSOFT)
def decoder_attention(signature: Signature) -> Cost:
    """Query and key-value projections and attention, [S, B, D] layout, the cache taken as unused."""
    heads = integer(signature, "num_heads")
    queries, batch, width = shape_in(signature, 0, 3)
    keys = shape_in(signature, 1, 3)[0]
    head = width // heads
    return _plus(
        _project(queries * batch, width, shape_in(signature, 2, 2)[1]),
        _project(keys * batch, width, shape_in(signature, 3, 2)[1]),
        attend(Heads(batch, heads, queries, keys, head, head)),
    )


def _longformer(signature: Signature, weight: int, global_weight: int) -> Cost:
    heads, window = integer(signature, "num_heads"), integer(signature, "window")
    batch, length, width = shape_in(signature, 0, 3)
    rows = batch * length
    keys = min(2 * window + 1, length)
    head = shape_in(signature, weight, 2)[1] // 3 // heads
    return _plus(
        _project(rows, width, shape_in(signature, weight, 2)[1]),
        _project(rows, width, shape_in(signature, global_weight, 2)[1]),
        attend(Heads(batch, heads, length, keys, head, head)),
    )


@cost_rule("LongformerAttention", domain=MICROSOFT)
def longformer(signature: Signature) -> Cost:
    """Local and global projections, attention within the window; global tokens are data and not counted."""
    return _longformer(signature, 1, 4)


@cost_rule("QOrderedLongformerAttention", domain=MICROSOFT)
def ordered_longformer(signature: Signature) -> Cost:
    """As LongformerAttention on int8 operands."""
    return _longformer(signature, 2, 8)


@cost_rule("GatedRelativePositionBias", domain=MICROSOFT)
def gated_position_bias(signature: Signature) -> Cost:
    """Each query head times the [head_size, D] weight, two sigmoid gates per query, one product per score."""
    heads = integer(signature, "num_heads")
    weight = shape_in(signature, 3, 2)
    queries = elements_in(signature, 0) // max(weight[0], 1)
    project = _project(queries, weight[0], weight[1])
    gates = queries * (weight[1] + 2 * 4 + 3)
    length = shape_in(signature, 2, 4)[-1]
    return _plus(project, Cost(0, gates + queries * length)) if heads else project
