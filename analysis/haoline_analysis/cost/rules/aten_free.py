"""PyTorch ops that compute nothing: moving, selecting, casting, padding and creating data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from haoline_analysis.cost.aten import CASTS, VIEWS, WRITE_BACK
from haoline_analysis.cost.registry import Cost, cost_rule

if TYPE_CHECKING:
    from haoline_analysis.shapes.value import Signature

_MOVING = """
    alpha_dropout argwhere atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors bernoulli cat channel_shuffle
    column_stack complex concat concatenate constant_pad_nd copy count diag diag_embed diagonal_copy dropout dstack
    embedding empty empty_like empty_permuted empty_strided eye feature_dropout fill fill_diagonal flip fliplr flipud
    full full_like gather hstack im2col index index_copy index_fill index_select isin item lift_fresh_copy linspace
    logspace masked_scatter masked_select meshgrid multinomial native_dropout new_empty new_empty_strided new_full
    new_ones new_zeros nonzero nonzero_numpy nonzero_static normal normal_functional one_hot ones ones_like pad
    pad_sequence pixel_shuffle pixel_unshuffle rand rand_like randint randint_like randn randn_like random randperm
    _pack_padded_sequence _pad_packed_sequence arange range reflection_pad1d reflection_pad2d reflection_pad3d repeat
    repeat_interleave replication_pad1d replication_pad2d replication_pad3d roll rot90 row_stack scalar_tensor scatter
    squeeze_copy stack take take_along_dim tile tril tril_indices triu triu_indices uniform unsqueeze_copy vstack
    zero zeros zeros_like max_unpool2d max_unpool3d view_copy expand_copy permute_copy slice_copy select_copy
    _unsafe_index _local_scalar_dense resize set cartesian_prod combinations unravel_index
    _convert_indices_from_csr_to_coo _to_cpu exponential cauchy geometric log_normal unfold_copy as_strided_copy
    _pad_circular pad_enum lengths_to_offsets sym_size promote_types
    convert_element_type broadcast_in_dim iota device_put
"""


@cost_rule(*_MOVING.split(), domain="aten")
@cost_rule(*VIEWS, *(CASTS - VIEWS), *WRITE_BACK, domain="aten")
def free(_: Signature) -> Cost:
    """No operation."""
    return Cost(0, 0)
