"""The module tree: from exporter metadata, from names, from repeats."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from haoline_analysis.formats import open_model
from haoline_analysis.structure import build_scopes

F = TensorProto.FLOAT


def model_of(nodes, weights=(), opset=17):
    """An ONNX model from x to the last output; weights are (name, shape)."""
    tensors = [helper.make_tensor(name, F, shape, np.zeros(shape, np.float32).ravel()) for name, shape in weights]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", F, [1, 8])],
        [helper.make_tensor_value_info(nodes[-1].output[0], F, None)],
        tensors,
    )
    return open_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]))


def node(kind, inputs, output, name="", scopes=None, classes=None, **attributes):
    made = helper.make_node(kind, inputs, [output], name=name, **attributes)
    if scopes is not None:
        made.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=repr(scopes))
        made.metadata_props.add(key="pkg.torch.onnx.class_hierarchy", value=repr(classes or ["C"] * len(scopes)))
    return made


def by_path(scopes):
    return {path: row for row, path in enumerate(scopes.path)}


def scope_path(model, scopes, name):
    return next(scopes.path[scopes.op_scope[i]] for i, op in enumerate(model.ops) if op.name == name)


def block(layer, source, width=8):
    """Linear, Relu, residual add under /layers.N."""
    p = f"/layers.{layer}"
    return [
        helper.make_node("MatMul", [source, f"w{layer}"], [f"m{layer}"], name=f"{p}/fc/MatMul"),
        helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"], name=f"{p}/act/Relu"),
        helper.make_node("Add", [f"r{layer}", source], [f"h{layer}"], name=f"{p}/Add"),
    ]


def test_root_comes_first_and_parents_precede_children():
    scopes = build_scopes(model_of([*block(0, "x"), *block(1, "h0")], [("w0", (8, 8)), ("w1", (8, 8))]))
    assert scopes.path[0] == ""
    assert scopes.name[0] == "net"
    assert scopes.parent[0] == -1
    assert all(parent < row for row, parent in enumerate(scopes.parent))


def test_names_with_slashes_become_modules():
    model = model_of([*block(0, "x"), *block(1, "h0")], [("w0", (8, 8)), ("w1", (8, 8))])
    scopes = build_scopes(model)
    assert scopes.source == "names"
    assert scope_path(model, scopes, "/layers.0/fc/MatMul") == "layers.0/fc"
    assert scope_path(model, scopes, "/layers.1/Add") == "layers.1"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("model/layers/0/attn/MatMul", "model/layers.0/attn"),
        ("model.layers.0.attn.q", "model.layers.0.attn"),
        ("resnet/block1/conv/Conv2D", "resnet/block1/conv"),
    ],
)
def test_other_ways_to_spell_a_hierarchy(name, path):
    other = name.replace("0", "1").replace("block1", "block2")
    nodes = [node("Relu", ["x"], "a", name), node("Relu", ["a"], "b", f"{name}_2"), node("Relu", ["b"], "c", other)]
    model = model_of([*nodes, node("Relu", ["c"], "d", f"{other}_2")])
    scopes = build_scopes(model)
    assert scope_path(model, scopes, name) == path


def test_blocks_of_a_list_are_siblings_of_one_structure():
    nodes = [n for layer in range(4) for n in block(layer, "x" if layer == 0 else f"h{layer - 1}")]
    scopes = build_scopes(model_of(nodes, [(f"w{i}", (8, 8)) for i in range(4)]))
    rows = [by_path(scopes)[f"layers.{i}"] for i in range(4)]
    assert len({int(scopes.structure[row]) for row in rows}) == 1
    assert [len(r.scopes) for r in scopes.repeats(min_ops=3)] == [4]


def test_other_weight_shapes_make_another_structure():
    nodes = [*block(0, "x"), *block(1, "h0"), *block(2, "h1")]
    scopes = build_scopes(model_of(nodes, [("w0", (8, 8)), ("w1", (8, 1)), ("w2", (8, 8))]))
    first, second, third = (int(scopes.structure[by_path(scopes)[f"layers.{i}"]]) for i in range(3))
    assert first == third != second


def test_other_wiring_makes_another_structure():
    straight = block(1, "h0")
    crossed = block(2, "h1")
    crossed[2].input[:] = ["r2", "m2"]  # adds the product of this block instead of its input
    model = model_of([*block(0, "x"), *straight, *crossed], [(f"w{i}", (8, 8)) for i in range(3)])
    scopes = build_scopes(model)
    first, second, third = (int(scopes.structure[by_path(scopes)[f"layers.{i}"]]) for i in range(3))
    assert first == second != third


def test_other_attributes_make_another_structure():
    nodes = [node("LeakyRelu", ["x"], "a", "/p/f", alpha=0.1), node("Relu", ["a"], "b", "/p/g")]
    nodes += [node("LeakyRelu", ["b"], "c", "/q/f", alpha=0.2), node("Relu", ["c"], "d", "/q/g")]
    scopes = build_scopes(model_of(nodes))
    assert scopes.structure[by_path(scopes)["p"]] != scopes.structure[by_path(scopes)["q"]]


def test_exporter_metadata_goes_before_names_and_brings_classes():
    scopes_text = ["", "encoder", "encoder.layer.0", "linear"]
    classes = ["m.Bert", "m.Encoder", "m.Layer", "aten.linear"]
    other = ["", "encoder", "encoder.layer.1", "linear_1"]
    model = model_of(
        [node("Relu", ["x"], "a", "/wrong/Relu", scopes_text, classes), node("Relu", ["a"], "b", "b", other, classes)]
    )
    scopes = build_scopes(model)
    assert scopes.source == "exporter"
    assert scope_path(model, scopes, "/wrong/Relu") == "encoder.layer.0"
    assert scopes.name[by_path(scopes)["encoder.layer.0"]] == "layer.0"
    assert scopes.class_name[by_path(scopes)["encoder.layer.0"]] == "m.Layer"
    assert scopes.class_name[0] == "m.Bert"


@pytest.mark.parametrize("text", ["[", "__import__('os').system('x')", "['a', 3]", "{'a': 1}", "[" * 5000, "'" * 9000])
def test_metadata_that_is_no_list_of_names_says_nothing(text):
    made = helper.make_node("Relu", ["x"], ["y"], name="n")
    made.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=text)
    assert len(build_scopes(model_of([made]))) == 1


def test_names_of_absurd_depth_cost_nothing():
    nodes = [node("Relu", ["x"], "a", "a/" * 100_000 + "op"), node("Relu", ["a"], "b", "a/" * 40 + "op")]
    scopes = build_scopes(model_of(nodes))
    assert len(scopes) <= 42
    assert max(map(len, scopes.path)) < 200


def test_constants_belong_to_the_op_that_reads_them():
    value = helper.make_tensor("v", F, [8], np.ones(8, np.float32))
    nodes = [helper.make_node("Constant", [], ["c"], name="/constants/c", value=value)]
    nodes += [
        node("Add", ["x", "c"], "a", "/p/Add"),
        node("Relu", ["a"], "b", "/p/Relu"),
        node("Relu", ["b"], "d", "/q/R"),
    ]
    model = model_of([*nodes, node("Relu", ["d"], "e", "/q/R2")])
    scopes = build_scopes(model)
    assert "constants" not in " ".join(scopes.path)


def test_ops_without_a_name_go_where_their_neighbours_are():
    nodes = [node("Relu", ["x"], "a", "/p/A"), node("Neg", ["a"], "b", "n7"), node("Relu", ["b"], "c", "/p/B")]
    nodes += [node("Abs", ["c"], "d", "n8"), node("Relu", ["d"], "e", "/q/C"), node("Relu", ["e"], "f", "/q/D")]
    model = model_of(nodes)
    scopes = build_scopes(model)
    assert scope_path(model, scopes, "n7") == "p"
    assert scope_path(model, scopes, "n8") == ""  # between two modules: in what holds both


def test_branches_are_scopes_under_their_owner():
    def branch(name, kind):
        made = helper.make_node(kind, ["x"], [f"{name}_y"], name=f"{name}_op")
        return helper.make_graph([made], name, [], [helper.make_tensor_value_info(f"{name}_y", F, None)])

    condition = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Constant", [], ["c"], value=condition),
        helper.make_node(
            "If", ["c"], ["y"], name="If_3", then_branch=branch("t", "Relu"), else_branch=branch("e", "Neg")
        ),
    ]
    model = model_of(nodes)
    scopes = build_scopes(model)
    assert {scope_path(model, scopes, "t_op"), scope_path(model, scopes, "e_op")} == {
        "If_3/then_branch",
        "If_3/else_branch",
    }


def test_calls_of_one_local_function_are_scopes_of_one_structure():
    function = helper.make_function(
        "local", "Block", ["a"], ["c"],
        [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Neg", ["b"], ["c"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    nodes = [
        helper.make_node("Block", [f"h{i}" if i else "x"], [f"h{i + 1}"], f"call_{i}", domain="local") for i in range(3)
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", F, [4])],
        [helper.make_tensor_value_info("h3", F, [4])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    scopes = build_scopes(open_model(helper.make_model(graph, functions=[function], opset_imports=opsets)))
    rows = [by_path(scopes)[f"call_{i}"] for i in range(3)]
    assert len({int(scopes.structure[row]) for row in rows}) == 1


def test_subtree_sums_add_up_to_the_root_and_leave_unknowns_out():
    nodes = [*block(0, "x"), *block(1, "h0")]
    model = model_of(nodes, [("w0", (8, 8)), ("w1", (8, 8))])
    scopes = build_scopes(model)
    values = np.arange(len(model.ops), dtype=float)
    values[2] = np.nan
    sums = scopes.inclusive(values)
    assert sums[0] == np.nansum(values)
    children = [row for row in range(len(scopes)) if scopes.parent[row] == 0]
    assert sums[children].sum() == sums[0]


def test_a_model_without_ops_is_its_root():
    graph = helper.make_graph(
        [], "g", [helper.make_tensor_value_info("x", F, [1])], [helper.make_tensor_value_info("x", F, [1])]
    )
    assert len(build_scopes(open_model(helper.make_model(graph)))) == 1


def test_real_exports_have_their_modules(material):
    model = open_model(material / "torch213-exports" / "bert.onnx")
    scopes = build_scopes(model)
    rows = by_path(scopes)
    assert scopes.class_name[rows["bert.encoder.layer.1.attention.self"]].endswith("BertSelfAttention")
    query, key = rows["bert.encoder.layer.0.attention.self.query"], rows["bert.encoder.layer.1.attention.self.key"]
    assert scopes.structure[query] == scopes.structure[key]
    assert scopes.parent[query] == rows["bert.encoder.layer.0.attention.self"]
    assert not any("_empty_nn_module" in path for path in scopes.path)


def test_time_is_linear_in_ops():
    import time

    def seconds(layers):
        nodes = [n for i in range(layers) for n in block(i, "x" if i == 0 else f"h{i - 1}")]
        model = model_of(nodes, [(f"w{i}", (8, 8)) for i in range(layers)])
        times = []
        for _ in range(3):
            begin = time.process_time()
            build_scopes(model)
            times.append(time.process_time() - begin)
        return min(times)

    assert seconds(4000) < 4000 / 500 * 3 * seconds(500)
