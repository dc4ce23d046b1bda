"""MACs of contractions against counts derived by hand, the derivation beside each."""

from __future__ import annotations

import pytest
from cost_models import MS, count, ints, one_op, proto, tensor, weight
from onnx import TensorProto, helper

INT8, UINT8, INT32 = TensorProto.INT8, TensorProto.UINT8, TensorProto.INT32


@pytest.mark.parametrize(
    ("x", "w", "attributes", "macs"),
    [
        # batch 4, 8 -> 16 channels, 3x3, 10x10 -> 8x8: 4*16*64 results of 8*9 products
        ([4, 8, 10, 10], [16, 8, 3, 3], {}, 4 * 16 * 64 * 72),
        # the same padded to keep 10x10: padding is counted
        ([4, 8, 10, 10], [16, 8, 3, 3], {"pads": [1, 1, 1, 1]}, 4 * 16 * 100 * 72),
        # 1-D, stride 2, dilation 2 (receptive field 5): (20-5)//2+1 = 8 places of 4*3 products
        ([2, 4, 20], [6, 4, 3], {"strides": [2], "dilations": [2]}, 2 * 6 * 8 * 12),
        # 3-D: 6x6x6 -> 4x4x4 places of 2*27 products
        ([1, 2, 6, 6, 6], [5, 2, 3, 3, 3], {}, 5 * 64 * 54),
        # depthwise, multiplier 2: each of 12 results sees one channel
        ([1, 6, 8, 8], [12, 1, 3, 3], {"group": 6}, 12 * 36 * 9),
        # 4 groups of 2 channels
        ([1, 8, 8, 8], [12, 2, 3, 3], {"group": 4}, 12 * 36 * 18),
    ],
)
def test_convolutions(x, w, attributes, macs):
    counted = one_op("Conv", {"x": x}, {"w": w}, **attributes)
    assert counted.macs == macs
    assert counted.flops == 2 * macs


def test_convolution_bias_is_flops_not_macs():
    counted = one_op("Conv", {"x": [2, 3, 5, 5]}, {"w": [4, 3, 1, 1], "b": [4]})
    assert counted.macs == 2 * 4 * 25 * 3
    assert counted.flops == 2 * counted.macs + 2 * 4 * 25
    assert counted.parameters == 4 * 3 + 4


@pytest.mark.parametrize(
    ("x", "w", "attributes", "macs"),
    [
        # every one of 2*6*7*7 inputs meets 4 results x 3x3
        ([2, 6, 7, 7], [6, 4, 3, 3], {"strides": [2, 2]}, 2 * 6 * 49 * 36),
        # 3 groups: an input meets only the 2 results of its group
        ([1, 6, 7, 7], [6, 2, 3, 3], {"group": 3}, 6 * 49 * 18),
        # 1-D
        ([1, 6, 9], [6, 5, 4], {}, 6 * 9 * 20),
    ],
)
def test_transposed_convolutions_are_driven_by_the_input(x, w, attributes, macs):
    assert one_op("ConvTranspose", {"x": x}, {"w": w}, **attributes).macs == macs


@pytest.mark.parametrize(
    ("a", "b", "macs"),
    [
        ([5, 7], [7, 3], 5 * 7 * 3),
        ([7], [7, 3], 7 * 3),
        ([5, 7], [7], 5 * 7),
        ([7], [7], 7),
        ([2, 1, 5, 7], [4, 7, 3], 2 * 4 * 5 * 7 * 3),
        ([6, 5, 7], [7, 3], 6 * 5 * 7 * 3),
        ([7], [4, 7, 3], 4 * 7 * 3),
    ],
)
def test_matmul_broadcasts_as_numpy(a, b, macs):
    counted = one_op("MatMul", {"a": a, "b": b})
    assert (counted.macs, counted.flops) == (macs, 2 * macs)


