"""Fixes leave alone what a model computes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper
from quantizer_models import attention, attention_feeds, floats, matrix, model_of, pictures, run, sqnr

from haoline_analysis.errors import ModelError
from haoline_analysis.quantization import quantize
from haoline_analysis.quantization.quantizers import fix_names
from haoline_analysis.quantization.quantizers.fixes import FIXES, apply_fixes
from haoline_analysis.quantization.quantizers.fixes.clip_mask import MASKED


@pytest.mark.parametrize("sentinel", [-np.inf, float(np.finfo(np.float32).min), -1e9, -1e4])
def test_a_clipped_mask_changes_no_output_and_saves_static_int8(sentinel):
    model, feeds = attention(sentinel), attention_feeds()
    fixed = onnx.ModelProto.FromString(model.SerializeToString())
    notes = apply_fixes(fixed, ["clip-mask"])
    assert any("'masked'" in note for note in notes)
    for each in feeds:
        assert np.allclose(run(model, each), run(fixed, each), rtol=1e-5, atol=1e-6)
    naive = quantize(model, calibration=feeds)
    saved = quantize(model, calibration=feeds, fixes=["clip-mask"])
    assert sqnr(model, saved.path, feeds) > sqnr(model, naive.path, feeds) + 3
    assert saved.recipe.fixes == ("clip-mask",)
    assert any("clip-mask" in note for note in saved.notes)


def test_masked_scores_have_a_place_though_the_data_masks_nothing():
    model, feeds = attention(), attention_feeds()
    whole = [{**each, "mask": np.ones_like(each["mask"])} for each in feeds]
    made = quantize(model, calibration=whole, fixes=["clip-mask"])
    assert any("masks nothing" in note for note in made.notes)
    seen = quantize(model, calibration=feeds, fixes=["clip-mask"])
    assert not any("masks nothing" in note for note in seen.notes)
    assert sqnr(model, made.path, feeds) > sqnr(model, seen.path, feeds) - 2
    plain = quantize(model, calibration=whole)
    assert sqnr(model, made.path, feeds) > sqnr(model, plain.path, feeds) + 2


def test_sentinels_that_something_else_reads_stay():
    model = attention()
    graph = model.graph
    graph.node.append(helper.make_node("Add", ["masked", "zero"], ["shown"], "shown"))
    graph.output.append(helper.make_tensor_value_info("shown", onnx.TensorProto.FLOAT, []))
    apply_fixes(model, ["clip-mask"])
    added = next(node for node in model.graph.node if node.name == "shown")
    where = next(node for node in model.graph.node if node.name == "where")
    assert added.input[0] == "masked"
    assert where.input[2] == "masked_clipped"
    value = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}["masked_clipped"]
    assert value == MASKED


def test_constants_and_fills_are_found_too():
    fill = onnx.numpy_helper.from_array(np.array([-np.inf], np.float32))
    node = helper.make_node
    model = model_of(
        [
            node("Shape", ["x"], ["shape"], "shape"),
            node("ConstantOfShape", ["shape"], ["full"], "full", value=fill),
            node("Trilu", ["full"], ["upper"], "upper", upper=1),
            node("Constant", [], ["low"], "low", value=onnx.numpy_helper.from_array(np.float32(-3.4e38))),
            node("Max", ["upper", "low"], ["mask"], "max"),
            node("Add", ["x", "mask"], ["a"], "add"),
            node("Softmax", ["a"], ["y"], "softmax", axis=-1),
        ],
        [floats("x", 4, 4)],
        [floats("y", 4, 4)],
        {},
    )
    notes = apply_fixes(model, ["clip-mask"])
    assert "'full'" in notes[0]
    assert "'low'" in notes[0]


def test_masks_in_another_place_are_not_touched():
    model = attention()
    model.graph.node[9].op_type = "Sigmoid"  # where the softmax was
    del model.graph.node[9].attribute[:]
    before = model.SerializeToString()
    assert apply_fixes(model, ["clip-mask"]) == ["Fix clip-mask found nothing to change."]
    assert model.SerializeToString() == before


def test_sum_of_two_is_quantized_as_add():
    model = model_of(
        [helper.make_node("Sum", ["x", "w"], ["s"], "sum"), helper.make_node("Relu", ["s"], ["y"], "relu")],
        [floats("x", "n", 3, 8, 8)],
        [floats("y", "n", 3, 8, 8)],
        {"w": np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype("f4")},
    )
    made = quantize(model, calibration=pictures(), fixes=["sum-to-add"])
    assert "Add" in [node.op_type for node in onnx.load(str(made.path)).graph.node]
    assert np.allclose(run(model, {"x": pictures(1)[0]}), run(made.path, {"x": pictures(1)[0]}), atol=0.1)
    assert "Sum" in {node.op_type for node in model.graph.node}


def test_shared_biases_get_a_copy_each():
    node = helper.make_node
    model = model_of(
        [node("Gemm", ["x", "w", "b"], ["m"], "one"), node("Gemm", ["m", "w", "b"], ["y"], "two")],
        [floats("x", "n", 16)],
        [floats("y", "n", 16)],
        {"w": np.random.default_rng(1).normal(size=(16, 16)).astype("f4"), "b": np.arange(16, dtype="f4")},
    )
    fixed = onnx.ModelProto.FromString(model.SerializeToString())
    assert "2 copies" in apply_fixes(fixed, ["unshare-initializers"])[0]
    first, second = fixed.graph.node
    assert not set(first.input[1:]) & set(second.input[1:])
    feeds = {"x": np.ones((2, 16), np.float32)}
    assert np.array_equal(run(model, feeds), run(fixed, feeds))


def test_every_fix_has_a_label_and_does_nothing_to_a_model_without_its_trouble():
    for name in fix_names():
        model = matrix()
        assert FIXES[name].label
        assert apply_fixes(model, [name]) == [f"Fix {name} found nothing to change."]
        assert model == matrix()


def test_an_unknown_fix_is_refused():
    with pytest.raises(ModelError, match="did you mean 'clip-mask'"):
        apply_fixes(matrix(), ["clip-masks"])
