"""Tensors that look like packed weights and are not: found or left alone, read or refused, never a crash."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors_files import file_with

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.packing import StoredTensor, find_packings
from haoline_analysis.formats.packing.stated import stated

SUFFIXES = [
    *(".qweight", ".qzeros", ".scales", ".g_idx", ".biases", ".weight", ".SCB", ".codes", ".codebooks", ".trellis"),
    *(".weight.absmax", ".weight.quant_map", ".weight.nested_absmax", ".weight.nested_quant_map"),
    *(
        ".weight.quant_state.bitsandbytes__nf4",
        ".weight_scale",
        ".weight_scale_inv",
        ".weight_scale_2",
        ".weight_packed",
    ),
    *(
        ".weight_global_scale",
        ".weight_shape",
        ".weight_zero_point",
        ".weight_blocks",
        ".weight_scales",
        ".input_scale",
    ),
    *(".q_weight", ".q_invperm", "_blocks", "_scales"),
]
KINDS = ["int32", "uint32", "uint8", "int8", "float16", "float32", "bfloat16", "float8_e4m3fn", "int64", "float8_e8m0"]
SIZES = st.integers(0, 70) | st.sampled_from([1, 16, 32, 64, 128])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.sampled_from(["gptq", "awq", "mlx", "mxfp4", "gptq_v2", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bits", "group_size", "quant_method", "config_groups", "weights", "mode", "a"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(SUFFIXES),
        st.tuples(st.sampled_from(KINDS), st.lists(SIZES | st.sampled_from([2**40, 2**62]), max_size=4)),
        max_size=7,
    ),
    JSON,
)
def test_any_names_types_and_shapes(tensors, config):
    given_ = {
        f"l{suffix}": StoredTensor(f"l{suffix}", kind, tuple(shape), 64) for suffix, (kind, shape) in tensors.items()
    }
    found = find_packings(given_, {"quantization_config": config, "quantization": config})
    members = [name for weight in found for name in (weight.carrier, *weight.parts.values())]
    assert len(members) == len(set(members))
    assert set(members) <= set(given_)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(SUFFIXES),
        st.tuples(
            st.sampled_from(["int32", "uint32", "uint8", "int8", "float16", "float32", "int64"]),
            st.lists(SIZES, max_size=3),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 2**32 - 1),
)
def test_values_are_given_or_refused(tensors, seed):
    random = np.random.default_rng(seed)
    arrays = {
        f"l{suffix}": np.frombuffer(random.bytes(int(np.prod(shape)) * np.dtype(kind).itemsize), kind).reshape(shape)
        for suffix, (kind, shape) in tensors.items()
        if np.prod(shape) < 40_000
    }
    for tensor in open_model(file_with(arrays)).tensors if arrays else ():
        try:
            values = tensor.weight.values()
        except ModelError:
            continue
        assert values.size == tensor.weight.elements
        assert values.dtype == np.float32


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["quantization_config", "quantization", "text_config"]), JSON), JSON)
def test_any_config_is_read(config, beside):
    files = {
        "hf_quant_config.json": {"quantization": beside},
        "quantize_config.json": beside if isinstance(beside, dict) else {},
    }
    told = stated(config, files)
    assert isinstance(told.method, str)
    assert told.bits is None or 0 < told.bits < 1 << 20
