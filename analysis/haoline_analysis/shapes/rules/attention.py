"""Attention: the standard's, and onnxruntime's contributed family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.dims import Dim, ImpossibleShapeError, Shape, add, div, mul
from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

MS = "com.microsoft"


def _heads(node: Node, name: str) -> int:
    count = node.integer(name)
    if count < 1:
        raise ImpossibleShapeError(f"attribute {name} is {count}")
    return count


def _split(node: Node, slot: int, heads: str) -> Shape:
    """An input as (batch, heads, length, head size), from 4-D or packed 3-D."""
    dims = node.shape(slot)
    if dims is None:
        return (None,) * 4
    if len(dims) == 4:
        return dims
    if len(dims) != 3:
        raise ImpossibleShapeError(f"input {slot} has {len(dims)} dimensions, expected 3 or 4")
    count = _heads(node, heads)
    return dims[0], count, dims[1], div(dims[2], count)


@shape_rule("Attention")
def attention(node: Node) -> Sequence[Value]:
    """Scaled dot-product attention with a key/value cache (opset 23 on)."""
    query = _split(node, 0, "q_num_heads")
    key, value = _split(node, 1, "kv_num_heads"), _split(node, 2, "kv_num_heads")
    past: Dim = 0
    if node.has(4):
        past = (node.ranked(4, 4) or (None,) * 4)[2]
    total = add(past, key[2])
    dims = node.shape(0)
    if dims is None:
        shape: Shape | None = None
    elif len(dims) == 4:
        shape = (*query[:3], value[3])
    else:
        shape = (query[0], query[2], mul(query[1], value[3]))
    return [
        Value(node.dtype(), shape),
        Value(node.dtype(1), (*key[:2], total, key[3])),
        Value(node.dtype(2), (*value[:2], total, value[3])),
        Value(node.dtype(), (*query[:3], total)),
    ]


@shape_rule("FlexAttention", domain="ai.onnx.preview")
def flex_attention(node: Node) -> Sequence[Value]:
    """Attention with bodies that modify scores; 4-D only."""
    query, value = node.ranked(0, 4) or (None,) * 4, node.ranked(2, 4) or (None,) * 4
    return [Value(node.dtype(), (*query[:3], value[3]))]


@shape_rule("RotaryEmbedding")
@shape_rule("RotaryEmbedding", "GemmaRotaryEmbedding", domain=MS)
def rotary(node: Node) -> Sequence[Value]:
    """Shaped like its input; GemmaRotaryEmbedding rotates query and key."""
    if node.op.type == "GemmaRotaryEmbedding":
        return [node.same(2), node.same(3)]
    return [node.same()]


def _value_width(node: Node, weight: int, bias: int) -> Dim:
    """The hidden size of the values in a packed QKV projection."""
    sizes = node.integers("qkv_hidden_sizes")
    if sizes:
        return sizes[-1]
    width = node.value(weight).shape
    if width is None or len(width) != 2:
        width = node.value(bias).shape
    return div(width[-1], 3) if width else None


@shape_rule("Attention", "QAttention", "DecoderMaskedSelfAttention", domain=MS)
def packed_projection_attention(node: Node) -> Sequence[Value]:
    """Attention that projects its own query, key and value; the cache is (2, batch, heads, length, size)."""
    batch, length, _ = node.ranked(0, 3) or (None,) * 3
    quantized = node.op.type == "QAttention"
    width = _value_width(node, 1, 2)
    dtype = node.dtype(3) if quantized else node.dtype()
    past_slot = {"QAttention": 8, "DecoderMaskedSelfAttention": 4}.get(node.op.type, 4)
    heads = _heads(node, "num_heads")
    past: Dim = 0
    size = div(width, heads)
    if node.has(past_slot):
        cache = node.ranked(past_slot, 5) or (None,) * 5
        past, size = cache[3], cache[4]
    shared = node.integer("past_present_share_buffer") or node.op.type.startswith("Decoder")
    total = past if shared and node.has(past_slot) else add(past, length)
    return [Value(dtype, (batch, length, width)), Value(dtype, (2, batch, heads, total, size))]


@shape_rule("MultiHeadAttention", domain=MS)
def multi_head_attention(node: Node) -> Sequence[Value]:
    """Attention on projected inputs; query may pack all three, key may pack key and value."""
    heads = _heads(node, "num_heads")
    query = node.shape(0)
    if query is None:
        return [Value(node.dtype(), None)]
    batch, length = query[0], query[1]
    keys, size, width = _keys(node, query, heads)
    past: Dim = (node.ranked(6, 4) or (None,) * 4)[2] if node.has(6) else 0
    total = past if node.integer("past_present_share_buffer") else add(past, keys)
    return [
        Value(node.dtype(), (batch, length, width)),
        Value(node.dtype(), (batch, heads, total, size)),
        Value(node.dtype(), (batch, heads, total, div(width, heads))),
        Value(node.dtype(), (batch, heads, length, total)),
    ]


def _keys(node: Node, query: Shape, heads: int) -> tuple[Dim, Dim, Dim]:
    """Length of the keys, their head size, and the width of the output."""
    if len(query) == 5:  # (batch, length, heads, 3, size)
        return query[1], query[4], mul(heads, query[4])
    if len(query) != 3:
        raise ImpossibleShapeError(f"a query with {len(query)} dimensions")
    size = div(query[2], heads)
    key = node.value(1).shape
    if not node.has(1):
        return query[1], div(size, 3), div(query[2], 3)
    if key is None:
        return None, size, query[2]
    if len(key) == 5:  # (batch, length, heads, 2, size)
        return key[1], size, query[2]
    value = node.value(2).shape
    length = key[2] if len(key) == 4 else key[1]
    if value is None:
        return length, size, None if node.has(2) else query[2]
    return length, size, mul(heads, value[3]) if len(value) == 4 else value[-1]


@shape_rule("GroupQueryAttention", "SparseAttention", domain=MS, data=(6,))
def group_query_attention(node: Node) -> Sequence[Value]:
    """Attention with fewer key/value heads and a cache; query may pack all three."""
    query = node.ranked(0, 3) or (None,) * 3
    heads, groups = _heads(node, "num_heads"), _heads(node, "kv_num_heads")
    packed = not node.has(1)
    size = div(query[2], heads + 2 * groups if packed else heads)
    total = _cache_length(node, query[1])
    cache = Value(node.dtype(3) or node.dtype(), (query[0], groups, total, size))
    scores = Value(node.dtype(), (query[0], heads, query[1], total))
    return [Value(node.dtype(), (query[0], query[1], mul(heads, size))), cache, cache, scores]


def _cache_length(node: Node, length: Dim) -> Dim:
    """Length of the present cache: the past buffer where it is large enough, else the total length."""
    past: Dim = (node.ranked(3, 4) or (None,) * 4)[2] if node.has(3) else 0
    if node.op.type == "SparseAttention":
        return past
    total = node.int_list(6)
    if past is not None and total is not None and len(total) == 1:
        return max(past, total[0])
    return add(past, length)


@shape_rule("DecoderMaskedMultiHeadAttention", domain=MS)
def decoder_masked_attention(node: Node) -> Sequence[Value]:
    """One decoding step on a cache that is updated in place."""
    query = node.ranked(0, 3) or (None,) * 3
    heads = _heads(node, "num_heads")
    value = node.value(2).shape
    if value is None:
        width = query[2] if node.has(2) else div(query[2], 3)
    else:
        width = mul(heads, value[3]) if len(value) == 4 else value[-1]
    caches = [Value(node.dtype(slot), node.value(slot).shape) for slot in (5, 6)]
    keys = caches[0].shape or node.value(1).shape  # without a cache: cross attention
    total = keys[2] if keys and len(keys) == 4 else None
    return [Value(node.dtype(), (*query[:2], width)), *caches, Value(node.dtype(), (query[0], heads, query[1], total))]


@shape_rule("PackedAttention", domain=MS)
def packed_attention(node: Node) -> Sequence[Value]:
    """Attention on tokens without padding: (tokens, hidden)."""
    tokens = (node.ranked(0, 2) or (None, None))[0]
    return [Value(node.dtype(), (tokens, _value_width(node, 1, 2)))]


@shape_rule("PackedMultiHeadAttention", domain=MS)
def packed_multi_head_attention(node: Node) -> Sequence[Value]:
    """Attention on projected tokens without padding; query may be (tokens, heads, 3, size)."""
    query = node.shape(0)
    if query is not None and len(query) == 4:
        return [Value(node.dtype(), (query[0], mul(query[1], query[3])))]
    value = node.ranked(2, 2) or (None, None)
    return [Value(node.dtype(), (query[0] if query else None, value[1]))]


@shape_rule("PagedAttention", domain=MS)
def paged_attention(node: Node) -> Sequence[Value]:
    """Attention on a paged cache that is updated in place; (tokens, hidden)."""
    tokens, width = node.ranked(0, 2) or (None, None)
    heads, groups = _heads(node, "num_heads"), _heads(node, "kv_num_heads")
    if not node.has(1):
        width = mul(heads, div(width, heads + 2 * groups))
    return [Value(node.dtype(), (tokens, width)), node.same(3), node.same(4)]


@shape_rule("LongformerAttention", "DecoderAttention", domain=MS)
def same_width_attention(node: Node) -> Sequence[Value]:
    """Attention as wide as its input; DecoderAttention also returns new caches."""
    if node.op.type == "LongformerAttention":
        return [node.same()]
    length, batch, width = node.ranked(0, 3) or (None,) * 3
    heads = _heads(node, "num_heads")
    cache = Value(node.dtype(), (batch, heads, None, div(width, heads)))
    return [Value(node.dtype(), (length, batch, width)), cache, cache]


@shape_rule("RelativePositionBias", domain=MS, data=(1, 2))
def relative_position_bias(node: Node) -> Sequence[Value]:
    """(1, heads, query length, key length)."""
    table = node.ranked(0, 2) or (None, None)
    return [Value(node.dtype(), (1, table[1], node.scalar(1), node.scalar(2)))]


@shape_rule("GatedRelativePositionBias", domain=MS)
def gated_relative_position_bias(node: Node) -> Sequence[Value]:
    """(batch, heads, length, length), of the padded lengths where a token offset is given."""
    query = node.shape(0) or (None,) * 3
    batch, length = query[0], query[1] if len(query) == 3 else None
    if node.has(6):
        batch, length = node.ranked(6, 2) or (None, None)
    return [Value(node.dtype(), (batch, _heads(node, "num_heads"), length, length))]


@shape_rule("MoE", "QMoE", "ShardedMoE", domain=MS)
def mixture(node: Node) -> Sequence[Value]:
    """Shaped like the tokens that are routed."""
    return [node.same()]


@shape_rule("RemovePadding", domain=MS)
def remove_padding(node: Node) -> Sequence[Value]:
    """Tokens without padding (how many depends on the data), and where they were."""
    dims = node.ranked(0, 3) or (None,) * 3
    return [
        Value(node.dtype(), (None, dims[2])),
        Value("int32", dims[:2]),
        Value("int32", (add(dims[0], 1),)),
        Value("int32", (1,)),
    ]


@shape_rule("RestorePadding", domain=MS)
def restore_padding(node: Node) -> Sequence[Value]:
    """Tokens back in their padded places."""
    tokens, offsets = node.ranked(0, 2) or (None, None), node.ranked(1, 2) or (None, None)
    return [Value(node.dtype(), (*offsets, tokens[1]))]
