"""Which rule an op follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.runtime.statistics.axes import layers, moves
from haoline_analysis.runtime.statistics.axes.facts import KEEPS

if TYPE_CHECKING:
    from haoline_analysis.model import Op
    from haoline_analysis.runtime.statistics.axes.marks import Rule

_BY_CATEGORY: dict[str, Rule] = {
    **dict.fromkeys(KEEPS, layers.elementwise),
    "attention": layers.attention,
    "concat": moves.concat,
    "conv": layers.convolution,
    "embed": layers.embedded,
    "kv_cache": layers.first_kept,
    "linear": layers.linear,
    "moe": layers.embedded,
    "norm": layers.layer_norm,
    "pool": layers.convolution,
    "position": layers.first_kept,
    "reduce": moves.reduce,
    "residual": layers.elementwise,
    "rnn": layers.recurrent,
    "slice": layers.first_kept,
}

_PRODUCTS = "FusedMatMul MatMul MatMulInteger MatMulIntegerToFloat QLinearMatMul TransposeMatMul"

_BY_TYPE: dict[str, Rule] = {
    "BatchNormalization": layers.batch_norm,
    "InstanceNormalization": layers.batch_norm,
    "GroupNormalization": layers.group_norm,
    "GroupNorm": layers.group_norm,
    "SkipGroupNorm": layers.group_norm,
    "LRN": layers.batch_norm,
    "LpNormalization": layers.first_kept,
    "MeanVarianceNormalization": layers.first_kept,
    "Einsum": layers.einsum,
    **dict.fromkeys(_PRODUCTS.split(), layers.product),
    "Transpose": moves.transpose,
    "Reshape": moves.reshape,
    "Flatten": moves.reshape,
    "Squeeze": moves.squeeze,
    "Unsqueeze": moves.unsqueeze,
    "Expand": moves.expand,
    "Tile": layers.first_kept,
    "Identity": layers.first_kept,
    "DepthToSpace": moves.blocks,
    "SpaceToDepth": moves.blocks,
    "Gather": moves.gather,
    "GatherElements": moves.choose,
    "TopK": moves.choose,
    "CumSum": layers.first_kept,
    "CumProd": layers.first_kept,
    **dict.fromkeys(["Col2Im", "RoiAlign", "MaxRoiPool", "CropAndResize"], layers.convolution),
    **dict.fromkeys(["GridSample", "Resize", "Upsample"], layers.first_kept),
}

_LOSE = frozenset(["AffineGrid", "Compress", "Det", "GatherND", "Inverse", "NonZero", "Unique", "UnfoldTensor"])


def rule_of(op: Op, category: str) -> Rule | None:
    """The rule of an op; None where it has bodies or nothing can be said."""
    if op.bodies or op.type in _LOSE:
        return None
    return _BY_TYPE.get(op.type) or _BY_CATEGORY.get(category)
