"""Findings about op types, domains, opsets and connections."""

import numpy as np
from finding_models import findings, node, proto
from onnx import TensorProto, helper


def test_an_op_the_standard_does_not_know_is_an_error():
    found = findings(proto([node("Foo", ["x"], "y")]))["undefined-op"]
    assert found.severity == "error"
    assert "Foo" in found.title
    assert found.ops == (0,)


def test_an_op_newer_than_the_opset_is_an_error():
    assert "Gelu" in findings(proto([node("Gelu", ["x"], "y")], opset=17))["undefined-op"].title
    assert "undefined-op" not in findings(proto([node("Gelu", ["x"], "y")], opset=20))


def test_opsets_newer_than_the_schemas_are_not_judged():
    assert "undefined-op" not in findings(proto([node("FromTheFuture", ["x"], "y")], opset=900))


def test_opsets_beyond_any_integer_of_the_standard_are_not_judged():
    for version in (1 << 62, -3):
        assert "undefined-op" not in findings(proto([node("Relu", ["x"], "y")], opset=version))


def test_a_withdrawn_op_is_deprecated():
    made = proto([node("Upsample", ["x", "s"], "y")], {"x": [1, 1, 2, 2]}, {"s": np.ones(4, np.float32)}, opset=10)
    assert findings(made)["deprecated-op"].ops == (0,)
    made = proto([node("Upsample", ["x", "s"], "y")], {"x": [1, 1, 2, 2]}, {"s": np.ones(4, np.float32)}, opset=9)
    assert "deprecated-op" not in findings(made)


def test_ops_of_onnxruntime_are_good_to_know_and_others_need_a_library():
    own = findings(proto([node("FastGelu", ["x"], "y", domain="com.microsoft")], domains=["com.microsoft"]))
    other = findings(proto([node("Magic", ["x"], "y", domain="acme")], domains=["acme"]))
    assert own["onnxruntime-ops"].severity == "info"
    assert other["custom-ops"].severity == "warning"
    assert "acme" in other["custom-ops"].title
    assert "custom-ops" not in own


def test_onnxruntime_ops_in_the_standard_domain_are_no_error():
    made = proto([node("SimplifiedLayerNormalization", ["x", "w"], "y")], weights={"w": [8]})
    assert "undefined-op" not in findings(made)
    assert "SimplifiedLayerNormalization" in findings(made)["onnxruntime-ops"].evidence


def test_training_mode_of_dropout_and_batch_norm():
    dropout = [node("Dropout", ["x", "ratio", "mode"], "y")]
    weights = {"ratio": np.array(0.5, np.float32), "mode": np.array(True)}
    assert findings(proto(dropout, weights=weights))["training-mode"].ops == (0,)
    assert "training-mode" not in findings(proto(dropout, weights={**weights, "mode": np.array(False)}))
    norm = node("BatchNormalization", ["x", "a", "a", "a", "a"], ["y", "m", "v"], training_mode=1)
    assert "training-mode" in findings(proto([norm], {"x": [1, 8, 2, 2]}, {"a": [8]}, outputs=["y"]))


def test_old_opsets_matter_where_there_is_something_to_quantize():
    matmul = [node("MatMul", ["x", "w"], "y")]
    assert "11" in findings(proto(matmul, weights={"w": [8, 8]}, opset=11))["old-opset"].title
    assert "old-opset" not in findings(proto(matmul, weights={"w": [8, 8]}, opset=13))
    assert "old-opset" not in findings(proto([node("Relu", ["x"], "y")], opset=11))


def deep(layers, *, skips):
    nodes, current = [], "x"
    for i in range(layers):
        nodes.append(node("MatMul", [current, "w"], f"m{i}"))
        nodes.append(node("Add", [f"m{i}", current], f"h{i}") if skips else node("Relu", [f"m{i}"], f"h{i}"))
        current = f"h{i}"
    return proto(nodes, weights={"w": [8, 8]})


def test_a_deep_line_of_layers_is_found_and_residual_or_shallow_nets_are_not():
    assert len(findings(deep(40, skips=False))["deep-without-skips"].ops) == 40
    assert "deep-without-skips" not in findings(deep(40, skips=True))
    assert "deep-without-skips" not in findings(deep(19, skips=False))


def test_inputs_that_nothing_reads():
    nodes = [node("Relu", ["x"], "y")]
    assert "mask" in findings(proto(nodes, {"x": [1, 8], "mask": [1, 8]}))["unused-inputs"].evidence
    assert "unused-inputs" not in findings(proto(nodes))


def test_results_that_nothing_reads():
    dead = [node("Relu", ["x"], "y"), node("Neg", ["x"], "z")]
    assert findings(proto(dead, outputs=["y"]))["dead-ops"].ops == (1,)
    assert "dead-ops" not in findings(proto(dead, outputs=["y", "z"]))


def test_results_of_branches_are_read():
    def branch(kind, name):
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        return helper.make_graph([node(kind, ["x"], name)], name, [], [info])

    made = node("If", ["c"], "y", then_branch=branch("Relu", "t"), else_branch=branch("Neg", "e"))
    assert "dead-ops" not in findings(proto([made], {"x": [1, 8], "c": ([], TensorProto.BOOL)}))


def test_the_same_kind_of_move_twice():
    twice = [node("Transpose", ["x"], "a", perm=[1, 0]), node("Transpose", ["a"], "y", perm=[1, 0])]
    apart = [twice[0], node("Relu", ["a"], "b"), node("Transpose", ["b"], "y", perm=[1, 0])]
    shared = [*twice, node("Neg", ["a"], "z")]
    assert findings(proto(twice))["repeated-transpose"].ops == (0, 1)
    assert "repeated-transpose" not in findings(proto(apart))
    assert "repeated-transpose" not in findings(proto(shared, outputs=["y", "z"]))


def test_casting_there_and_back():
    there = [node("Cast", ["x"], "a", to=TensorProto.FLOAT16), node("Cast", ["a"], "y", to=TensorProto.FLOAT)]
    assert "repeated-cast" in findings(proto(there))
    assert "repeated-cast" not in findings(proto(there[:1]))
