"""Attention over given queries, keys and values: dense counts, masks do not halve them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from haoline_analysis.cost.registry import MICROSOFT, Cost, UnknownSizeError, cost_rule
from haoline_analysis.cost.rules.elementwise import TANH
from haoline_analysis.cost.rules.normalization import ROOT_MEAN_SQUARE, SOFTMAX
from haoline_analysis.cost.sizes import (
    attribute,
    elements_in,
    given,
    integer,
    optional_elements,
    scalar_in,
    shape_in,
)

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature


class Heads(NamedTuple):
    """Sizes of scaled dot-product attention; ``keys`` counts past and new positions."""

    batch: int
    heads: int
    queries: int
    keys: int
    head_size: int
    value_size: int


def attend(sizes: Heads, per_score: int = 0) -> Cost:
    """Q K^T and P V: batch x heads x queries x keys x (head_size + value_size) MACs; scale and softmax per score."""
    scores = sizes.batch * sizes.heads * sizes.queries * sizes.keys
    macs = scores * (sizes.head_size + sizes.value_size)
    return Cost(macs, 2 * macs + scores * (1 + SOFTMAX + per_score))


def _softcap(signature: Signature) -> int:
    """Operations per score of a soft cap: divide, tanh, multiply."""
    return TANH + 2 if float(attribute(signature, "softcap", 0.0) or 0.0) else 0


def _split(shape: tuple[int, ...], heads: int) -> tuple[int, int, int, int]:
    """(batch, heads, length, head size) of a 4-D [B, N, S, H] or packed 3-D [B, S, N*H] operand."""
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    if len(shape) != 3 or not heads:
        raise UnknownSizeError("heads")
    return shape[0], heads, shape[1], shape[2] // heads


@cost_rule("Attention")
@cost_rule("FlexAttention", domain="ai.onnx.preview")
def attention(signature: Signature) -> Cost:
    """The standard's Attention (opset 23 on), 3-D or 4-D, with past keys and grouped heads."""
    batch, heads, queries, size = _split(shape_in(signature, 0), integer(signature, "q_num_heads", 0))
    groups = integer(signature, "kv_num_heads", 0)
    keys = _split(shape_in(signature, 1), groups)[2]
    value_size = _split(shape_in(signature, 2), groups)[3]
    if signature.op.type == "Attention":
        keys += shape_in(signature, 4, 3)[2] if given(signature, 4) else 0
    masked = signature.op.type == "Attention" and given(signature, 3)
    return attend(Heads(batch, heads, queries, keys, size, value_size), masked + _softcap(signature))


def _query(signature: Signature, heads: int) -> tuple[int, int, int]:
    """(batch, queries, head size) of a [B, S, N*H] or packed [B, S, N, 3, H] query."""
    shape = shape_in(signature, 0, 3)
    if len(shape) == 5:
        return shape[0], shape[1], shape[4]
    packed = 1 if given(signature, 1) else 3
    return shape[0], shape[1], shape[2] // (heads * packed)


def _keys_and_value_size(signature: Signature, heads: int, own: tuple[int, int]) -> tuple[int, int]:
    """(new keys, value head size) from separate, packed or absent key and value inputs."""
    if not given(signature, 1):
        return own
    key = shape_in(signature, 1, 3)
    if len(key) == 5:
        return key[1], key[4]
    length = key[2] if len(key) == 4 else key[1]
    if not given(signature, 2):
        return length, own[1]
    value = shape_in(signature, 2, 3)
    return length, value[3] if len(value) == 4 else value[2] // heads


def _multi_head(signature: Signature, bias: int, mask: int, past: int) -> Cost:
    heads = integer(signature, "num_heads")
    batch, queries, size = _query(signature, heads)
    keys, value_size = _keys_and_value_size(signature, heads, (queries, size))
    keys += shape_in(signature, past, 3)[2] if given(signature, past) else 0
    cost = attend(Heads(batch, heads, queries, keys, size, value_size), int(given(signature, mask)))
    biased = sum(elements_in(signature, index) for index in range(3) if given(signature, index))
    return Cost(cost.macs, cost.flops + (biased if given(signature, bias) else 0))


