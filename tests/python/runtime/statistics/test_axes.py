"""Channel axes and layouts, of real models and of small graphs written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from haoline_analysis.formats import open_model
from haoline_analysis.runtime.statistics import channel_axes, layouts

ROOT = Path(__file__).resolve().parents[4]


def told(model):
    """By tensor name: (channel axis, layout)."""
    axes, kinds = channel_axes(model), layouts(model)
    assert axes.keys() == kinds.keys()
    return {name: (axes[name], kinds[name]) for name in axes}


def by_type(path):
    """By op type, what is told of the first output of each of its ops."""
    model = open_model(path)
    found = told(model)
    ops: dict[str, list] = {}
    for op in model.ops:
        ops.setdefault(op.type, []).append(found[model.tensors[op.outputs[0]].name])
    return ops


def hand_made(text, weights=None):
    """What is told of a graph in ONNX's text form; ``weights`` by name become initializers."""
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 20, "com.microsoft": 1]>\n' + text)
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in (weights or {}).items())
    return told(open_model(model))


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


def test_convolutional_network():
    path = ROOT / "examples" / "models" / "digits_cnn.onnx"
    ops = by_type(path)
    for kind in ("Conv", "Relu", "Add"):
        assert set(ops[kind]) == {(1, "maps")}, kind
    assert ops["ReduceMean"] == ops["Gemm"] == [(1, "vector")]
    assert told(open_model(path))["image"] == (1, "maps")


def test_unet():
    ops = by_type(ROOT / "tests" / "models" / "unet.onnx")
    for kind in ("Conv", "ConvTranspose", "MaxPool", "Concat", "Relu"):
        assert set(ops[kind]) == {(1, "maps")}, kind


@pytest.mark.parametrize("name", ["bert_base", "gpt2", "mixtral"])
def test_transformers(name):
    ops = by_type(ROOT / "tests" / "models" / f"{name}.onnx")
    assert set(ops["Softmax"]) - {(1, "vector"), (1, "tokens")} == {(1, "attention")}
    assert set(ops["LayerNormalization"] if name != "mixtral" else [(2, "tokens")]) == {(2, "tokens")}
    products = ops["MatMul"]
    scores = products.count((1, "attention"))
    assert scores == products.count((1, "other"))  # probabilities times values, per head
    rotary = {(None, "other")} if name == "mixtral" else set()  # angles: positions times frequencies
    assert set(products) - {(1, "attention"), (1, "other")} - rotary <= {(2, "tokens"), (1, "tokens"), (1, "vector")}
    assert scores == len([one for one in ops["Softmax"] if one == (1, "attention")])
    assert set(ops.get("Gelu", [(2, "tokens")])) == {(2, "tokens")}
    assert set(ops.get("Gemm", [(1, "tokens")])) <= {(1, "tokens"), (1, "vector")}
    assert {axis for axis, _ in ops["Shape"]} == {None}
    assert {axis for axis, _ in ops["Range"]} == {None}


def test_recurrent_network_with_a_loop():
    ops = by_type(ROOT / "tests" / "models" / "seq2seq.onnx")
    assert ops["LSTM"][0][0] == 3
    assert set(ops["Sigmoid"]) == set(ops["Tanh"]) == {(1, "vector")}
    assert ops["Loop"] == [(1, "vector")]
    assert {axis for axis, _ in ops["ArgMax"]} == {None}


def test_language_model_with_folded_heads():
    ops = by_type(ROOT / "examples" / "models" / "llama_1b.onnx")
    assert set(ops["Softmax"]) == {(1, "attention")}
    assert set(ops["Sigmoid"]) == {(2, "tokens")}


def test_image_last_and_back():
    """TensorFlow's layout around an ONNX convolution, then a pooled vector."""
    found = hand_made(
        """net (float[1, 8, 8, 3] picture) => (float[1, 4] y) {
            scaled = Sub(picture, mean)
            front = Transpose<perm = [0, 3, 1, 2]>(scaled)
            conv = Conv<pads = [1, 1, 1, 1]>(front, w)
            back = Transpose<perm = [0, 2, 3, 1]>(conv)
            mean_of = ReduceMean<keepdims = 0>(back, spatial)
            y = MatMul(mean_of, head)
        }""",
        {"mean": ones(3), "w": ones(6, 3, 3, 3), "spatial": np.array([1, 2]), "head": ones(6, 4)},
    )
    assert found["picture"] == found["scaled"] == (3, "maps")
    assert found["front"] == found["conv"] == (1, "maps")
    assert found["back"] == (3, "maps")
    assert found["mean_of"] == found["y"] == (1, "vector")


