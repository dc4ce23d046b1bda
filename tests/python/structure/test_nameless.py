"""Models without names get the hierarchy that their structure has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from structure_models import assert_sound, members, stripped, tangle, transformer

from haoline_analysis import open_model
from haoline_analysis.structure import build_scopes

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
MODELS = Path(__file__).parents[2] / "models"


def of(proto):
    model = open_model(proto)
    return model, build_scopes(model)


def children(scopes, row=0):
    return [scopes.name[child] for child in scopes.children()[row]]


def words(scopes, row=0):
    """Names of the child scopes without their numbers, repeats once."""
    found = [name.rstrip("0123456789_") for name in children(scopes, row)]
    return [name for at, name in enumerate(found) if not at or found[at - 1] != name]


def row_of(scopes, path):
    return scopes.path.index(path)


def times(scopes):
    return sorted(len(repeat.scopes) for repeat in scopes.repeats() if scopes.depth[repeat.parent] == 0)


@pytest.mark.parametrize("layers", [2, 3, 12, 40])
def test_a_transformer_repeats_as_often_as_it_does_with_names(layers):
    named, nameless = (build_scopes(open_model(make(transformer(layers)))) for make in (lambda m: m, stripped))
    assert (named.source, nameless.source) == ("names", "structure")
    assert times(named) == times(nameless) == [layers]


def test_a_block_consists_of_its_attention_and_its_mlp():
    model, scopes = of(stripped(transformer(6)))
    assert words(scopes) == ["rotary", "block", "norm"]
    block = row_of(scopes, "block_1")
    assert children(scopes, block) == ["attention", "mlp"]
    assert scopes.class_name[block] == "Transformer block"
    assert_sound(model, scopes)


def test_what_all_layers_share_is_in_none_of_them():
    """The mask and the rotary angles are computed between the ops of the first layer, which equals the others."""
    model, scopes = of(stripped(transformer(6)))
    blocks = {row for row, path in enumerate(scopes.path) if path.startswith("block")}
    outside = [op.type for op, row in zip(model.ops, scopes.op_scope.tolist(), strict=True) if row not in blocks]
    assert {"Cos", "Sin", "Abs", "Sub"} <= set(outside)


def test_experts_repeat_inside_the_blocks_that_repeat():
    named, (model, nameless) = build_scopes(open_model(transformer(4, experts=8))), of(stripped(transformer(4, 8)))
    inner = {len(repeat.scopes) for repeat in named.repeats() if named.depth[repeat.parent] > 0}
    assert inner == {8}
    moe = row_of(nameless, "block_1/moe")
    experts = [row for row in nameless.children()[moe] if nameless.class_name[row] == "Expert"]
    assert [nameless.name[row] for row in experts] == [f"expert_{i}" for i in range(1, 9)]
    assert len({int(nameless.structure[row]) for row in experts}) == 1
    assert times(named) == times(nameless) == [4]
    assert_sound(model, nameless)


def test_the_tree_does_not_depend_on_what_tensors_are_called():
    once, again = (of(stripped(transformer(3)))[1] for _ in range(2))
    assert once.path == again.path
    assert once.op_scope.tolist() == again.op_scope.tolist()
    assert once.structure.tolist() == again.structure.tolist()


def test_resnet50_is_four_stages_of_residual_blocks():
    model, scopes = of(LIGHT / "light_resnet50.onnx")
    assert scopes.source == "structure"
    assert children(scopes) == ["stem", "stage_1", "stage_2", "stage_3", "stage_4", "head"]
    stages = [row_of(scopes, f"stage_{i}") for i in range(1, 5)]
    blocks = [block for stage in stages for block in scopes.children()[stage]]
    assert [len(scopes.children()[stage]) for stage in stages] == [3, 4, 6, 3]
    assert {scopes.class_name[block] for block in blocks} == {"Residual block"}
    assert sorted(len(repeat.scopes) for repeat in scopes.repeats()) == [2, 2, 3, 5]
    for block in blocks:
        kinds = [model.ops[i].type for i in np.flatnonzero(scopes.op_scope == block)]
        kinds = [kind for kind in kinds if kind != "ConstantOfShape"]
        assert kinds[0] == "Conv"
        assert kinds[-2:] == ["Sum", "Relu"]


def test_densenet121_is_four_stages_with_transitions_between():
    _, scopes = of(LIGHT / "light_densenet121.onnx")
    assert words(scopes) == [
        "stem",
        "stage",
        "conv_block",
        "stage",
        "conv_block",
        "stage",
        "conv_block",
        "stage",
        "head",
    ]
    layers = [len(scopes.children()[row]) for row, name in enumerate(scopes.name) if name.startswith("stage")]
    assert layers == [6, 12, 24, 16]


def test_inception_is_its_modules():
    model, scopes = of(LIGHT / "light_inception_v1.onnx")
    modules = [row for row, path in enumerate(scopes.path) if "/conv_block" in path]
    assert len(modules) == 9
    assert all(model.ops[np.flatnonzero(scopes.op_scope == row)[-1]].type == "Concat" for row in modules)


def test_a_plain_chain_is_cut_where_its_resolution_changes():
    model, scopes = of(LIGHT / "light_vgg19.onnx")
    assert children(scopes) == [*(f"conv_block_{i}" for i in range(1, 6)), "head"]
    for row in scopes.children()[0][:-1]:
        assert model.ops[np.flatnonzero(scopes.op_scope == row)[-1]].type == "MaxPool"


@pytest.mark.parametrize(("name", "layers"), [("bert_base", 12), ("gpt2", 12)])
def test_real_transformers_keep_their_layers(name, layers):
    _, scopes = of(stripped(onnx.load(MODELS / f"{name}.onnx", load_external_data=False)))
    assert scopes.source == "structure"
    assert times(scopes) == [layers]
    assert children(scopes, row_of(scopes, "block_1")) == ["attention", "mlp"]


@pytest.mark.parametrize("name", ["llama_gqa", "qwen3", "gemma3", "vit", "bert", "gpt2", "mixtral_moe_batched_mm"])
def test_two_layers_are_enough_to_be_seen(name, material):
    proto = onnx.load(material / "torch213-exports" / f"{name}.onnx", load_external_data=False)
    _, scopes = of(stripped(proto))
    assert times(scopes) == [2]


def test_a_small_model_stays_flat():
    nodes = transformer(1).graph.node
    assert len(nodes) > 20
    _, scopes = of(tangle(25))
    assert len(scopes) == 1
    assert scopes.source == "none"


def test_names_are_made_of_op_types_where_no_term_is_certain():
    _, scopes = of(tangle(400))
    assert scopes.source == "structure"
    known = {"Relu", "Exp", "Neg", "Tanh", "Add", "Mul", "Sub", "Div"}
    assert {part for name in scopes.name[1:] for part in name.rstrip("0123456789_").split("→")} <= known


@pytest.mark.parametrize("proto", [transformer(5), transformer(3, experts=6), tangle(3000)])
def test_sums_over_subtrees_still_add_up(proto):
    model, scopes = of(stripped(proto))
    values = np.arange(len(model.ops), dtype=float)
    sums = scopes.inclusive(values)
    for row, held in enumerate(members(scopes)):
        assert sums[row] == sum(values[m] if m >= 0 else sums[~m] for m in held)
    assert sums[0] == values.sum()