@cost_rule("MultiHeadAttention", domain=MICROSOFT)
def multi_head(signature: Signature) -> Cost:
    """Past and new keys; an optional projection bias is an addition per query, key and value element."""
    return _multi_head(signature, bias=3, mask=5, past=6)


@cost_rule("DecoderMaskedMultiHeadAttention", domain=MICROSOFT)
def decoder_multi_head(signature: Signature) -> Cost:
    """One decoding step; a shared cache buffer counts with its full length unless the past length is known."""
    shared = integer(signature, "past_present_share_buffer", 0)
    known = scalar_in(signature, 7)
    cost = _multi_head(signature, bias=10, mask=4, past=99 if shared else 5)
    if not shared or not given(signature, 5):
        return cost
    heads = integer(signature, "num_heads")
    batch, queries, size = _query(signature, heads)
    keys = known + queries if known is not None else shape_in(signature, 5, 3)[2]
    return attend(Heads(batch, heads, queries, keys, size, size), int(given(signature, 4)))


def _grouped_heads(signature: Signature) -> tuple[int, int]:
    """(query heads, head size): the query holds keys and values too where those inputs are left out."""
    heads, groups = integer(signature, "num_heads"), integer(signature, "kv_num_heads")
    width = shape_in(signature, 0, 2)[-1]
    return heads, width // (heads if given(signature, 1) else heads + 2 * groups)


def _grouped_extras(signature: Signature, query_norm: int) -> int:
    """Operations on queries and keys before the scores: rotary embedding (3) and per-head RMS norm."""
    per_element = 3 * bool(integer(signature, "do_rotary", 0))
    per_element += (ROOT_MEAN_SQUARE + 1) * given(signature, query_norm)
    return per_element * (elements_in(signature, 0) + optional_elements(signature, 1))


@cost_rule("GroupQueryAttention", domain=MICROSOFT)
def grouped_query(signature: Signature) -> Cost:
    """Keys: the total length if it is a known constant, else the past buffer and the new positions."""
    heads, size = _grouped_heads(signature)
    batch, queries, _ = shape_in(signature, 0, 3)
    new = shape_in(signature, 1, 3)[1] if given(signature, 1) else queries
    total = scalar_in(signature, 6)
    past = shape_in(signature, 3, 3)[2] if given(signature, 3) else 0
    keys = total or past + new
    per_score = given(signature, 10) + _softcap(signature)
    cost = attend(Heads(batch, heads, queries, keys, size, size), per_score)
    return Cost(cost.macs, cost.flops + _grouped_extras(signature, 14))


@cost_rule("SparseAttention", domain=MICROSOFT)
def sparse(signature: Signature) -> Cost:
    """Counted dense over the known total length, or else the cache: an upper bound of the block pattern."""
    heads, size = _grouped_heads(signature)
    batch, queries, _ = shape_in(signature, 0, 3)
    keys = scalar_in(signature, 7) or shape_in(signature, 3, 3)[2]
    cost = attend(Heads(batch, heads, queries, keys, size, size))
    return Cost(cost.macs, cost.flops + _grouped_extras(signature, 99))


@cost_rule("PagedAttention", domain=MICROSOFT)
def paged(signature: Signature) -> Cost:
    """Each token attends to as many positions as its block table can hold: an upper bound."""
    heads, size = _grouped_heads(signature)
    tokens = shape_in(signature, 0, 2)[0]
    keys = shape_in(signature, 7, 2)[1] * shape_in(signature, 3, 4)[1]
    cost = attend(Heads(1, heads, tokens, keys, size, size), _softcap(signature))
    return Cost(cost.macs, cost.flops + _grouped_extras(signature, 12))


@cost_rule("PackedMultiHeadAttention", domain=MICROSOFT)
def packed_multi_head(signature: Signature) -> Cost:
    """Queries without padding; scores are counted for the padded [batch, length] of the token offsets."""
    heads = integer(signature, "num_heads")
    query = shape_in(signature, 0, 2)
    batch, length = shape_in(signature, 4, 2)
    size = query[-1] if len(query) == 4 else query[-1] // heads
    value_size = shape_in(signature, 2, 2)[-1] // heads if given(signature, 2) else size
    return attend(Heads(batch, heads, length, length, size, value_size), int(given(signature, 6)))
