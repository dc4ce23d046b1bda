"""Categories of ATen ops."""

from __future__ import annotations

_TYPES: dict[str, str] = {
    "conv": """
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution _convolution
        conv_tbc mkldnn_convolution cudnn_convolution convolution_overrideable torchvision.deform_conv2d
    """,
    "linear": """
        linear mm bmm matmul mv dot vdot inner outer ger kron addmm addmv baddbmm addbmm addr einsum tensordot
        bilinear linalg_vecdot _int_mm _scaled_mm _weight_int8pack_mm _weight_int4pack_mm
        _weight_int4pack_mm_for_cpu det linalg_det _linalg_det logdet slogdet linalg_slogdet inverse linalg_inv
        linalg_inv_ex cholesky linalg_cholesky linalg_cholesky_ex affine_grid_generator
    """,
    "moe": """
        _grouped_mm grouped_mm grouped_mm_fallback _scaled_grouped_mm moe_experts
    """,
    "attention": """
        scaled_dot_product_attention _scaled_dot_product_attention_math
        _scaled_dot_product_attention_math_for_mps _scaled_dot_product_efficient_attention
        _scaled_dot_product_fused_attention_overrideable _scaled_dot_product_cudnn_attention
        _scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu flex_attention
    """,
    "norm": """
        layer_norm native_layer_norm group_norm native_group_norm instance_norm rms_norm _fused_rms_norm _weight_norm
        _weight_norm_interface
        batch_norm native_batch_norm cudnn_batch_norm _native_batch_norm_legit
        _native_batch_norm_legit_no_training _batch_norm_with_update _batch_norm_no_update
    """,
    "activation": """
        celu elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu log_sigmoid log_sigmoid_forward
        log_softmax _log_softmax mish prelu _prelu_kernel relu relu6 rrelu selu sigmoid silu softmax _softmax
        _safe_softmax softplus softshrink softsign tanh tanhshrink threshold
    """,
    "pool": """
        max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
        avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d
        max_unpool2d max_unpool3d
    """,
    "reshape": """
        alias as_strided atleast_1d atleast_2d atleast_3d broadcast_tensors broadcast_to channel_shuffle clone
        conj contiguous copy detach diagonal expand expand_as flatten lift lift_fresh lift_fresh_copy movedim
        moveaxis permute pixel_shuffle pixel_unshuffle ravel repeat repeat_interleave reshape reshape_as squeeze
        swapaxes swapdims t tile transpose unflatten unfold unsqueeze view view_as view_as_complex view_as_real
        as_strided_copy broadcast_in_dim expand_copy mH matrix_H permute_copy resize select_copy set slice_copy
        squeeze_copy unfold_copy unsqueeze_copy view_copy _reshape_alias _unsafe_view numpy_T mT im2col positive
        real imag meshgrid
    """,
    "slice": """
        argsort argwhere chunk constant_pad_nd diag diag_embed diagonal_scatter as_strided_scatter flip fliplr
        flipud gather hsplit index index_copy index_fill index_put _index_put _unsafe_index _unsafe_index_put
        index_select isin kthvalue masked_scatter masked_select msort narrow nonzero nonzero_static pad put
        reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d
        roll rot90 scatter scatter_add scatter_reduce searchsorted bucketize select select_scatter slice
        slice_scatter sort split split_with_sizes take take_along_dim tensor_split topk tril triu unbind unique
        _unique _unique2 unique_dim unique_consecutive unsafe_chunk unsafe_split unsafe_split_with_sizes vsplit
        index_add index_reduce diagonal_copy nonzero_numpy _scaled_index_add _pad_circular
    """,
    "concat": """
        block_diag cat column_stack concat concatenate cartesian_prod combinations dstack hstack pad_sequence
        row_stack stack vstack
    """,
    "embed": """
        embedding embedding_bag _embedding_bag
    """,
    "reduce": """
        all amax amin aminmax any argmax argmin bincount cdist _cdist_forward count_nonzero cummax cummin
        cumprod cumsum dist frobenius_norm histc linalg_norm linalg_vector_norm logcumsumexp logsumexp max mean
        median min mode nanmean nanmedian nansum norm prod quantile std std_mean sum trace var var_mean
        cosine_similarity pairwise_distance
    """,
    "logic": """
        bitwise_and bitwise_not bitwise_or bitwise_xor eq ge greater greater_equal gt isclose isfinite isinf
        isnan le less less_equal logical_and logical_not logical_or logical_xor lt masked_fill ne not_equal
        where __and__ __or__ __xor__ __lshift__ __rshift__ bitwise_left_shift bitwise_right_shift
    """,
    "cast": """
        to type_as _to_copy convert_element_type device_put
    """,
    "quantize": """
        quantize_per_tensor quantize_per_channel dequantize fake_quantize_per_tensor_affine
        fake_quantize_per_channel_affine
    """,
    "control_flow": """
        cond while_loop scan map_impl associative_scan
    """,
    "rnn": """
        lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell
    """,
    "constant": """
        arange empty empty_like empty_permuted empty_strided eye fill fill_diagonal full full_like iota linspace
        logspace new_empty new_empty_strided new_full new_ones new_zeros one_hot ones ones_like range
        scalar_tensor tril_indices triu_indices zero zeros zeros_like
    """,
    "shape": """
        item _local_scalar_dense
    """,
    "sequence": """
        _pack_padded_sequence _pad_packed_sequence
    """,
    "image": """
        col2im grid_sampler grid_sampler_2d grid_sampler_3d upsample_nearest1d upsample_nearest2d
        upsample_nearest3d _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d
        upsample_linear1d upsample_bilinear2d _upsample_bilinear2d_aa upsample_trilinear3d upsample_bicubic2d
        _upsample_bicubic2d_aa torchvision.nms torchvision.roi_align
    """,
    "signal": """
        stft istft _fft_c2c _fft_r2c _fft_c2r
    """,
    "random": """
        alpha_dropout bernoulli dropout feature_dropout multinomial native_dropout normal normal_functional rand
        random cauchy geometric log_normal rand_like randint randint_like randn randn_like randperm uniform
        exponential
    """,
    "training": """
        cross_entropy_loss nll_loss nll_loss_nd nll_loss2d nll_loss_forward nll_loss2d_forward mse_loss l1_loss
        smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div soft_margin_loss
    """,
    "elementwise": """
        abs absolute acos acosh add addcdiv addcmul asin asinh atan atan2 atanh ceil clamp clamp_max clamp_min
        clip cos cosh deg2rad diff digamma div divide erf erfc erfinv exp exp2 expm1 floor floor_divide fmax fmin
        fmod frac hypot i0 lerp lgamma log log10 log1p log2 logaddexp logit maximum minimum mul multiply
        nan_to_num neg negative polar complex pow rad2deg reciprocal remainder round rsqrt rsub sgn sign signbit
        sin sinc sinh sqrt square sub subtract tan true_divide trunc xlogy heaviside copysign fix ldexp
        logaddexp2 _add_relu unravel_index
    """,
}

_CATEGORY = {op_type: category for category, types in _TYPES.items() for op_type in types.split()}


def aten_category(op_type: str) -> str:
    """Category of an ATen op; ``custom`` for one that is none we know."""
    if op_type.startswith("fft_"):
        return "signal"
    if op_type.startswith("quantized_decomposed."):
        return "quantize"
    return _CATEGORY.get(op_type, "custom")