@pytest.mark.parametrize(
    ("a", "b", "attributes"),
    [
        ([5, 7], [7, 3], {}),
        ([7, 5], [7, 3], {"transA": 1}),
        ([5, 7], [3, 7], {"transB": 1}),
        ([7, 5], [3, 7], {"transA": 1, "transB": 1}),
    ],
)
def test_gemm_transposes(a, b, attributes):
    plain = one_op("Gemm", {"a": a}, {"b": b}, **attributes)
    assert (plain.macs, plain.flops) == (105, 210)
    # alpha scales and the bias adds each of 15 results, beta scales the 3 elements of the bias
    full = one_op("Gemm", {"a": a}, {"b": b, "c": [3]}, alpha=0.5, beta=2.0, **attributes)
    assert (full.macs, full.flops) == (105, 210 + 15 + 15 + 3)


def test_quantized_products():
    scale, zero = {"s": []}, {"z": ([], INT8)}
    # 2*8*16 results (4x4 places) of 3*9 products; requantization is 3 a result
    weights = {**scale, **zero, "w": ([8, 3, 3, 3], INT8)}
    node = helper.make_node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z"], ["y"])
    stored = [weight(n, *(v if isinstance(v, tuple) else (v, TensorProto.FLOAT))) for n, v in weights.items()]
    conv = count(proto([node], [tensor("x", [2, 3, 6, 6], INT8)], stored))
    assert (conv.macs, conv.flops) == (256 * 27, 2 * 256 * 27 + 3 * 256)
    assert conv.parameters == 216  # not the scale, not the zero point
    assert conv.weight_bytes == 216 + 4 + 1
    assert one_op("MatMulInteger", {"a": ([5, 7], UINT8)}, {"b": ([7, 3], UINT8)}).macs == 105


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("ij,jk->ik", [[5, 7], [7, 3]], 105),
        ("bhid,bhjd->bhij", [[2, 3, 4, 8], [2, 3, 5, 8]], 2 * 3 * 4 * 5 * 8),
        ("...ij,...jk->...ik", [[2, 5, 7], [2, 7, 3]], 210),
        ("ij,jk", [[5, 7], [7, 3]], 105),  # implicit result ik
        ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 5]], 2 * 3 * 4 + 2 * 4 * 5),  # left to right
        ("i,j->ij", [[5], [7]], 0),  # an outer product sums nothing
        ("ii->i", [[5, 5]], 0),
    ],
)
def test_einsum(equation, shapes, macs):
    inputs = {f"x{index}": shape for index, shape in enumerate(shapes)}
    assert one_op("Einsum", inputs, equation=equation).macs == macs


