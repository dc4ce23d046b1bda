"""PyTorch ops that compute nothing: moving, selecting, casting, padding and creating data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.aten import CASTS, VIEWS, WRITE_BACK
from haoline_analysis.cost.registry import Cost, cost_rule

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

_MOVING = """
    _local_scalar_dense _pack_padded_sequence _pad_circular _pad_packed_sequence _unsafe_index alpha_dropout arange
    argwhere as_strided_copy atleast_1d atleast_2d atleast_3d bernoulli block_diag broadcast_in_dim
    broadcast_tensors cartesian_prod cat cauchy channel_shuffle column_stack combinations complex concat concatenate
    constant_pad_nd convert_element_type copy device_put diag diag_embed diagonal_copy dropout dstack embedding
    empty empty_like empty_permuted empty_strided expand_copy exponential eye feature_dropout fill fill_diagonal
    flip fliplr flipud full full_like gather geometric hstack im2col index index_copy index_fill index_select iota
    isin item lift_fresh_copy linspace log_normal logspace masked_scatter masked_select max_unpool2d max_unpool3d
    meshgrid multinomial native_dropout new_empty new_empty_strided new_full new_ones new_zeros nonzero
    nonzero_numpy nonzero_static normal normal_functional one_hot ones ones_like pad pad_sequence permute_copy
    pixel_shuffle pixel_unshuffle rand rand_like randint randint_like randn randn_like random randperm range
    reflection_pad1d reflection_pad2d reflection_pad3d repeat repeat_interleave replication_pad1d replication_pad2d
    replication_pad3d resize roll rot90 row_stack scalar_tensor scatter select_copy set slice_copy squeeze_copy
    stack take take_along_dim tile tril tril_indices triu triu_indices unfold_copy uniform unravel_index
    unsqueeze_copy view_copy vstack zero zeros zeros_like
"""


@cost_rule(*_MOVING.split(), domain="aten")
@cost_rule(*VIEWS, *(CASTS - VIEWS), *WRITE_BACK, domain="aten")
def free(_: Signature) -> Cost:
    """No operation."""
    return Cost(0, 0)
