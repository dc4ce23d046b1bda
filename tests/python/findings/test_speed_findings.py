"""Findings about shapes, memory, speed and fusion."""

import numpy as np
from finding_models import findings, node, proto


def conv(shape, width=8):
    return proto([node("Conv", ["x", "w"], "y")], {"x": shape}, {"w": [width, shape[1], 3, 3]})


def test_shapes_that_depend_on_data():
    found = findings(proto([node("NonZero", ["x"], "y")]))["data-dependent-shape"]
    assert "NonZero" in found.evidence
    assert "data-dependent-shape" not in findings(proto([node("Relu", ["x"], "y")]))


def test_free_height_and_width_in_front_of_convolutions():
    found = findings(conv([1, 8, "height", "width"]))["dynamic-spatial-dims"]
    assert "1x8xheightxwidth" in found.evidence
    assert "dynamic-spatial-dims" not in findings(conv(["batch", 8, 32, 32]))


def test_default_sizes_are_said_until_they_are_bound():
    made = proto([node("Relu", ["x"], "y")], {"x": ["batch", 8]})
    assert "batch = 1" in findings(made)["assumed-dims"].evidence
    assert "assumed-dims" not in findings(made, {"batch": 4})


def test_a_fixed_batch():
    assert "fixed-batch" in findings(conv([1, 8, 256, 256], 64))
    assert "fixed-batch" not in findings(conv(["batch", 8, 256, 256], 64))
    assert "fixed-batch" not in findings(conv([8, 8, 256, 256], 64))
    assert "fixed-batch" not in findings(conv([1, 8, 8, 8]))  # too small to matter


def head(vocabulary):
    return proto([node("MatMul", ["x", "w"], "y")], {"x": [1024, 16]}, {"w": [16, vocabulary]})


def test_sizes_that_tensor_cores_pad():
    found = findings(head(50_257))["misaligned-channels"]
    assert "50257" in found.evidence
    assert "misaligned-channels" not in findings(head(50_304))


def test_a_head_that_shares_the_transposed_embedding_counts():
    nodes = [node("Transpose", ["e"], "w", perm=[1, 0]), node("MatMul", ["x", "w"], "y")]
    assert "misaligned-channels" in findings(proto(nodes, {"x": [1024, 16]}, {"e": [50_257, 16]}))


def test_depthwise_convolutions_and_the_three_colours_are_no_alarm():
    stem = node("Conv", ["x", "stem"], "a", pads=[1, 1, 1, 1])
    depthwise = node("Conv", ["a", "dw"], "b", group=32, pads=[1, 1, 1, 1])
    wide = node("Conv", ["b", "pw"], "y")
    weights = {"stem": [32, 3, 3, 3], "dw": [32, 1, 3, 3], "pw": [512, 32, 3, 3]}
    assert "misaligned-channels" not in findings(proto([stem, depthwise, wide], {"x": [1, 3, 64, 64]}, weights))


def scores(length, heads=16):
    return proto([node("Softmax", ["x"], "y")], {"x": [1, heads, length, length]})


def test_scores_of_long_sequences():
    assert "268 MB" in findings(scores(2048))["quadratic-attention"].evidence
    assert "quadratic-attention" not in findings(scores(512))
    assert "quadratic-attention" not in findings(proto([node("Softmax", ["x"], "y")], {"x": [64, 100_000]}))


def test_activations_far_above_the_weights():
    made = proto([node("MatMul", ["x", "w"], "y")], weights={"w": [8, 8]})
    assert "large-activations" in findings(made, peak=1e9)
    assert "large-activations" not in findings(made, peak=1e6)
    assert "large-activations" not in findings(made)


def test_one_op_that_waits_for_memory():
    nodes = [node("MatMul", ["x", "w"], "a"), node("Softmax", ["a"], "y")]
    made = proto(nodes, {"x": [4096, 64]}, {"w": [64, 16_384]})
    assert findings(made, hardware="a100")["memory-bound-op"].ops == (1,)
    assert "memory-bound-op" not in findings(made)  # nothing is estimated before a choice of hardware


def attention(*, fused=False):
    if fused:
        return proto([node("Attention", ["x", "x", "x"], "y")], {"x": [1, 4, 16, 8]}, opset=23)
    nodes = [
        node("Transpose", ["x"], "k", perm=[0, 1, 3, 2]),
        node("MatMul", ["x", "k"], "s"),
        node("Mul", ["s", "scale"], "t"),
        node("Add", ["t", "mask"], "u"),
        node("Softmax", ["u"], "p"),
        node("MatMul", ["p", "x"], "y"),
    ]
    weights = {"scale": np.array(0.3, np.float32), "mask": [1, 1, 16, 16]}
    return proto(nodes, {"x": [1, 4, 16, 8]}, weights)


def test_attention_in_single_ops():
    assert findings(attention())["unfused-attention"].ops == (4,)
    assert "unfused-attention" not in findings(attention(fused=True))
    classifier = [node("MatMul", ["x", "w"], "a"), node("Softmax", ["a"], "y")]
    assert "unfused-attention" not in findings(proto(classifier, weights={"w": [8, 8]}))


def test_normalisation_in_single_ops():
    nodes = [
        node("Mul", ["x", "x"], "sq"),
        node("ReduceMean", ["sq", "axis"], "mean"),
        node("Add", ["mean", "eps"], "plus"),
        node("Sqrt", ["plus"], "root"),
        node("Div", ["x", "root"], "y"),
    ]
    weights = {"axis": np.array([-1]), "eps": np.array(1e-5, np.float32)}
    assert findings(proto(nodes, weights=weights))["decomposed-layer-norm"].ops == (3,)
    one = proto([node("LayerNormalization", ["x", "w"], "y")], weights={"w": [8]})
    assert "decomposed-layer-norm" not in findings(one)
    assert "decomposed-layer-norm" not in findings(proto([node("Sqrt", ["x"], "y")]))


def test_gelu_in_single_ops():
    constants = {name: np.array(value, np.float32) for name, value in (("r", 1.414), ("one", 1.0), ("half", 0.5))}
    erf = [
        node("Div", ["x", "r"], "a"),
        node("Erf", ["a"], "e"),
        node("Add", ["e", "one"], "b"),
        node("Mul", ["x", "b"], "c"),
        node("Mul", ["c", "half"], "y"),
    ]
    assert findings(proto(erf, weights=constants))["decomposed-gelu"].ops == (1,)
    assert "decomposed-gelu" not in findings(proto([node("Gelu", ["x"], "y")]))
    assert "decomposed-gelu" not in findings(proto([node("Tanh", ["x"], "y")]))