@pytest.mark.parametrize(("kind", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers(kind, gates, directions):
    direction = "bidirectional" if directions == 2 else "forward"
    weights = {"w": [directions, gates * 6, 5], "r": [directions, gates * 6, 6], "b": [directions, 2 * gates * 6]}
    counted = one_op(kind, {"x": [7, 3, 5]}, weights, hidden_size=6, direction=direction)
    # 7 steps, batch 3: gates * 6 rows against 5 inputs and 6 hidden units
    assert counted.macs == directions * 7 * 3 * gates * 6 * (5 + 6)
    assert counted.parameters == directions * gates * 6 * (5 + 6 + 2)


def test_opset_23_attention_counts_past_keys_and_grouped_heads():
    inputs = {"q": [2, 8, 5, 16], "k": [2, 2, 5, 16], "v": [2, 2, 5, 12]}
    # 8 heads, 5 queries, 5 keys: scores over 16, values of 12
    assert one_op("Attention", inputs, opset=23).macs == 2 * 8 * 5 * 5 * (16 + 12)
    past = {
        "q": [1, 4, 3, 8],
        "k": [1, 4, 3, 8],
        "v": [1, 4, 3, 8],
        "m": [3, 13],
        "pk": [1, 4, 10, 8],
        "pv": [1, 4, 10, 8],
    }
    assert one_op("Attention", past, outputs=3, opset=23).macs == 4 * 3 * 13 * 16
    packed = {"q": [2, 5, 128], "k": [2, 7, 32], "v": [2, 7, 32]}
    assert one_op("Attention", packed, opset=23, q_num_heads=8, kv_num_heads=2).macs == 2 * 8 * 5 * 7 * 32


def test_a_causal_mask_does_not_halve_attention():
    inputs = {"q": [1, 2, 6, 4], "k": [1, 2, 6, 4], "v": [1, 2, 6, 4]}
    assert one_op("Attention", inputs, opset=23, is_causal=1).macs == one_op("Attention", inputs, opset=23).macs


def test_contrib_attention():
    # projection 2*6 rows of 8 x 24, then 2 heads of 4 over 6 x 6
    merged = one_op("Attention", {"x": [2, 6, 8]}, {"w": [8, 24], "b": [24]}, domain=MS, num_heads=2)
    assert merged.macs == 12 * 8 * 24 + 2 * 2 * 36 * 8
    cross = {"q": [2, 3, 8], "k": [2, 5, 8], "v": [2, 5, 8]}
    assert one_op("MultiHeadAttention", cross, domain=MS, num_heads=2).macs == 2 * 2 * 3 * 5 * 8
    nodes = [helper.make_node("GroupQueryAttention", ["q", "", "", "pk", "pv", "l", "t"], ["y", "k1", "v1"], domain=MS,
                              num_heads=4, kv_num_heads=2)]  # fmt: skip
    inputs = [tensor("q", [1, 2, (4 + 2 * 2) * 8]), tensor("pk", [1, 2, 10, 8]), tensor("pv", [1, 2, 10, 8])]
    inputs += [tensor("l", [1], INT32), tensor("t", [], INT32)]
    # packed QKV of head size 8; 2 new positions after 10: 4 heads x 2 x 12 x (8 + 8)
    assert count(proto(nodes, inputs, outputs=["y", "k1", "v1"])).macs == 4 * 2 * 12 * 16


def test_n_bit_weights_count_logically():
    weights = {"b": ([16, 2, 16], UINT8), "s": [32]}
    counted = one_op("MatMulNBits", {"x": [3, 64]}, weights, domain=MS, K=64, N=16, bits=4, block_size=32)
    assert counted.macs == 3 * 64 * 16
    assert counted.parameters == 64 * 16
    assert counted.weight_bytes == 64 * 16 // 2 + 32 * 4
    assert counted.column("weight_precision") == ["int4"]
    assert counted.column("precision") == ["fp32"]


def test_a_mixture_of_experts_counts_the_active_ones():
    weights = {"w1": [8, 12, 6], "n": None, "w2": [8, 6, 12]}
    counted = one_op("MoE", {"x": [5, 6], "r": [5, 8]}, weights, domain=MS, k=2, activation_type="relu")
    assert counted.macs == 5 * 2 * (12 * 6 + 6 * 12)
    assert counted.column("macs_all_experts") == [counted.macs * 8 // 2]


def test_a_mixture_of_experts_of_the_older_layout_counts_the_same():
    weights = {"w1": [8, 6, 12], "n": None, "w2": [8, 12, 6]}
    counted = one_op("MoE", {"x": [5, 6], "r": [5, 8]}, weights, domain=MS, k=2, activation_type="relu")
    assert counted.macs == 5 * 2 * (12 * 6 + 6 * 12)


def test_an_unknown_size_is_missing_and_a_gap():
    nodes = [helper.make_node("NonZero", ["c"], ["i"]), helper.make_node("Transpose", ["i"], ["t"]),
             helper.make_node("Cast", ["t"], ["f"], to=1), helper.make_node("MatMul", ["f", "w"], ["y"])]  # fmt: skip
    counted = count(proto(nodes, [tensor("c", [4, 4])], [weight("w", [2, 3])]))
    assert str(counted.column("macs")[-1]) == "<NA>"
    assert [gap.what for gap in counted.costs.gaps] == ["the cost of MatMul needs sizes that are not known"]
    assert [gap.ops for gap in counted.costs.gaps] == [(3,)]
    assert counted.live.unknown


def test_an_op_without_a_rule_is_a_gap_not_a_zero():
    counted = count(proto([helper.make_node("Strange", ["x"], ["y"], domain="mine")], [tensor("x", [2, 2])]))
    assert str(counted.column("flops")[0]) == "<NA>"
    assert [(gap.what, gap.ops) for gap in counted.costs.gaps] == [("there is no cost rule for mine::Strange", (0,))]


def test_weights_in_branches_and_loops():
    matmul = helper.make_node("MatMul", ["x", "a"], ["t"])
    cheap = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["t"])], "then", [], [tensor("t", None)], [])
    dear = helper.make_graph(
        [matmul, helper.make_node("MatMul", ["t", "w"], ["e"])], "else", [], [tensor("e", None)], [weight("a", [8, 8])]
    )
    node = helper.make_node("If", ["c"], ["y"], then_branch=cheap, else_branch=dear)
    counted = count(proto([node], [tensor("x", [4, 8]), tensor("c", [], TensorProto.BOOL)], [weight("w", [8, 8])]))
    assert counted.macs == 2 * 4 * 64
    assert counted.costs.ranges["macs"] == (4 * 64, 2 * 4 * 64)
    assert counted.parameters == 2 * 64
    assert sorted(counted.column("executions")) == [0, 1, 1, 1]


