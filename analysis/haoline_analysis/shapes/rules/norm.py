"""Normalisations, with their fused forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.shapes.node import Node, shape_rule
from haoline_analysis.shapes.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from haoline_analysis.shapes.dims import Dim, Shape

MS = "com.microsoft"


@shape_rule("BatchNormalization")
@shape_rule("BatchNormInternal", domain=MS)
def batch_norm(node: Node) -> Sequence[Value]:
    """The normalised tensor, then (in training) statistics of one number a channel."""
    dims = node.shape(0)
    channels: Dim = None if dims is None or len(dims) < 2 else dims[1]
    running = Value(node.dtype(3), node.shape(3) or (channels,))
    return [node.same(), running, Value(node.dtype(4), running.shape), running, running]


def _statistics(node: Node, default_axis: int = -1) -> Shape | None:
    dims = node.shape(0)
    if dims is None:
        return None
    place = node.axis(len(dims), default_axis)
    return dims[:place] + (1,) * (len(dims) - place)


@shape_rule("LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization")
@shape_rule("LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", domain=MS)
def layer_norm(node: Node) -> Sequence[Value]:
    """The normalised tensor, then mean and inverse deviation over the normalised axes."""
    dtype = node.dtype()
    statistics = Value(node.type_attribute("stash_type", "float32"), _statistics(node))
    scaled = node.dtype(1) if node.op.type == "SimplifiedLayerNormalization" else dtype
    return [node.same(dtype=scaled or dtype), statistics, statistics]


@shape_rule("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain=MS)
def skip_layer_norm(node: Node) -> Sequence[Value]:
    """The normalised sum, its statistics, and the sum itself."""
    statistics = Value("float32", _statistics(node))
    return [node.same(), statistics, statistics, node.same()]


@shape_rule("SkipGroupNorm", domain=MS)
def skip_group_norm(node: Node) -> Sequence[Value]:
    """The normalised sum and the sum itself."""
    return [node.same(), node.same()]


@shape_rule("EmbedLayerNormalization", domain=MS)
def embed_layer_norm(node: Node) -> Sequence[Value]:
    """Token, position and segment embeddings, summed and normalised; a mask length per batch row."""
    ids, table = node.ranked(0, 2) or (None, None), node.ranked(2, 2) or (None, None)
    embedded = Value(node.dtype(2), (*ids, table[1]))
    return [embedded, Value("int32", (ids[0],)), embedded]


@shape_rule("BiasSplitGelu", domain=MS)
def bias_split_gelu(node: Node) -> Sequence[Value]:
    """Half of the last dim gates the other half."""
    dims = node.shape(0)
    if not dims:
        return [node.same()]
    return [Value(node.dtype(), (*dims[:-1], None if dims[-1] is None else dims[-1] // 2))]
