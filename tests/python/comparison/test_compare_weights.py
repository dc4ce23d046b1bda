"""What two models store, side by side, across formats: every weight finds its counterpart, and nothing else does."""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from report_models import HOSTILE
from stored_models import checkpoint, float_weight, llama, packed_weight

from haoline_analysis import ModelReport, analyze
from haoline_analysis.comparison import compare_weights
from haoline_analysis.errors import ModelError

LAYERS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def hugging_face(layers=2, dtype="float16", names=LAYERS):
    """A Llama as Hugging Face writes it, all square."""
    weights = {"model.embed_tokens.weight": float_weight(64, 32, dtype=dtype)}
    for i in range(layers):
        weights |= {f"model.layers.{i}.{name}.weight": float_weight(32, 32, dtype=dtype) for name in names}
    weights |= {"model.norm.weight": float_weight(32, dtype=dtype), "lm_head.weight": float_weight(64, 32, dtype=dtype)}
    return checkpoint(weights, name="hf")


def gguf(layers=2, dtype="q8_0", names=LAYERS):
    """The same as llama.cpp writes it, a byte a weight."""

    def held(*shape):
        weight = float_weight(*shape, dtype="int8")
        weight.dtype = dtype
        return weight

    weights = {"token_embd.weight": held(64, 32)}
    for i in range(layers):
        weights |= {f"blk.{i}.{name}.weight": held(32, 32) for name in names.values()}
    weights |= {"output_norm.weight": held(32), "output.weight": held(64, 32)}
    return checkpoint(weights, name="gg", format="gguf")


def against(first, second):
    return compare_weights(analyze(first), analyze(second))


def pairs(comparison):
    return dict(zip(comparison.tensors["name"], comparison.tensors["other_name"], strict=True))


def test_a_float_checkpoint_and_its_gguf():
    found = against(hugging_face(), gguf())
    assert found.counts == {"same": 0, "changed": 21, "added": 0, "removed": 0}
    assert pairs(found)["model.layers.1.self_attn.o_proj.weight"] == "blk.1.attn_output.weight"
    assert pairs(found)["lm_head.weight"] == "output.weight"
    assert set(found.tensors["changed"]) == {"type"}
    assert found.totals.loc["weight_bytes", "ratio"] == 0.5
    assert (found.tensors["weight_bytes_delta"].sum(), found.tensors["parameters_delta"].sum()) == (
        found.totals.loc["weight_bytes", "delta"],
        0,
    )


def test_sums_over_modules_are_those_of_both_models_and_equal_layers_fold():
    found = against(hugging_face(), gguf())
    root = found.scopes.iloc[0]
    for name in ("parameters", "weight_bytes"):
        assert root[name] == found.totals.loc[name, "first"]
        assert root[f"other_{name}"] == found.totals.loc[name, "second"]
    layers = found.scopes.set_index("path").loc[["model.layers.0", "model.layers.1"]]
    assert layers["structure"].nunique() == 1
    assert "layers.0 … layers.1 ×2" in repr(found)


def test_experts_by_number_and_experts_in_a_stack():
    apart = {f"model.layers.0.block_sparse_moe.experts.{i}.w1.weight": float_weight(8, 4) for i in range(4)}
    apart["model.layers.0.block_sparse_moe.gate.weight"] = float_weight(4, 4)
    stacked = {"blk.0.ffn_gate_exps.weight": float_weight(4, 8, 4), "blk.0.ffn_gate_inp.weight": float_weight(4, 4)}
    found = against(checkpoint(apart), checkpoint(stacked))
    (row,) = found.tensors[found.tensors["changed"].notna()].to_dict("records")
    assert (row["other_name"], row["changed"]) == ("blk.0.ffn_gate_exps.weight", "stacked")
    assert row["parameters"] == row["other_parameters"] == 128


def test_projections_kept_as_one_and_apart():
    one = {"transformer.h.0.attn.qkv_proj.weight": float_weight(12, 4)}
    three = {f"blk.0.attn_{part}.weight": float_weight(4, 4) for part in "qkv"}
    found = against(checkpoint(one), checkpoint(three))
    assert found.counts["changed"] == 1
    assert found.tensors["parameters_delta"].sum() == 0


def test_packed_weights_and_their_floats():
    names = ["model.layers.0.self_attn.q_proj.weight"]
    found = against(
        checkpoint({name: float_weight(32, 64, dtype="float16") for name in names}),
        checkpoint({name: packed_weight(32, 64) for name in names}),
    )
    (row,) = found.tensors.to_dict("records")
    assert (row["changed"], row["dtype"], row["other_dtype"]) == ("type", "float16", "int4")
    assert (row["bits"], row["other_bits"]) == (16, 4.5)


