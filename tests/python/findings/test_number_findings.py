"""Findings about weights, precision and ranges."""

import numpy as np
from finding_models import findings, node, proto
from onnx import TensorProto, numpy_helper


def test_one_layer_that_holds_most_of_the_weights():
    nodes = [node("MatMul", ["x", "big"], "a"), node("MatMul", ["a", "small"], "y")]
    inputs = {"x": [1, 2048]}
    found = findings(proto(nodes, inputs, {"big": [2048, 4096], "small": [4096, 256]}))["oversized-layer"]
    assert found.ops == (0,)
    assert "89%" in found.evidence
    even = [node("MatMul", [f"h{i}" if i else "x", f"w{i}"], f"h{i + 1}") for i in range(4)]
    assert "oversized-layer" not in findings(proto(even, inputs, {f"w{i}": [2048, 2048] for i in range(4)}))


def test_a_small_model_has_no_oversized_layer():
    assert "oversized-layer" not in findings(proto([node("MatMul", ["x", "w"], "y")], weights={"w": [8, 8]}))


def test_large_weights_that_are_transposed_at_run_time():
    nodes = [node("Transpose", ["w"], "t"), node("MatMul", ["x", "t"], "y")]
    found = findings(proto(nodes, {"x": [1, 1024]}, {"w": [512, 1024]}))["rearranged-weights"]
    assert found.ops == (0,)
    assert "2.1 MB" in found.evidence
    assert "rearranged-weights" not in findings(proto(nodes, {"x": [1, 8]}, {"w": [4, 8]}))
    moving = [node("Transpose", ["x"], "t"), node("MatMul", ["t", "w"], "y")]
    assert "rearranged-weights" not in findings(proto(moving, {"x": [1024, 1024]}, {"w": [1024, 8]}))


def test_stored_weights_that_nothing_reads():
    nodes = [node("Relu", ["x"], "y")]
    found = findings(proto(nodes, weights={"dead": [1024, 1024]}))["unused-initializers"]
    assert "dead" in found.evidence
    assert "4.19 MB" in found.evidence
    assert "unused-initializers" not in findings(proto(nodes, weights={"tiny": [4]}))
    assert "unused-initializers" not in findings(proto([node("Add", ["x", "w"], "y")], {"x": [1024]}, {"w": [1024]}))


def test_double_precision():
    double = {"x": ([1, 8], TensorProto.DOUBLE)}
    assert findings(proto([node("Relu", ["x"], "y")], double))["float64"].ops == (0,)
    assert "float64" not in findings(proto([node("Relu", ["x"], "y")]))


def test_large_tensors_in_constant_nodes():
    def constant(size):
        value = numpy_helper.from_array(np.zeros(size, np.float32))
        return proto([node("Constant", [], "c", value=value), node("Add", ["x", "c"], "y")], {"x": [size]})

    assert "large-constants" in findings(constant(2_000_000))
    assert "large-constants" not in findings(constant(1_000))


def quantized(layers, floats):
    """A chain of QLinearMatMul, then of MatMul."""
    weights = {
        "s": np.array(0.1, np.float32),
        "z": np.array(0, np.uint8),
        "q": np.zeros((64, 64), np.uint8),
        "w": [64, 64],
    }
    nodes, current = [node("QuantizeLinear", ["x", "s", "z"], "q0")], "q0"
    for i in range(layers):
        nodes.append(node("QLinearMatMul", [current, "s", "z", "q", "s", "z", "s", "z"], f"q{i + 1}"))
        current = f"q{i + 1}"
    nodes.append(node("DequantizeLinear", [current, "s", "z"], "f0"))
    nodes += [node("MatMul", [f"f{i}", "w"], f"f{i + 1}") for i in range(floats)]
    return proto(nodes, {"x": [4, 64]}, weights)


def test_a_partly_quantized_model():
    found = findings(quantized(2, 2))["partly-quantized"]
    assert "50%" in found.evidence
    assert len(found.ops) == 2
    assert "partly-quantized" not in findings(quantized(9, 1))


def test_many_casts():
    kinds = [TensorProto.FLOAT16, TensorProto.FLOAT]
    nodes = []
    for i in range(30):
        nodes += [node("Cast", [f"h{i}" if i else "x"], f"c{i}", to=kinds[i % 2]), node("Relu", [f"c{i}"], f"h{i + 1}")]
    assert "50%" in findings(proto(nodes))["many-casts"].evidence
    assert "many-casts" not in findings(proto(nodes[:20]))


def test_mask_constants_beyond_float16():
    nodes = [node("Where", ["c", "x", "low"], "y")]
    inputs = {"x": [1, 8], "c": ([1, 8], TensorProto.BOOL)}
    found = findings(proto(nodes, inputs, {"low": np.array(-3.4e38, np.float32)}))["mask-sentinel"]
    assert "3.4e+38" in found.evidence
    assert found.ops == (0,)
    for harmless in (-1e4, -np.inf, 0.0):
        assert "mask-sentinel" not in findings(proto(nodes, inputs, {"low": np.array(harmless, np.float32)}))


def test_a_softmax_without_its_maximum():
    tail = [node("ReduceSum", ["e", "axis"], "s"), node("Div", ["e", "s"], "y")]
    axis = {"axis": np.array([1])}
    safe = [node("ReduceMax", ["x", "axis"], "m"), node("Sub", ["x", "m"], "d"), node("Exp", ["d"], "e"), *tail]
    assert "unstable-softmax" in findings(proto([node("Exp", ["x"], "e"), *tail], weights=axis))
    assert "unstable-softmax" not in findings(proto(safe, weights=axis))
    assert "unstable-softmax" not in findings(proto([node("Exp", ["x"], "y")]))