def test_vision_transformer_patches():
    found = hand_made(
        """net (float[1, 3, 32, 32] picture) => (float[1, 10] y) {
            patches = Conv<kernel_shape = [8, 8], strides = [8, 8]>(picture, w)
            flat = Reshape(patches, to)
            tokens = Transpose<perm = [0, 2, 1]>(flat)
            norm = LayerNormalization(tokens, scale)
            first = Gather<axis = 1>(norm, zero)
            y = Gemm(first, head)
        }""",
        {
            "w": ones(24, 3, 8, 8),
            "to": np.array([0, 24, -1]),
            "scale": ones(24),
            "zero": np.array(0),
            "head": ones(24, 10),
        },
    )
    assert found["patches"] == found["flat"] == (1, "maps")
    assert found["tokens"] == found["norm"] == (2, "tokens")
    assert found["first"] == found["y"] == (1, "vector")


def test_heads_folded_into_the_batch():
    """Scores of rank 3, as torch.bmm leaves them: heads are a multiple of the batch."""
    found = hand_made(
        """net (float[1, 16, 32] x) => (float[1, 16, 32] y) {
            q = MatMul(x, wq)
            k = MatMul(x, wk)
            v = MatMul(x, wv)
            q4 = Reshape(q, split)
            k4 = Reshape(k, split)
            v4 = Reshape(v, split)
            qh = Transpose<perm = [0, 2, 1, 3]>(q4)
            kh = Transpose<perm = [0, 2, 3, 1]>(k4)
            vh = Transpose<perm = [0, 2, 1, 3]>(v4)
            q3 = Squeeze(qh, front)
            k3 = Squeeze(kh, front)
            v3 = Squeeze(vh, front)
            scores = MatMul(q3, k3)
            scaled = Mul(scores, scale)
            weights = Softmax(scaled)
            mixed = MatMul(weights, v3)
            m4 = Unsqueeze(mixed, front)
            joined = Transpose<perm = [0, 2, 1, 3]>(m4)
            merged = Reshape(joined, join)
            y = MatMul(merged, wo)
        }""",
        {
            **{name: ones(32, 32) for name in ("wq", "wk", "wv", "wo")},
            "split": np.array([1, 16, 4, 8]),
            "join": np.array([1, 16, 32]),
            "front": np.array([0]),
            "scale": np.float32(0.35).reshape(()),
        },
    )
    assert found["q"] == (2, "tokens")
    assert found["q4"] == found["qh"] == found["v3"] == (None, "other")  # features split into heads and features
    assert found["scores"] == found["scaled"] == found["weights"] == (0, "attention")
    assert found["mixed"] == (0, "other")
    assert found["m4"] == (1, "other")
    assert found["merged"] == found["y"] == (2, "tokens")


def test_quantizers_inherit_and_integers_of_shapes_do_not():
    found = hand_made(
        """net (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y, int64[4] shape) {
            xq = QuantizeLinear(x, s, z)
            xd = DequantizeLinear(xq, s, z)
            wd = DequantizeLinear(w, s, zw)
            conv = Conv<pads = [1, 1, 1, 1]>(xd, wd)
            cq = QuantizeLinear(conv, s, z)
            y = DequantizeLinear(cq, s, z)
            shape = Shape(y)
            one = Gather(shape, first)
            twice = Mul(one, one)
        }""",
        {
            "w": ones(4, 3, 3, 3, dtype=np.int8),
            "s": np.float32(0.1).reshape(()),
            "z": np.uint8(128).reshape(()),
            "zw": np.int8(0).reshape(()),
            "first": np.array(0),
        },
    )
    assert {found[name] for name in ("x", "xq", "xd", "conv", "cq", "y")} == {(1, "maps")}
    assert found["shape"] == (None, "vector")
    assert found["one"] == found["twice"] == (None, "other")


def test_integer_products_have_channels():
    found = hand_made(
        """net (float[1, 5, 8] x) => (float[1, 5, 6] y) {
            xq, s, z = DynamicQuantizeLinear(x)
            sums = MatMulInteger(xq, w, z)
            y = Cast<to = 1>(sums)
        }""",
        {"w": ones(8, 6, dtype=np.uint8)},
    )
    assert found["x"] == found["xq"] == found["sums"] == found["y"] == (2, "tokens")
    assert found["s"] == found["z"] == (None, "other")