def exported(names=("query", "key"), transposed=True):
    """What torch.onnx.export makes of linear layers: their weights transposed, numbered and without names."""
    nodes, weights, last = [], [], "x"
    for i, name in enumerate(names):
        at = f"/encoder/layer.0/attention/self/{name}"
        weight = np.full((8, 4) if transposed else (4, 8), i, np.float32)
        if i % 2:
            weight = weight.T
        weights.append(numpy_helper.from_array(np.ascontiguousarray(weight), f"onnx::MatMul_{100 + i}"))
        bias = f"encoder.layer.0.attention.self.{name}.bias"
        weights.append(numpy_helper.from_array(np.zeros(weight.shape[1], np.float32), bias))
        nodes.append(helper.make_node("MatMul", [last, weights[-2].name], [f"m{i}"], f"{at}/MatMul"))
        nodes.append(helper.make_node("Add", [bias, f"m{i}"], [f"a{i}"], f"{at}/Add"))
        last = f"a{i}"
    x = helper.make_tensor_value_info("x", 1, [1, 8])
    y = helper.make_tensor_value_info(last, 1, [1, 8])
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], weights))
    onnx.checker.check_model(model)
    return model


def test_weights_that_an_exporter_renamed_and_transposed_are_found_by_their_modules():
    held = {}
    for name, shape in (("query", (4, 8)), ("key", (8, 4))):
        held[f"encoder.layer.0.attention.self.{name}.weight"] = float_weight(*shape)
        held[f"encoder.layer.0.attention.self.{name}.bias"] = float_weight(shape[0])
    found = against(checkpoint(held), exported())
    assert pairs(found)["encoder.layer.0.attention.self.query.weight"] == "onnx::MatMul_100"
    assert pairs(found)["encoder.layer.0.attention.self.key.weight"] == "onnx::MatMul_101"
    rows = found.tensors.set_index("name")
    assert rows.loc["encoder.layer.0.attention.self.query.weight", "changed"] == "transposed"
    assert found.counts["same"] == 2


def test_without_any_names_shape_and_order_tell():
    numbered = {f"onnx::Gemm_{i}": float_weight(3, 5) for i in range(3)}
    held = {f"stem{i}.weight": float_weight(5, 3) for i in range(3)}
    found = against(checkpoint(held), checkpoint(numbered))
    assert pairs(found) == {f"stem{i}.weight": f"onnx::Gemm_{i}" for i in range(3)}
    assert set(found.tensors["how"]) == {"shape and order"}
    more = against(checkpoint(held), checkpoint({**numbered, "onnx::Gemm_9": float_weight(3, 5)}))
    assert more.counts == {"same": 0, "changed": 0, "added": 4, "removed": 3}


def test_a_tied_head_is_one_weight_under_either_name():
    tied = llama()
    assert against(tied, llama()).counts["same"] == len(tied.ops) - 1
    alone = checkpoint({"lm_head.weight": float_weight(64, 16, dtype="float16")})
    assert pairs(against(tied, alone))["model.embed_tokens.weight"] == "lm_head.weight"


def test_a_model_against_itself_and_against_nothing():
    assert against(llama(), llama()).counts["changed"] == 0
    nothing = against(llama(), checkpoint({}))
    assert nothing.counts["removed"] == 17
    assert nothing.totals.loc["parameters", "second"] == 0


def test_restored_reports_compare_as_those_with_their_models():
    first, second = (analyze(model) for model in (hugging_face(), gguf()))
    restored = compare_weights(*(ModelReport.from_json(report.to_json()) for report in (first, second)))
    assert restored.to_json() == compare_weights(first, second).to_json()


def test_every_form_says_what_changed():
    found = against(hugging_face(), gguf())
    bundle = found._repr_mimebundle_()
    for form in (bundle["text/plain"], bundle["text/html"], found.to_markdown()):
        assert "float16 → q8\\_0" in form or "float16 → q8_0" in form
        assert "self_attn" in form or "self\\_attn" in form
    html = bundle["text/html"]
    assert html.count("<details") == html.count("</details>") > 0
    data = json.loads(found.to_json())
    assert data["counts"]["changed"] == len(data["tensors"]) == 21


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_files_stay_text(name):
    found = against(checkpoint({f"{name}.a.weight": float_weight(2), "b": float_weight(3)}, name=name), checkpoint({}))
    assert "<script>alert" not in found.to_html()
    assert "<img src" not in found.to_html()
    assert "\x1b" not in repr(found)
    assert "<script>" not in found.to_markdown()


def test_an_engine_does_not_list_its_weights():
    engine = analyze(Path(__file__).parents[3] / "examples" / "engines" / "resnet18-fp16.graph.json")
    with pytest.raises(ModelError, match="engine"):
        compare_weights(engine, engine)
    with pytest.raises(ModelError, match="engine"):
        engine.histogram(0)
