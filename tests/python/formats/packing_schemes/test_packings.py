"""Each scheme packed here by its definition, element by element; what comes back are the numbers that went in."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest
from safetensors_files import file_with

from haoline_analysis.errors import ModelError
from haoline_analysis.formats import open_model
from haoline_analysis.formats.packing import StoredTensor, find_packings

RANDOM = np.random.default_rng(7)
F8 = ml_dtypes.float8_e4m3fn
FP4 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]
QLORA = [
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635),
    *(-0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725),
    *(0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941),
    *(0.7229568362236023, 1.0),
]
"""NF4 as the appendix of the QLoRA paper lists it."""


def opened(arrays, config=None, folder=None):
    """The model of a file with a config beside it."""
    if config is None:
        return open_model(file_with(arrays))
    (folder / "model.safetensors").write_bytes(file_with(arrays))
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    return open_model(folder / "model.safetensors")


def only(model):
    """The weight of the only row, whose parts belong to it."""
    (op,) = model.ops
    assert op.type == "Weight"
    assert len(op.inputs) == len(model.tensors)
    parts = [model.tensors[index].weight.packing.part for index in op.inputs]
    assert parts[0] == "weight"
    assert "weight" not in parts[1:]
    return op.name, model.tensors[op.inputs[0]].weight


def assert_rows(weight, expected, tolerance=0.0):
    """All rows at once, and some of them."""
    assert weight.shape == expected.shape
    np.testing.assert_allclose(weight.values(), expected, rtol=tolerance, atol=0)
    first, last = len(expected) // 3, len(expected) // 3 + 2
    np.testing.assert_allclose(weight.values(first, last), expected[first:last], rtol=tolerance, atol=0)
    assert weight.values(1, 1).shape == (0, *expected.shape[1:])


def words(codes, bits):
    """Codes along the last axis as one long number of 32-bit words, lowest first."""
    lines = []
    for line in codes.reshape(-1, codes.shape[-1]):
        number = sum(int(code) << (bits * place) for place, code in enumerate(line))
        count = -(-bits * len(line) // 32)
        lines.append([(number >> (32 * place)) & 0xFFFFFFFF for place in range(count)])
    return np.array(lines, np.uint32).reshape(*codes.shape[:-1], -1)


def gptq(bits, group, outputs=32, inputs=64, stored_less=1, order=None):
    """Tensors and the weight they stand for: (q - z) · s by input group."""
    order = np.arange(inputs) // group if order is None else order
    codes = RANDOM.integers(0, 1 << bits, (outputs, inputs))
    zeros = RANDOM.integers(1, 1 << bits, (inputs // group, outputs))
    scales = RANDOM.uniform(0.01, 0.1, (inputs // group, outputs)).astype(np.float16)
    tensors = {
        "model.q_proj.qweight": words(codes, bits).T.astype(np.int32, casting="unsafe"),
        "model.q_proj.qzeros": words(zeros - stored_less, bits).astype(np.int32, casting="unsafe"),
        "model.q_proj.scales": scales,
        "model.q_proj.g_idx": order.astype(np.int32),
    }
    weight = np.float32(
        [
            [(codes[o, i] - zeros[order[i], o]) * float(scales[order[i], o]) for i in range(inputs)]
            for o in range(outputs)
        ]
    )
    return tensors, weight


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_gptq_of_every_width(bits):
    tensors, expected = gptq(bits, 32)
    name, weight = only(opened(tensors))
    assert name == "model.q_proj.weight"
    assert weight.packing.text == f"GPTQ int{bits}, groups of 32"
    assert_rows(weight, expected, 1e-6)


def test_gptq_follows_the_order_of_activations():
    order = RANDOM.permutation(np.arange(64) // 32)
    tensors, expected = gptq(4, 32, order=order)
    assert_rows(only(opened(tensors))[1], expected, 1e-6)


def test_gptq_without_g_idx_is_told_from_awq_by_its_shapes():
    tensors, expected = gptq(4, 32)
    del tensors["model.q_proj.g_idx"]
    _, weight = only(opened(tensors))
    assert weight.packing.scheme == "GPTQ"
    assert_rows(weight, expected, 1e-6)


def test_version_2_of_gptq_stores_zero_points_as_they_are(tmp_path):
    tensors, expected = gptq(4, 32, stored_less=0)
    config = {
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32, "checkpoint_format": "gptq_v2"}
    }
    assert_rows(only(opened(tensors, config, tmp_path))[1], expected, 1e-6)


def test_awq_packs_along_outputs_in_its_own_order():
    outputs, inputs, group = 16, 64, 32
    codes, zeros = RANDOM.integers(0, 16, (inputs, outputs)), RANDOM.integers(0, 16, (inputs // group, outputs))
    scales = RANDOM.uniform(0.01, 0.1, (inputs // group, outputs)).astype(np.float16)

    def packed(values):
        shuffled = values.reshape(len(values), -1, 8)[:, :, [0, 2, 4, 6, 1, 3, 5, 7]]
        return words(shuffled.reshape(len(values), -1), 4).astype(np.int32, casting="unsafe")

    tensors = {"l.qweight": packed(codes), "l.qzeros": packed(zeros), "l.scales": scales}
    name, weight = only(opened(tensors))
    assert (name, weight.packing.text) == ("l.weight", "AWQ int4, groups of 32")
    group_of = np.arange(inputs) // group
    expected = ((codes - zeros[group_of]) * scales.astype(np.float32)[group_of]).T.astype(np.float32)
    assert_rows(weight, expected, 1e-6)


def nf4(shape=(6, 64), block=64, name="nf4"):
    """Codes two in a byte, the first in the high half, and a maximum for every block."""
    count = shape[0] * shape[1]
    codes = RANDOM.integers(0, 16, count)
    absmax = RANDOM.uniform(0.5, 2, -(-count // block)).astype(np.float32)
    state = {"quant_type": name, "blocksize": block, "dtype": "bfloat16", "shape": list(shape)}
    tensors = {
        "l.weight": (codes[0::2] << 4 | codes[1::2]).astype(np.uint8)[:, None],
        "l.weight.absmax": absmax,
        "l.weight.quant_map": np.float32(QLORA),
        f"l.weight.quant_state.bitsandbytes__{name}": np.frombuffer(json.dumps(state).encode(), np.uint8),
    }
    return tensors, codes, absmax, shape


def test_nf4_takes_its_shape_from_the_state_and_its_numbers_from_the_table():
    tensors, codes, absmax, shape = nf4()
    name, weight = only(opened(tensors))
    assert (name, weight.packing.text) == ("l.weight", "bitsandbytes NF4, blocks of 64")
    expected = (np.float32(QLORA)[codes] * np.repeat(absmax, 64)).reshape(shape)
    assert_rows(weight, expected.astype(np.float32))


def test_rows_of_nf4_may_begin_in_the_middle_of_a_byte_or_a_block():
    tensors, codes, absmax, shape = nf4((8, 33), 64)
    _, weight = only(opened(tensors))
    expected = np.float32(QLORA)[codes] * np.repeat(absmax, 64)[: len(codes)]
    np.testing.assert_array_equal(weight.values(3, 5), expected.reshape(shape)[3:5])


def test_maxima_that_are_quantized_themselves():
    tensors, codes, _, shape = nf4((64, 64))
    table = np.linspace(-1, 1, 256).astype(np.float32)
    small, outer = RANDOM.integers(0, 256, 64).astype(np.uint8), np.float32([0.7])
    state = {"quant_type": "nf4", "blocksize": 64, "shape": list(shape), "nested_blocksize": 256, "nested_offset": 0.25}
    tensors.update(
        {
            "l.weight.absmax": small,
            "l.weight.nested_absmax": outer,
            "l.weight.nested_quant_map": table,
            "l.weight.quant_state.bitsandbytes__nf4": np.frombuffer(json.dumps(state).encode(), np.uint8),
        }
    )
    _, weight = only(opened(tensors))
    scales = table[small] * outer[0] + np.float32(0.25)
    expected = (np.float32(QLORA)[codes] * np.repeat(scales, 64)).reshape(shape).astype(np.float32)
    assert_rows(weight, expected, 1e-6)


@pytest.mark.parametrize(
    "state",
    [b"", b"{", b"[1]", b'{"shape": [3, 3]}', b'{"shape": "x"}', b'{"shape": [-6, -64]}', b"\xff\xfe", b"[" * 9000],
)
def test_a_state_that_says_nothing_leaves_a_flat_shape(state):
    tensors, *_ = nf4()
    tensors["l.weight.quant_state.bitsandbytes__nf4"] = np.frombuffer(state, np.uint8)
    _, weight = only(opened(tensors))
    assert weight.shape == (6 * 64,)


def test_int8_of_bitsandbytes():
    codes, largest = RANDOM.integers(-127, 128, (6, 10)).astype(np.int8), RANDOM.uniform(1, 2, 6).astype(np.float32)
    tensors = {"l.weight": codes, "l.SCB": largest, "l.weight_format": np.array(0, np.uint8)}
    _, weight = only(opened(tensors))
    assert_rows(weight, (codes * largest[:, None] / 127).astype(np.float32), 1e-6)


def test_fp8_in_blocks_of_128_and_what_is_left_at_the_edges():
    values, scales = RANDOM.normal(size=(200, 300)).astype(F8), RANDOM.uniform(0.1, 1, (2, 3)).astype(np.float32)
    _, weight = only(opened({"l.weight": values, "l.weight_scale_inv": scales}))
    assert (weight.packing.scheme, weight.packing.text) == ("FP8 block", "FP8, blocks of 128×128")
    expected = np.float32([[float(values[r, c]) * scales[r // 128, c // 128] for c in range(300)] for r in range(200)])
    assert_rows(weight, expected, 1e-6)


@pytest.mark.parametrize(
    ("shape", "said"), [((), "per tensor"), ((1,), "per tensor"), ((6, 1), "per row"), ((6,), "per row")]
)
def test_fp8_with_one_scale_for_a_tensor_or_a_row(shape, said):
    values, scales = RANDOM.normal(size=(6, 8)).astype(F8), RANDOM.uniform(0.1, 1, shape).astype(np.float32)
    tensors = {"l.weight": values, "l.weight_scale": scales, "l.input_scale": np.float32(0.5)}
    _, weight = only(opened(tensors))
    assert weight.packing.text == f"FP8, one scale {said}"
    assert_rows(weight, values.astype(np.float32) * np.reshape(scales, (-1, 1)), 1e-6)


def test_fp8_experts_in_one_tensor():
    values, scales = RANDOM.normal(size=(4, 6, 8)).astype(F8), RANDOM.uniform(0.1, 1, (4, 6, 1)).astype(np.float32)
    _, weight = only(opened({"experts.down_proj": values, "experts.down_proj_scale": scales}))
    assert_rows(weight, values.astype(np.float32) * scales, 1e-6)


def nibbles(codes):
    """Codes two in a byte, the first in the low half."""
    return (codes[..., 0::2] | codes[..., 1::2] << 4).astype(np.uint8)


@pytest.mark.parametrize("writer", ["modelopt", "compressed-tensors"])
def test_nvfp4_of_both_writers(writer):
    codes, scales = RANDOM.integers(0, 16, (6, 32)), RANDOM.uniform(1, 100, (6, 2)).astype(F8)
    overall = np.float32(0.125)
    if writer == "modelopt":
        tensors = {
            "l.weight": nibbles(codes),
            "l.weight_scale": scales,
            "l.weight_scale_2": overall,
            "l.input_scale": np.float32(1),
        }
    else:
        tensors = {"l.weight_packed": nibbles(codes), "l.weight_scale": scales, "l.weight_global_scale": 1 / overall}
    name, weight = only(opened(tensors))
    assert (name, weight.packing.scheme, weight.packing.dtype) == ("l.weight", "NVFP4", "float4_e2m1")
    expected = np.float32(FP4)[codes] * np.repeat(scales.astype(np.float32), 16, axis=1) * overall
    assert_rows(weight, expected, 1e-6)


def test_mxfp4_of_gpt_oss_is_the_transposed_parameter():
    codes, exponents = RANDOM.integers(0, 16, (3, 4, 2, 32)), RANDOM.integers(120, 134, (3, 4, 2)).astype(np.uint8)
    stem = "model.layers.0.mlp.experts.gate_up_proj"
    name, weight = only(opened({f"{stem}_blocks": nibbles(codes), f"{stem}_scales": exponents}))
    assert (name, weight.packing.text, weight.packing.bits) == (stem, "MXFP4, groups of 32", 4.25)
    values = np.float32(FP4)[codes] * np.exp2(exponents.astype(np.float32) - 127)[..., None]
    assert_rows(weight, values.reshape(3, 4, 64).transpose(0, 2, 1).astype(np.float32))


def test_an_exponent_of_255_is_no_number():
    codes, exponents = np.ones((1, 2, 1, 32), int), np.uint8([[[255], [0]]])
    _, weight = only(opened({"w_blocks": nibbles(codes), "w_scales": exponents}))
    values = weight.values()[0]
    assert np.isnan(values[:, 0]).all()
    np.testing.assert_array_equal(values[:, 1], np.full(32, 2.0**-128, np.float32))


def test_six_bit_floats():
    codes, exponents = RANDOM.integers(0, 64, (4, 64)), RANDOM.integers(125, 130, (4, 2)).astype(np.uint8)
    packed = words(codes, 6).view(np.uint8)[:, :48]
    _, weight = only(opened({"l.weight_packed": packed, "l.weight_scale": exponents}))
    assert weight.packing.scheme == "MXFP6"
    values = codes.astype(np.uint8).view(ml_dtypes.float6_e2m3fn).astype(np.float32)
    assert_rows(weight, values * np.repeat(np.exp2(exponents.astype(np.float32) - 127), 32, axis=1))


@pytest.mark.parametrize("bits", [3, 4, 8])
@pytest.mark.parametrize("has_zeros", [False, True])
def test_compressed_tensors_integers(bits, has_zeros):
    rows, inputs, half = 32, 64, 1 << (bits - 1)
    codes, zeros = RANDOM.integers(-half, half, (rows, inputs)), RANDOM.integers(-half, half, (rows, 2))
    scales = RANDOM.uniform(0.1, 1, (rows, 2)).astype(np.float16)
    tensors = {
        "l.weight_packed": words(codes + half, bits).astype(np.int32, casting="unsafe"),
        "l.weight_scale": scales,
        "l.weight_shape": np.int64([rows, inputs]),
    }
    if has_zeros:
        tensors["l.weight_zero_point"] = words((zeros + half).T, bits).T.astype(np.int32, casting="unsafe")
    _, weight = only(opened(tensors))
    assert weight.packing.text == f"compressed-tensors int{bits}, groups of 32"
    shifted = codes - np.repeat(zeros, 32, axis=1) * has_zeros
    assert_rows(weight, (shifted * np.repeat(scales.astype(np.float32), 32, axis=1)).astype(np.float32), 1e-6)


@pytest.mark.parametrize(("bits", "group"), [(2, 64), (3, 64), (4, 64), (5, 64), (6, 64), (8, 64), (4, 32), (8, 128)])
def test_mlx_of_every_width(bits, group, tmp_path):
    codes = RANDOM.integers(0, 1 << bits, (6, 128))
    scales, biases = (RANDOM.uniform(-1, 1, (6, 128 // group)).astype(np.float16) for _ in range(2))
    tensors = {"l.weight": words(codes, bits), "l.scales": scales, "l.biases": biases}
    config = (
        None
        if group == 64
        else {"quantization": {"group_size": 64, "bits": 4, "l": {"group_size": group, "bits": bits}}}
    )
    _, weight = only(opened(tensors, config, tmp_path))
    assert weight.packing.text == f"MLX int{bits}, groups of {group}"
    wide = [np.repeat(part.astype(np.float32), group, axis=1) for part in (scales, biases)]
    np.testing.assert_allclose(weight.values(), codes * wide[0] + wide[1], rtol=1e-5, atol=1e-6)


def test_mlx_with_floats_in_blocks(tmp_path):
    codes, exponents = RANDOM.integers(0, 16, (6, 64)), RANDOM.integers(120, 134, (6, 2)).astype(np.uint8)
    tensors = {"l.weight": words(codes, 4), "l.scales": exponents}
    _, weight = only(opened(tensors, {"quantization": {"group_size": 32, "bits": 4, "mode": "mxfp4"}}, tmp_path))
    expected = np.float32(FP4)[codes] * np.repeat(np.exp2(exponents.astype(np.float32) - 127), 32, axis=1)
    assert_rows(weight, expected)


def stored(**tensors):
    """Stored tensors by name, as a large layer has them: dtype and shape."""
    widths = {"int32": 4, "uint32": 4, "float16": 2, "bfloat16": 2, "float32": 4}
    made = {}
    for name, (dtype, *shape) in tensors.items():
        label = name.replace("__", ".")
        made[label] = StoredTensor(label, dtype, tuple(shape), widths.get(dtype, 1) * int(np.prod(shape)))
    return made


IN, OUT = 4096, 14336
LAYERS = {
    "GPTQ": (
        stored(
            l__qweight=("int32", IN // 8, OUT),
            l__qzeros=("int32", IN // 128, OUT // 8),
            l__scales=("float16", IN // 128, OUT),
        ),
        4.156,
    ),
    "AWQ (gemm)": (
        stored(
            l__qweight=("int32", IN, OUT // 8),
            l__qzeros=("int32", IN // 128, OUT // 8),
            l__scales=("float16", IN // 128, OUT),
        ),
        4.156,
    ),
    "FP8 block (DeepSeek/Qwen)": (
        stored(l__weight=("float8_e4m3fn", OUT, IN), l__weight_scale_inv=("float32", OUT // 128, IN // 128)),
        8.002,
    ),
    "NVFP4 modelopt": (
        stored(
            l__weight=("uint8", OUT, IN // 2),
            l__weight_scale=("float8_e4m3fn", OUT, IN // 16),
            l__weight_scale_2=("float32", 1),
        ),
        4.5,
    ),
    "NVFP4 compressed-tensors": (
        stored(
            l__weight_packed=("uint8", OUT, IN // 2),
            l__weight_scale=("float8_e4m3fn", OUT, IN // 16),
            l__weight_global_scale=("float32", 1),
        ),
        4.5,
    ),
    "INT4 compressed-tensors (pack-quantized; e.g. Kimi-K2.5)": (
        stored(l__weight_packed=("int32", OUT, IN // 8), l__weight_scale=("bfloat16", OUT, IN // 32)),
        4.5,
    ),
    "MXFP4 (gpt-oss)": (stored(l_blocks=("uint8", 8, OUT, IN // 32, 16), l_scales=("uint8", 8, OUT, IN // 32)), 4.25),
    "MLX": (
        stored(
            l__weight=("uint32", OUT, IN // 8),
            l__scales=("bfloat16", OUT, IN // 64),
            l__biases=("bfloat16", OUT, IN // 64),
        ),
        4.5,
    ),
}


@pytest.mark.parametrize("scheme", LAYERS)
def test_bits_per_weight_are_those_that_are_documented(scheme, material):
    rules = json.loads((material / "llm" / "quant_detect.json").read_text())["rules"]
    documented = next(
        value
        for rule in rules
        if rule["scheme"] == scheme
        for key, value in rule.items()
        if key.startswith("bits") and isinstance(value, float)
    )
    tensors, bits = LAYERS[scheme]
    (found,) = find_packings(tensors)
    assert documented == bits
    assert found.packing.bits == pytest.approx(bits, abs=5e-4)
    assert found.packing.scheme.split()[0] in scheme or "INT4" in scheme


def test_tensors_that_do_not_fit_together_are_one_clear_error():
    tensors, _ = gptq(4, 32)
    tensors["model.q_proj.g_idx"] = np.full(64, 99, np.int32)
    _, weight = only(opened(tensors))
    with pytest.raises(ModelError, match="do not fit together"):
        weight.values()


def test_schemes_without_numbers_say_so():
    tensors = {
        "l.trellis": np.zeros((4, 2, 48), np.uint8),
        "l.suh": np.zeros(64, np.float16),
        "l.svh": np.zeros(32, np.float16),
    }
    name, weight = only(opened(tensors))
    assert (name, weight.shape, weight.packing.text) == ("l.weight", (32, 64), "EXL3, 3 bits")
    with pytest.raises(ModelError, match="EXL3 weights cannot be dequantized"):
        weight.values()


def test_whole_numbers_and_scales_that_belong_to_nothing_stay_what_they_are():
    tensors = {
        "table": np.arange(4, dtype=np.int32),
        "l.scales": np.ones((2, 2), np.float16),
        "l.weight": np.ones((2, 2), np.float16),
    }
    model = opened(tensors)
    assert [(op.name, op.type) for op in model.ops] == [
        ("table", "Buffer"),
        ("l.scales", "Weight"),
        ("l.weight", "Weight"),
    ]


def test_a_config_that_promises_a_scheme_no_tensor_shows_is_a_gap(tmp_path):
    model = opened(
        {"l.weight": np.ones((2, 2), np.float16)}, {"quantization_config": {"quant_method": "vptq"}}, tmp_path
    )
    assert "vptq" in model.gaps[0].what