def test_nested_loops_multiply():
    inner = helper.make_graph(
        [helper.make_node("MatMul", ["v", "w"], ["o"]), helper.make_node("Identity", ["c2"], ["co"])],
        "inner",
        [tensor("i2", [], 7), tensor("c2", [], 9), tensor("v", [2, 8])],
        [tensor("co", [], 9), tensor("o", [2, 8])],
    )  # fmt: skip
    outer = helper.make_graph(
        [helper.make_node("Loop", ["three", "", "u"], ["p"], body=inner), helper.make_node("Identity", ["c1"], ["cp"])],
        "outer",
        [tensor("i1", [], 7), tensor("c1", [], 9), tensor("u", [2, 8])],
        [tensor("cp", [], 9), tensor("p", [2, 8])],
    )  # fmt: skip
    node = helper.make_node("Loop", ["four", "", "x"], ["y"], body=outer)
    three, four = helper.make_tensor("three", 7, [], [3]), helper.make_tensor("four", 7, [], [4])
    counted = count(proto([node], [tensor("x", [2, 8])], [weight("w", [8, 8]), three, four]))
    assert counted.macs == 3 * 4 * 2 * 64
    assert counted.of("MatMul", "executions") == 12


def test_calls_of_a_local_function_count_each_time():
    function = helper.make_function(
        "mine", "Twice", ["a", "b"], ["c"],
        [helper.make_node("MatMul", ["a", "b"], ["t"]), helper.make_node("MatMul", ["t", "b"], ["c"])],
        [helper.make_opsetid("", 21)],
    )  # fmt: skip
    nodes = [
        helper.make_node("Twice", ["x", "w"], ["h"], domain="mine"),
        helper.make_node("Twice", ["h", "w"], ["y"], domain="mine"),
    ]
    counted = count(proto(nodes, [tensor("x", [3, 8])], [weight("w", [8, 8])], functions=[function]))
    assert counted.macs == 4 * 3 * 64
    assert counted.parameters == 64


def test_pooling_and_resize_follow_their_windows():
    assert one_op("MaxPool", {"x": [1, 2, 8, 8]}, kernel_shape=[2, 2], strides=[2, 2]).flops == 2 * 16 * 4
    scales = helper.make_tensor("s", 1, [4], [1, 1, 2, 2])
    for mode, per_element in (("nearest", 0), ("linear", 7), ("cubic", 31)):
        node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode=mode)
        assert count(proto([node], [tensor("x", [1, 1, 4, 4])], [scales])).flops == per_element * 64


def test_moving_data_costs_nothing():
    nodes = [helper.make_node("Transpose", ["x"], ["t"]), helper.make_node("Reshape", ["t", "shape"], ["y"])]
    counted = count(proto(nodes, [tensor("x", [3, 4])], [ints("shape", 2, 6)]))
    assert (counted.macs, counted.flops, counted.costs.gaps) == (0, 0, [])