def test_squeeze_and_excite():
    found = hand_made(
        """net (float[N, 3, 8, 8] x) => (float[N, 6, 8, 8] y) {
            conv = Conv<pads = [1, 1, 1, 1]>(x, w)
            pooled = GlobalAveragePool(conv)
            small = Conv(pooled, w1)
            gate = Sigmoid(small)
            y = Mul(gate, conv)
        }""",
        {"w": ones(6, 3, 3, 3), "w1": ones(6, 6, 1, 1)},
    )
    assert {found[name] for name in ("conv", "pooled", "small", "gate", "y")} == {(1, "maps")}


def test_group_norm_in_parts_finds_its_channels_again():
    """torch writes GroupNorm as InstanceNormalization of groups, then a scale per channel."""
    found = hand_made(
        """net (float[1, 8, 6, 6] x) => (float[1, 8, 6, 6] y) {
            conv = Conv<pads = [1, 1, 1, 1]>(x, w)
            groups = Reshape(conv, to)
            norm = InstanceNormalization(groups, one, zero)
            back = Reshape(norm, from)
            y = Mul(back, scale)
        }""",
        {
            "w": ones(8, 8, 3, 3),
            "to": np.array([1, 2, -1]),
            "from": np.array([1, 8, 6, 6]),
            "one": ones(2),
            "zero": ones(2),
            "scale": np.arange(8, dtype=np.float32).reshape(8, 1, 1),
        },
    )
    assert found["norm"][0] == 1  # groups
    assert found["y"] == (1, "maps")


def test_flattened_maps_are_a_vector_of_the_next_layer():
    found = hand_made(
        """net (float[1, 3, 4, 4] x) => (float[1, 10] y) {
            conv = Conv(x, w)
            flat = Flatten(conv)
            y = Gemm(flat, head)
        }""",
        {"w": ones(6, 3, 1, 1), "head": ones(96, 10)},
    )
    assert found["flat"] == found["y"] == (1, "vector")


def test_what_loses_channels():
    found = hand_made(
        """net (float[1, 5, 8] x) => (float[1, 5, 1] m) {
            h = MatMul(x, w)
            m = ReduceMean(h, last)
            t, i = TopK<axis = -1>(h, two)
            s = Reshape(h, apart)
            over = TopK<axis = 1>(h, two)
            best = ArgMax<axis = -1, keepdims = 0>(h)
        }""",
        {"w": ones(8, 6), "last": np.array([-1]), "two": np.array([2]), "apart": np.array([1, 5, 2, 3])},
    )
    assert found["h"] == (2, "tokens")
    assert {found[name][0] for name in ("m", "t", "i", "s", "best")} == {None}
    assert found["over"][0] == 2


def test_tabular_model():
    found = hand_made(
        """net (float[N, 7] row) => (float[N, 2] y) {
            scaled = Div(row, std)
            hidden = Gemm(scaled, w)
            active = Relu(hidden)
            y = Softmax(active)
        }""",
        {"std": ones(7), "w": ones(7, 2)},
    )
    assert {found[name] for name in ("row", "scaled", "hidden", "active", "y")} == {(1, "vector")}


def test_branches_that_disagree_say_nothing():
    def branch(name, kind, **attributes):
        node = helper.make_node(kind, ["h"], [f"{name}_out"], **attributes)
        value = helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None)
        return helper.make_graph([node], name, [], [value])

    def outcome(*branches):
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("If", ["which"], ["y"], then_branch=branches[0], else_branch=branches[1]),
        ]
        inputs = [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6, 6]),
            helper.make_tensor_value_info("which", TensorProto.BOOL, []),
        ]
        outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6, 6])]
        graph = helper.make_graph(nodes, "net", inputs, outputs, [numpy_helper.from_array(ones(6, 6), "w")])
        model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
        return channel_axes(open_model(model))["y"]

    assert outcome(branch("a", "Relu"), branch("b", "Tanh")) == 2
    assert outcome(branch("a", "Relu"), branch("b", "Transpose", perm=[0, 2, 1])) is None


def test_unknown_ops_and_ranks_say_nothing():
    found = hand_made(
        """net (float[1, 5, 8] x) => (float y) {
            h = MatMul(x, w)
            odd = com.microsoft.NeverHeardOf(h)
            y = Relu(odd)
        }""",
        {"w": ones(8, 6)},
    )
    assert found["odd"] == found["y"] == (None, "other")
